"""R3GAN's networks (Huang et al., 2024): modern residual blocks, and no normalization at all."""

from collections.abc import Sequence

import keras
from keras import layers

from ganctl.check import expect_one_of
from ganctl.error import UsageError
from ganctl.layer.minibatch import Comparison, compared
from ganctl.layer.norm import Norm, normalized, wrapped
from ganctl.layer.spatial import Basis, Cut, Downsampling, GroupedConvolution, Upsampling, WeightedSum
from ganctl.network.size import expect_picture, halvings

SLOPE = 0.2
GAIN = 2 / (1 + SLOPE**2)  # what a leaky ReLU takes from the variance


def generator(
    latent: int,
    shape: tuple[int, int, int],
    *,
    filters: Sequence[int] = (768, 768, 768, 768),
    blocks: int = 2,
    group: int = 16,
    expansion: int = 2,
    norm: Norm = None,
    output: str = "linear",
) -> keras.Model:
    """Build latents (batch, latent) -> images (batch, *shape), float32.

    A trained picture of 4x4 pixels (7x7 for images of 28x28) scaled by a linear map of the latent, and
    stages of residual blocks, each but the first after a 1x1 convolution (where channels change) and a
    bilinear enlargement; then a 1x1 convolution. Only the last stages enlarge, as many as halve the image's
    sides exactly and leave at least 4.

    Args:
        latent: numbers that an image is made from.
        shape: height and width, even, and channels.
        filters: channels of each stage.
        blocks: residual blocks of each stage.
        group: channels of a group in the 3x3 convolutions.
        expansion: how many times as many channels a block has inside.
        norm: makes a normalization: of outputs, put before every activation, or of weights, put around every
            layer with a kernel but the last of a block; None for none, as published.
        output: "linear", as published: free in training, cut to [-1, 1] in inference; or "tanh".

    Raises:
        UsageError: for points, an image that no stage can reach, or groups that do not divide the channels.
    """
    _check("generator", shape, filters, blocks, group, expansion)
    expect_one_of("network.generator.output", output, ("linear", "tanh"))
    steps = halvings("generator", shape, len(filters) - 1)
    given = keras.Input((latent,))
    made = wrapped(layers.Dense(filters[0], use_bias=False, kernel_initializer=_start()), norm)(given)
    made = Basis(shape[0] >> steps, shape[1] >> steps)(made)
    for index, channels in enumerate(filters):
        if made.shape[-1] != channels:
            made = _convolution(channels, norm)(made)
        if index > len(filters) - 1 - steps:
            made = Upsampling()(made)
        for _ in range(blocks):
            made = _block(made, norm, group, expansion, depth=blocks * len(filters))
    made = _convolution(shape[-1], norm)(made)
    # Networks end in float32 whatever the precision, so that losses are exact.
    made = layers.Activation(output, dtype="float32")(made)
    return keras.Model(given, Cut()(made) if output == "linear" else made, name="generator")


def discriminator(
    shape: tuple[int, int, int],
    *,
    filters: Sequence[int] = (768, 768, 768, 768),
    blocks: int = 2,
    group: int = 16,
    expansion: int = 2,
    norm: Norm = None,
    minibatch: Comparison = None,
    logits: bool = True,
) -> keras.Model:
    """Build images (batch, *shape) in [-1, 1] -> (batch, 1), float32.

    The generator's mirror image: a 1x1 convolution, stages of residual blocks, each but the last followed by
    a bilinear reduction and a 1x1 convolution (where channels change), each channel's weighted sum over the
    4x4 pixels that are left, and a linear map.

    Args:
        shape: height and width, even, and channels.
        filters: channels of each stage; the generator's turned around, as published.
        blocks, group, expansion, norm: as the generator's.
        minibatch: makes a layer that compares a batch's images, before the last stage's blocks or before
            the last layer; None for none.
        logits: whether the result is logits; otherwise probabilities.

    Raises:
        UsageError: for points, an image that cannot be halved, or groups that do not divide the channels.
    """
    _check("discriminator", shape, filters, blocks, group, expansion)
    steps = halvings("discriminator", shape, len(filters) - 1)
    given = keras.Input(shape)
    seen = _convolution(filters[0], norm)(given)
    for index, channels in enumerate(filters):
        if index == len(filters) - 1:
            for layer in compared(minibatch, pictures=True):
                seen = layer(seen)
        if seen.shape[-1] != channels:
            seen = _convolution(channels, norm)(seen)
        for _ in range(blocks):
            seen = _block(seen, norm, group, expansion, depth=blocks * len(filters))
        if index < steps:
            seen = Downsampling()(seen)
    seen = WeightedSum()(seen)
    for layer in compared(minibatch, pictures=False):
        seen = layer(seen)
    seen = wrapped(layers.Dense(1, use_bias=False, kernel_initializer=_start()), norm)(seen)
    seen = layers.Activation("linear" if logits else "sigmoid", dtype="float32")(seen)
    return keras.Model(given, seen, name="discriminator")


def _block(given, norm: Norm, group: int, expansion: int, *, depth: int):
    """Return x + f(x): 1x1, leaky ReLU, grouped 3x3, leaky ReLU, 1x1; in the beginning f is 0.

    The weights of the first two are scaled by depth ** -1/4 (Fixup, Zhang et al., 2019: of L blocks with m
    layers, L ** (-1 / (2m - 2))), so that the variance does not grow with the number of blocks.
    """
    channels = given.shape[-1]
    wide, start = channels * expansion, GAIN * depth**-0.5
    path = _convolution(wide, norm, start, bias=True)(given)
    for layer in [*normalized(norm), layers.LeakyReLU(SLOPE)]:
        path = layer(path)
    grouped = GroupedConvolution(wide, 3, wide // group, kernel_initializer=_start(start))
    for layer in [wrapped(grouped, norm), *normalized(norm), layers.LeakyReLU(SLOPE)]:
        path = layer(path)
    # A kernel of zeros has no direction, so no normalization of weights is put around it.
    last = layers.Conv2D(channels, 1, use_bias=False, kernel_initializer="zeros")
    return layers.Add()([given, last(path)])


def _convolution(channels: int, norm: Norm, scale: float = 1.0, *, bias: bool = False) -> layers.Layer:
    start = _start(scale)
    return wrapped(layers.Conv2D(channels, 1, use_bias=bias, kernel_initializer=start), norm)


def _start(scale: float = 1.0) -> keras.initializers.Initializer:
    """Return normal weights of variance scale / (inputs of an output)."""
    return keras.initializers.VarianceScaling(scale, mode="fan_in", distribution="untruncated_normal")


def _check(network: str, shape, filters: Sequence[int], blocks: int, group: int, expansion: int) -> None:
    expect_picture(network, shape, filters=filters, blocks=blocks, group=group, expansion=expansion)
    for index, channels in enumerate(filters):
        if channels * expansion % group:
            raise UsageError(
                f"network.{network}.group: expected a divisor of {channels * expansion} "
                f"(filters[{index}] times expansion), got {group}."
            )
