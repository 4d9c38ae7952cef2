"""Layers of networks from pictures to pictures: reflected edges, instances without a scale."""

import numpy as np
import pytest

from ganctl.config.compose import compose
from ganctl.error import UsageError
from ganctl.layer.padding import ReflectionPadding
from ganctl.training import build


@pytest.fixture
def keras(tensorflow):
    import keras

    return keras


def images(*shape):
    return np.random.default_rng(0).uniform(-1, 1, shape).astype("float32")


@pytest.mark.parametrize("padding", [2, ((0, 1), (3, 0))], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_pictures_are_reflected_at_their_edges(dtype, padding, keras, tensorflow):
    given = tensorflow.cast(images(2, 5, 4, 3), dtype)
    layer = ReflectionPadding(padding, dtype=dtype)
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    both = ((2, 2), (2, 2)) if padding == 2 else padding
    expected = np.pad(given.numpy().astype("float32"), ((0, 0), *both, (0, 0)), mode="reflect")
    for each in (layer, again, tensorflow.function(layer, jit_compile=True)):
        np.testing.assert_array_equal(each(given).numpy().astype("float32"), expected)
    assert layer.compute_output_shape((2, 5, 4, 3)) == expected.shape


def test_a_penalty_of_slopes_passes_through_reflected_pixels(keras, tensorflow):
    given, layer = tensorflow.constant(images(1, 4, 4, 1)), ReflectionPadding(2)

    @tensorflow.function(jit_compile=True)
    def curved(given):
        with tensorflow.GradientTape() as outer:
            outer.watch(given)
            with tensorflow.GradientTape() as inner:
                inner.watch(given)
                total = tensorflow.reduce_sum(layer(given) ** 3)
            slope = inner.gradient(total, given)
        return outer.gradient(slope, given)

    shown = np.outer([1, 3, 3, 1], [1, 3, 3, 1])  # how often the padded picture has each pixel
    expected = 6 * given[0, :, :, 0] * shown
    np.testing.assert_allclose(curved(given)[0, :, :, 0], expected, rtol=1e-5)


def test_more_pixels_than_there_are_cannot_be_reflected(keras):
    assert ReflectionPadding(3)(images(1, 4, 9, 1)).shape == (1, 10, 15, 1)
    with pytest.raises(UsageError, match=r"more than 4 pixels .* got 4x9"):
        ReflectionPadding(4)(images(1, 4, 9, 1))


def test_instances_are_normalized_without_a_scale_where_that_is_asked_for(keras):
    norm = compose(["norm=instance", "norm.generator.affine=false"]).plain()["norm"]["generator"]
    layer, given = build.make(norm), 3 * images(2, 5, 4, 3) + 1
    made, plain = layer(given).numpy(), build.make(norm | {"affine": True})
    np.testing.assert_allclose(made.mean((1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(made.std((1, 2)), 1, atol=1e-3)
    np.testing.assert_allclose(plain(given), made, atol=1e-5)
    assert not layer.variables and len(plain.variables) == 2
