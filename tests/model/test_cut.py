"""CUT and FastCUT: what is made is held to its input, place by place."""

import numpy as np
import pytest
from builders import blobs, data, expect_own_weights, tiny

from ganctl.error import UsageError
from ganctl.game.batch import Batch


@pytest.fixture
def cut(make, tmp_path):
    """Build a small game on two domains of noise: (dataset, trainer)."""

    def build(*words: str, model: str = "cut"):
        return make(*tiny(model), *data(model, tmp_path), *words)[1:]

    return build


def batch_of(dataset, size=8, **changes):
    return Batch(next(iter(dataset.batches(size, seed=0))), size=size, key=(1, 2), **changes)


def directions(*shape, seed=0):
    found = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    return found / np.linalg.norm(found, axis=-1, keepdims=True)


def test_contrast_has_the_values_of_the_limiting_cases(tensorflow):
    from ganctl.loss.contrastive import contrast

    # Orthogonal places that match: 255 negatives of likeness 0 against one positive of 1.
    alone = np.eye(256, dtype=np.float32)[None]
    expected = np.log1p((255 + np.exp(-10 / 0.07)) * np.exp(-1 / 0.07))
    assert float(contrast(alone, alone, 0.07)) == pytest.approx(expected, rel=1e-3)
    # Equal directions everywhere: a guess among 256, and its own place once more, as nothing.
    same = np.tile(directions(1, 1, 8), (1, 256, 1))
    assert float(contrast(same, same, 0.07)) == pytest.approx(np.log(256), rel=1e-5)


def test_contrast_is_the_cross_entropy_written_out(tensorflow):
    from ganctl.loss.contrastive import contrast

    query, key = directions(2, 5, 3), directions(2, 5, 3, seed=1)
    total = 0.0
    for image in range(2):
        for place in range(5):
            likeness = np.array([query[image, place] @ key[image, other] for other in range(5)])
            others = np.delete(likeness, place)
            logits = np.array([likeness[place], *others, -10.0]) / 0.5
            total -= logits[0] - np.log(np.exp(logits).sum())
    assert float(contrast(query, key, 0.5)) == pytest.approx(total / 10, rel=1e-5)


def test_places_of_a_batch_together_are_those_of_one_large_picture(tensorflow):
    from ganctl.loss.contrastive import contrast

    query, key = directions(3, 4, 5), directions(3, 4, 5, seed=1)
    one = contrast(query.reshape(1, 12, 5), key.reshape(1, 12, 5), 0.2)
    assert float(contrast(query, key, 0.2, together=True)) == pytest.approx(float(one), rel=1e-6)
    assert float(one) > float(contrast(query, key, 0.2))


def test_terms_are_weighed_as_in_the_authors_release(cut):
    dataset, trainer = cut()
    game, batch = trainer.game, batch_of(dataset)
    found = game.generator_loss(batch)
    assert list(found) == ["adversarial", "contrast", "contrast_image"]
    fake = game.generator(batch["input"], training=True)
    judged = game.discriminator(fake)
    assert float(found["adversarial"]) == pytest.approx(((judged - 1) ** 2).numpy().mean(), rel=1e-4)
    assert min(float(found[name]) for name in ("contrast", "contrast_image")) > 0
    game.identity, game.contrast = 0.0, 1.0
    assert float(game.generator_loss(batch_of(dataset))["contrast"]) == pytest.approx(
        2 * float(found["contrast"]), rel=1e-4
    )
    game.contrast = 0.0
    assert list(game.generator_loss(batch_of(dataset))) == ["adversarial"]


def test_taps_are_the_releases_and_see_the_picture_first(make, tmp_path):
    words = [*tiny("cut"), *data("cut", tmp_path), "network.generator.blocks=6"]
    _, dataset, trainer = make(*words)
    game, batch = trainer.game, batch_of(dataset)
    features = game.encoder(batch["input"])
    sides = [each.shape[1:] for each in features]
    assert sides == [(22, 30, 3), (16, 24, 8), (8, 12, 16), (4, 6, 16), (4, 6, 16)]
    np.testing.assert_array_equal(features[0][:, 3:-3, 3:-3], batch["input"])
    assert [tuple(each.shape[1:]) for each in game.heads.outputs] == [(None, 8)] * 5


@pytest.mark.parametrize("jit", ["false", "true"])
def test_each_turn_moves_its_own_weights_and_no_gradient_reaches_keys(jit, cut, tensorflow):
    fewer = ["model.identity=0", "model.places=16"] if jit == "true" else []  # XLA takes its time
    dataset, trainer = cut(f"trainer.jit={jit}", "trainer.batch_size=1", *fewer)
    rows = next(iter(dataset.batches(1, seed=0)))
    key, step = tensorflow.constant([1, 2]), tensorflow.constant(0, "int64")
    expect_own_weights(trainer, rows, key, step, tensorflow.constant(True))


def test_no_gradient_reaches_the_features_of_the_input(cut, tensorflow):
    dataset, trainer = cut()
    game, batch = trainer.game, batch_of(dataset)
    made = batch["image"]
    with tensorflow.GradientTape() as tape:
        source = tensorflow.identity(batch["input"])
        tape.watch([source, made])
        value = game._contrast(source, made, batch)
    to_source, to_made = tape.gradient(value, [source, made])
    assert to_source is None and np.abs(to_made).max() > 0


def test_mirrored_inputs_are_compared_mirrored_back(cut, tensorflow):
    dataset, trainer = cut(model="fastcut")
    game = trainer.game
    terms = []
    for coin in (False, True):
        batch = batch_of(dataset)
        batch.once("coin", lambda value=coin: tensorflow.fill((8, 1, 1, 1), value))
        fake = game.generate(batch)
        terms.append((fake.numpy(), float(game.generator_loss(batch)["contrast"])))
    given = batch_of(dataset)["input"]
    np.testing.assert_array_equal(terms[0][0], game.generator(given, training=True))
    np.testing.assert_array_equal(terms[1][0], game.generator(given[:, :, ::-1], training=True))
    fresh = batch_of(dataset)
    fresh.once("coin", lambda: tensorflow.random.uniform((8, 1, 1, 1), seed=1) < 0.5)
    assert np.isfinite(float(game.generator_loss(fresh)["contrast"]))


def test_domains_of_one_kind_are_learnt_to_be_left_alone(cut):
    fast = [f"optimizer.{who}.learning_rate=0.005" for who in ("generator", "discriminator")]
    dataset, trainer = cut(
        *fast, "trainer.batch_size=4", "network.generator.start=normal", "network.heads.start=normal"
    )
    dataset.kinds = dict.fromkeys(("input", "image"), blobs(8))
    found, batches = [], trainer.batches(dataset)
    for _ in range(40):  # by one graph
        report = trainer.train(batches).numpy()
        found.append(dict(zip(trainer.rounds.terms, report, strict=True))["generator/contrast"])
    assert found[-1] < 0.8 * found[0]


def test_blurs_are_the_releases(tensorflow):
    """[1, 2, 1] / 4 of a mirrored picture, every second; [1, 3, 3, 1] / 4 between zeros, edges repeated."""
    import keras

    from ganctl.layer.blur import BlurredHalf

    picture = np.random.default_rng(0).standard_normal((2, 7, 6, 3)).astype(np.float32)
    wide = np.pad(picture, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    rows = (wide[:, :-2] + 2 * wide[:, 1:-1] + wide[:, 2:]) / 4
    both = (rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 4
    np.testing.assert_allclose(BlurredHalf()(picture), both[:, ::2, ::2], atol=1e-6)
    edges = np.pad(picture, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    zeros = np.zeros((2, 18, 16, 3), np.float32)
    zeros[:, ::2, ::2] = edges
    kernel = np.array([1, 3, 3, 1]) / 4
    for axis in (1, 2):
        zeros = np.apply_along_axis(np.convolve, axis, zeros, kernel)
    doubled = keras.layers.UpSampling2D(2, interpolation="bilinear")(picture)
    np.testing.assert_allclose(doubled, zeros[:, 3:17, 3:15], atol=1e-5)


def test_what_does_not_fit_is_refused_in_one_line(cut):
    for word, told in {
        "model.temperature=0": "model.temperature: expected a number of at least 0.001",
        "model.places=0": "model.places: expected a whole number of at least 1",
        "model.mirrored=1": "model.mirrored: expected true or false",
        "model.contrast=-1": "model.contrast: expected a number of at least 0",
    }.items():
        with pytest.raises(UsageError, match=told):
            cut(word)


def test_a_network_without_taps_is_refused(make, tmp_path):
    words = ["model=cut", *data("cut", tmp_path), "dataset.crop=2", "network=pix2pix"]
    with pytest.raises(UsageError, match="type network=cut"):
        make(*words, "network.generator.filters=4", "network.discriminator.layers=1")
