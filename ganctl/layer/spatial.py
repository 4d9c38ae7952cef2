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
    rank = len(inputs.shape)
    pad, kept = [[0, 0] for _ in range(rank)], [slice(None)] * rank
    pad[axis], kept[axis] = ([1, 0], slice(None, -1)) if by > 0 else ([0, 1], slice(1, None))
    # Not tf.slice: compiled, its gradient has none of its own, which a penalty of slopes needs.
    return tf.pad(inputs[tuple(kept)], pad)


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
    """Samples cut to [-1, 1] in inference; in training they may lie beyond, where gradients still flow.

    Float32 whatever the precision: it is a network's last layer.
    """

    def __init__(self) -> None:
        super().__init__(dtype="float32")

    def call(self, inputs, training=None):
        return inputs if training else tf.clip_by_value(inputs, -1.0, 1.0)

    def compute_output_shape(self, input_shape):
        return input_shape


class GroupedConvolution(layers.Conv2D):
    """A convolution of groups of channels, each by itself, with stride 1 and zeros outside the picture.

    A sum over the kernel's pixels of products of small matrices, with gradients of any order: on a CPU,
    TensorFlow has none for its own (Keras turns to XLA, about ten times as slow).

    Args:
        filters: channels out, a multiple of groups.
        kernel_size: width in pixels, odd.
        groups: into which the channels are divided.
        start: Keras's further arguments, such as `kernel_initializer`.
    """

    def __init__(self, filters: int, kernel_size: int, groups: int, **start) -> None:
        super().__init__(filters, kernel_size, padding="same", groups=groups, **start)

    def convolution_op(self, inputs, kernel):
        size, kernel = self.kernel_size[0], tf.convert_to_tensor(kernel)
        _, height, width, channels = inputs.shape
        inner, outer = channels // self.groups, self.filters // self.groups
        grouped = tf.reshape(inputs, (-1, height, width, self.groups, inner))
        made = convolved(grouped, tf.reshape(kernel, (size, size, inner, self.groups, outer)))
        return tf.reshape(made, (-1, height, width, self.filters))


@tf.custom_gradient
def convolved(image: tf.Tensor, kernel: tf.Tensor):
    """Convolve (batch, h, w, groups, i) with (s, s, i, groups, o), s odd, to (batch, h, w, groups, o).

    It is linear in both, so its gradients are this function and `correlated`, and theirs these again. They
    are given because TensorFlow's own would keep a copy of the image for every pixel of the kernel.
    """
    parts = [
        tf.einsum("nhwgi,igo->nhwgo", part, kernel[row, column])
        for row, column, part in _moved(image, kernel.shape[0])
    ]

    def gradient(upstream: tf.Tensor):
        return convolved(upstream, _turned(kernel)), correlated(image, upstream, kernel.shape[0])

    return tf.add_n(parts), gradient


def correlated(image: tf.Tensor, upstream: tf.Tensor, size: int) -> tf.Tensor:
    """Return the gradient of `convolved` for its kernel, of shape (size, size, i, groups, o)."""

    @tf.custom_gradient
    def product(image: tf.Tensor, upstream: tf.Tensor):
        parts = [tf.einsum("nhwgi,nhwgo->igo", part, upstream) for *_, part in _moved(image, size)]

        def gradient(kernel: tf.Tensor):
            return convolved(upstream, _turned(kernel)), convolved(image, kernel)

        return tf.reshape(tf.stack(parts), (size, size, *parts[0].shape)), gradient

    return product(image, upstream)


def _moved(image: tf.Tensor, size: int):
    """Yield (row, column, the image as that pixel of a kernel sees it), zero outside."""
    _, height, width, *_ = image.shape
    edge = [size // 2, size // 2]
    padded = tf.pad(image, [[0, 0], edge, edge, [0, 0], [0, 0]])
    for row in range(size):
        for column in range(size):
            yield row, column, padded[:, row : row + height, column : column + width]


def _turned(kernel: tf.Tensor) -> tf.Tensor:
    """Return the kernel of the transposed convolution: turned by 180 degrees, inputs and outputs swapped."""
    return tf.transpose(tf.reverse(kernel, [0, 1]), (0, 1, 4, 3, 2))
