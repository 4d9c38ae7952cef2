"""Batch normalization whose gain and offset depend on a condition, such as a label."""

import keras
from keras import layers

from ganctl.layer.norm import Norm, wrapped


class ConditionalBatchNormalization(layers.Layer):
    """From (features, condition) to gain(condition) * normalized features + offset(condition).

    De Vries et al. (2017), Dumoulin et al. (2017). Features are (batch, ..., channels), conditions (batch,
    k), one-hot or other numbers. Gain and offset are linear in them: 1 + condition W and condition V without
    bias, so a one-hot condition chooses a row of a table.

    Args:
        momentum: of the moving statistics.
        epsilon: added to the variance.
        start: of W and V: "zeros", as if there were no condition (Miyato and Koyama, 2018), or an
            initializer.
        norm: of W's and V's weights, such as spectral; None for none.
    """

    def __init__(
        self,
        momentum: float = 0.9,
        epsilon: float = 2e-5,
        start: str | keras.initializers.Initializer = "zeros",
        norm: Norm = None,
    ) -> None:
        super().__init__()
        self.plain = layers.BatchNormalization(momentum=momentum, epsilon=epsilon, center=False, scale=False)
        self.start, self.norm = start, norm

    def build(self, input_shape) -> None:
        features, condition = input_shape
        self.plain.build(features)
        dense = [
            layers.Dense(features[-1], use_bias=False, kernel_initializer=self.start, name=name)
            for name in ("gain", "offset")
        ]
        self.gain, self.offset = (wrapped(layer, self.norm) for layer in dense)
        self.gain.build(condition)
        self.offset.build(condition)

    def call(self, given, training=None):
        features, condition = given
        shape = (-1, *[1] * (len(features.shape) - 2), features.shape[-1])
        gain, offset = (
            keras.ops.reshape(layer(condition, training=training) if self.norm else layer(condition), shape)
            for layer in (self.gain, self.offset)
        )
        return self.plain(features, training=training) * (1.0 + gain) + offset

    def compute_output_shape(self, input_shape):
        return input_shape[0]
