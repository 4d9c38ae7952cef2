"""ProGAN's networks (Karras et al., 2018): images from 4x4 pixels up, level by level."""

from collections.abc import Sequence

import keras
from keras import layers

from ganctl.check import expect_whole
from ganctl.error import UsageError
from ganctl.layer.equalized import Equalized
from ganctl.layer.minibatch import Comparison, compared
from ganctl.layer.norm import Norm, PixelNormalization, is_of_weights, normalized, wrapped
from ganctl.network.growing import Discriminator, Generator
from ganctl.network.size import expect_picture

SLOPE = 0.2
RECTIFIED = 2**0.5  # the gain before a rectifier


def generator(
    latent: int,
    shape: tuple[int, int, int],
    *,
    filters: int = 1024,
    most: int = 128,
    base: int = 4,
    norm: Norm = None,
) -> Generator:
    """Build latents (batch, latent) -> images (batch, *shape), float32, linear, and all smaller levels.

    Karras et al. (2018), appendix A.1: latents of mean square 1, a 4x4 convolution that makes a picture of
    them, a 3x3 one; at every further level pixels are repeated and two 3x3 convolutions follow; a 1x1
    convolution makes an image of a level's features. The weights have an equalized learning rate. The
    release's first layer, dense of gain sqrt(2) / 4 and with one bias a channel, is the paper's convolution.

    Args:
        latent: numbers that an image is made from.
        shape: height and width, equal, and channels.
        filters: a level has 2 filters / side channels, the side rounded up to a power of two.
        most: channels that no level has more than; the release has filters 8192 and most 512.
        base: pixels that the first level's side has at least; it is the image's, halved as often as it can.
        norm: makes a normalization: of outputs, put after every leaky ReLU (the paper's is of pixels; the
            paper has it after 3x3 convolutions, the release and we after the first layer too), or of
            weights, which takes the place of the equalized learning rate; None for none.

    Raises:
        UsageError: for points, oblong images, a side that cannot be halved, or too few filters.
    """
    reached = sides("generator", shape, filters, most, base)
    blocks, colours, (width, *wide) = [], [], widths(reached, filters, most)
    for level, (side, channels) in enumerate(zip(reached, wide, strict=True)):
        if level:
            stack = [keras.Input((side // 2, side // 2, width)), layers.UpSampling2D(2)]
            first = _convolution(channels, 3, norm)
        else:
            stack = [keras.Input((latent,)), PixelNormalization(), layers.Reshape((1, 1, latent))]
            first = _weighted(layers.Conv2DTranspose, channels, side, norm=norm)
        stack += [first, *_activated(norm), _convolution(channels, 3, norm), *_activated(norm)]
        blocks.append(keras.Sequential(stack, name=f"generator_{side}"))
        given, width = keras.Input((side, side, channels)), channels
        # Networks end in float32 whatever the precision, so that losses are exact.
        last = [_convolution(shape[-1], 1, norm, gain=1.0), layers.Activation("linear", dtype="float32")]
        colours.append(keras.Sequential([given, *last], name=f"colour_{side}"))
    return Generator(blocks, colours)


def discriminator(
    shape: tuple[int, int, int],
    *,
    filters: int = 1024,
    most: int = 128,
    base: int = 4,
    norm: Norm = None,
    minibatch: Comparison = None,
    logits: bool = True,
) -> Discriminator:
    """Build images (batch, *shape), and those of all smaller levels -> (batch, 1), float32.

    The generator's mirror image: a 1x1 convolution, at every level but the first two 3x3 convolutions and
    the mean of four pixels, then a 3x3 convolution, a dense layer (the paper's 4x4 convolution) and a last
    one, with an equalized learning rate.

    Args:
        shape: height and width, equal, and channels.
        filters, most, base: as the generator's.
        norm: as the generator's, in all but the 1x1 and the last layer where it is of outputs.
        minibatch: makes a layer that compares a batch's images (the paper's is a deviation), before the last
            convolution or before the last layer; None for none.
        logits: whether the result is logits; otherwise probabilities.

    Raises:
        UsageError: for points, oblong images, a side that cannot be halved, or too few filters.
    """
    reached = sides("discriminator", shape, filters, most, base)
    wide = widths(reached, filters, most)
    entries, blocks = [], []
    for level, (side, channels) in enumerate(zip(reached, wide[1:], strict=True)):
        given = keras.Input((side, side, shape[-1]))
        first = [_convolution(channels, 1, norm), layers.LeakyReLU(SLOPE)]
        entries.append(keras.Sequential([given, *first], name=f"entry_{side}"))
        stack = [keras.Input((side, side, channels)), *([] if level else compared(minibatch, pictures=True))]
        stack += [_convolution(channels, 3, norm), *_activated(norm)]
        if level:
            stack += [_convolution(wide[level], 3, norm), *_activated(norm), layers.AveragePooling2D(2)]
        else:
            stack += [layers.Flatten(), _weighted(layers.Dense, wide[0], norm=norm), *_activated(norm)]
            last = _weighted(layers.Dense, 1, norm=norm, gain=1.0)
            end = layers.Activation("linear" if logits else "sigmoid", dtype="float32")
            stack += [*compared(minibatch, pictures=False), last, end]
        blocks.append(keras.Sequential(stack, name=f"discriminator_{side}"))
    return Discriminator(entries, blocks)


def sides(network: str, shape: tuple[int, ...], filters: int, most: int, base: int) -> list[int]:
    """Return the sides of all levels' images, the smallest first.

    Raises:
        UsageError: for points, oblong images, a side that cannot be halved, or too few filters.
    """
    expect_picture(network, shape)
    for name, number in {"filters": filters, "most": most, "base": base}.items():
        expect_whole(f"network.{network}.{name}", number, 1)
    height, width, _ = shape
    found = [height]
    while found[0] % 2 == 0 and found[0] // 2 >= base:
        found.insert(0, found[0] // 2)
    if height != width or len(found) < 2:
        raise UsageError(
            f"network.{network}: expected squares whose side is {base} or more, doubled at least once, got "
            f"images of {height}x{width}; type network=mlp, or dataset.size=32 for an image folder."
        )
    if widths(found, filters, most)[-1] < 1:
        raise UsageError(
            f"network.{network}.filters: expected at least half of the images' side of {height} pixels, "
            f"rounded up to a power of two, got {filters}."
        )
    return found


def widths(sides: Sequence[int], filters: int, most: int) -> list[int]:
    """Return the channels at half the first side and at every side: 2 filters / side, but at most `most`.

    Sides count as the powers of two that they are or are rounded up to.
    """
    rounded = 1 << (sides[0] - 1).bit_length()
    return [min((4 * filters // rounded) >> index, most) for index in range(len(sides) + 1)]


def _activated(norm: Norm) -> list[layers.Layer]:
    return [layers.LeakyReLU(SLOPE), *normalized(norm)]


def _convolution(channels: int, kernel: int, norm: Norm, gain: float = RECTIFIED) -> layers.Layer:
    return _weighted(layers.Conv2D, channels, kernel, norm=norm, gain=gain, padding="same")


def _weighted(kind: type, *given: int, norm: Norm, gain: float = RECTIFIED, **options) -> layers.Layer:
    if not is_of_weights(norm):
        return Equalized(kind(*given, **options), gain)
    start = keras.initializers.VarianceScaling(gain**2, mode="fan_in", distribution="untruncated_normal")
    return wrapped(kind(*given, kernel_initializer=start, **options), norm)
