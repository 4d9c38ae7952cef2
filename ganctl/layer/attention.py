"""Self-attention between the pixels of a picture, as SAGAN and BigGAN have it."""

import tensorflow as tf
from keras import layers

from ganctl.layer.norm import Norm, wrapped


class Attention(layers.Layer):
    """From queries (batch, n, d), keys (batch, m, d) and values (batch, m, v) to (batch, n, v).

    softmax over the keys of query . key, not divided by sqrt(d) (Zhang et al., 2019, equation 1).
    """

    def __init__(self) -> None:
        super().__init__()
        self.autocast = False  # a softmax over hundreds of keys, in float32

    def call(self, given):
        query, key, value = (tf.cast(each, tf.float32) for each in given)
        return tf.cast(tf.matmul(weights(query, key), value), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return (*input_shape[0][:-1], input_shape[2][-1])


class Gated(layers.Layer):
    """From (x, y) of one shape to x + gamma * y, with a trained gamma that starts at 0 (equation 3)."""

    def build(self, input_shape) -> None:
        self.gamma = self.add_weight((), "zeros", name="gamma")

    def call(self, given):
        return given[0] + self.gamma * given[1]

    def compute_output_shape(self, input_shape):
        return input_shape[0]


def weights(query: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
    """Return how much of each key a query takes, (batch, n, m); rows sum to 1."""
    return tf.nn.softmax(tf.matmul(query, key, transpose_b=True), axis=-1)


def attended(picture, norm: Norm, name: str = "attention"):
    """Return a picture (batch, height, width, channels) with self-attention added, of the same shape.

    As in the authors' release: 1x1 convolutions without bias, channels / 8 for queries and keys, channels / 2
    for values; keys and values are halved by maxima over 2x2 pixels. (The paper's text does not pool.)
    """
    _, height, width, channels = picture.shape
    narrow, half = max(1, channels // 8), max(1, channels // 2)

    def projected(size: int, role: str, pooled: bool):
        found = wrapped(layers.Conv2D(size, 1, use_bias=False, name=f"{name}_{role}"), norm)(picture)
        if pooled:
            found = layers.MaxPooling2D(2)(found)
        return layers.Reshape((found.shape[1] * found.shape[2], size))(found)

    query, key = projected(narrow, "query", False), projected(narrow, "key", True)
    found = Attention()([query, key, projected(half, "value", True)])
    found = layers.Reshape((height, width, half))(found)
    found = wrapped(layers.Conv2D(channels, 1, use_bias=False, name=f"{name}_out"), norm)(found)
    return Gated(name=f"{name}_gate")([picture, found])
