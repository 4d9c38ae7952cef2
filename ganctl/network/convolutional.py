"""DCGAN's kind of network: strided convolutions down, their transposes or upsampling up."""

import math
from collections.abc import Sequence

import keras
from keras import layers

from ganctl.check import expect_one_of
from ganctl.error import UsageError
from ganctl.layer.minibatch import Comparison, compared
from ganctl.layer.norm import Norm, is_over_batch, normalized, wrapped
from ganctl.network.size import expect_picture


def generator(
    latent: int,
    shape: tuple[int, int, int],
    *,
    filters: Sequence[int] = (256, 128, 64),
    strides: Sequence[int] = (1, 2, 2),
    kernel: int = 5,
    norm: Norm = None,
    negative_slope: float = 0.3,
    dropout: float = 0.0,
    bias: bool = False,
    deviation: float | str | None = None,
    upsample: str = "transposed",
    output: str = "tanh",
) -> keras.Model:
    """Build latents (batch, latent) -> images (batch, *shape), float32 in [-1, 1].

    Args:
        latent: numbers that an image is made from.
        shape: height and width, multiples of the product of the strides, and channels.
        filters: channels of the dense layer's picture, then of every convolution but the last.
        strides: how much each convolution enlarges; as many as filters.
        kernel: width of the convolutions in pixels.
        norm: makes a normalization: of outputs, put before every activation but the last, or of weights,
            put around every layer that has some; None for none.
        negative_slope: of the leaky ReLU; 0 is a ReLU.
        dropout: share of the dense layer's picture that is dropped.
        bias: whether layers add a bias.
        deviation: of the normal weights at the start; None is Keras's default (Glorot), "he" is `He`.
        upsample: "transposed" convolutions enlarge, or "nearest" pixels are repeated before them.
        output: "tanh", or "sigmoid" (in [0, 1], mapped to [-1, 1] by the last layer).

    Raises:
        UsageError: for points, a size that the strides cannot reach, or lists of different lengths.
    """
    _check("generator", shape, filters, strides, kernel)
    expect_one_of("network.generator.upsample", upsample, ("transposed", "nearest"))
    expect_one_of("network.generator.output", output, ("tanh", "sigmoid"))
    base = (*_base(shape, strides), filters[0])

    def enlarge(channels: int, stride: int) -> list[layers.Layer]:
        repeated = [layers.UpSampling2D(stride)] if upsample == "nearest" and stride > 1 else []
        own = stride if upsample == "transposed" else 1
        start = {"use_bias": bias, "kernel_initializer": _start(deviation, enlarged=own)}
        convolution = layers.Conv2DTranspose(channels, kernel, strides=own, padding="same", **start)
        return [*repeated, wrapped(convolution, norm)]

    def activate() -> list[layers.Layer]:
        return [*normalized(norm), layers.LeakyReLU(negative_slope)]

    dense = layers.Dense(math.prod(base), use_bias=bias, kernel_initializer=_start(deviation))
    stack = [keras.Input((latent,)), wrapped(dense, norm)]
    # Over the batch a dense layer's units are normalized one by one, as published; in an image, by channel.
    reshape = layers.Reshape(base)
    stack += [*activate(), reshape] if is_over_batch(norm) else [reshape, *activate()]
    stack.append(layers.Dropout(dropout))
    for channels, stride in zip(filters[1:], strides, strict=False):
        stack += [*enlarge(channels, stride), *activate()]
    stack += enlarge(shape[-1], strides[-1])
    # Networks end in float32 whatever the precision, so that losses are exact.
    stack.append(layers.Activation(output, dtype="float32"))
    if output == "sigmoid":
        stack.append(layers.Rescaling(2.0, offset=-1.0, dtype="float32"))
    return keras.Sequential(stack, name="generator")


def discriminator(
    shape: tuple[int, int, int],
    *,
    filters: Sequence[int] = (64, 128),
    strides: Sequence[int] = (2, 2),
    kernel: int = 5,
    norm: Norm = None,
    minibatch: Comparison = None,
    negative_slope: float = 0.3,
    dropout: float = 0.3,
    deviation: float | str | None = None,
    unit_range: bool = False,
    logits: bool = True,
) -> keras.Model:
    """Build images (batch, *shape) in [-1, 1], of any size -> (batch, 1), float32.

    Args:
        shape: height, width and channels.
        filters: channels of each convolution.
        strides: how much each convolution reduces; as many as filters.
        kernel: width of the convolutions in pixels.
        norm: makes a normalization: of outputs, put after every convolution but the first, or of weights,
            put around every layer that has some; None for none.
        minibatch: makes a layer that compares a batch's images, before the last convolution or before the
            dense layer; None for none.
        negative_slope: of the leaky ReLU.
        dropout: share dropped after every activation.
        deviation: of the normal weights at the start; None is Keras's default (Glorot), "he" is `He`.
        unit_range: whether the first layer maps images to [0, 1].
        logits: whether the result is logits; otherwise probabilities.

    Raises:
        UsageError: for points, or lists of different lengths.
    """
    _check("discriminator", shape, filters, strides, kernel)
    stack: list[layers.Layer] = [keras.Input(shape)]
    if unit_range:
        stack.append(layers.Rescaling(0.5, offset=0.5))
    for index, (channels, stride) in enumerate(zip(filters, strides, strict=True)):
        start = {"padding": "same", "kernel_initializer": _start(deviation, reduced=stride)}
        stack += compared(minibatch, pictures=True) if index == len(filters) - 1 else []
        stack.append(wrapped(layers.Conv2D(channels, kernel, strides=stride, **start), norm))
        stack += normalized(norm) if index else []
        stack += [layers.LeakyReLU(negative_slope), layers.Dropout(dropout)]
    stack += [
        layers.Flatten(),
        *compared(minibatch, pictures=False),
        wrapped(layers.Dense(1, kernel_initializer=_start(deviation)), norm),
        layers.Activation("linear" if logits else "sigmoid", dtype="float32"),
    ]
    return keras.Sequential(stack, name="discriminator")


def _check(network: str, shape, filters: Sequence[int], strides: Sequence[int], kernel: int) -> None:
    expect_picture(network, shape, filters=filters, strides=strides, kernel=kernel)
    if len(filters) != len(strides):
        raise UsageError(
            f"network.{network}: expected as many strides as filters, at least one, got "
            f"filters={list(filters)} and strides={list(strides)}."
        )


class He(keras.initializers.Initializer):
    """Uniform weights of variance 4 / (fan in + fan out) for rectifiers, with the strides counted.

    After He et al. (2015), as the release of Gulrajani et al. (2017, tflib/ops/conv2d.py) has it: where a
    stride skips pixels, coming or going, a weight meets fewer of them. Of a dense layer it is Glorot's.

    Args:
        enlarged: the stride of a transposed convolution.
        reduced: the stride of a convolution.
    """

    def __init__(self, enlarged: int = 1, reduced: int = 1) -> None:
        self.enlarged, self.reduced = enlarged, reduced

    def __call__(self, shape: Sequence[int], dtype=None):
        *window, first, second = shape
        taken, given = (second, first) if self.enlarged > 1 else (first, second)
        pixels = math.prod(window)
        fans = pixels * (taken / self.enlarged**2 + given / self.reduced**2)
        bound = math.sqrt(3 * (4 if window else 2) / fans)
        return keras.initializers.RandomUniform(-bound, bound)(shape, dtype)


def _start(
    deviation: float | str | None, *, enlarged: int = 1, reduced: int = 1
) -> keras.initializers.Initializer:
    if deviation is None:
        return keras.initializers.GlorotUniform()
    if deviation == "he":
        return He(enlarged, reduced)
    if isinstance(deviation, str):
        raise UsageError(f"network.<player>.deviation: expected a number, null or he, got {deviation!r}.")
    return keras.initializers.RandomNormal(stddev=deviation)


def _base(shape: tuple[int, int, int], strides: Sequence[int]) -> tuple[int, int]:
    """Return the height and width from which the strides reach `shape`."""
    height, width, _ = shape
    factor = math.prod(strides)
    if height % factor or width % factor:
        raise UsageError(
            f"network.generator: expected sides that are multiples of {factor} (the product of its strides), "
            f"got images of {height}x{width}; type network=mlp or network.generator.strides=[...]"
        )
    return height // factor, width // factor
