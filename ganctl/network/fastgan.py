"""FastGAN's networks (Liu et al., 2021): small features gate large ones, and judges can be read."""

import keras
from keras import layers

from ganctl.check import expect_whole
from ganctl.error import UsageError
from ganctl.layer.gate import GatedLinear, Pooled
from ganctl.layer.norm import Norm, normalized, wrapped
from ganctl.layer.style import Noise
from ganctl.network.picture import chained
from ganctl.network.size import expect_picture, halvings

LEAST = 7  # pixels of a side that the discriminator's last features have at least
OF_SIDES = {4: 16, 8: 8, 16: 4, 32: 2, 64: 2, 128: 1}  # times `filters`, by the side's pixels


def generator(
    latent: int,
    shape: tuple[int, int, int],
    *,
    filters: int = 16,
    gated: int = 8,
    norm: Norm = None,
) -> keras.Model:
    """Build [latents (batch, latent), noise (batch, pixels)] -> [images (batch, *shape), half as large ones].

    Liu et al. (2021), section 3.1 and their release: a 4x4 transposed convolution, then at every level pixels
    are repeated and a 3x3 convolution follows, at every second level another, each with noise; all are
    normalized over the batch and halved by gates (GLU). A level's features are scaled, channel by channel, by
    a number in (0, 1) that is computed from those of a smaller level (skip-layer excitation, equation 2).
    Images are in [-1, 1], float32.

    Args:
        latent: numbers that an image is made from.
        shape: height and width, even, and channels; oblong pictures are halved as far as both sides can be.
        filters: a level has 16, 8, 4, 2, 2, 1 ... times as many channels, from 4 pixels; the release has 64.
        gated: a level is scaled by the one whose sides are so many times smaller, a power of two; 16 in the
            paper, of which pictures of 64 pixels have one pair. Levels without such a one are not.
        norm: makes a normalization: of weights, put around every kernel (the release's is spectral), or of
            outputs, in the place of batch normalization; None for batch normalization alone.

    Raises:
        UsageError: for points, a side that cannot be halved, or a number outside its range.
    """
    expect_picture("generator", shape, filters=filters)
    expect_whole("network.generator.gated", gated, 2)
    steps = halvings("generator", shape, max(shape))
    back = gated.bit_length() - 1
    given, features = [keras.Input((latent,))], []
    base = (shape[0] >> steps, shape[1] >> steps)
    kernel = layers.Conv2DTranspose(2 * width(filters, 4), base, use_bias=False, kernel_initializer=start())
    first = [layers.Reshape((1, 1, latent)), wrapped(kernel, norm), *_batch(norm), GatedLinear()]
    seen = chained(given[0], first)
    features.append(seen)
    noises = []
    for level in range(1, steps + 1):
        channels = width(filters, 4 << level)
        seen = layers.UpSampling2D(2)(seen)
        for _ in range(2 if level % 2 else 1):
            seen = _convolution(2 * channels, 3, norm)(seen)
            if level % 2:
                noises.append(keras.Input((seen.shape[1] * seen.shape[2],)))
                seen = Noise(channels=False)([seen, noises[-1]])
            seen = chained(seen, [*_batch(norm), GatedLinear()])
        if level >= back:
            seen = layers.Multiply()([seen, _gate(features[level - back], channels, norm)])
        features.append(seen)
    images = [_image(features[-1], shape[-1], 3, norm), _image(features[-2], shape[-1], 1, norm)]
    return keras.Model([*given, *noises], images, name="generator")


def discriminator(
    shape: tuple[int, int, int], *, filters: int = 16, norm: Norm = None, logits: bool = True
) -> keras.Model:
    """Build images (batch, *shape) -> [logits (batch, h, w, 1), last features, those before, images].

    Liu et al. (2021), figure 4 and their release: a 4x4 convolution that halves, residual blocks that halve,
    down to 8 pixels, then a 1x1 convolution and a 4x4 one without padding.

    Args:
        shape: height, width and channels.
        filters: features of 8 and 16 pixels have 16 and 8 times as many channels, of 32 and 64 4 and 2 times,
            larger ones as many; 64 in the release.
        norm: as the generator's.
        logits: whether the map is of logits; otherwise of probabilities.

    Raises:
        UsageError: for points, or images that are too small or odd.
    """
    expect_picture("discriminator", shape, filters=filters)
    height, wide, _ = shape
    if min(height, wide) < 2 * LEAST or height % 2 or wide % 2:
        raise UsageError(
            f"network.discriminator: expected even sides of {2 * LEAST} pixels or more, got images of "
            f"{height}x{wide}; type dataset.size=32."
        )
    given = keras.Input(shape)
    side = min(height, wide) // 2
    first = _convolution(_judging(filters, side), 4, norm, strides=2)
    seen = before = chained(given, [first, layers.LeakyReLU(0.2)])
    while side >= 2 * LEAST and not (seen.shape[1] % 2 or seen.shape[2] % 2):
        side //= 2
        before, seen = seen, _halved(seen, _judging(filters, side), norm)
    last = [_convolution(seen.shape[-1], 1, norm), *_batch(norm), layers.LeakyReLU(0.2)]
    last += [_convolution(1, 4, norm, padding="valid")]
    # Networks end in float32 whatever the precision, so that losses are exact.
    said = chained(seen, [*last, layers.Activation("linear" if logits else "sigmoid", dtype="float32")])
    return keras.Model(given, [said, seen, before, given], name="discriminator")


def decoder(
    features: tuple[int, int, int], shape: tuple[int, int, int], *, filters: int = 16, norm: Norm = None
) -> keras.Model:
    """Build features (batch, *features) -> images (batch, *shape), float32 in [-1, 1].

    The release's decoder: pixels are repeated, a 3x3 convolution, batch normalization, a gate, as often as it
    takes; then a 3x3 convolution.

    Args:
        features: height, width and channels of what is given.
        shape: height, width and channels of the image; its sides are the features' times a power of two.
        filters: the last layers have twice as many channels, each before twice as many, at most 8 times.
        norm: as the generator's.
    """
    expect_whole("network.decoder.filters", filters, 1)
    times = (shape[0] // features[0]).bit_length() - 1
    given = seen = keras.Input(features)
    for level in reversed(range(times)):
        channels = 2 * filters * min(2**level, 4)
        kernel = _convolution(2 * channels, 3, norm)
        seen = chained(seen, [layers.UpSampling2D(2), kernel, *_batch(norm), GatedLinear()])
    return keras.Model(given, _image(seen, shape[-1], 3, norm), name="decoder")


def width(filters: int, side: int) -> int:
    """Return the generator's channels at a side, which counts as if the first had 4 pixels."""
    return max(1, filters * OF_SIDES[side] if side in OF_SIDES else filters * 128 // side)


def start() -> keras.initializers.Initializer:
    """Return normal weights of deviation 0.02, as the release's."""
    return keras.initializers.RandomNormal(stddev=0.02)


def _judging(filters: int, side: int) -> int:
    """Return the discriminator's channels at a side: 16 times `filters` for 8 pixels, then fewer."""
    return max(filters, filters * 128 // max(side, 8))


def _halved(given, channels: int, norm: Norm):
    """Return the mean of two ways: convolutions of 4x4, which halves, and 3x3, or means of four pixels."""
    path = [_convolution(channels, 4, norm, strides=2), *_batch(norm), layers.LeakyReLU(0.2)]
    path += [_convolution(channels, 3, norm), *_batch(norm), layers.LeakyReLU(0.2)]
    past = [layers.AveragePooling2D(2), _convolution(channels, 1, norm), *_batch(norm), layers.LeakyReLU(0.2)]
    return layers.Average()([chained(given, path), chained(given, past)])


def _gate(features, channels: int, norm: Norm):
    """Return a number in (0, 1) for each channel: mean to 4x4 pixels, 4x4 and 1x1 convolutions, sigmoid."""
    pooled = Pooled(4)(features)
    path = [_convolution(channels, 4, norm, padding="valid"), layers.Activation("silu")]
    return chained(pooled, [*path, _convolution(channels, 1, norm), layers.Activation("sigmoid")])


def _image(features, channels: int, kernel: int, norm: Norm):
    return chained(
        features, [_convolution(channels, kernel, norm), layers.Activation("tanh", dtype="float32")]
    )


def _convolution(channels: int, kernel: int, norm: Norm, **options) -> layers.Layer:
    options = {"padding": "same", "use_bias": False, "kernel_initializer": start()} | options
    return wrapped(layers.Conv2D(channels, kernel, **options), norm)


def _batch(norm: Norm) -> list[layers.Layer]:
    """Return the normalization of a layer's outputs."""
    gain = keras.initializers.RandomNormal(1.0, 0.02)
    return normalized(norm) or [layers.BatchNormalization(momentum=0.9, epsilon=1e-5, gamma_initializer=gain)]
