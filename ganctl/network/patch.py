"""PatchGAN (Isola et al., 2017): a discriminator that judges every patch of a picture by itself."""

import keras

from ganctl.check import expect_whole
from ganctl.error import UsageError
from ganctl.layer.blur import BlurredHalf
from ganctl.layer.minibatch import Comparison, compared
from ganctl.layer.norm import Norm
from ganctl.network.picture import chained, convolution
from ganctl.network.size import expect_picture

WIDEST = 8  # times the first convolution's channels that any has at most
KERNEL = 4


def discriminator(
    shape: tuple[int, int, int],
    *,
    filters: int = 64,
    layers: int = 3,
    norm: Norm = None,
    minibatch: Comparison = None,
    negative_slope: float = 0.2,
    blurred: bool = False,
    start: str = "normal",
    logits: bool = True,
) -> keras.Model:
    """Build images (batch, *shape) in [-1, 1] -> a map of patches (batch, h, w, 1), float32.

    Isola et al. (2017), section 6.1.2: `layers` 4x4 convolutions that halve, of f, 2f, 4f, 8f, 8f, ...
    channels, one more that does not, and a last one to a single channel. By the paper's text all of them
    halve, which would make its patch of 70 pixels one of 94; the authors' release (models.lua) is followed:
    the last two do not, and each is given one pixel of zeros, so that 256x256 pixels become a map of 30x30.
    Without layers it is the PixelGAN: 1x1 convolutions.

    Args:
        shape: height, width and channels, those of whatever is shown beside the image with them.
        filters: channels of the first convolution.
        layers: how many convolutions halve; 0 to 5 see patches of 1, 16, 34, 70, 142 and 286 pixels.
        norm: makes a normalization: of outputs, put after every convolution but the first and the last, or of
            weights, put around all; None for none.
        minibatch: makes a layer that compares a batch's images, before the last convolution; None for none.
        negative_slope: of the leaky ReLU.
        blurred: whether convolutions keep the size and a blur halves after them, as in CUT's release.
        start: of the weights, "normal" or "xavier"; see `ganctl.network.picture.first_weights`.
        logits: whether the result is logits; otherwise probabilities.

    Raises:
        UsageError: for points, a depth that leaves no map, or a comparison of features.
    """
    expect_picture("discriminator", shape, filters=filters)
    _check(shape, layers, minibatch)
    given = seen = keras.Input(shape)
    widths = [filters * min(2**level, WIDEST) for level in range(max(layers, 1) + 1)]
    for level, channels in enumerate(widths):
        halves = level < layers
        rules = {"hidden": level > 0, "strides": 2 if halves and not blurred else 1, "start": start}
        stack = [*_convolution(channels, layers, norm, **rules), keras.layers.LeakyReLU(negative_slope)]
        seen = chained(seen, [*stack, *([BlurredHalf()] if halves and blurred else [])])
    seen = chained(seen, compared(minibatch, pictures=True))
    seen = chained(seen, _convolution(1, layers, norm, hidden=False, start=start))
    # Networks end in float32 whatever the precision, so that losses are exact.
    seen = keras.layers.Activation("linear" if logits else "sigmoid", dtype="float32")(seen)
    return keras.Model(given, seen, name="discriminator")


def receptive_field(layers: int) -> int:
    """Return the width in pixels of the patch that one number of the map is about."""
    if not layers:
        return 1
    width = KERNEL + KERNEL - 1  # of the two convolutions that do not halve
    for _ in range(layers):
        width = 2 * (width - 1) + KERNEL
    return width


def _convolution(channels: int, depth: int, norm: Norm, **more) -> list[keras.layers.Layer]:
    around = [keras.layers.ZeroPadding2D(1)] if depth else []
    return [*around, *convolution(keras.layers.Conv2D, channels, KERNEL if depth else 1, norm, **more)]


def _check(shape: tuple[int, int, int], layers: int, minibatch: Comparison) -> None:
    expect_whole("network.discriminator.layers", layers, 0)
    shorter = min(shape[:2])
    if layers and (shorter >> layers) < 3:  # the last two convolutions take a pixel each
        most = max(n for n in range(shorter.bit_length()) if (shorter >> n) >= 3 or not n)
        raise UsageError(
            f"network.discriminator.layers: images of {shape[0]}x{shape[1]} leave a map for at most {most}, "
            f"got {layers}; type network.discriminator.layers={most}."
        )
    if minibatch and not compared(minibatch, pictures=True):
        raise UsageError(
            "network.discriminator: a discriminator of patches has no features of a whole image to compare; "
            "type minibatch=deviation or minibatch=none."
        )
