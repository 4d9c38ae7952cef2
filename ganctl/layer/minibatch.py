"""What lets a discriminator see how varied a batch is: layers that compare its examples."""

from collections.abc import Callable

import keras
import tensorflow as tf
from keras import layers

from ganctl.check import expect_whole
from ganctl.error import UsageError

# Makes a layer that compares examples; falsy for none.
Comparison = Callable[..., layers.Layer] | None


def compared(comparison: Comparison, *, pictures: bool | None = None) -> list[layers.Layer]:
    """Return the layer that compares a batch's examples, where there is one and this is its place.

    Args:
        comparison: makes the layer.
        pictures: whether the place has feature maps (before a network's last block) or features (before its
            last dense layer); None where a network has but one place.
    """
    if not comparison:
        return []
    wants_pictures = getattr(comparison, "func", comparison) is MinibatchDeviation
    return [comparison()] if pictures in (None, wants_pictures) else []


class MinibatchDiscrimination(layers.Layer):
    """Features of shape (batch, A) and how close each example is to the others (Salimans et al., 2016).

    Their section 3.2: M_i = f(x_i) T with a trained T of shape (A, kernels, size),
    c_b(x_i, x_j) = exp(-|M_ib - M_jb|_1), o_b(x_i) = sum over j of c_b(x_i, x_j). The result is f and o
    together, (batch, A + kernels). The sum has j = i, as in the paper: a constant 1. Real and fake are
    compared among themselves, each device's part of a batch by itself.

    Args:
        kernels: the paper's B, at least 1.
        size: numbers of a kernel, the paper's C, at least 1.
    """

    def __init__(self, kernels: int = 100, size: int = 5) -> None:
        super().__init__()
        expect_whole("minibatch.kernels", kernels, 1)
        expect_whole("minibatch.size", size, 1)
        self.kernels, self.size = kernels, size
        self.autocast = False  # sums of exponentials of distances, in float32

    def build(self, input_shape) -> None:
        start = keras.initializers.GlorotUniform()
        self.kernel = self.add_weight((input_shape[-1], self.kernels * self.size), start, name="kernel")

    def call(self, inputs):
        features = tf.cast(inputs, tf.float32)
        made = tf.matmul(features, tf.convert_to_tensor(self.kernel.value))
        made = tf.reshape(made, (-1, self.kernels, self.size))
        distance = tf.reduce_sum(tf.abs(made[:, None] - made[None]), axis=-1)
        closeness = tf.reduce_sum(tf.exp(-distance), axis=1)
        return tf.cast(tf.concat([features, closeness], axis=-1), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] + self.kernels)


class MinibatchDeviation(layers.Layer):
    """Feature maps or features with channels that say how much examples differ (Karras et al., 2018).

    Their section 3: the standard deviation over a group of examples of every feature at every pixel, its
    mean over all of them, repeated at all pixels as one more channel. Of a batch of N, examples i, i + M,
    i + 2M, ... with M = N / group are a group (as in the authors' code, where groups came with StyleGAN).

    Args:
        group: examples in a group, a divisor of the batch; a smaller batch is one group. The paper has the
            whole batch, its code 4.
        channels: into which the features are divided, one new channel each; 1 in the paper.

    Raises:
        UsageError: for a group that does not divide the batch, or channels that do not divide the features.
    """

    def __init__(self, group: int = 4, channels: int = 1) -> None:
        super().__init__()
        expect_whole("minibatch.group", group, 1)
        expect_whole("minibatch.channels", channels, 1)
        self.group, self.channels = group, channels

    def build(self, input_shape) -> None:
        if input_shape[-1] % self.channels:
            raise UsageError(
                f"minibatch.channels: expected a divisor of {input_shape[-1]} features, got {self.channels}."
            )

    def call(self, inputs):
        batch, *inner, features = inputs.shape
        group = min(self.group, batch)
        if batch % group:
            raise UsageError(
                f"minibatch.group: expected a divisor of the {batch} examples that are judged at once "
                f"(trainer.batch_size over devices, accumulate and packs), got {self.group}."
            )
        apart = (group, batch // group, -1, self.channels, features // self.channels)
        grouped = tf.reshape(tf.cast(inputs, tf.float32), apart)
        centred = grouped - tf.reduce_mean(grouped, axis=0, keepdims=True)
        deviation = tf.sqrt(tf.reduce_mean(tf.square(centred), axis=0) + 1e-8)  # its slope at 0 is finite
        spread = tf.reduce_mean(deviation, axis=(1, 3))  # one number per group and new channel
        spread = tf.reshape(tf.tile(spread, (group, 1)), (batch, *[1] * len(inner), self.channels))
        spread = tf.broadcast_to(spread, (batch, *inner, self.channels))
        return tf.concat([inputs, tf.cast(spread, inputs.dtype)], axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] + self.channels)
