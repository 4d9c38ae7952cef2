"""StyleGAN2's discriminator (Karras et al., 2020): residual blocks that halve, filtered against aliasing."""

import keras
from keras import layers

from ganctl.check import expect_switch
from ganctl.layer.equalized import Equalized
from ganctl.layer.minibatch import Comparison, compared
from ganctl.layer.norm import Norm, PixelNormalization, is_of_weights, normalized, wrapped
from ganctl.layer.spatial import Downsampling
from ganctl.layer.style import Bias, Blur, Rectifier, dense
from ganctl.network.picture import chained
from ganctl.network.progressive import widths
from ganctl.network.styled import sides

HALF = 0.5**0.5  # a sum of two is brought back to the variance of one
MAPPED = 8  # dense layers of a label's mapping


def discriminator(
    shape: tuple[int, int, int],
    *,
    labels: int = 0,
    filters: int = 1024,
    most: int = 128,
    residual: bool = True,
    norm: Norm = None,
    minibatch: Comparison = None,
    logits: bool = True,
) -> keras.Model:
    """Build images (batch, *shape), or [images, one-hot labels] -> (batch, 1), float32.

    Karras et al. (2020), figure 7c: a 1x1 convolution; at every level but the first a 3x3 convolution and one
    that halves, filtered with [1, 3, 3, 1] before, beside a filtered 1x1 one, their sum over sqrt(2); then a
    comparison of the batch, a 3x3 convolution, a dense layer and a last one, with an equalized learning rate.
    Of labels (the release of StyleGAN2-ADA) a mapping makes a direction, whose product with the last
    features over the root of their number is the logit.

    Args:
        shape: height and width, even, and channels.
        labels: classes; 0 for none.
        filters, most: as the generator's.
        residual: whether there is the way beside; without it the blocks are the release's "orig", for CIFAR.
        norm: makes a normalization: of outputs, after every rectifier but the first, or of weights, which
            takes the place of the equalized learning rate; None for none, as published.
        minibatch: makes a layer that compares a batch's images; None for none.
        logits: whether the result is logits; otherwise probabilities.

    Raises:
        UsageError: for points, a side that cannot be halved, or a number outside its range.
    """
    expect_switch("network.discriminator.residual", residual)
    reached = sides("discriminator", shape, filters=filters, most=most)
    wide = widths([max(side) for side in reached], filters, most)[1:]
    given = keras.Input(shape)
    seen = chained(given, [*_convolution(wide[-1], 1, norm), Rectifier()])
    for level in range(len(reached) - 1, 0, -1):
        path = chained(seen, _hidden(wide[level], norm))
        path = chained(path, [Blur(edge=2), *_hidden(wide[level - 1], norm, strides=2, padding="valid")])
        if residual:
            past = _weighted(layers.Conv2D, wide[level - 1], 1, norm=norm, use_bias=False)
            path = layers.Rescaling(HALF)(layers.Add()([path, chained(seen, [Downsampling(), past])]))
        seen = path
    seen = chained(seen, [*compared(minibatch, pictures=True), *_hidden(wide[0], norm), layers.Flatten()])
    flat = [_weighted(layers.Dense, wide[0], norm=norm, use_bias=False), Bias(), Rectifier()]
    seen = chained(seen, [*flat, *normalized(norm), *compared(minibatch, pictures=False)])
    end = layers.Activation("linear" if logits else "sigmoid", dtype="float32")
    if not labels:
        said = [_weighted(layers.Dense, 1, norm=norm, use_bias=False), Bias(), end]
        return keras.Model(given, chained(seen, said), name="discriminator")
    code = keras.Input((labels,))
    mapped = PixelNormalization()(chained(code, dense(wide[0])))
    for _ in range(MAPPED):
        mapped = chained(mapped, [*dense(wide[0], rate=0.01), Rectifier()])
    seen = chained(seen, [_weighted(layers.Dense, wide[0], norm=norm, use_bias=False), Bias()])
    product = layers.Dot(axes=1)([seen, mapped])
    said = [layers.Rescaling(wide[0] ** -0.5), end]
    return keras.Model([given, code], chained(product, said), name="discriminator")


def _hidden(channels: int, norm: Norm, **options) -> list[layers.Layer]:
    return [*_convolution(channels, 3, norm, **options), Rectifier(), *normalized(norm)]


def _convolution(channels: int, kernel: int, norm: Norm, **options) -> list[layers.Layer]:
    options = {"padding": "same"} | options
    return [_weighted(layers.Conv2D, channels, kernel, norm=norm, use_bias=False, **options), Bias()]


def _weighted(kind: type, *given: int, norm: Norm, **options) -> layers.Layer:
    """Return a layer of gain 1: `Rectifier` has the gain."""
    if not is_of_weights(norm):
        return Equalized(kind(*given, **options), gain=1.0)
    start = keras.initializers.VarianceScaling(1.0, mode="fan_in", distribution="untruncated_normal")
    return wrapped(kind(*given, kernel_initializer=start, **options), norm)
