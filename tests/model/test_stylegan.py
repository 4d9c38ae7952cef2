"""StyleGAN and StyleGAN2: styles mixed and truncated, lazy turns, growth, directions."""

import numpy as np
import pytest
from builders import a_batch, built, expect_own_weights, tiny

from ganctl.error import UsageError


@pytest.fixture(scope="module")
def styled(tensorflow):
    """A trainer of StyleGAN2 and its data."""
    _, dataset, trainer = built(*tiny("stylegan2"), "trainer.batch_size=4")
    return trainer, dataset


def test_published_sizes(tensorflow):
    from ganctl.network import styled, stylegan2

    options = {"filters": 16384, "most": 512}
    made = styled.generator(512, (32, 32, 3), width=512, depth=2, **options)
    judge = stylegan2.discriminator((32, 32, 3), residual=False, **options)
    counts = [sum(np.prod(w.shape) for w in net.trainable_variables) / 1e6 for net in (made, judge)]
    assert counts == pytest.approx(
        [19.9, 20.7], abs=0.06
    )  # of the release for CIFAR-10; ours has no minibatch here


@pytest.mark.parametrize("modulated", ["kernels", "features"])
@pytest.mark.parametrize("shape", [(28, 28, 1), (16, 24, 3)])
def test_sizes_and_fades(modulated, shape, tensorflow):
    from ganctl.layer.growth import doubled
    from ganctl.network import styled

    network = styled.generator(4, shape, modulated=modulated, filters=64, most=4, width=6, depth=1)
    styles = tensorflow.random.stateless_normal((2, network.rows, 6), (0, 1))
    noise = tensorflow.random.stateless_normal((2, network.pixels), (0, 2))
    top, given = network.levels - 1, [styles, noise]
    images = [network(given, level=level).numpy() for level in range(network.levels)]
    assert images[-1].shape == (2, *shape) and images[0].shape[1] == shape[0] >> top
    enlarge = network.enlarge if modulated == "kernels" else doubled
    assert np.array_equal(network(given, level=top, fade=tensorflow.constant(0.0)), enlarge(images[-2]))
    assert np.array_equal(network(given, level=top, fade=tensorflow.constant(1.0)), images[-1])


def test_styles_of_two_latents_are_mixed_from_a_layer_on(styled, tensorflow):
    trainer, dataset = styled
    game, batch = trainer.game, a_batch(tensorflow, dataset)
    game.mixing, before = 1.0, game.mixing
    mixed = game.styles(game.latents(batch), batch, training=True).numpy()
    game.mixing = before
    own = game.mapped(game.latents(batch), None).numpy()
    alike = (mixed == own[:, None]).all(axis=2)
    assert alike[:, 0].all() and not alike[:, -1].any() and len(set(alike.sum(axis=1))) > 1
    assert (np.diff(alike.astype(int), axis=1) <= 0).all()  # once the other's, always the other's
    assert (game.styles(game.latents(batch), batch)[:, 0] == own).numpy().all()


def test_truncation_draws_to_the_mean_style(styled, tensorflow):
    trainer, dataset = styled
    game, batch = trainer.game, a_batch(tensorflow, dataset)
    latent = game.latents(batch)
    plain, mean = game.styles(latent, batch), game.many_styles().numpy().mean(0)
    for share in (0.0, 0.5, 1.0):
        batch["truncation"] = tensorflow.fill((8,), share)
        found = game.styles(latent, batch)
        np.testing.assert_allclose(found, mean + share * (plain.numpy() - mean), atol=1e-5)
    assert np.array_equal(found, plain)  # 1 changes nothing, bit for bit
    batch["truncation"] = tensorflow.zeros(8)
    noise = tensorflow.zeros((8, game.generator.pixels))
    image = game.render(game.styles(latent, batch), batch, noise=noise).numpy()
    np.testing.assert_allclose(image, image[:1].repeat(8, axis=0), atol=1e-6)


@pytest.mark.parametrize("jit", [False, True])
def test_every_turn_moves_its_own_weights_and_the_lazy_ones_follow(jit, styled, make, tensorflow):
    from ganctl.game.turn import Turn

    dataset = styled[1]
    trainer = (
        make(*tiny("stylegan2_ada"), "trainer.batch_size=4", "trainer.jit=true")[2] if jit else styled[0]
    )
    game = trainer.game
    turns = game.turns({})
    assert [(t.player, t.terms, t.every) for t in turns] == [
        ("generator", "generator", 1),
        ("generator", "path", 4),
        ("discriminator", "discriminator", 1),
        ("discriminator", "penalties", 16),
    ]
    data = next(iter(dataset.batches(4, seed=0)))
    rules = tensorflow.constant([1, 2]), tensorflow.constant(0, "int64"), tensorflow.constant(True)
    if not jit:
        for weight in game.weights("generator"):  # noise has no strength, nor the last bias a slope, at first
            weight.assign_add(0.01 * tensorflow.ones(weight.shape))
        expect_own_weights(trainer, data, *rules)
    for name in ("path", "penalties"):
        player = "generator" if name == "path" else "discriminator"
        before = {p: [w.numpy() for w in game.weights(p)] for p in game.players}
        mean = float(game.path_mean)
        turn = trainer.rounds.turn((Turn(player=player, loss=name),), trainer.timeline.spans[0])
        terms = {key: float(term) for key, term in turn(data, *rules).items()}
        moved = {
            p: any((w.numpy() != b).any() for w, b in zip(game.weights(p), before[p], strict=True))
            for p in before
        }
        assert moved == {p: p == player for p in before} and np.isfinite(list(terms.values())).all()
        if name == "path":
            length = next(value for key, value in terms.items() if key.endswith("path_length"))
            assert float(game.path_mean) == pytest.approx(mean + 0.01 * (length - mean), rel=1e-4)
    assert any(name.endswith("path_mean") for name in trainer.state.values())


def test_penalties_are_those_of_the_plain_game_times_the_steps_between(styled, make, tensorflow):
    trainer, dataset = styled
    game, batch = trainer.game, a_batch(tensorflow, dataset)
    assert set(game.discriminator_loss(batch)) == {"adversarial"}
    charged = game.penalties_loss(batch)
    critic = game.critic(batch)
    one = game.penalties["r1"].term(critic, batch["image"], game.generate(batch), batch)
    assert float(charged["r1"]) == pytest.approx(16 * game.penalties["r1"].weight * float(one), rel=1e-5)
    game_of_none = make(*tiny("stylegan2"), "penalty=[]", "model.path=0")[2].game
    assert [turn.terms for turn in game_of_none.turns({})] == ["generator", "discriminator"]
    assert not game_of_none.state()


def test_directions_are_those_that_change_the_first_features_most(styled):
    from ganctl.model.style_views import directions

    game = styled[0].game
    found = directions(game).numpy()
    np.testing.assert_allclose(found @ found.T, np.eye(len(found)), atol=1e-5)
    layers = [
        layer
        for stage in game.generator.stages
        for network in (stage.block, stage.colours)
        for layer in network.layers
        if layer.name.startswith("equalized")
    ]
    assert len(layers) == game.generator.rows - 1 + game.generator.levels

    def change(direction):
        ends = [layer(10 * direction[None]).numpy() - layer(0 * direction[None]).numpy() for layer in layers]
        return sum((end**2).sum() for end in ends)

    changes = [change(direction) for direction in found]
    assert changes == sorted(changes, reverse=True) and changes[0] > 1.1 * changes[-1]


@pytest.mark.parametrize(
    ("view", "size"), [("truncation", (5, 6)), ("mixing", (6, 6)), ("directions", (6, 7))]
)
def test_views(view, size, styled, tensorflow):
    trainer, dataset = styled
    game, batch = trainer.game, a_batch(tensorflow, dataset)
    tiles = game.views[view](batch).numpy()
    assert tiles.shape == (*size, 28, 28, 1) and np.abs(tiles).max() <= 1
    if view == "truncation":  # at 0 all are the mean style's, and at 1 the samples themselves
        np.testing.assert_allclose(tiles[:, 3], tiles[:1, 3].repeat(5, axis=0), atol=1e-5)
    if view == "mixing":  # a sample mixed with itself is itself
        np.testing.assert_allclose(tiles[0, 1:], tiles[1:, 0], atol=1e-6)
        np.testing.assert_allclose(tiles[range(1, 6), range(1, 6)], tiles[1:, 0], atol=1e-5)
    if view == "directions":
        np.testing.assert_allclose(tiles[:, 3], tiles[:1, 3].repeat(6, axis=0), atol=1e-5)


def test_by_class_both_know_the_label(make, tensorflow):
    _, dataset, trainer = make(
        *tiny("stylegan2"), "model.by_class=true", "model.path=0", "trainer.batch_size=4"
    )
    game, batch = trainer.game, a_batch(tensorflow, dataset)
    assert game.columns == 10 and game.generator.mapping.input_shape[1] == (None, 10)
    latent, code = tensorflow.ones((2, 8)), tensorflow.eye(10)[:2]
    assert not np.allclose(*game.mapped(latent, code).numpy())
    image, other = batch["image"], (batch["label"] + 1) % 10
    said = [game.adversary.critic(batch, beside).logits(image).numpy() for beside in (batch["label"], other)]
    assert not np.allclose(*said)
    assert np.isfinite(trainer.train(trainer.batches(dataset)).numpy()).all()


def test_growing_it_plays_each_level_with_its_own_styles(make, tensorflow):
    words = ["model.images=8", "model.fading=8", "trainer.batch_size=8", "model.path=2"]
    _, dataset, trainer = make(*tiny("stylegan"), *words)
    levels = [(span.phase.level, span.phase.fading) for span in trainer.timeline.spans]
    assert levels == [(0, False), (1, True), (1, False), (2, True), (2, False)]
    data, span = next(iter(dataset.batches(8, seed=0))), trainer.timeline.spans[1]
    rules = tensorflow.constant([1, 2]), tensorflow.constant(1, "int64"), tensorflow.constant(True)
    for turn in trainer.game.turns({}):
        terms = trainer.rounds.turn((turn,), span)(data, *rules)
        assert np.isfinite([float(term) for term in terms.values()]).all()
    assert trainer.sampler.sample(2, seed=0).shape == (2, 28, 28, 1)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["network=dcgan"], "expected a generator of styles; type network=stylegan2"),
        (["model.growth=true"], "expected networks that grow; type network=stylegan"),
        (["model.by_class=true", "model.growth=true"], "networks that grow know no labels"),
        (["model.by_class=true", "network=stylegan"], "expected one of a single size, with the labels"),
        (["penalty.r1.every=4"], "this model's penalties are charged every 16 steps"),
        (["model.mixing=2"], r"model\.mixing: expected a number of at least 0 and at most 1"),
        (["dataset=ring"], "image"),
        (["model.by_class=true", "dataset.path=null", "dataset=image_folder"], "dataset"),
    ],
)
def test_what_cannot_be_played_is_refused_in_one_line(words, told, make):
    recipe = (
        tiny("stylegan2") if "network=dcgan" not in words else ["model=stylegan2", "trainer.batch_size=8"]
    )
    with pytest.raises(UsageError, match=told):
        make(*recipe, *words)
