"""Layers against their formulas: normalizations, comparisons within a batch, resampling."""

import numpy as np
import pytest
from builders import play, tiny

from ganctl.error import UsageError
from ganctl.layer.fourier import FourierFeatures
from ganctl.layer.minibatch import MinibatchDeviation, MinibatchDiscrimination
from ganctl.layer.norm import (
    GroupNormalization,
    PixelNormalization,
    SpectralNormalization,
    WeightNormalization,
)
from ganctl.layer.spatial import Basis, Cut, Downsampling, GroupedConvolution, Sum, Upsampling, WeightedSum
from ganctl.network import convolutional, mlp, r3gan, resnet

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


@pytest.mark.parametrize("norm", ["group", "pixel", "spectral", "weight"])
def test_each_normalization_trains_both_players_in_float16_and_bundled(norm, make):
    words = ["norm.generator.groups=2", "norm.discriminator.groups=2"] if norm == "group" else []
    _, dataset, trainer = make(*tiny("dcgan"), f"norm={norm}", *words, "trainer.precision=float16")
    assert np.isfinite(trainer.train(iter(dataset.batches(8, seed=0)), 3).numpy()).all()


@pytest.mark.parametrize(
    ("norm", "word"),
    [
        ("spectral", "trainer.devices=2"),
        ("spectral", "trainer.accumulate=2"),
        ("weight", "trainer.accumulate=2"),
    ],
)
def test_a_normalization_of_weights_trains_split_and_accumulated(norm, word, make):
    words = [word, f"norm={norm}", "average=ema", "penalty=[r1]", "trainer.order=alternating"]
    _, dataset, trainer = make(*tiny("gan"), *words)
    batches = trainer.batches(dataset)
    for _ in range(2):
        assert np.isfinite(trainer.train(batches).numpy()).all()
    assert np.isfinite(trainer.sampler.sample(3, seed=0)).all()


def test_the_generator_s_turn_moves_no_weight_of_a_spectrally_normalized_critic(make, tensorflow):
    _, dataset, trainer = make(*tiny("dcgan"), "norm.discriminator=spectral", "trainer.order=alternating")
    game, batch = trainer.game, next(iter(dataset.batches(8, seed=0)))
    before = [weight.numpy() for weight in game.weights("discriminator")]
    key, step = tensorflow.constant([1, 2]), tensorflow.constant(0, "int64")
    play(trainer, batch, key, step, tensorflow.constant(True), player="generator")
    for weight, value in zip(game.weights("discriminator"), before, strict=True):
        assert np.array_equal(weight.numpy(), value)
    names = [weight.name for weight in game.discriminator.variables]
    assert names.count("u") == names.count("kernel") == 3


def test_minibatch_discrimination_sums_closeness_over_the_batch(keras):
    given = NOISE.normal(size=(5, 6)).astype("float32")
    layer = MinibatchDiscrimination(kernels=4, size=3)
    made = layer(given).numpy()
    kernel = layer.kernel.numpy().reshape(6, 4, 3)
    expected = np.zeros((5, 4))
    for i in range(5):
        for b in range(4):
            for j in range(5):
                difference = given[i] @ kernel[:, b] - given[j] @ kernel[:, b]
                expected[i, b] += np.exp(-np.abs(difference).sum())
    assert made.shape == (5, 10)
    np.testing.assert_array_equal(made[:, :6], given)
    np.testing.assert_allclose(made[:, 6:], expected, rtol=1e-4)


@pytest.mark.parametrize(("group", "channels"), [(2, 1), (3, 2), (8, 1)])
def test_minibatch_deviation_is_a_group_s_mean_standard_deviation(group, channels, keras):
    given = NOISE.normal(size=(6, 3, 2, 4)).astype("float32")
    made = MinibatchDeviation(group, channels)(given).numpy()
    size = min(group, 6)
    assert made.shape == (6, 3, 2, 4 + channels)
    np.testing.assert_array_equal(made[..., :4], given)
    for example in range(6):
        members = given[example % (6 // size) :: 6 // size]
        for channel in range(channels):
            part = members[..., channel * 4 // channels : (channel + 1) * 4 // channels]
            expected = np.sqrt(part.var(axis=0) + 1e-8).mean()
            np.testing.assert_allclose(made[example, ..., 4 + channel], expected, rtol=1e-4)


def test_minibatch_deviation_of_features_and_of_equal_examples(keras):
    made = MinibatchDeviation()(np.ones((4, 3), "float32")).numpy()
    np.testing.assert_allclose(made, [[1, 1, 1, 1e-4]] * 4)  # the root of 1e-8


@pytest.mark.parametrize(("model", "choice"), [("gan", "discrimination"), ("dcgan", "deviation")])
def test_a_critic_that_compares_images_trains(model, choice, make):
    _, dataset, trainer = make(*tiny(model), f"minibatch={choice}")
    assert np.isfinite(trainer.train(iter(dataset.batches(8, seed=0))).numpy()).all()


@pytest.mark.parametrize("choice", [MinibatchDiscrimination, MinibatchDeviation])
@pytest.mark.parametrize("room", [convolutional, mlp, resnet, r3gan])
def test_every_critic_has_one_place_to_compare_images(room, choice, keras):
    wide = {"hidden": (8, 8)} if room is mlp else {"filters": (16, 16)}
    judge = room.discriminator((16, 16, 1), **wide, minibatch=choice)
    assert sum(isinstance(layer, choice) for layer in judge.layers) == 1
    images = NOISE.normal(size=(4, 16, 16, 1)).astype("float32")
    together, alone = judge(images).numpy(), [judge(image[None]).numpy()[0] for image in images]
    assert together.shape == (4, 1) and not np.allclose(together, alone, atol=1e-5)


def test_a_group_that_does_not_divide_the_batch_is_refused(make):
    _, dataset, trainer = make(*tiny("gan"), "minibatch=deviation", "minibatch.group=3")
    with pytest.raises(UsageError, match=r"minibatch\.group: expected a divisor of the 8"):
        trainer.train(iter(dataset.batches(8, seed=0)))


def filtered(row, kernel, start):
    """Return the sums of a row's neighbours, zero outside, by a plain loop."""
    at = lambda i: row[i] if 0 <= i < len(row) else 0  # noqa: E731
    return sum(weight * at(start + i) for i, weight in enumerate(kernel))


def test_resampling_is_bilinear_along_each_axis(keras):
    given = NOISE.normal(size=(1, 4, 6, 2)).astype("float32")

    def along(axis, function, array):
        return np.apply_along_axis(function, axis, array)

    def up(row):
        zeros = np.zeros(2 * len(row))
        zeros[::2] = row  # convolution of pixels with zeros in between
        return [filtered(zeros, [0.25, 0.75, 0.75, 0.25], i - 2) for i in range(2 * len(row))]

    def down(row):
        return [filtered(row, [0.125, 0.375, 0.375, 0.125], 2 * i - 1) for i in range(len(row) // 2)]

    np.testing.assert_allclose(Upsampling()(given), along(2, up, along(1, up, given)), atol=1e-6)
    np.testing.assert_allclose(Downsampling()(given), along(2, down, along(1, down, given)), atol=1e-6)


def test_a_grouped_convolution_is_its_groups_convolutions_and_so_are_two_gradients(keras, tensorflow):
    tf, given = tensorflow, tensorflow.constant(NOISE.normal(size=(2, 5, 4, 6)), "float32")
    ours = GroupedConvolution(8, 3, 2)
    ours.build(given.shape)

    def apart(image):
        kernels = tf.split(ours.kernel.value, 2, axis=-1)
        halves = zip(tf.split(image, 2, axis=-1), kernels, strict=True)
        return tf.concat([tf.nn.conv2d(half, kernel, 1, "SAME") for half, kernel in halves], axis=-1)

    def slopes(function):  # as a penalty of slopes does it: the gradient of a gradient
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                inner.watch(given)
                made = tf.reduce_sum(tf.tanh(function(given)) ** 2)
            slope = inner.gradient(made, given)
            total = tf.reduce_sum(slope**3)
        return slope, outer.gradient(total, ours.kernel.value)

    np.testing.assert_allclose(ours(given), apart(given), rtol=1e-4, atol=1e-5)
    for found, expected in zip(slopes(ours), slopes(apart), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def test_pictures_from_features_and_features_from_pictures(keras):
    basis, total = Basis(3, 2), WeightedSum()
    features = NOISE.normal(size=(4, 5)).astype("float32")
    picture = basis(features).numpy()
    np.testing.assert_allclose(picture, features[:, None, None] * basis.basis.numpy(), rtol=1e-6)
    made = total(picture)
    np.testing.assert_allclose(made, (picture * total.weight.numpy()).sum(axis=(1, 2)), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(Sum()(picture), picture.sum(axis=(1, 2)), rtol=1e-4, atol=1e-5)
    assert np.abs(Cut()(2 * picture, training=False)).max() <= 1
    np.testing.assert_array_equal(Cut()(picture, training=True), picture)


def test_fourier_features_are_the_kernel_they_approximate(keras):
    # Rahimi and Recht (2007), claim 1: the cosines' and sines' scalar product is the Gaussian kernel, on
    # average over frequencies; its deviation over 100 draws of 64 is at most 1 / sqrt(6400).
    points = np.array([[0.0, 0.0], [0.3, -0.2], [1.0, 0.5], [3.0, 0.0]], "float32")
    products = []
    for _ in range(100):
        made = FourierFeatures(1.5)(points).numpy()
        np.testing.assert_array_equal(made[:, :2], points)
        products.append(made[:, 2:] @ made[:, 2:].T / 64)
    squares = np.square(points[:, None] - points).sum(-1)
    np.testing.assert_allclose(np.mean(products, 0), np.exp(-(1.5**2) * squares / 2), atol=5 / 80)


def test_fourier_frequencies_are_drawn_once_kept_and_never_trained(keras):
    network = mlp.discriminator((2,), fourier=2.0, hidden=(8,), unit_range=False)
    names = {weight.path for weight in network.non_trainable_variables}
    assert any("frequencies" in name for name in names)
    assert not any("frequencies" in weight.path for weight in network.trainable_variables)
    assert network.input_shape == (None, 2) and mlp.generator(4, (2,), fourier=1.0, output="linear").built
    with pytest.raises(UsageError, match=r"network\.generator\.fourier: expected a number of at least 0"):
        mlp.generator(4, (2,), fourier=-1.0, output="linear")
