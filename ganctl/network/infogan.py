"""InfoGAN's networks for MNIST (Chen et al., 2016, appendix C.1), and the head that reads codes back."""

import math
from collections.abc import Mapping, Sequence

import keras
from keras import layers

from ganctl.error import UsageError
from ganctl.layer.minibatch import Comparison, compared
from ganctl.layer.norm import Norm, normalized, wrapped
from ganctl.network.size import expect_picture

SLOPE = 0.1


def generator(
    latent: int,
    shape: tuple[int, int, int],
    *,
    dense: int = 1024,
    filters: Sequence[int] = (128, 64),
    norm: Norm = None,
    deviation: float = 0.02,
) -> keras.Model:
    """Build latents and codes (batch, latent) -> images (batch, *shape), float32 in [-1, 1].

    Two dense layers, and a 4x4 transposed convolution of stride 2 for each of `filters`; every hidden layer
    is normalized and rectified, the last one's sigmoid is mapped from [0, 1].

    Args:
        latent: numbers that an image is made from.
        shape: height and width, multiples of 2 for each of `filters`, and channels.
        dense: units of the first layer.
        filters: channels of the second layer's picture, then of each convolution but the last.
        norm: makes a normalization; None for none.
        deviation: of the normal weights at the start.

    Raises:
        UsageError: for points, or a size that the strides cannot reach.
    """
    expect_picture("generator", shape, dense=dense, filters=filters)
    steps = len(filters)
    if shape[0] % 2**steps or shape[1] % 2**steps:
        raise UsageError(
            f"network.generator: expected sides that are multiples of {2**steps}, got images of "
            f"{shape[0]}x{shape[1]}; type network=dcgan."
        )
    base = (shape[0] >> steps, shape[1] >> steps, filters[0])
    stack: list[layers.Layer] = [keras.Input((latent,))]
    for units in (dense, math.prod(base)):
        stack.append(wrapped(layers.Dense(units, kernel_initializer=_start(deviation)), norm))
        stack += [*normalized(norm), layers.ReLU()]
    stack.append(layers.Reshape(base))
    for channels in filters[1:]:
        stack += [_up(channels, norm, deviation), *normalized(norm), layers.ReLU()]
    stack += [_up(shape[-1], norm, deviation), layers.Activation("sigmoid", dtype="float32")]
    return keras.Sequential([*stack, layers.Rescaling(2.0, offset=-1.0, dtype="float32")], name="generator")


def discriminator(
    shape: tuple[int, int, int],
    *,
    dense: int = 1024,
    filters: Sequence[int] = (64, 128),
    norm: Norm = None,
    minibatch: Comparison = None,
    deviation: float = 0.02,
    logits: bool = True,
) -> keras.Model:
    """Build images (batch, *shape) in [-1, 1] -> (batch, 1), float32.

    A 4x4 convolution of stride 2 for each of `filters` and a dense layer, each with a leaky ReLU, all but the
    first one normalized.

    Args:
        shape: height, width and channels.
        dense: units of the last hidden layer.
        filters: channels of each convolution.
        norm: makes a normalization: of outputs, put after every layer but the first, or of weights.
        minibatch: makes a layer that compares a batch's images, before the last layer; None for none.
        deviation: of the normal weights at the start.
        logits: whether the result is logits; otherwise probabilities.

    Raises:
        UsageError: for points.
    """
    expect_picture("discriminator", shape, dense=dense, filters=filters)
    stack: list[layers.Layer] = [keras.Input(shape)]
    for index, channels in enumerate(filters):
        start = {"padding": "same", "kernel_initializer": _start(deviation)}
        stack.append(wrapped(layers.Conv2D(channels, 4, strides=2, **start), norm))
        stack += [*(normalized(norm) if index else []), layers.LeakyReLU(SLOPE)]
    stack += [layers.Flatten(), wrapped(layers.Dense(dense, kernel_initializer=_start(deviation)), norm)]
    stack += [*normalized(norm), layers.LeakyReLU(SLOPE), *compared(minibatch)]
    stack.append(wrapped(layers.Dense(1, kernel_initializer=_start(deviation)), norm))
    stack.append(layers.Activation("linear" if logits else "sigmoid", dtype="float32"))
    return keras.Sequential(stack, name="discriminator")


def queried(network: keras.Model, codes: Mapping[str, int], hidden: int) -> keras.Model:
    """Return a discriminator that also says which codes an image was made from, with the same layers.

    Appendix C.1's Q: on what enters the last layer, a dense layer with batch normalization and a leaky ReLU,
    and a dense layer for each code.

    Args:
        network: images (batch, ...) -> (batch, 1), its last layer with weights a dense one.
        codes: by name, how many numbers are said of each.
        hidden: units of the layer between; 0 for none.

    Returns:
        images -> [what `network` says, (batch, numbers) of each code in order], all float32.

    Raises:
        UsageError: when the last layer with weights is no dense one.
    """
    last = [layer for layer in network.layers if layer.trainable_weights][-1]
    if len(last.input.shape) != 2:
        raise UsageError(
            "network.discriminator: expected a dense layer at the end, with the codes' beside it; "
            "type network=infogan."
        )
    trunk = last.input
    if hidden:
        trunk = layers.Dense(hidden, kernel_initializer=_start(0.02), name="query")(trunk)
        trunk = layers.LeakyReLU(SLOPE)(layers.BatchNormalization(name="query_norm")(trunk))
    said = []
    for name, units in codes.items():
        head = layers.Dense(units, kernel_initializer=_start(0.02), name=f"{name}_head")(trunk)
        said.append(layers.Activation("linear", dtype="float32", name=name)(head))
    return keras.Model(network.inputs[0], [*network.outputs, *said], name=network.name)


def _up(channels: int, norm: Norm, deviation: float) -> layers.Layer:
    start = _start(deviation)
    return wrapped(layers.Conv2DTranspose(channels, 4, 2, padding="same", kernel_initializer=start), norm)


def _start(deviation: float) -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=deviation)
