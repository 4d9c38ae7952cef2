"""BicycleGAN: a latent says which of many pictures is made, and is read again from it."""

import numpy as np
import pytest
from builders import blobs, data, play, tiny

from ganctl.error import UsageError
from ganctl.game.batch import Batch
from ganctl.game.turn import Turn
from ganctl.training.sampler import inputs_of


@pytest.fixture
def bicyclegan(make, tmp_path):
    """Build a small game on pairs of noise: (dataset, trainer)."""

    def build(*words: str):
        return make(*tiny("bicyclegan"), *data("bicyclegan", tmp_path), *words)[1:]

    return build


def batch_of(dataset, size=8, **changes):
    return Batch(next(iter(dataset.batches(size, seed=0))), size=size, key=(1, 2), **changes)


def test_divergence_is_the_closed_form(tensorflow):
    from ganctl.model.bicyclegan import divergence

    assert float(divergence(tensorflow.zeros((3, 8)), tensorflow.zeros((3, 8)))) == 0.0
    mean, variance = np.array([[0.5, -1.0], [2.0, 0.0]]), np.array([[2.0, 0.5], [1.0, 3.0]])
    samples = mean[:, None] + np.sqrt(variance)[:, None] * np.random.default_rng(0).standard_normal(
        (2, 200_000, 2)
    )
    log = -0.5 * (samples - mean[:, None]) ** 2 / variance[:, None] - 0.5 * np.log(variance)[:, None]
    expected = (log + 0.5 * samples**2).sum(axis=-1).mean()  # of log q / p, by its definition
    found = divergence(tensorflow.constant(mean), tensorflow.constant(np.log(variance)))
    assert float(found) == pytest.approx(expected, rel=0.01)


def test_smaller_pictures_are_means_of_what_is_within(tensorflow):
    from ganctl.model.bicyclegan import smaller

    picture = np.random.default_rng(0).standard_normal((1, 5, 6, 2)).astype(np.float32)
    found = smaller(picture, 1).numpy()
    assert found.shape == (1, 3, 3, 2)
    for row in range(3):
        for column in range(3):
            window = picture[0, max(0, 2 * row - 1) : 2 * row + 2, max(0, 2 * column - 1) : 2 * column + 2]
            np.testing.assert_allclose(found[0, row, column], window.mean(axis=(0, 1)), atol=1e-6)
    assert smaller(picture, 0) is picture


def test_terms_are_weighed_as_in_the_authors_release(bicyclegan):
    dataset, trainer = bicyclegan()
    game, batch = trainer.game, batch_of(dataset)
    for layer in game.encoder.layers[-2:]:  # so that what is read is something from the start
        layer.bias.assign(np.linspace(-1, 1, 8))
    assert list(game.adversaries) == ["", "encoded_half", "random", "random_half"]
    found = game.generator_loss(batch)
    encoded, drawn = game._encoded(batch), game._random(batch)
    assert encoded.shape[0] == drawn.shape[0] == 4
    distance = np.abs(encoded - batch["image"][:4]).mean()
    assert float(found["reconstruction"]) == pytest.approx(10 * distance, rel=1e-4)
    mean, log = (each.numpy() for each in game.encoder(batch["image"][:4], training=True))
    summed = 0.5 * (mean**2 + np.exp(log) - 1 - log).sum(axis=1).mean()
    assert float(found["divergence"]) == pytest.approx(0.01 * summed, rel=1e-3)
    whole = game.adversaries["random"].network
    judged = ((whole(drawn, training=True) - 1) ** 2).numpy().mean()
    assert float(found["random/adversarial"]) == pytest.approx(judged, rel=1e-4)
    paid = game.discriminator_loss(batch)
    real = whole(batch["image"][4:], training=True)  # of the second half
    both = ((real - 1) ** 2).numpy().mean() + (whole(drawn, training=True) ** 2).numpy().mean()
    assert float(paid["random/adversarial"]) == pytest.approx(both, rel=1e-4)
    read, _ = game.encoder(drawn, training=True)
    expected = 0.5 * np.abs(read - game._noise(batch)).mean()
    assert float(game.recovery_loss(batch)["recovery"]) == pytest.approx(expected, rel=1e-4)


def test_the_generator_alone_moves_by_what_is_read_of_its_latents(bicyclegan, tensorflow):
    dataset, trainer = bicyclegan("trainer.batch_size=2")
    game, rows = trainer.game, next(iter(dataset.batches(2, seed=0)))
    turns = game.turns({})
    assert [(turn.player, turn.loss) for turn in turns] == [
        ("discriminator", ""),
        ("generator", ""),
        ("generator", "recovery"),
    ]

    def weights():
        networks = {"generator": [game.generator], "encoder": [game.encoder]}
        networks["discriminator"] = game.players["discriminator"]
        return {
            name: [w.numpy() for network in each for w in network.trainable_variables]
            for name, each in networks.items()
        }

    key, step = tensorflow.constant([1, 2]), tensorflow.constant(0, "int64")
    moved_by = {}
    for turn in turns:
        before = weights()
        rounds = trainer.rounds.turn((turn,), trainer.timeline.spans[0])
        rounds(rows, key, step, tensorflow.constant(True))
        after = weights()
        moved_by[turn.terms] = {
            name for name in before for a, b in zip(before[name], after[name], strict=True) if (a != b).any()
        }
    assert moved_by == {
        "discriminator": {"discriminator"},
        "generator": {"generator", "encoder"},
        "recovery": {"generator"},
    }
    assert isinstance(turns[-1], Turn)


def test_it_compiles(bicyclegan, tensorflow):
    dataset, trainer = bicyclegan("trainer.jit=true", "trainer.batch_size=2", "model.scales=1")
    rows = next(iter(dataset.batches(2, seed=0)))
    key, step = tensorflow.constant([1, 2]), tensorflow.constant(0, "int64")
    for player in ("discriminator", "generator"):
        terms = play(trainer, rows, key, step, tensorflow.constant(True), player=player)
        assert np.isfinite([float(term) for term in terms.values()]).all()


def test_one_input_has_many_pictures_and_none_without_noise(bicyclegan):
    dataset, trainer = bicyclegan("network.generator.start=normal")
    rows = inputs_of(trainer.game, dataset)

    def first_input(places):
        return {name: values[places * 0] for name, values in rows(np.arange(1)).items()}

    many = trainer.sampler.sample(4, seed=0, inputs=first_input)
    assert min(np.abs(many[0] - other).max() for other in many[1:]) > 1e-4
    alike = trainer.sampler.sample(4, seed=0, inputs=first_input, alike=True)
    np.testing.assert_allclose(alike[1:], np.repeat(alike[:1], 3, axis=0), atol=1e-6)
    assert np.array_equal(many, trainer.sampler.sample(4, seed=0, inputs=first_input))


def test_grids_and_views_show_styles(bicyclegan):
    dataset, trainer = bicyclegan("network.generator.start=normal")
    rows = dataset.examples(np.arange(8))
    shown = trainer.sampler.sample(3, seed=0, shown=True, inputs=lambda places: rows)
    assert shown.shape == (3, 6, 16, 24, 3)
    np.testing.assert_array_equal(shown[:, 0], rows["input"][:3])
    np.testing.assert_array_equal(shown[:, 5], rows["image"][:3])
    assert np.abs(shown[:, 1] - shown[:, 2]).max() > 1e-4
    given = {"inputs": lambda places: {"input": rows["input"]}, "given": ("input",)}
    assert trainer.sampler.sample(3, seed=0, shown=True, **given).shape == (3, 5, 16, 24, 3)
    view = trainer.sampler.view("styles", seed=0, inputs=lambda places: {"input": rows["input"][:8]})
    assert view.shape == (8, 8, 16, 24, 3)
    np.testing.assert_array_equal(view[:, 0], rows["input"][:8])


def test_pictures_are_learnt_to_come_out_of_their_latents(bicyclegan):
    fast = [f"optimizer.{who}.learning_rate=0.003" for who in ("generator", "discriminator")]
    dataset, trainer = bicyclegan(
        *fast, "model.scales=1", *(f"network.{net}.start=normal" for net in ("generator", "encoder"))
    )
    dataset.kinds = dict.fromkeys(("input", "image"), blobs(8))
    found, batches = [], trainer.batches(dataset)
    for _ in range(50):  # by one graph
        report = trainer.train(batches).numpy()
        found.append(dict(zip(trainer.rounds.terms, report, strict=True))["generator/reconstruction"])
    assert found[-1] < 0.6 * found[0]


def test_what_does_not_fit_is_refused_in_one_line(bicyclegan, make, tmp_path):
    for word, told in {
        "model.scales=0": "model.scales: expected a whole number of at least 1",
        "model.divergence=-1": "model.divergence: expected a number of at least 0",
        "network.encoder.blocks=9": "network.encoder.blocks: expected at most",
    }.items():
        with pytest.raises(UsageError, match=told):
            bicyclegan(word)
    dataset, trainer = bicyclegan("trainer.batch_size=3")
    with pytest.raises(UsageError, match=r"trainer\.batch_size: expected an even number, got 3"):
        trainer.train(trainer.batches(dataset))
    words = ["model=bicyclegan", *data("bicyclegan", tmp_path), "dataset.crop=2", "network=pix2pix"]
    with pytest.raises(UsageError, match="type network=bicyclegan"):
        make(*words, "network.generator.filters=4", "network.discriminator.layers=1")
