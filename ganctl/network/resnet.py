"""Residual networks as in SNGAN and WGAN-GP: two 3x3 convolutions and a shortcut in every block."""

import math
from collections.abc import Sequence

import keras
from keras import layers

from ganctl.check import expect_one_of
from ganctl.layer.minibatch import Comparison, compared
from ganctl.layer.norm import Norm, normalized, wrapped
from ganctl.layer.spatial import Sum
from ganctl.network.size import expect_picture, halvings


def generator(
    latent: int,
    shape: tuple[int, int, int],
    *,
    filters: Sequence[int] = (256, 256, 256),
    norm: Norm = None,
    output: str = "tanh",
) -> keras.Model:
    """Build latents (batch, latent) -> images (batch, *shape), float32 in [-1, 1].

    Miyato et al. (2018), table 4: a dense layer's picture, blocks that enlarge it, and a 3x3 convolution.
    The picture has 4x4 pixels for 32x32 images and three blocks, 7x7 for 28x28: only the last blocks
    enlarge, as many as halve the image's sides exactly and leave at least 4.

    Args:
        latent: numbers that an image is made from.
        shape: height and width, even, and channels.
        filters: channels of each block; the dense layer's picture has the first's.
        norm: makes a normalization: of outputs, put before every ReLU, or of weights, put around every layer
            that has some; None for none.
        output: "tanh", or "sigmoid" (in [0, 1], mapped to [-1, 1] by the last layer).

    Raises:
        UsageError: for points, or an image that no block can reach.
    """
    expect_picture("generator", shape, filters=filters)
    expect_one_of("network.generator.output", output, ("tanh", "sigmoid"))
    steps = halvings("generator", shape, len(filters))
    base = (shape[0] >> steps, shape[1] >> steps, filters[0])
    given = keras.Input((latent,))
    made = layers.Reshape(base)(wrapped(layers.Dense(math.prod(base)), norm)(given))
    for index, channels in enumerate(filters):
        made = _up(made, channels, norm, enlarge=index >= len(filters) - steps)
    made = chained(made, [*normalized(norm), layers.ReLU(), convolution(shape[-1], 3, norm)])
    # Networks end in float32 whatever the precision, so that losses are exact.
    made = layers.Activation(output, dtype="float32")(made)
    if output == "sigmoid":
        made = layers.Rescaling(2.0, offset=-1.0, dtype="float32")(made)
    return keras.Model(given, made, name="generator")


def discriminator(
    shape: tuple[int, int, int],
    *,
    filters: Sequence[int] = (128, 128, 128, 128),
    halve: int = 2,
    norm: Norm = None,
    minibatch: Comparison = None,
    logits: bool = True,
) -> keras.Model:
    """Build images (batch, *shape) in [-1, 1] -> (batch, 1), float32.

    Miyato et al. (2018), table 4: the first block reduces its input before its shortcut, all others begin
    with a ReLU; each channel is summed over all pixels, and weighed without a bias as in their code.

    Args:
        shape: height, width and channels.
        filters: channels of each block.
        halve: how many of the blocks halve height and width, the first ones.
        norm: makes a normalization: of outputs, put before every ReLU within a block but the first, or of
            weights, put around every layer that has some; None for none.
        minibatch: makes a layer that compares a batch's images, before the last block or before the last
            layer; None for none.
        logits: whether the result is logits; otherwise probabilities.

    Raises:
        UsageError: for points, or an image too small to be halved so often.
    """
    expect_picture("discriminator", shape, filters=filters, halve=halve)
    given = seen = keras.Input(shape)
    for index, channels in enumerate(filters):
        if index == len(filters) - 1:
            seen = chained(seen, compared(minibatch, pictures=True))
        seen = down(seen, channels, norm, first=not index, reduce=index < halve)
    last = wrapped(layers.Dense(1, use_bias=False), norm)
    seen = chained(seen, [layers.ReLU(), Sum(), *compared(minibatch, pictures=False), last])
    seen = layers.Activation("linear" if logits else "sigmoid", dtype="float32")(seen)
    return keras.Model(given, seen, name="discriminator")


def _up(made, channels: int, norm: Norm, *, enlarge: bool):
    """Return the sum of a shortcut and norm, ReLU, enlarge, convolution, norm, ReLU, convolution."""

    def grow() -> list[layers.Layer]:
        return [layers.UpSampling2D(2)] if enlarge else []

    path = [*normalized(norm), layers.ReLU(), *grow(), convolution(channels, 3, norm)]
    path += [*normalized(norm), layers.ReLU(), convolution(channels, 3, norm)]
    changes = enlarge or made.shape[-1] != channels
    shortcut = [*grow(), convolution(channels, 1, norm)] if changes else []
    return layers.Add()([chained(made, path), chained(made, shortcut)])


def down(seen, channels: int, norm: Norm, *, first: bool, reduce: bool):
    """Return the sum of a shortcut and norm, ReLU, convolution, norm, ReLU, convolution, reduce."""
    inner = channels if first else seen.shape[-1]
    changes = first or reduce or seen.shape[-1] != channels

    def shrink() -> list[layers.Layer]:
        return [layers.AveragePooling2D(2)] if reduce else []

    path: list[layers.Layer] = [] if first else [*normalized(norm), layers.ReLU()]
    path += [convolution(inner, 3, norm), *([] if first else normalized(norm)), layers.ReLU()]
    path += [convolution(channels, 3, norm), *shrink()]
    project = [convolution(channels, 1, norm)] if changes else []
    shortcut = [*shrink(), *project] if first else [*project, *shrink()]
    return layers.Add()([chained(seen, path), chained(seen, shortcut)])


def convolution(channels: int, kernel: int, norm: Norm) -> layers.Layer:
    """Return a convolution that keeps height and width, inside the normalization where that is of weights."""
    # As in the authors' code: Glorot's uniform weights, those of the 3x3 convolutions sqrt(2) times as large.
    scale = 2.0 if kernel == 3 else 1.0
    start = keras.initializers.VarianceScaling(scale, mode="fan_avg", distribution="uniform")
    return wrapped(layers.Conv2D(channels, kernel, padding="same", kernel_initializer=start), norm)


def chained(given, stack: Sequence[layers.Layer]):
    """Return what layers, one after the other, make of a tensor."""
    for layer in stack:
        given = layer(given)
    return given
