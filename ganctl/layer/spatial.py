"""What R3GAN's networks do with space: resampling, a picture from features, features from a picture."""

import keras
import tensorflow as tf
from keras import layers


class Upsampling(layers.Layer):
    """Feature maps twice as high and wide, bilinear: (batch, h, w, c) -> (batch, 2h, 2w, c).

    Zeros are put between pixels, which are then filtered with [1, 3, 3, 1] / 4 along each axis; outside a
    picture all is zero. The binomial [1, 2, 1] that R3GAN's release names is [1, 3, 3, 1] after its
    convolution with [1, 1].
    """

    def call(self, inputs):
        for axis in (1, 2):
            before, after = shifted(inputs, axis, 1), shifted(inputs, axis, -1)
            pairs = tf.stack([0.75 * inputs + 0.25 * before, 0.75 * inputs + 0.25 * after], axis=axis + 1)
            shape = list(pairs.shape)
            inputs = tf.reshape(pairs, [-1, *shape[1:axis], 2 * shape[axis], *shape[axis + 2 :]])
        return inputs

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        return batch, 2 * height, 2 * width, channels


class Downsampling(layers.Layer):
    """Feature maps half as high and wide: filtered with [1, 3, 3, 1] / 8 along each axis, every second kept.

    Outside a picture all is zero; sides must be even.
    """

    def call(self, inputs):
        for axis in (1, 2):
            shape = list(inputs.shape)
            pairs = tf.reshape(inputs, [-1, *shape[1:axis], shape[axis] // 2, 2, *shape[axis + 1 :]])
            first, second = tf.unstack(pairs, axis=axis + 1)
            outer = shifted(second, axis, 1) + shifted(first, axis, -1)
            inputs = 0.375 * (first + second) + 0.125 * outer
        return inputs

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        return batch, height // 2, width // 2, channels


def shifted(inputs: tf.Tensor, axis: int, by: int) -> tf.Tensor:
    """Return a tensor moved by one (1) or by minus one (-1) along an axis, zero where nothing comes in."""
    size, rank = inputs.shape[axis], len(inputs.shape)
    start, pad = [0] * rank, [[0, 0] for _ in range(rank)]
    start[axis], pad[axis] = (0, [1, 0]) if by > 0 else (1, [0, 1])
    length = [-1] * rank
    length[axis] = size - 1
    return tf.pad(tf.slice(inputs, start, length), pad)


class Basis(layers.Layer):
    """A trained picture, every channel of it scaled by a feature: (batch, c) -> (batch, height, width, c).

    Args:
        height, width: of the picture, whose numbers start as standard normals.
    """

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.height, self.width = height, width

    def build(self, input_shape) -> None:
        start = keras.initializers.RandomNormal(stddev=1.0)
        self.basis = self.add_weight((self.height, self.width, input_shape[-1]), start, name="basis")

    def call(self, inputs):
        return inputs[:, None, None, :] * tf.convert_to_tensor(self.basis.value)[None]

    def compute_output_shape(self, input_shape):
        return input_shape[0], self.height, self.width, input_shape[-1]


class WeightedSum(layers.Layer):
    """Each channel's weighted sum over all pixels: (batch, h, w, c) -> (batch, c).

    A depthwise convolution as large as the picture, without padding; weights start with variance 1 / (h w).
    """

    def build(self, input_shape) -> None:
        height, width, channels = input_shape[1:]
        start = keras.initializers.RandomNormal(stddev=(height * width) ** -0.5)
        self.weight = self.add_weight((height, width, channels), start, name="weight")

    def call(self, inputs):
        return tf.einsum("nhwc,hwc->nc", inputs, tf.convert_to_tensor(self.weight.value))

    def compute_output_shape(self, input_shape):
        return input_shape[0], input_shape[-1]


class Sum(layers.Layer):
    """Each channel's sum over all pixels: (batch, h, w, c) -> (batch, c)."""

    def call(self, inputs):
        return tf.reduce_sum(inputs, axis=(1, 2))

    def compute_output_shape(self, input_shape):
        return input_shape[0], input_shape[-1]


class Cut(layers.Layer):
    """Samples cut to [-1, 1] in inference; in training they may lie beyond, where gradients still flow."""

    def call(self, inputs, training=None):
        return inputs if training else tf.clip_by_value(inputs, -1.0, 1.0)

    def compute_output_shape(self, input_shape):
        return input_shape


class GroupedConvolution(layers.Conv2D):
    """A convolution of groups of channels, each by itself, with stride 1 and zeros outside the picture.

    A sum over the kernel's pixels of products of small matrices: on a CPU, TensorFlow has no gradients for
    its own (Keras turns to XLA, 13 times as slow with two derivatives of 64 pictures of 8x8x128).
    """

    def __init__(self, filters: int, kernel_size: int, groups: int, **start) -> None:
        super().__init__(filters, kernel_size, padding="same", groups=groups, **start)

    def convolution_op(self, inputs, kernel):
        size, kernel = self.kernel_size[0], tf.convert_to_tensor(kernel)
        _, height, width, channels = inputs.shape
        inner, outer = channels // self.groups, self.filters // self.groups
        edge = [(size - 1) // 2, size // 2]
        padded = tf.pad(inputs, [[0, 0], edge, edge, [0, 0]])
        grouped = tf.reshape(padded, (-1, height + size - 1, width + size - 1, self.groups, inner))
        matrices = tf.reshape(kernel, (size, size, inner, self.groups, outer))
        parts = [
            tf.einsum(
                "nhwgi,igo->nhwgo",
                grouped[:, row : row + height, column : column + width],
                matrices[row, column],
            )
            for row in range(size)
            for column in range(size)
        ]
        return tf.reshape(tf.add_n(parts), (-1, height, width, self.filters))
