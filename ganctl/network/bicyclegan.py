"""BicycleGAN's networks (Zhu et al., 2017b): a U-Net with a latent at every level, and an encoder."""

import keras
from keras import layers

from ganctl.check import expect_whole
from ganctl.error import UsageError
from ganctl.layer.norm import Norm, normalized
from ganctl.network.picture import chained, convolution, expect_pictures, first_weights, padded
from ganctl.network.size import expect_picture
from ganctl.network.unet import depth, expect_depth, halved, width

SMALLEST = 8  # pixels of the encoder's last map
WIDEST = 4  # times the encoder's first channels that any has at most


def generator(
    source: tuple[int, int, int],
    shape: tuple[int, int, int],
    latent: int,
    *,
    filters: int = 64,
    downs: int | None = None,
    norm: Norm = None,
    start: str = "xavier",
) -> keras.Model:
    """Build [images (batch, *source) in [-1, 1], latents (batch, latent)] -> images (batch, *shape).

    Zhu et al. (2017b), section 4 ("adding z to all intermediate layers"): pix2pix's U-Net without dropout, in
    whose encoder every convolution sees the latent beside its picture, the same at all places. The result is
    float32 in [-1, 1].

    Args:
        source, shape, filters, downs, norm: see `ganctl.network.unet.generator`.
        latent: numbers of a latent.
        start: of the weights; see `ganctl.network.picture.first_weights`.

    Raises:
        UsageError: as `ganctl.network.unet.generator`.
    """
    expect_pictures(source, shape, filters=filters)
    downs = depth(*shape[:2]) if downs is None else downs
    expect_depth(shape, downs)
    given, noise = keras.Input(source), keras.Input((latent,))
    seen, cut = padded(given, 2**downs)
    skips: list = []
    for level in range(downs):
        tiled = layers.Reshape((*seen.shape[1:3], latent))(
            layers.RepeatVector(seen.shape[1] * seen.shape[2])(noise)
        )
        active = layers.LeakyReLU(0.2)(seen) if level else seen
        hidden = 0 < level < downs - 1
        stack = halved(layers.Conv2D, width(filters, level), norm, hidden=hidden, start=start)
        seen = chained(layers.Concatenate()([active, tiled]), stack)
        skips.append(seen)
    for level in reversed(range(1, downs)):
        stack = halved(layers.Conv2DTranspose, width(filters, level - 1), norm, start=start)
        seen = layers.Concatenate()([chained(seen, [layers.ReLU(), *stack]), skips[level - 1]])
    last = halved(layers.Conv2DTranspose, shape[-1], norm, hidden=False, start=start)
    # Networks end in float32 whatever the precision, so that losses are exact.
    made = chained(seen, [layers.ReLU(), *last, *cut, layers.Activation("tanh", dtype="float32")])
    return keras.Model([given, noise], made, name="generator")


def encoder(
    shape: tuple[int, int, int],
    latent: int,
    *,
    filters: int = 64,
    blocks: int | None = None,
    norm: Norm = None,
    start: str = "xavier",
) -> keras.Model:
    """Build images (batch, *shape) -> [means, logarithms of variances], (batch, latent) each, float32.

    After the authors' release (E_ResNet): a 4x4 convolution that halves, residual blocks of two 3x3
    convolutions that halve by the mean of four pixels, a mean over places, and a layer for each output.

    Args:
        shape: height, width and channels.
        latent: numbers of a latent.
        filters: channels of the first convolution, at most 4 times as many later.
        blocks: residual blocks; None for as many as leave 8 pixels of the shorter side, at most 4.
        norm, start: see `generator`.

    Raises:
        UsageError: for points, or more blocks than the picture has room for.
    """
    expect_picture("encoder", shape, filters=filters)
    most = max((min(shape[:2]) // 2).bit_length() - 1, 0)
    if blocks is None:
        blocks = max(0, min(4, (min(shape[:2]) // SMALLEST).bit_length() - 2))
    expect_whole("network.encoder.blocks", blocks, 0)
    if blocks > most:
        raise UsageError(f"network.encoder.blocks: expected at most {most}, got {blocks}.")
    given = keras.Input(shape)
    first = convolution(layers.Conv2D, filters, 4, norm, hidden=False, start=start, strides=2, padding="same")
    seen = chained(given, first)
    for block in range(1, blocks + 1):
        seen = _shrunk(seen, filters * min(WIDEST, block), filters * min(WIDEST, block + 1), norm, start)
    seen = layers.GlobalAveragePooling2D()(layers.LeakyReLU(0.2)(seen))
    said = [
        layers.Dense(latent, kernel_initializer=first_weights(start), dtype="float32", name=name)(seen)
        for name in ("mean", "log_variance")
    ]
    return keras.Model(given, said, name="encoder")


def _shrunk(seen, narrow: int, wide: int, norm: Norm, start: str):
    """Return a residual block of half of the size."""

    def kept(channels: int, *, hidden: bool) -> list[layers.Layer]:
        return convolution(layers.Conv2D, channels, 3, norm, hidden=hidden, start=start, padding="same")

    path = [*normalized(norm), layers.LeakyReLU(0.2), *kept(narrow, hidden=True), layers.LeakyReLU(0.2)]
    path += [*kept(wide, hidden=False), layers.AveragePooling2D(2)]
    past = convolution(layers.Conv2D, wide, 1, norm, hidden=False, start=start)
    return layers.Add()([chained(seen, path), chained(seen, [layers.AveragePooling2D(2), *past])])
