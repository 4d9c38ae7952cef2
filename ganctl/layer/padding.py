"""Pictures continued beyond their edges by their own reflection."""

import keras
import tensorflow as tf
from keras import layers

from ganctl.error import UsageError


@keras.saving.register_keras_serializable(package="ganctl")
class ReflectionPadding(layers.ZeroPadding2D):
    """Pixels mirrored at the edges, which are not repeated: (batch, h, w, c) -> (batch, h + p, w + q, c).

    A row 1 2 3 4 padded by 2 is 3 2 1 2 3 4 3 2. Pixels are only moved: any type keeps its values.

    Args:
        padding: pixels on every side, or ((above, below), (left, right)).

    Raises:
        UsageError: for a side that has no more pixels than are to be mirrored.
    """

    def build(self, input_shape) -> None:
        for side, both in zip(input_shape[1:3], self.padding, strict=True):
            if side is not None and max(both) >= side:
                raise UsageError(
                    f"network: expected pictures of more than {max(both)} pixels to mirror as many beyond "
                    f"an edge, got {input_shape[1]}x{input_shape[2]}."
                )
        super().build(input_shape)

    def call(self, inputs):
        return tf.pad(inputs, [(0, 0), *self.padding, (0, 0)], mode="REFLECT")
