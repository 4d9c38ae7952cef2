"""Styles: modulated kernels, filters, normalized features, against what their papers write out."""

import numpy as np
import pytest


def drawn(tensorflow, *shape, seed=0):
    return tensorflow.random.stateless_normal(shape, (seed, 1))


def correlated(image, kernel):
    """Return the 3x3 correlation of one picture (h, w, i) with (3, 3, i, o), zeros outside."""
    padded = np.pad(image, [(1, 1), (1, 1), (0, 0)])
    height, width, _ = image.shape
    return sum(
        padded[row : row + height, column : column + width] @ kernel[row, column]
        for row in range(3)
        for column in range(3)
    )


def test_a_modulated_convolution_is_each_example_s_own_kernel(tensorflow):
    from ganctl.layer.style import ModulatedConvolution

    layer = ModulatedConvolution(5, 3)
    image, style = drawn(tensorflow, 2, 6, 4, 3), drawn(tensorflow, 2, 3, seed=1)
    made = layer([image, style]).numpy()
    kernel = layer.kernel.numpy() / (9 * 3) ** 0.5
    for index in range(2):
        own = kernel * style[index].numpy()[None, None, :, None]
        own = own / np.sqrt((own**2).sum((0, 1, 2)) + 1e-8)
        np.testing.assert_allclose(made[index], correlated(image[index].numpy(), own), rtol=1e-4, atol=1e-5)
    # Equation 3: however large the style, the result is the same, and of deviation 1 where inputs are.
    np.testing.assert_allclose(layer([image, 7.0 * style]), made, rtol=1e-3, atol=1e-5)
    wide, ones = drawn(tensorflow, 4, 16, 16, 3), tensorflow.ones((4, 3))
    assert layer([wide, ones]).numpy()[:, 1:-1, 1:-1].std() == pytest.approx(1.0, abs=0.1)


def test_an_enlarging_one_is_zeros_between_pixels_a_convolution_and_a_filter(tensorflow):
    from ganctl.layer.style import ModulatedConvolution

    layer = ModulatedConvolution(2, 3, demodulate=False, enlarge=True)
    image = drawn(tensorflow, 1, 4, 5, 3)
    made = layer([image, tensorflow.ones((1, 3))]).numpy()[0]
    kernel, stuffed = layer.kernel.numpy() / (9 * 3) ** 0.5, np.zeros((10, 12, 3))
    stuffed[1:9:2, 1:11:2] = image[0]  # one pixel around, so that the filter sees what the layer's does
    convolved = np.pad(correlated(stuffed, kernel[::-1, ::-1]), [(1, 1), (1, 1), (0, 0)])
    taps = np.array([1, 3, 3, 1]) / 4
    smooth = sum(t * convolved[row : row + 9] for row, t in enumerate(taps))
    smooth = sum(t * smooth[:, column : column + 11] for column, t in enumerate(taps))
    assert made.shape == (8, 10, 2)
    np.testing.assert_allclose(made, smooth[:8, :10], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("means", "taps"), [(2, [1, 2, 1]), (3, [1, 3, 3, 1])])
def test_means_of_two_pixels_are_binomial_filters(means, taps, tensorflow):
    from ganctl.layer.style import Blur

    point = np.zeros((1, 5, 5, 1), "float32")
    point[0, 2, 2, 0] = 1
    found = Blur(means, edge=2)(point).numpy()[0, :, :, 0]
    wanted = np.outer(taps, taps) / np.sum(taps) ** 2
    assert found.shape == (9 - means, 9 - means) and found.sum() == pytest.approx(1)
    rows, columns = np.nonzero(found)
    np.testing.assert_allclose(found[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1], wanted)


def test_adaptive_instance_normalization_has_the_style_s_mean_and_deviation(tensorflow):
    from ganctl.layer.style import AdaptiveInstanceNorm

    image, style = 3.0 + 5.0 * drawn(tensorflow, 2, 8, 8, 3), drawn(tensorflow, 2, 6, seed=1)
    made, scale = AdaptiveInstanceNorm()([image, style]).numpy(), 1 + style.numpy()[:, :3]
    np.testing.assert_allclose(made.mean((1, 2)), style.numpy()[:, 3:], atol=1e-5)
    np.testing.assert_allclose(made.std((1, 2)), np.abs(scale), rtol=1e-4)


def test_noise_begins_with_strength_0_and_is_the_same_in_all_channels(tensorflow):
    from ganctl.layer.style import Noise

    layer, image, noise = Noise(channels=False), drawn(tensorflow, 2, 4, 3, 5), drawn(tensorflow, 2, 12)
    assert np.array_equal(layer([image, noise]), image)
    layer.strength.assign(2.0)
    added = layer([image, noise]).numpy() - image.numpy()
    np.testing.assert_allclose(added, np.repeat(2 * noise.numpy().reshape(2, 4, 3, 1), 5, axis=3), atol=1e-5)


def test_a_slow_layer_computes_alike_and_stores_larger_weights(tensorflow):
    from ganctl.layer.style import dense

    given = drawn(tensorflow, 64, 100)
    for rate in (1.0, 0.01):
        kernel, _ = dense(200, rate=rate)
        assert kernel(given).numpy().std() == pytest.approx(1.0, abs=0.05)
        assert kernel.layer.kernel.numpy().std() * rate == pytest.approx(1.0, abs=0.05)
