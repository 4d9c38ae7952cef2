"""StyleGAN's and StyleGAN2's generators (Karras et al., 2019, 2020): latents become styles of a picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import tensorflow as tf
from keras import layers

from ganctl.check import expect_one_of, expect_switch, expect_whole
from ganctl.layer.equalized import Equalized
from ganctl.layer.growth import doubled, faded
from ganctl.layer.norm import PixelNormalization
from ganctl.layer.spatial import Upsampling
from ganctl.layer.style import (
    AdaptiveInstanceNorm,
    Bias,
    Blur,
    Constant,
    ModulatedConvolution,
    Noise,
    Rectifier,
    affine,
    dense,
)
from ganctl.network.growing import Growing
from ganctl.network.picture import chained
from ganctl.network.progressive import widths
from ganctl.network.size import expect_picture, halvings

MODULATIONS = ("kernels", "features")


@dataclass(frozen=True)
class Stage:
    """What a level adds: layers, and the colours of what they make.

    Args:
        block: [features of the level before, if any, styles, noise of each layer] -> features.
        colours: [features, styles] -> image.
        styles, colour_styles: which rows of the styles they take.
        noises: how many numbers of noise each layer of the block takes.
    """

    block: keras.Model
    colours: keras.Model
    styles: Sequence[int]
    colour_styles: Sequence[int]
    noises: Sequence[int]


class Styled(Growing):
    """[styles (batch, `rows`, `width`), noise (batch, `pixels`)] -> images (batch, h, w, channels), float32.

    `mapping` makes one style of a latent, (batch, latent) or [latents, one-hot labels] -> (batch, width);
    every layer has a row of its own. Images of all levels are summed, each enlarged to the next (`skips`), or
    the last level's colours alone are the image. While a level fades in, its image is mixed with that of the
    level before, enlarged.
    """

    def __init__(self, mapping: keras.Model, stages: Sequence[Stage], *, skips: bool) -> None:
        super().__init__([stage.colours.output_shape[1] for stage in stages], "generator")
        self.mapping, self.stages, self.skips = mapping, list(stages), skips
        self.blocks = [stage.block for stage in stages]  # Keras finds their weights in lists
        self.colours = [stage.colours for stage in stages]
        self.enlarge = Upsampling() if skips else doubled
        self.rows, self.width = 2 * len(stages), mapping.output_shape[-1]
        self.noises = [pixels for stage in stages for pixels in stage.noises]
        self.pixels = sum(self.noises)

    @property
    def parts(self) -> list:
        return [self.mapping, *self.blocks, *self.colours]

    def call(
        self, inputs, level: int | None = None, fade: tf.Tensor | float | None = None, training=None
    ) -> tf.Tensor:
        made: list[tf.Tensor] = []
        level, image = self.chosen(level), None
        styles, noises = tf.unstack(inputs[0], axis=1), tf.split(inputs[1], self.noises, axis=1)
        for index, stage in enumerate(self.stages[: level + 1]):
            noise = [noises.pop(0) for _ in stage.noises]
            made = [stage.block([*made, *(styles[row] for row in stage.styles), *noise])]
            if not self.skips and index < level - 1:
                continue  # nobody sees its colours
            shown = stage.colours([*made, *(styles[row] for row in stage.colour_styles)])
            if image is None:
                image = shown
                continue
            below = self.enlarge(image)
            image = faded(below, below + shown if self.skips else shown, fade if index == level else None)
        return image


def generator(
    latent: int,
    shape: tuple[int, int, int],
    *,
    labels: int = 0,
    filters: int = 1024,
    most: int = 128,
    width: int = 128,
    depth: int = 8,
    rate: float = 0.01,
    modulated: str = "kernels",
    noisy: bool = True,
) -> Styled:
    """Build StyleGAN2's generator, or StyleGAN's.

    Of kernels (Karras et al., 2020, figures 2d and 7b, and the release of StyleGAN2-ADA): a trained picture,
    a 3x3 convolution, and at every further level two, the first of which enlarges; each is modulated and
    demodulated by its style, gets noise and a bias, and is rectified; 1x1 convolutions make colours, which
    are summed. Of features (Karras et al., 2019, figure 1b): each layer gets noise and a bias, is rectified,
    normalized and modulated; the last level's colours are the image.

    Args:
        latent: numbers that an image is made from.
        shape: height and width, even, and channels; oblong pictures are halved as far as both sides can be.
        labels: classes whose one-hot codes stand beside the latents; 0 for none.
        filters: a level has 2 filters / side channels, the longer side rounded up to a power of two.
        most: channels that no level has more than; the release has filters 16384 and most 512.
        width: numbers of a style.
        depth: dense layers between latents and styles.
        rate: how fast these learn beside all others.
        modulated: "kernels" (StyleGAN2) or "features" (StyleGAN).
        noisy: whether there is noise.

    Raises:
        UsageError: for points, a side that cannot be halved, or a number outside its range.
    """
    expect_one_of("network.generator.modulated", modulated, MODULATIONS)
    expect_switch("network.generator.noisy", noisy)
    numbers = {"filters": filters, "most": most, "width": width, "depth": depth}
    reached = sides("generator", shape, **numbers)
    by_kernels = modulated == "kernels"
    channels = widths([max(side) for side in reached], filters, most)[1:]
    stages = []
    for level, ((height, wide), count) in enumerate(zip(reached, channels, strict=True)):
        styles = [2 * level - 1, 2 * level] if by_kernels else [2 * level, 2 * level + 1]
        layers_of = 1 if by_kernels and not level else 2
        before = (height // 2, wide // 2, channels[level - 1]) if level else None
        noises = [height * wide] * (layers_of if noisy else 0)
        build = _by_kernels if by_kernels else _by_features
        block = build(before, (height, wide, count), width, layers_of, noises)
        colours = _colours((height, wide, count), shape[-1], width if by_kernels else 0)
        after = [2 * level + 1] if by_kernels else []
        stages.append(Stage(block, colours, styles[-layers_of:], after, noises))
    return Styled(_mapping(latent, labels, width, depth, rate), stages, skips=by_kernels)


def sides(network: str, shape: tuple[int, ...], **numbers: int) -> list[tuple[int, int]]:
    """Return height and width of every level's pictures, the smallest first: halved as far as 4 pixels.

    Raises:
        UsageError: for points, sides that cannot be halved, or numbers that are not above 0.
    """
    expect_picture(network, shape, **numbers)
    count = halvings(network, shape, max(shape))
    expect_whole(f"network.{network}.filters", numbers["filters"], max(shape[:2]) // 2)
    return [(shape[0] >> step, shape[1] >> step) for step in range(count, -1, -1)]


def _mapping(latent: int, labels: int, width: int, depth: int, rate: float) -> keras.Model:
    """Return latents, of mean square 1, -> style; labels are embedded and normalized beside them."""
    given = [keras.Input((latent,))]
    seen = PixelNormalization()(given[0])
    if labels:
        given.append(keras.Input((labels,)))
        embedded = PixelNormalization()(chained(given[1], dense(width)))
        seen = layers.Concatenate()([seen, embedded])
    for _ in range(depth):
        seen = chained(seen, [*dense(width, rate=rate), Rectifier()])
    return keras.Model(given, seen, name="mapping")


def _by_kernels(before, shape, width: int, count: int, noises: Sequence[int]) -> keras.Model:
    """Return a level of StyleGAN2: modulated convolutions, noise, bias, rectifier."""
    height, wide, channels = shape
    styles = [keras.Input((width,)) for _ in range(count)]
    noise = [keras.Input((pixels,)) for pixels in noises]
    given = [keras.Input(before)] if before else []
    seen = given[0] if before else Constant(height, wide, channels)(styles[0])
    for index, style in enumerate(styles):
        modulation = affine(seen.shape[-1], start=1.0)(style)
        enlarge = before is not None and index == 0
        seen = ModulatedConvolution(channels, 3, enlarge=enlarge)([seen, modulation])
        seen = Noise(channels=False)([seen, noise[index]]) if noise else seen
        seen = chained(seen, [Bias(), Rectifier()])
    return keras.Model([*given, *styles, *noise], seen, name=f"level_{height}x{wide}")


def _by_features(before, shape, width: int, count: int, noises: Sequence[int]) -> keras.Model:
    """Return a level of StyleGAN: noise, bias and rectifier, then features normalized and modulated."""
    height, wide, channels = shape
    styles = [keras.Input((width,)) for _ in range(count)]
    noise = [keras.Input((pixels,)) for pixels in noises]
    given = [keras.Input(before)] if before else []
    seen = layers.UpSampling2D(2)(given[0]) if before else Constant(height, wide, channels, "ones")(styles[0])
    for index, style in enumerate(styles):
        if index or before:  # the picture itself is the first level's first layer
            seen = Equalized(layers.Conv2D(channels, 3, padding="same", use_bias=False))(seen)
            seen = seen if index else Blur(2)(seen)
        seen = Noise(channels=True)([seen, noise[index]]) if noise else seen
        seen = chained(seen, [Bias(), layers.LeakyReLU(0.2)])
        seen = AdaptiveInstanceNorm()([seen, affine(2 * channels)(style)])
    return keras.Model([*given, *styles, *noise], seen, name=f"level_{height}x{wide}")


def _colours(shape, channels: int, width: int) -> keras.Model:
    """Return what makes colours of features: a 1x1 convolution, modulated where styles have a width."""
    features = keras.Input(shape)
    end = layers.Activation("linear", dtype="float32")  # losses are exact
    if not width:
        kernel = Equalized(layers.Conv2D(channels, 1), gain=1.0)
        return keras.Model([features], chained(features, [kernel, end]), name=f"colour_{shape[0]}")
    style = keras.Input((width,))
    modulation = affine(shape[-1], start=1.0)(style)
    made = ModulatedConvolution(channels, 1, demodulate=False)([features, modulation])
    return keras.Model([features, style], chained(made, [Bias(), end]), name=f"colour_{shape[0]}")
