"""MAD-GAN: generators that share their first layers, named by the discriminator."""

import math

import numpy as np
import pytest
from builders import a_batch, play, tiny
from PIL import Image

from ganctl import cli
from ganctl.error import UsageError
from ganctl.loss.cross_entropy import NonSaturating
from ganctl.loss.one_against_many import OneAgainstMany


def test_the_discriminator_pays_the_cross_entropy_of_all_kinds(make, tensorflow):
    _, dataset, trainer = make(*tiny("madgan"), "model.generators=3", "network.discriminator.dropout=0")
    game, batch = trainer.game, a_batch(tensorflow, dataset, 9)
    fake = game.generate(batch)
    (_, of_reals), (_, of_fakes) = (game.discriminator(x, training=True) for x in (batch["image"], fake))

    def entropy(logits, kinds):
        logits = logits.numpy().astype("float64")
        return -(logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)))[np.arange(9), kinds]

    makers = np.arange(9) % 3
    expected = (entropy(of_reals, 0).mean() + 3 * entropy(of_fakes, 1 + makers).mean()) / 4
    terms = game.losses("discriminator", batch)
    assert float(terms["adversarial"] + terms["maker"]) == pytest.approx(expected, rel=1e-4)
    right = of_fakes.numpy()[:, 1:].argmax(axis=1) == makers
    assert float(batch.facts["makers_right"]) == pytest.approx(right.mean())
    terms = game.losses("generator", a_batch(tensorflow, dataset, 9))
    assert list(terms) == ["adversarial"]
    assert float(terms["adversarial"]) == pytest.approx(entropy(of_fakes, 0).mean(), rel=1e-3)


@pytest.mark.parametrize("count", [1, 4, 8])
def test_a_discriminator_that_knows_nothing_pays_the_logarithm_of_all_kinds(count, make, tensorflow):
    _, dataset, trainer = make(*tiny("madgan"), f"model.generators={count}")
    game, batch = trainer.game, a_batch(tensorflow, dataset)
    for weight in game.weights("discriminator"):
        weight.assign(tensorflow.zeros_like(weight))
    terms = game.losses("discriminator", batch)
    assert float(sum(terms.values())) == pytest.approx(math.log(count + 1), rel=1e-5)
    terms = game.losses("generator", a_batch(tensorflow, dataset))
    assert float(sum(terms.values())) == pytest.approx(math.log(count + 1), rel=1e-5)


def test_one_against_one_is_half_of_the_original_loss(tensorflow):
    real, fake = np.random.default_rng(0).normal(size=(2, 7, 1)).astype("float32")
    many, plain = OneAgainstMany(1), NonSaturating()
    found, expected = (float(loss.discriminator(real, fake)) for loss in (many, plain))
    assert found == pytest.approx(expected / 2, rel=1e-6)
    assert float(many.generator(fake)) == pytest.approx(float(plain.generator(fake)), rel=1e-6)


def test_rows_are_made_by_one_generator_after_the_other_and_first_layers_are_shared(make, tensorflow):
    _, dataset, trainer = make(*tiny("madgan"), "model.generators=3")
    trainer.train(trainer.batches(dataset))
    game = trainer.game
    batch = a_batch(tensorflow, dataset, 8)
    latent = game.latents(batch)
    batch["generator"] = tensorflow.range(8) % 3
    made = game.generate_from(latent, batch, training=False).numpy()
    for at in range(8):
        alone = game.generators[at % 3](latent[at : at + 1], training=False)
        np.testing.assert_allclose(made[at], alone[0], atol=1e-5)
    first, second = game.generators[:2]
    common = [w for w in first.trainable_weights if any(w is other for other in second.trainable_weights)]
    own = [w for w in first.trainable_weights if not any(w is other for other in second.trainable_weights)]
    assert common and len(own) == 1 and len(own[0].shape) == 4
    # All that is trained: what is shared once, and each generator's own.
    assert len(game.weights("generator")) == len(common) + 3 * len(own)


def test_training_rows_are_the_same_generators_as_samples(make, tensorflow):
    _, dataset, trainer = make(*tiny("madgan"), "norm.generator=none", "model.generators=3", "model.own=2")
    game, batch = trainer.game, a_batch(tensorflow, dataset, 8)
    latent = game.latents(batch)
    trained = game.generate_from(latent, batch, training=True).numpy()
    batch["generator"] = tensorflow.range(8) % 3
    np.testing.assert_allclose(trained, game.generate_from(latent, batch, training=False), atol=1e-5)


@pytest.mark.parametrize("own", [0, 1, 2])
def test_each_turn_moves_its_own_weights(own, make, tensorflow):
    _, dataset, trainer = make(*tiny("madgan"), f"model.own={own}", "trainer.order=alternating")
    game, batch = trainer.game, next(iter(dataset.batches(8, seed=0)))
    key, step = tensorflow.constant([1, 2]), tensorflow.constant(0, "int64")
    for mover in game.players:
        before = {player: [w.numpy() for w in game.weights(player)] for player in game.players}
        play(trainer, batch, key, step, tensorflow.constant(True), player=mover)
        for player, weights in before.items():
            moved = [not np.array_equal(a, b) for a, b in zip(weights, game.weights(player), strict=True)]
            if player == "discriminator":  # the layer that gave way to the many is not asked any more
                moved = moved[:-4] + moved[-2:]
            assert all(moved) if player == mover else not any(moved), (mover, player, moved)


def test_a_user_asks_for_one_generator_and_sees_all_of_one_latent(make):
    _, dataset, trainer = make(*tiny("madgan"), "model.generators=3", "trainer.samples=9")
    trainer.train(trainer.batches(dataset))
    sampler = trainer.sampler
    second = sampler.sample(4, seed=0, inputs=lambda at: {"generator": np.full(len(at), 1, np.int32)})
    usual = sampler.sample(4, seed=0)
    assert np.array_equal(second[1], usual[1]) and not np.array_equal(second[0], usual[0])
    view = sampler.view("generators", seed=0)
    assert view.shape == (3, 10, 28, 28, 1)
    np.testing.assert_allclose(view[1, 0], second[0], atol=1e-5)


def test_of_points_a_view_has_a_figure_for_each_generator(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["model=madgan", "dataset=ring", "network=points", "network.generator.hidden=[8]"]
    words += ["network.discriminator.hidden=[8]", "model.generators=3", "trainer.steps=2", "name=many"]
    assert cli.main(["train", *words]) == 0
    assert cli.main(["sample", "many", "view=generators", "out=all.png"]) == 0
    assert cli.main(["sample", "many", "view=generators", "out=all.npy"]) == 0
    assert np.load("all.npy").shape == (3, 4096, 2)
    with Image.open("all.png") as picture:  # three figures in two rows of two
        assert picture.width == pytest.approx(picture.height, rel=0.05)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["model.generators=0"], "generators: expected a whole number of at least 1"),
        (["model.own=9"], "at most 4 layers"),
        (["network=resnet", "network.generator.filters=[8]"], "type network=dcgan, or model.own=0"),
        (["remedy=[replay]"], "would mix images of different generators"),
    ],
)
def test_what_makes_no_sense_is_told(words, told, make):
    kept = [w for w in tiny("madgan") if not (w.startswith("network") and words[0] == "network=resnet")]
    with pytest.raises(UsageError, match=told):
        make(*kept, *words)
