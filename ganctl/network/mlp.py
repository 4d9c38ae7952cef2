"""Multilayer perceptrons, for images of any size or for points."""

import math
from collections.abc import Sequence

import keras
from keras import layers

from ganctl.check import expect_one_of, expect_whole
from ganctl.error import UsageError
from ganctl.layer.fourier import widened
from ganctl.layer.minibatch import Comparison, compared
from ganctl.layer.norm import Norm, normalized, wrapped


def generator(
    latent: int,
    shape: tuple[int, ...],
    *,
    fourier: float | None = None,
    hidden: Sequence[int] = (1200, 1200),
    norm: Norm = None,
    negative_slope: float = 0.0,
    spread: float | None = None,
    output: str = "sigmoid",
) -> keras.Model:
    """Build latents (batch, latent) -> samples (batch, *shape), float32.

    Args:
        latent: numbers that a sample is made from.
        shape: of a sample.
        fourier: deviation of random frequencies, in radians per unit of the input, whose sines and cosines
            go beside it (Tancik et al., 2020); None for none.
        hidden: units of each hidden layer.
        norm: makes a normalization: of outputs, put before every activation but the last, or of weights,
            put around every layer; None for none.
        negative_slope: of the leaky ReLU; 0 is a ReLU.
        spread: weights start uniform in [-spread, spread]; None is Keras's default (Glorot).
        output: "sigmoid" (in [0, 1], mapped to [-1, 1] by the last layer), "tanh", "linear", or "auto":
            linear for points, tanh for images.

    Raises:
        UsageError: for points with an output that cannot reach them, or for a number outside its range.
    """
    _check("generator", hidden)
    expect_one_of("network.generator.output", output, ("sigmoid", "tanh", "linear", "auto"))
    if output == "auto":
        output = "linear" if len(shape) == 1 else "tanh"
    if len(shape) == 1 and output != "linear":
        raise UsageError(
            f"network.generator.output: expected linear for points, got '{output}'; type network=points."
        )
    stack = [keras.Input((latent,)), *widened("generator", fourier)]
    for units in hidden:
        dense = layers.Dense(units, kernel_initializer=_start(spread))
        stack += [wrapped(dense, norm), *normalized(norm), layers.LeakyReLU(negative_slope)]
    last = layers.Dense(math.prod(shape), kernel_initializer=_start(spread))
    stack += [wrapped(last, norm), layers.Reshape(shape)]
    # Networks end in float32 whatever the precision, so that losses are exact.
    stack.append(layers.Activation(output, dtype="float32"))
    if output == "sigmoid":
        stack.append(layers.Rescaling(2.0, offset=-1.0, dtype="float32"))
    return keras.Sequential(stack, name="generator")


def discriminator(
    shape: tuple[int, ...],
    *,
    fourier: float | None = None,
    hidden: Sequence[int] = (240, 240),
    pieces: int = 5,
    norm: Norm = None,
    minibatch: Comparison = None,
    negative_slope: float = 0.2,
    input_dropout: float = 0.2,
    dropout: float = 0.5,
    spread: float | None = None,
    unit_range: bool = True,
    logits: bool = True,
) -> keras.Model:
    """Build samples (batch, *shape) -> (batch, 1), float32.

    Args:
        shape: of a sample.
        fourier: deviation of random frequencies, in radians per unit of the input, whose sines and cosines
            go beside it (Tancik et al., 2020); None for none.
        hidden: units of each hidden layer.
        pieces: linear maps of which a maxout unit takes the largest (Goodfellow et al., 2013); 1 makes it
            a leaky ReLU.
        norm: makes a normalization: of outputs, put after every hidden layer but the first, or of weights,
            put around every layer; None for none.
        minibatch: makes a layer that compares a batch's samples, before the last layer; None for none.
        negative_slope: of the leaky ReLU.
        input_dropout, dropout: shares dropped of the input and of each hidden layer.
        spread: weights start uniform in [-spread, spread]; None is Keras's default (Glorot).
        unit_range: whether images in [-1, 1] are first mapped to [0, 1].
        logits: whether the result is logits; otherwise probabilities.
    """
    _check("discriminator", hidden)
    expect_whole("network.discriminator.pieces", pieces, 1)
    stack = [keras.Input(shape), layers.Flatten()]
    if unit_range:
        stack.append(layers.Rescaling(0.5, offset=0.5))
    stack += [*widened("discriminator", fourier), layers.Dropout(input_dropout)]
    for index, units in enumerate(hidden):
        stack.append(wrapped(layers.Dense(units * pieces, kernel_initializer=_start(spread)), norm))
        stack += normalized(norm) if index else []
        if pieces > 1:
            # Maxout is a maximum over the second axis; Keras's pooling does it without a layer of our own.
            stack += [
                layers.Reshape((units, pieces)),
                layers.GlobalMaxPooling1D(data_format="channels_first"),
            ]
        else:
            stack.append(layers.LeakyReLU(negative_slope))
        stack.append(layers.Dropout(dropout))
    stack += compared(minibatch)
    stack.append(wrapped(layers.Dense(1, kernel_initializer=_start(spread)), norm))
    stack.append(layers.Activation("linear" if logits else "sigmoid", dtype="float32"))
    return keras.Sequential(stack, name="discriminator")


def _check(network: str, hidden: Sequence[int]) -> None:
    for index, units in enumerate(hidden):
        expect_whole(f"network.{network}.hidden[{index}]", units, 1)


def _start(spread: float | None) -> keras.initializers.Initializer:
    if spread is None:
        return keras.initializers.GlorotUniform()
    return keras.initializers.RandomUniform(-spread, spread)
