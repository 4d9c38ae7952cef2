"""CycleGAN's generator (Zhu et al., 2017): halved twice, changed by residual blocks, doubled twice."""

import keras
from keras import layers

from ganctl.check import expect_one_of, expect_whole
from ganctl.error import UsageError
from ganctl.layer.blur import BlurredHalf, Tap
from ganctl.layer.norm import Norm
from ganctl.layer.padding import ReflectionPadding
from ganctl.network.picture import chained, convolution, expect_pictures, padded

REDUCED = 4  # times that the residual blocks' picture is smaller than the image
UPSAMPLES = ("transposed", "nearest", "blurred")
TAPPED = (1, 5)  # blocks whose features are compared, or the last one
SMALLEST = REDUCED + 1  # pixels of a side: the blocks mirror one pixel, and need a second


def generator(
    source: tuple[int, int, int],
    shape: tuple[int, int, int],
    *,
    filters: int = 64,
    blocks: int = 9,
    norm: Norm = None,
    upsample: str = "transposed",
    start: str = "normal",
) -> keras.Model:
    """Build images (batch, *source) in [-1, 1] -> images (batch, *shape), float32 in [-1, 1].

    Zhu et al. (2017), section 7.2, after Johnson et al. (2016): c7s1-f, d2f, d4f, residual blocks of 4f
    channels, u2f, uf, c7s1-channels. The paper's appendix says reflection padding, the authors' release
    (models/networks.py) where, and is followed: around the 7x7 convolutions and in the blocks, zeros around
    those that halve and double; the last one is not normalized and ends in a tangent. Where sides are no
    multiples of 4, the picture is mirrored beyond its edges and the result cut back.

    Args:
        source: height, width and channels of what is given.
        shape: height and width, the same, and channels of what is made.
        filters: channels of the first convolution; half of the paper's 64 costs a quarter.
        blocks: residual blocks; the paper has 6 for 128x128 pixels, 9 for 256x256 and more.
        norm: makes a normalization: of outputs, put after every convolution but the last, or of weights, put
            around all; None for none. The paper's is of instances, without a scale and an offset.
        upsample: "transposed" convolutions enlarge, or "nearest" pixels are repeated before 3x3 convolutions,
            which leaves no checkerboard; or "blurred": convolutions keep the size, and pictures are halved
            and doubled by blurs around them, as in CUT's release.
        start: of the weights, "normal" or "xavier"; see `ganctl.network.picture.first_weights`.

    Five taps (`ganctl.layer.blur.Tap`) mark what CUT compares (its release's layers 0, 4, 8, 12 and 16): the
    mirrored picture, what halves before it is normalized, and what the first and the fifth block give.

    Raises:
        UsageError: for points, sides that differ, or images of less than 5 pixels.
    """
    expect_pictures(source, shape, filters=filters)
    expect_whole("network.generator.blocks", blocks, 0)
    expect_one_of("network.generator.upsample", upsample, UPSAMPLES)
    if min(shape[:2]) < SMALLEST:
        raise UsageError(
            f"network.generator: expected sides of at least {SMALLEST} pixels, got {shape[0]}x{shape[1]}."
        )
    given = keras.Input(source)
    seen, cut = padded(given, REDUCED)
    blurred = upsample == "blurred"
    pad, *stack = _mirrored(filters, 7, norm, start)
    seen = chained(seen, [pad, Tap(), *stack, layers.ReLU()])
    for channels in (2 * filters, 4 * filters):
        kept, *normed = convolution(
            layers.Conv2D, channels, 3, norm, strides=1 if blurred else 2, padding="same", start=start
        )
        seen = chained(seen, [kept, Tap(), *normed, layers.ReLU(), *([BlurredHalf()] if blurred else [])])
    for block in range(1, blocks + 1):
        path = [_mirrored(4 * filters, 3, norm, start) for _ in range(2)]
        seen = layers.Add()([seen, chained(seen, [*path[0], layers.ReLU(), *path[1]])])
        if block in TAPPED or (block == blocks and block < TAPPED[-1]):
            seen = Tap()(seen)
    stack = []
    for channels in (2 * filters, filters):
        stack += [*_doubled(channels, norm, upsample, start), layers.ReLU()]
    # Networks end in float32 whatever the precision, so that losses are exact.
    last = _mirrored(shape[-1], 7, norm, start, hidden=False)
    stack += [*last, *cut, layers.Activation("tanh", dtype="float32")]
    return keras.Model(given, chained(seen, stack), name="generator")


def _mirrored(
    channels: int, kernel: int, norm: Norm, start: str, *, hidden: bool = True
) -> list[layers.Layer]:
    """Return a convolution that keeps the size, with the picture mirrored beyond its edges."""
    kept = convolution(layers.Conv2D, channels, kernel, norm, hidden=hidden, start=start)
    return [ReflectionPadding(kernel // 2), *kept]


def _doubled(channels: int, norm: Norm, upsample: str, start: str) -> list[layers.Layer]:
    if upsample == "nearest":
        return [layers.UpSampling2D(2), *_mirrored(channels, 3, norm, start)]
    if upsample == "blurred":
        kept = convolution(layers.Conv2D, channels, 3, norm, padding="same", start=start)
        # [1, 3, 3, 1] / 4 between zeros, edges repeated: the same as bilinear.
        return [layers.UpSampling2D(2, interpolation="bilinear"), *kept]
    return convolution(layers.Conv2DTranspose, channels, 3, norm, strides=2, padding="same", start=start)
