"""Random Fourier features: what lets a perceptron resolve detail that is small beside its input's range."""

import keras
from keras import layers, ops

from ganctl.check import expect_number

COUNT = 64  # frequencies


class FourierFeatures(layers.Layer):
    """The input, and sines and cosines of it at random frequencies that stay as they were drawn.

    Tancik et al. (2020), section 6.1: gamma(v) = [cos(2 pi B v), sin(2 pi B v)] with normal B; here the
    deviation is that of 2 pi B. A perceptron alone learns low frequencies first (Rahaman et al.,
    2019), and one whose biases start at zero resolves least where its input is far from the origin. The
    input itself goes first, which the paper does not have: it is what the features cannot tell, where a
    point lies among their periods.

    Features (batch, n) -> (batch, n + 2 * 64).

    Args:
        deviation: of the frequencies, radians per unit of the input. Points 1 / deviation apart are told
            apart from the start: the sines and cosines of two have the scalar product
            64 exp(-(deviation * distance)^2 / 2), on average.
    """

    def __init__(self, deviation: float) -> None:
        super().__init__()
        self.deviation = float(deviation)

    def build(self, input_shape) -> None:
        self.frequencies = self.add_weight(
            shape=(input_shape[-1], COUNT),
            initializer=keras.initializers.RandomNormal(stddev=self.deviation),
            trainable=False,
            name="frequencies",
        )

    def call(self, inputs):
        angles = ops.matmul(inputs, self.frequencies)
        return ops.concatenate([inputs, ops.cos(angles), ops.sin(angles)], axis=-1)


def widened(network: str, deviation: float | None) -> list[layers.Layer]:
    """Return what a network's input goes through: the layer, or nothing where the deviation is None.

    Raises:
        UsageError: for a deviation that is no number of at least 0.
    """
    if deviation is None:
        return []
    expect_number(f"network.{network}.fourier", deviation)
    return [FourierFeatures(deviation)]
