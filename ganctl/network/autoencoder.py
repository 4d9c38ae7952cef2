"""Discriminators that render what they see: perceptrons as in EBGAN, for images of any size or for points."""

import math
from collections.abc import Sequence

import keras
from keras import layers

from ganctl.check import expect_whole
from ganctl.layer.energy import NegativeEnergy
from ganctl.layer.norm import Norm, normalized, wrapped
from ganctl.network.heads import expect_logits


def discriminator(
    shape: tuple[int, ...],
    *,
    hidden: Sequence[int] = (1024,),
    norm: Norm = None,
    dropout: float = 0.0,
    deviation: float = 0.002,
    reduction: str = "norm",
    logits: bool = True,
) -> keras.Model:
    """Build samples (batch, *shape) -> [-energy (batch, 1), rendered (batch, *shape), code (batch, k)].

    Zhao et al. (2017), appendix A: an encoder of dense layers, each with a ReLU, and a decoder of one dense
    layer, which is linear. All outputs are float32.

    Args:
        shape: of a sample.
        hidden: units of the encoder's layers; the last one's are the code.
        norm: makes a normalization: of outputs, put after every encoder's layer but the first, or of weights,
            put around every layer; None for none.
        dropout: share of each hidden layer that is dropped.
        deviation: of the normal weights at the start; the biases start at 0.
        reduction: of the energy; see `NegativeEnergy`.
        logits: must be true.

    Raises:
        UsageError: for no layer, or a layer without units.
    """
    expect_logits(logits)
    expect_whole("network.discriminator.hidden: how many there are", len(hidden), 1)
    for index, units in enumerate(hidden):
        expect_whole(f"network.discriminator.hidden[{index}]", units, 1)

    def dense(units: int) -> layers.Layer:
        start = keras.initializers.RandomNormal(stddev=deviation)
        return wrapped(layers.Dense(units, kernel_initializer=start), norm)

    given = keras.Input(shape)
    seen = layers.Flatten()(given)
    for index, units in enumerate(hidden):
        seen = dense(units)(seen)
        for layer in normalized(norm) if index else []:
            seen = layer(seen)
        seen = layers.Dropout(dropout)(layers.ReLU()(seen))
    code = layers.Activation("linear", dtype="float32", name="code")(seen)
    rendered = layers.Reshape(shape)(dense(math.prod(shape))(seen))
    rendered = layers.Activation("linear", dtype="float32", name="rendered")(rendered)
    whole = layers.Activation("linear", dtype="float32")(given)
    return keras.Model(given, [NegativeEnergy(reduction)([whole, rendered]), rendered, code])
