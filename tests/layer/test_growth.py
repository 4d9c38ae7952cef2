"""What growing networks are made of: pictures halved, doubled and faded, and equalized layers."""

import numpy as np
import pytest

from ganctl.layer.equalized import Equalized
from ganctl.layer.growth import doubled, faded, halved, real_at
from ganctl.layer.minibatch import MinibatchDeviation


def normal(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape).astype("float32")


def mixed(before, after, fade):
    return np.float32(1 - fade) * np.asarray(before) + np.float32(fade) * np.asarray(after)


def test_pictures_are_halved_doubled_and_faded_as_reals_are(tensorflow):
    image = normal(2, 16, 16, 3)
    smaller = image.reshape(2, 8, 2, 8, 2, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(halved(image), smaller, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(doubled(smaller), smaller.repeat(2, axis=1).repeat(2, axis=2))
    np.testing.assert_array_equal(faded(image, -image, None), -image)
    np.testing.assert_array_equal(real_at(image, 2, levels=3), image)
    np.testing.assert_array_equal(real_at(image, 0, 0.5, levels=3), halved(halved(image)))
    for level, own in ((1, halved(image)), (2, image)):
        below = doubled(real_at(image, level - 1, levels=3))
        np.testing.assert_array_equal(real_at(image, level, 1.0, levels=3), own)
        np.testing.assert_array_equal(real_at(image, level, 0.0, levels=3), below)
        np.testing.assert_array_equal(real_at(image, level, 0.25, levels=3), mixed(below, own, 0.25))


def test_an_equalized_layer_gives_gain_squared_times_the_mean_square(tensorflow):
    import keras

    keras.utils.set_random_seed(5)
    cases = [
        (keras.layers.Dense(4096), normal(4, 100), 2**0.5, 2),
        (keras.layers.Dense(4096), normal(4, 100), 2**0.5 / 4, 1 / 8),
        (keras.layers.Conv2D(4096, 3), 3 * normal(1, 3, 3, 20), 1.0, 1),
    ]
    for layer, given, gain, square in cases:
        made = Equalized(layer, gain)(given).numpy()
        assert made.var() == pytest.approx(square * np.mean(given**2), rel=0.1)
        kernel = layer.kernel.numpy()
        assert kernel.std() == pytest.approx(1, rel=0.01) and abs(kernel.mean()) < 0.01
        fan = kernel[..., 0].size
        flat = given.reshape(len(given), -1) @ kernel.reshape(fan, -1) * gain / fan**0.5
        np.testing.assert_allclose(made.reshape(flat.shape), flat, rtol=1e-3, atol=1e-4)


def test_standard_normals_in_fours_deviate_by_the_mean_of_a_chi_distribution(tensorflow):
    made = MinibatchDeviation()(normal(64, 8, 8, 16)).numpy()[..., -1]
    # E chi_3 / sqrt(4) = sqrt(2) Gamma(2) / Gamma(3/2) / 2 = sqrt(2 / pi)
    assert made.mean() == pytest.approx((2 / np.pi) ** 0.5, abs=0.004)
