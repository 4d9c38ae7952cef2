"""Normalizations of weights and of outputs, against their formulas."""

import numpy as np
import pytest
from conftest import tiny

from ganctl.error import UsageError
from ganctl.layer import GroupNormalization, PixelNormalization, SpectralNormalization, WeightNormalization

NOISE = np.random.default_rng(0)


def kinds(keras):
    """Return layers with a kernel, an input for each, and its kernel's axis of outputs."""
    layers = keras.layers
    picture = NOISE.normal(size=(2, 6, 6, 3)).astype("float32")
    return {
        "dense": (layers.Dense(5), NOISE.normal(size=(2, 7)).astype("float32"), -1),
        "convolution": (layers.Conv2D(5, 3, padding="same"), picture, -1),
        "transposed": (layers.Conv2DTranspose(5, 3, strides=2, padding="same"), picture, -2),
        "embedding": (layers.Embedding(7, 5), np.array([[1], [3]]), -1),
    }


@pytest.fixture
def keras(tensorflow):
    import keras

    keras.utils.set_random_seed(1)
    return keras


def matrix(kernel, axis):
    return np.moveaxis(kernel, axis, -1).reshape(-1, kernel.shape[axis])


@pytest.mark.parametrize("kind", ["dense", "convolution", "transposed", "embedding"])
def test_spectral_normalization_divides_by_the_largest_singular_value(kind, keras):
    plain, given, axis = kinds(keras)[kind]
    layer = SpectralNormalization(plain)
    for _ in range(100):
        made = layer(given, training=True)
    kernel = layer.variable.numpy()
    sigma = np.linalg.svd(matrix(kernel, axis), compute_uv=False)[0]
    used = layer.kernel(layer.variable.value, False).numpy()
    np.testing.assert_allclose(kernel / used, sigma, rtol=1e-3)
    layer.variable.assign(used)
    np.testing.assert_allclose(plain(given), made, rtol=1e-3, atol=1e-5)


def test_spectral_normalization_moves_u_in_training_only_and_never_the_kernel(keras):
    layer = SpectralNormalization(keras.layers.Dense(5))
    given = NOISE.normal(size=(2, 7)).astype("float32")
    layer(given, training=False)
    kernel, u = layer.variable.numpy(), layer.u.numpy()
    layer(given, training=False)
    assert np.array_equal(layer.u.numpy(), u)
    layer(given, training=True)
    assert not np.array_equal(layer.u.numpy(), u) and np.array_equal(layer.variable.numpy(), kernel)


def test_the_gradient_flows_through_sigma(keras, tensorflow):
    tf, given = tensorflow, NOISE.normal(size=(4, 6)).astype("float32")
    layer = SpectralNormalization(keras.layers.Dense(5, use_bias=False))
    for _ in range(200):
        layer(given, training=True)

    def loss(kernel):  # in float64, with the exact singular value
        return np.sum((given.astype("float64") @ (kernel / np.linalg.svd(kernel, compute_uv=False)[0])) ** 2)

    kernel = layer.variable.numpy().astype("float64")
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(layer.variable.value)
        total = tf.reduce_sum(layer(given, training=True) ** 2)
    found = tape.gradient(total, layer.variable.value).numpy()
    for index in np.ndindex(kernel.shape):
        step = np.zeros_like(kernel)
        step[index] = 1e-6
        expected = (loss(kernel + step) - loss(kernel - step)) / 2e-6
        np.testing.assert_allclose(found[index], expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("kind", ["dense", "convolution", "transposed", "embedding"])
def test_weight_normalization_is_a_length_and_a_direction(kind, keras):
    plain, given, axis = kinds(keras)[kind]
    layer = WeightNormalization(plain)
    made = layer(given)
    np.testing.assert_allclose(plain(given), made, rtol=1e-5, atol=1e-6)  # at the start it changes nothing
    layer.length.assign(NOISE.normal(size=layer.length.shape))
    made, kernel = layer(given), layer.variable.numpy()
    lengths = np.linalg.norm(matrix(kernel, axis), axis=0)
    shape = [1] * kernel.ndim
    shape[axis] = -1
    plain_kernel = kernel * (layer.length.numpy() / lengths).reshape(shape)
    layer.variable.assign(plain_kernel)
    np.testing.assert_allclose(plain(given), made, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("norm", [SpectralNormalization, WeightNormalization])
def test_what_a_scope_says_of_a_layer_s_variables_holds_inside(norm, keras, tensorflow):
    layer, given = norm(keras.layers.Dense(3)), NOISE.normal(size=(2, 4)).astype("float32")
    layer(given)
    other = [(v, tensorflow.constant(NOISE.normal(size=v.shape), v.dtype)) for v in layer.variables]
    with keras.StatelessScope(state_mapping=other):
        within = layer(given, training=True)
    kept = [v.numpy() for v in layer.variables]
    for variable, value in other:
        assert not np.array_equal(variable.numpy(), value)  # nothing was assigned
        variable.assign(value)
    np.testing.assert_allclose(layer(given, training=True), within, rtol=1e-5)
    assert len(kept) == 3


def test_pixel_normalization_gives_every_pixel_a_mean_square_of_one(keras):
    given = NOISE.normal(size=(2, 3, 3, 8)).astype("float32")
    expected = given / np.sqrt(np.mean(given**2, axis=-1, keepdims=True) + 1e-8)
    np.testing.assert_allclose(PixelNormalization()(given), expected, rtol=1e-5)


@pytest.mark.parametrize(("groups", "parts"), [(1, 1), (2, 2), (-1, 4)])
def test_groups_of_channels_are_normalized_over_all_pixels(groups, parts, keras):
    given = NOISE.normal(size=(2, 3, 5, 4)).astype("float32")
    grouped = given.reshape(2, 15, parts, 4 // parts)
    centred = grouped - grouped.mean(axis=(1, 3), keepdims=True)
    expected = centred / np.sqrt(grouped.var(axis=(1, 3), keepdims=True) + 1e-5)
    made = GroupNormalization(groups)(given)
    np.testing.assert_allclose(made, expected.reshape(given.shape), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("model", "words", "told"),
    [
        ("dcgan", ["norm.generator=group", "norm.generator.groups=3"], "multiple of groups=3, got 8"),
        ("gan", ["norm=instance"], "16 features in as many groups.*norm.<player>=layer"),
        ("dcgan", ["norm.generator=group", "norm.generator.groups=0"], "whole number of at least 1"),
        ("dcgan", ["norm.generator=spectral", "norm.generator.steps=0"], "whole number of at least 1"),
    ],
)
def test_a_normalization_that_cannot_be_is_refused_in_one_line(model, words, told, make):
    with pytest.raises(UsageError, match=told):
        make(*tiny(model), *words)


NORMS = ["batch", "layer", "instance", "group", "pixel", "spectral", "weight"]


@pytest.mark.parametrize("norm", NORMS)
def test_each_normalization_trains_both_players_in_float16_and_bundled(norm, make):
    words = ["norm.generator.groups=2", "norm.discriminator.groups=2"] if norm == "group" else []
    _, dataset, trainer = make(*tiny("dcgan"), f"norm={norm}", *words, "trainer.precision=float16")
    assert np.isfinite(trainer.train(iter(dataset.batches(8, seed=0)), 3).numpy()).all()


@pytest.mark.parametrize("norm", ["spectral", "weight"])
@pytest.mark.parametrize("words", [["trainer.jit=true"], ["trainer.devices=2"], ["trainer.accumulate=2"]])
def test_a_normalization_of_weights_trains_compiled_split_and_accumulated(norm, words, make):
    words = [*words, f"norm={norm}", "average=ema", "penalty=[r1]", "trainer.order=alternating"]
    _, dataset, trainer = make(*tiny("gan"), *words)
    batches = trainer._stream(dataset)
    for _ in range(2):
        assert np.isfinite(trainer.train(batches).numpy()).all()
    assert np.isfinite(trainer.sample(3, seed=0)).all()


def test_the_generator_s_turn_moves_no_weight_of_a_spectrally_normalized_critic(make, tensorflow):
    _, dataset, trainer = make(*tiny("dcgan"), "norm.discriminator=spectral", "trainer.order=alternating")
    game, batch = trainer.game, next(iter(dataset.batches(8, seed=0)))
    before = [weight.numpy() for weight in game.weights("discriminator")]
    key, step = tensorflow.constant([1, 2]), tensorflow.constant(0, "int64")
    trainer._turn(batch, key, step, tensorflow.constant(True), players=("generator",))
    for weight, value in zip(game.weights("discriminator"), before, strict=True):
        assert np.array_equal(weight.numpy(), value)
    names = [weight.name for weight in game.discriminator.variables]
    assert names.count("u") == names.count("kernel") == 3
