"""BEGAN's networks (Berthelot et al., 2017): a decoder, and an encoder with the same decoder behind it."""

import math

import keras
from keras import layers

from ganctl.check import expect_whole
from ganctl.layer.energy import NegativeEnergy
from ganctl.layer.norm import Norm, normalized, wrapped
from ganctl.network.heads import expect_logits
from ganctl.network.size import expect_picture, halvings


def generator(
    latent: int, shape: tuple[int, int, int], *, filters: int = 128, blocks: int = 3, norm: Norm = None
) -> keras.Model:
    """Build latents (batch, latent) -> images (batch, *shape), float32, linear.

    Section 3.5.1: a dense layer's picture of n channels, two 3x3 convolutions with an ELU for each size,
    pixels repeated between sizes, and a 3x3 convolution into colours.

    Args:
        latent: numbers that an image is made from.
        shape: height and width, halved exactly by all blocks but one, and channels.
        filters: the paper's n.
        blocks: sizes that pictures have on their way, at least 1; the smallest keeps 4 pixels.
        norm: makes a normalization: of outputs, put before every ELU, or of weights; None for none, as
            published.

    Raises:
        UsageError: for points, or a size that cannot be halved.
    """
    expect_picture("generator", shape, filters=filters, blocks=blocks)
    given = keras.Input((latent,))
    made = _decoded(given, shape, filters, halvings("generator", shape, blocks - 1), norm)
    return keras.Model(given, layers.Activation("linear", dtype="float32")(made), name="generator")


def discriminator(
    shape: tuple[int, int, int],
    *,
    code: int = 64,
    filters: int = 128,
    blocks: int = 3,
    norm: Norm = None,
    reduction: str = "mean_absolute",
    logits: bool = True,
) -> keras.Model:
    """Build images (batch, *shape) -> [-energy (batch, 1), rendered (batch, *shape), code (batch, code)].

    Section 3.5.1: the encoder has n channels more at every size, strided 3x3 convolutions between them, and
    ends in a linear code; the decoder is the generator's, with weights of its own. All outputs are float32.

    Args:
        shape, filters, blocks, norm: see `generator`.
        code: numbers that an image is rendered from; the paper's are as many as latents.
        reduction: of the energy; see `NegativeEnergy`.
        logits: must be true.

    Raises:
        UsageError: for points, or a size that cannot be halved.
    """
    expect_logits(logits)
    expect_picture("discriminator", shape, filters=filters, blocks=blocks)
    expect_whole("network.discriminator.code", code, 1)
    steps = halvings("discriminator", shape, blocks - 1)
    given = keras.Input(shape)
    seen = _convolved(given, filters, norm)
    for index in range(steps + 1):
        seen = _convolved(_convolved(seen, filters * (index + 1), norm), filters * (index + 1), norm)
        if index < steps:
            seen = _convolved(seen, filters * (index + 2), norm, stride=2)
    inner = wrapped(layers.Dense(code), norm)(layers.Flatten()(seen))
    rendered = _decoded(inner, shape, filters, steps, norm)
    rendered = layers.Activation("linear", dtype="float32", name="rendered")(rendered)
    whole = layers.Activation("linear", dtype="float32")(given)
    said = NegativeEnergy(reduction)([whole, rendered])
    inner = layers.Activation("linear", dtype="float32", name="code")(inner)
    return keras.Model(given, [said, rendered, inner], name="discriminator")


def _decoded(code, shape: tuple[int, int, int], filters: int, steps: int, norm: Norm):
    base = (shape[0] >> steps, shape[1] >> steps, filters)
    made = layers.Reshape(base)(wrapped(layers.Dense(math.prod(base)), norm)(code))
    for index in range(steps + 1):
        made = _convolved(_convolved(made, filters, norm), filters, norm)
        made = layers.UpSampling2D(2)(made) if index < steps else made
    return wrapped(layers.Conv2D(shape[-1], 3, padding="same"), norm)(made)


def _convolved(given, channels: int, norm: Norm, stride: int = 1):
    made = wrapped(layers.Conv2D(channels, 3, strides=stride, padding="same"), norm)(given)
    for layer in [*normalized(norm), layers.ELU()]:
        made = layer(made)
    return made
