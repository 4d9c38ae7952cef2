"""Gated convolutions (Yu et al., 2019): a network learns where a picture is known; coarse, then fine."""

import keras
import tensorflow as tf
from keras import layers

from ganctl.check import expect_whole
from ganctl.error import UsageError
from ganctl.network.picture import chained, expect_pictures, padded

REDUCED = 4  # times that the inner picture is smaller
DILATIONS = (2, 4, 8, 16)


@keras.saving.register_keras_serializable(package="ganctl")
class Gate(layers.Layer):
    """Features times their gates, (batch, h, w, 2c) -> (batch, h, w, c): one half's elu, the other's sigmoid.

    Yu et al. (2019), equation 1, with the release's elu.
    """

    def call(self, inputs):
        features, gates = tf.split(inputs, 2, axis=-1)
        return tf.nn.elu(features) * tf.sigmoid(gates)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] // 2)


@keras.saving.register_keras_serializable(package="ganctl")
class Hole(layers.Layer):
    """What is known, from the given picture; within the hole, what was made: three tensors -> one."""

    def call(self, inputs):
        made, given, mask = inputs
        return made * mask + given * (1.0 - mask)

    def compute_output_shape(self, input_shape):
        return input_shape[0]


def generator(
    source: tuple[int, int, int],
    shape: tuple[int, int, int],
    *,
    filters: int = 48,
    dilations: int = 4,
    coarse: bool = True,
) -> keras.Model:
    """Build (batch, h, w, c + 1), a picture without its hole over the hole, -> [images, coarse images].

    Yu et al. (2019), section 3, after their release (inpaint_model.py): two networks of gated convolutions of
    f, 2f and 4f channels, halved twice, dilated, doubled twice by repeated pixels; the second sees the first
    one's picture in the hole. There is no normalization. Left out: the second's branch of contextual
    attention, which a hole in a small picture has no use for.

    Args:
        source: height, width, and channels of the picture and the mask.
        shape: height and width, the same, and channels of what is made.
        filters: channels of the first convolution, the release's 48.
        dilations: how many of the inner convolutions are dilated, by 2, 4, 8 and 16; few suit small pictures.
        coarse: whether there are two networks; otherwise one alone, whose only output is the image.

    Raises:
        UsageError: for points, sides that differ, or more than four dilations.
    """
    expect_pictures(source, shape, filters=filters)
    expect_whole("network.generator.dilations", dilations, 0)
    if dilations > len(DILATIONS):
        raise UsageError(f"network.generator.dilations: expected at most {len(DILATIONS)}, got {dilations}.")
    given = keras.Input(source)
    first = _stage(given, shape[-1], filters, dilations, "coarse" if coarse else "fine")
    if not coarse:
        return keras.Model(given, first, name="generator")
    picture, mask = given[..., :-1], given[..., -1:]
    together = layers.Concatenate()([Hole()([first, picture, mask]), mask])
    second = _stage(together, shape[-1], filters, dilations, "fine")
    return keras.Model(given, [second, first], name="generator")


def _stage(given, channels: int, filters: int, dilations: int, name: str):
    """Return what one network makes of a symbolic picture, float32 in [-1, 1]."""
    seen, cut = padded(given, REDUCED)
    wide = [filters, 2 * filters, 4 * filters]
    stack = _gated(wide[0], 5)
    stack += [*_gated(wide[1], 3, strides=2), *_gated(wide[1], 3)]
    stack += [*_gated(wide[2], 3, strides=2), *_gated(wide[2], 3)]
    for dilation in DILATIONS[:dilations]:
        stack += _gated(wide[2], 3, dilation_rate=dilation)
    stack += _gated(wide[2], 3)
    stack += [layers.UpSampling2D(2), *_gated(wide[1], 3), *_gated(wide[1], 3)]
    stack += [layers.UpSampling2D(2), *_gated(wide[0], 3), *_gated(max(1, wide[0] // 2), 3)]
    last = layers.Conv2D(channels, 3, padding="same")
    # Networks end in float32 whatever the precision, so that losses are exact.
    return chained(seen, [*stack, last, *cut, layers.Activation("tanh", dtype="float32", name=name)])


def _gated(channels: int, kernel: int, **more) -> list[layers.Layer]:
    return [layers.Conv2D(2 * channels, kernel, padding="same", **more), Gate()]
