"""Gates: half of the channels decide how much of the other half passes."""

import tensorflow as tf
from keras import layers


class GatedLinear(layers.Layer):
    """The first half of the channels times the sigmoid of the second: GLU (Dauphin et al., 2017)."""

    def call(self, inputs):
        passed, gate = tf.split(inputs, 2, axis=-1)
        return passed * tf.sigmoid(gate)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] // 2)


class Pooled(layers.Layer):
    """Features (batch, h, w, c) as means over a grid of side x side parts, which may overlap by a pixel.

    Part i goes from floor(i h / side) to ceil((i + 1) h / side), as PyTorch's adaptive pooling has it.

    Args:
        side: parts along each axis, at most the features' own.
    """

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side

    def call(self, inputs):
        for axis in (1, 2):
            length = inputs.shape[axis]
            edges = [(i * length // self.side, -(-(i + 1) * length // self.side)) for i in range(self.side)]
            parts = [tf.gather(inputs, range(*edge), axis=axis) for edge in edges]
            inputs = tf.stack([tf.reduce_mean(part, axis=axis) for part in parts], axis=axis)
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape[0], self.side, self.side, input_shape[-1]
