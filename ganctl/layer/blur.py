"""Halving and doubling without aliasing (Zhang, 2019): pixels are blurred before every second is kept."""

import keras
import tensorflow as tf
from keras import layers


@keras.saving.register_keras_serializable(package="ganctl")
class BlurredHalf(layers.Layer):
    """Feature maps half as high and wide: filtered with [1, 2, 1] / 4 along each axis, every second kept.

    (batch, h, w, c) -> (batch, ceil(h / 2), ceil(w / 2), c); edges are mirrored, as in CUT's release.
    """

    def call(self, inputs):
        wide = tf.pad(inputs, [(0, 0), (1, 1), (1, 1), (0, 0)], mode="REFLECT")
        for axis in (1, 2):
            every = [_every_second(wide, axis, first, inputs.shape[axis]) for first in range(3)]
            wide = 0.25 * every[0] + 0.5 * every[1] + 0.25 * every[2]
        return wide

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        return batch, -(-height // 2), -(-width // 2), channels


@keras.saving.register_keras_serializable(package="ganctl")
class BlurredDouble(layers.Layer):
    """Feature maps twice as high and wide, bilinear: [1, 3, 3, 1] / 4 along each axis between zeros.

    (batch, h, w, c) -> (batch, 2h, 2w, c); edges are repeated, as in CUT's release.
    """

    def call(self, inputs):
        for axis in (1, 2):
            count, shape = inputs.shape[axis], list(inputs.shape)
            before = tf.gather(inputs, [max(i - 1, 0) for i in range(count)], axis=axis)
            after = tf.gather(inputs, [min(i + 1, count - 1) for i in range(count)], axis=axis)
            pairs = tf.stack([0.75 * inputs + 0.25 * before, 0.75 * inputs + 0.25 * after], axis=axis + 1)
            inputs = tf.reshape(pairs, [-1, *shape[1:axis], 2 * count, *shape[axis + 1 :]])
        return inputs

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        return batch, 2 * height, 2 * width, channels


@keras.saving.register_keras_serializable(package="ganctl")
class Tap(layers.Layer):
    """A place in a network whose features a game compares; changes nothing."""

    def call(self, inputs):
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape


def taps(network: keras.Model) -> list:
    """Return the symbolic features of a functional network's taps, in order."""
    return [layer.output for layer in network.layers if isinstance(layer, Tap)]


def _every_second(wide: tf.Tensor, axis: int, first: int, side: int) -> tf.Tensor:
    """Return every second place along an axis, as many as halves of `side`, from `first` on."""
    kept: list = [slice(None)] * 4
    kept[axis] = slice(first, first + 2 * (-(-side // 2)) - 1, 2)
    return wide[tuple(kept)]
