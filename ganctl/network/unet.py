"""pix2pix's generator (Isola et al., 2017): a picture is halved to one pixel and doubled back, with skips."""

import keras
from keras import layers

from ganctl.check import expect_number, expect_whole
from ganctl.error import UsageError
from ganctl.layer.norm import Norm
from ganctl.network.picture import chained, convolution, expect_pictures, padded

WIDEST = 8  # times the first convolution's channels that any has at most
DEEPEST = 8  # halvings of the paper's network, for 256x256 pixels
DROPPED = 3  # blocks of the decoder, the first ones, that have dropout


def generator(
    source: tuple[int, int, int],
    shape: tuple[int, int, int],
    *,
    filters: int = 64,
    downs: int | None = None,
    norm: Norm = None,
    dropout: float = 0.5,
) -> keras.Model:
    """Build images (batch, *source) in [-1, 1] -> images (batch, *shape), float32 in [-1, 1].

    Isola et al. (2017), section 6.1.1: 4x4 convolutions that halve, of f, 2f, 4f, 8f, 8f, ... channels, and
    transposed ones that double, each of which sees what the mirrored one saw. Their release (models.lua)
    differs from the paper and is followed: the innermost convolution is not normalized, which at one pixel
    and a batch of one would make it 0. What is handed across has no activation yet and gets the decoder's, as
    there; dropout follows the normalization of the decoder's first three blocks. It is the only noise of the
    game: who samples calls the network with `training=True`. Where sides are no multiples of 2^downs, the
    picture is mirrored beyond its edges and the result cut back.

    Args:
        source: height, width and channels of what is given.
        shape: height and width, the same, and channels of what is made.
        filters: channels of the first convolution; the paper's 64 is meant for 256x256 pixels (54 million
            weights), 32 serves 64x64 (7 million) and 128x128 (10 million).
        downs: how often the sides are halved; None is `depth`.
        norm: makes a normalization: of outputs, put after every convolution but the first, the innermost and
            the last, or of weights, put around all; None for none.
        dropout: share dropped in the decoder's first three blocks; the last one never drops.

    Raises:
        UsageError: for points, sides that differ, or more halvings than the picture has room for.
    """
    expect_pictures(source, shape, filters=filters)
    expect_number("network.generator.dropout", dropout, below=1.0)
    downs = depth(*shape[:2]) if downs is None else downs
    expect_depth(shape, downs)
    given = keras.Input(source)
    seen, cut = padded(given, 2**downs)
    skips: list = []
    for level in range(downs):
        stack = [layers.LeakyReLU(0.2)] if level else []
        hidden = 0 < level < downs - 1
        stack += halved(layers.Conv2D, width(filters, level), norm, hidden=hidden)
        seen = chained(seen, stack)
        skips.append(seen)
    for level in reversed(range(1, downs)):
        stack = [layers.ReLU(), *halved(layers.Conv2DTranspose, width(filters, level - 1), norm)]
        stack += [layers.Dropout(dropout)] if level >= downs - DROPPED else []
        seen = layers.Concatenate()([chained(seen, stack), skips[level - 1]])
    last = halved(layers.Conv2DTranspose, shape[-1], norm, hidden=False)
    # Networks end in float32 whatever the precision, so that losses are exact.
    made = chained(seen, [layers.ReLU(), *last, *cut, layers.Activation("tanh", dtype="float32")])
    return keras.Model(given, made, name="generator")


def depth(height: int, width: int) -> int:
    """Return how often pictures of a size are halved if nothing else is said: down to one pixel, at most 8.

    It is the largest number for which no side grows by more than half when mirrored up to a multiple of
    2^number: 8 for 256x256, 6 for 64x64, 5 for 28x28 (as 32x32), 7 for 300x300 (as 384x384).
    """
    fitting = [
        number for number in range(1, DEEPEST + 1) if all(-s % 2**number <= s / 2 for s in (height, width))
    ]
    return max(fitting, default=1)


def halved(
    kind, channels: int, norm: Norm, *, hidden: bool = True, start: str = "normal"
) -> list[layers.Layer]:
    """Return a convolution of 4x4 pixels that halves, or a transposed one that doubles; see `convolution`."""
    return convolution(kind, channels, 4, norm, hidden=hidden, start=start, strides=2, padding="same")


def width(filters: int, level: int) -> int:
    """Return the channels of a level: twice as many with each, at most 8 times as many."""
    return filters * min(2**level, WIDEST)


def expect_depth(shape: tuple[int, int, int], downs: int) -> None:
    """Raise UsageError for a depth at which a picture cannot be mirrored up to a multiple."""
    expect_whole("network.generator.downs", downs, 1)
    most = max((n for n in range(1, 32) if all(-s % 2**n < 2 * s - 1 for s in shape[:2])), default=0)
    if downs > most:
        raise UsageError(
            f"network.generator.downs: images of {shape[0]}x{shape[1]} can be halved at most {most} times, "
            f"got {downs}; type network.generator.downs=null."
        )
