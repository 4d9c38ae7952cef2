"""Class-conditional residual networks: projection cGAN, SAGAN and BigGAN, by their switches."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from ganctl.check import expect_one_of, expect_whole
from ganctl.error import UsageError
from ganctl.layer.attention import attended
from ganctl.layer.conditional import ConditionalBatchNormalization
from ganctl.layer.norm import Norm, is_of_weights, wrapped
from ganctl.layer.spatial import Sum
from ganctl.network.resnet import chained, down
from ganctl.network.size import expect_picture, halvings

STARTS = ("glorot", "normal", "orthogonal")


def generator(
    latent: int,
    shape: tuple[int, int, int],
    *,
    labels: int,
    filters: Sequence[int] = (256, 256, 256),
    norm: Norm = None,
    attention: float = 0.0,
    hierarchical: bool = False,
    shared: int = 0,
    start: str = "glorot",
    momentum: float = 0.9,
) -> keras.Model:
    """Build latents with labels (batch, latent + labels) -> images (batch, *shape), float32 in [-1, 1].

    Miyato and Koyama (2018), figure 14, and Brock et al. (2019), appendix B: a dense layer's picture,
    residual blocks with conditional batch normalization that enlarge it, a plain one, and a 3x3 convolution.

    Args:
        latent: numbers that an image is made from, beside its label.
        shape: height and width, even, and channels.
        labels: classes; the last numbers of the input are one-hot, or a mixture.
        filters: channels of each block; the dense layer's picture has the first's.
        norm: of weights, put around every layer, such as spectral; None for none. Outputs have the
            conditional normalization always.
        attention: where self-attention stands: after the first pictures with this share of the image's
            height; 0 for none.
        hierarchical: whether the latent is cut into a part for the dense layer and one for each block, which
            conditions it beside the label (BigGAN's figure 15).
        shared: numbers that all blocks know a label by, a shared embedding (BigGAN); 0 for the label itself.
        start: of the weights: "glorot" (of convolutions sqrt(2) times as large in residual paths), "normal"
            of deviation 0.02, or "orthogonal".
        momentum: of the moving statistics.

    Raises:
        UsageError: for a size that cannot be reached, latents that cannot be cut, or no place for attention.
    """
    expect_picture("generator", shape, filters=filters)
    expect_one_of("network.generator.start", start, STARTS)
    expect_whole("network.generator.shared", shared, 0)
    _expect_weights("generator", norm)
    steps, parts = halvings("generator", shape, len(filters)), len(filters) + 1
    if hierarchical and latent % parts:
        raise UsageError(f"model.latent: expected a multiple of {parts} (blocks and one), got {latent}.")
    given = keras.Input((latent + labels,))
    label, size = given[:, latent:], latent // parts if hierarchical else latent
    if shared:  # without a normalization of weights, which would cripple it (the release's remark)
        label = layers.Dense(shared, use_bias=False, kernel_initializer=_start(start, 1), name="shared")(
            label
        )
    base = (shape[0] >> steps, shape[1] >> steps, filters[0])
    made = wrapped(layers.Dense(math.prod(base), kernel_initializer=_start(start, 1)), norm)(given[:, :size])
    made, placed = layers.Reshape(base)(made), not attention
    made_of: dict[str, Any] = {"norm": norm, "start": start, "momentum": momentum}
    for index, channels in enumerate(filters):
        own = given[:, (index + 1) * size : (index + 2) * size]
        condition = layers.Concatenate()([label, own]) if hierarchical else label
        enlarge = index >= len(filters) - steps
        made = _up(made, condition, channels, enlarge=enlarge, linear=bool(shared or hierarchical), **made_of)
        if not placed and made.shape[1] == round(attention * shape[0]):
            made, placed = attended(made, norm), True
    _expect_placed("generator", placed, attention)
    made = layers.BatchNormalization(momentum=momentum, epsilon=2e-5)(made)
    made = chained(made, [layers.ReLU(), _convolution(shape[-1], 3, norm, start, inner=False)])
    return keras.Model(given, layers.Activation("tanh", dtype="float32")(made), name="generator")


def discriminator(
    shape: tuple[int, int, int],
    *,
    labels: int,
    filters: Sequence[int] = (128, 128, 128, 128),
    halve: int = 2,
    norm: Norm = None,
    attention: float = 0.0,
    logits: bool = True,
) -> keras.Model:
    """Build [images (batch, *shape), labels (batch, labels)] -> (batch, 1), float32.

    A projection discriminator: Miyato and Koyama (2018), equation 3: w . h(x) + <y V, h(x)>, where h sums the
    features of the last block over all pixels; the first has no bias, as in their code.

    Args:
        shape: height, width and channels.
        labels: classes; labels are one-hot, or a mixture.
        filters: channels of each block.
        halve: how many of the blocks halve height and width, the first ones.
        norm: makes a normalization of weights, put around every layer and V; None for none.
        attention: where self-attention stands: after the first pictures with this share of the image's
            height; 0 for none.
        logits: whether the result is logits; otherwise a probability.

    Raises:
        UsageError: for points, an image too small to be halved so often, or no place for attention.
    """
    given, label = keras.Input(shape), keras.Input((labels,))
    features = read(given, filters=filters, halve=halve, norm=norm, attention=attention)
    said = wrapped(layers.Dense(1, use_bias=False, name="source"), norm)(features)
    known = wrapped(layers.Dense(filters[-1], use_bias=False, name="projection"), norm)(label)
    said = layers.Add()([said, layers.Dot(1)([known, features])])
    said = layers.Activation("linear" if logits else "sigmoid", dtype="float32")(said)
    return keras.Model([given, label], said, name="discriminator")


def compared(
    shape: tuple[int, int, int],
    *,
    labels: int,
    filters: Sequence[int] = (256, 256, 256, 256),
    halve: int = 2,
    embedding: int = 512,
    norm: Norm = None,
    attention: float = 0.0,
    logits: bool = True,
) -> keras.Model:
    """Build [images (batch, *shape), labels] -> [logit (batch, 1), image's embedding, label's], float32.

    ReACGAN's discriminator (Kang et al., 2021, section 3): the logit knows no label; both embeddings, (batch,
    embedding), have length 1.

    Args:
        shape, labels, filters, halve, norm, attention, logits: see `discriminator`.
        embedding: numbers of an embedding.

    Raises:
        UsageError: as `discriminator`.
    """
    expect_whole("network.discriminator.embedding", embedding, 1)
    given, label = keras.Input(shape), keras.Input((labels,))
    features = read(given, filters=filters, halve=halve, norm=norm, attention=attention)
    said = [wrapped(layers.Dense(1, use_bias=False, name="source"), norm)(features)]
    for name, of in (("embedding", features), ("proxy", label)):
        known = wrapped(layers.Dense(embedding, use_bias=False, name=name), norm)(of)
        said.append(layers.UnitNormalization(dtype="float32")(known))
    said[0] = layers.Activation("linear" if logits else "sigmoid", dtype="float32")(said[0])
    return keras.Model([given, label], said, name="discriminator")


def read(given: Any, *, filters: Sequence[int], halve: int, norm: Norm, attention: float):
    """Return the features (batch, channels) that residual blocks see in images; see `discriminator`."""
    shape = tuple(given.shape[1:])
    expect_picture("discriminator", shape, filters=filters, halve=halve)
    _expect_weights("discriminator", norm)
    seen, placed = given, not attention
    for index, channels in enumerate(filters):
        seen = down(seen, channels, norm, first=not index, reduce=index < halve)
        if not placed and seen.shape[1] == round(attention * shape[0]):
            seen, placed = attended(seen, norm), True
    _expect_placed("discriminator", placed, attention)
    return chained(seen, [layers.ReLU(), Sum()])


def _up(made, condition, channels: int, *, enlarge: bool, linear: bool, norm: Norm, start: str, momentum):
    """Return a shortcut, and beside it twice: conditional normalization, ReLU, 3x3 convolution."""

    def normal(given):
        table = _start(start, 1) if linear else "zeros"
        layer = ConditionalBatchNormalization(momentum, 2e-5, table, norm if linear else None)
        return layers.ReLU()(layer([given, condition]))

    def grow(given):
        return layers.UpSampling2D(2)(given) if enlarge else given

    path = _convolution(channels, 3, norm, start)(grow(normal(made)))
    path = _convolution(channels, 3, norm, start)(normal(path))
    changes = enlarge or made.shape[-1] != channels
    around = _convolution(channels, 1, norm, start, inner=False)(grow(made)) if changes else made
    return layers.Add()([path, around])


def _convolution(channels: int, kernel: int, norm: Norm, start: str, *, inner: bool = True) -> layers.Layer:
    rule = _start(start, 2 if inner and kernel == 3 else 1)
    return wrapped(layers.Conv2D(channels, kernel, padding="same", kernel_initializer=rule), norm)


def _start(start: str, scale: int) -> keras.initializers.Initializer:
    if start == "normal":
        return keras.initializers.RandomNormal(stddev=0.02)
    if start == "orthogonal":
        return keras.initializers.Orthogonal()
    return keras.initializers.VarianceScaling(scale, mode="fan_avg", distribution="uniform")


def _expect_placed(network: str, placed: bool, attention: float) -> None:
    if not placed:
        raise UsageError(
            f"network.{network}.attention: expected the share of the image's height that a block's pictures "
            f"have, such as 0.5, got {attention}; 0 is for none."
        )


def _expect_weights(network: str, norm: Norm) -> None:
    if norm and not is_of_weights(norm):
        raise UsageError(
            f"norm.{network}: this network takes a normalization of weights, such as spectral, or none."
        )
