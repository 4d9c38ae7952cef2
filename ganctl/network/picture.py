"""What networks from pictures to pictures share: their checks, how their weights start, and padding."""

from collections.abc import Sequence

import keras
from keras import layers

from ganctl.check import expect_one_of
from ganctl.error import UsageError
from ganctl.layer.norm import Norm, normalized, wrapped
from ganctl.layer.padding import ReflectionPadding
from ganctl.network.size import expect_picture

DEVIATION = 0.02  # of the weights at the start, around 0, and of a normalization's gains, around 1
STARTS = ("normal", "xavier")


def expect_pictures(source: tuple[int, ...], shape: tuple[int, ...], **numbers: int) -> None:
    """Raise UsageError for points, for sides that differ, or for numbers, by name, that are not above 0."""
    for each in (source, shape):
        expect_picture("generator", each, **numbers)
    if source[:2] != shape[:2]:
        raise UsageError(
            f"network.generator: expected inputs of {shape[0]}x{shape[1]} pixels as the images made of "
            f"them, got {source[0]}x{source[1]}."
        )


def convolution(
    kind: type[layers.Layer],
    channels: int,
    kernel: int,
    norm: Norm,
    *,
    hidden: bool = True,
    start: str = "normal",
    **more,
) -> list[layers.Layer]:
    """Return a convolution and, of a hidden one, the normalization of its outputs.

    Gains of a normalization start as N(1, 0.02). There is no bias where the normalization would take it away
    again or has an offset of its own.

    Args:
        kind: `layers.Conv2D` or `layers.Conv2DTranspose`.
        channels: of the outputs.
        kernel: width in pixels.
        norm: makes a normalization: of outputs, put after a hidden convolution, or of weights, put around
            every one; None for none.
        hidden: whether a normalization of outputs follows.
        start: of the weights; see `first_weights`.
        more: Keras's further arguments, such as `strides`.
    """
    following = normalized(norm) if hidden else []
    for layer in following:
        if hasattr(layer, "gamma_initializer"):
            layer.gamma_initializer = keras.initializers.RandomNormal(1.0, DEVIATION)
    bias = not any(map(_takes_a_bias_s_place, following))
    made = kind(channels, kernel, use_bias=bias, kernel_initializer=first_weights(start), **more)
    return [wrapped(made, norm), *following]


def first_weights(start: str) -> keras.initializers.Initializer:
    """Return how weights start.

    Args:
        start: "normal" is N(0, 0.02) (Radford et al., 2016, section 4); "xavier" is 0.02 times as wide as
            Glorot and Bengio (2010) have it, as in the releases of CUT and BicycleGAN.

    Raises:
        UsageError: for another word.
    """
    expect_one_of("network: start", start, STARTS)
    if start == "xavier":
        return keras.initializers.VarianceScaling(DEVIATION**2, "fan_avg", "untruncated_normal")
    return keras.initializers.RandomNormal(0.0, DEVIATION)


def _takes_a_bias_s_place(norm: layers.Layer) -> bool:
    return bool(getattr(norm, "center", False)) or getattr(norm, "groups", None) == -1


def padded(given, multiple: int):
    """Return pictures whose sides are mirrored at the edges up to multiples, and what cuts that off again.

    Args:
        given: a symbolic tensor (batch, h, w, c).
        multiple: of which each side becomes the next multiple; half is added on either side, of an odd
            number of pixels one more below and on the right.

    Returns:
        The symbolic tensor, and the list of layers, empty where nothing was added.
    """
    sides = [(-side % multiple) for side in given.shape[1:3]]
    if not any(sides):
        return given, []
    both = tuple((side // 2, side - side // 2) for side in sides)
    return ReflectionPadding(both)(given), [layers.Cropping2D(both)]


def chained(given, stack: Sequence[layers.Layer]):
    """Return what the last of some layers makes of a symbolic tensor, one after the other."""
    for layer in stack:
        given = layer(given)
    return given
