"""Networks that grow: built for all sizes at once, used at one size, faded from one to the next."""

from collections.abc import Sequence

import keras
import tensorflow as tf
from keras import layers

from ganctl.layer.growth import doubled, faded, halved


class Growing(keras.Model):
    """A network of several levels, whose images have sides of base, 2 base, 4 base, ... pixels.

    All levels' variables are there from the start, in an order that never changes; a call uses those of its
    level and of those below. The level is a Python number, so that each has a graph of its own; the fade is
    a number that a graph takes.

    Args:
        sides: of each level's images in pixels.
        name: of the network.
    """

    def __init__(self, sides: Sequence[int], name: str) -> None:
        super().__init__(name=name)
        self.sides = tuple(sides)
        self.autocast = False  # each part casts what it is given; the fade stays float32
        self.built = True  # so are all parts, by whoever makes the network

    @property
    def levels(self) -> int:
        """How many levels there are; the last one's images are the data's size."""
        return len(self.sides)

    @property
    def parts(self) -> list[keras.Sequential]:
        """All stacks of layers, on the top level's way from the first to the last."""
        raise NotImplementedError

    @property
    def layers(self) -> list[layers.Layer]:
        return [layer for part in self.parts for layer in part.layers]

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """What the top level takes."""
        return self.parts[0].input_shape

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """What the top level returns."""
        return self.parts[-1].output_shape

    def chosen(self, level: int | None) -> int:
        """Return a level's number; None is the top's.

        Raises:
            ValueError: for a number that is no level's.
        """
        if level is not None and not (isinstance(level, int) and 0 <= level < self.levels):
            raise ValueError(f"{self.name} has levels 0 to {self.levels - 1}, got {level!r}")
        return self.levels - 1 if level is None else level


class Generator(Growing):
    """Latents (batch, latent) -> images (batch, side, side, channels), float32, side being the level's.

    `network(latents, level=L, fade=f)` is, of a level above 0, (1 - f) times the images of level L - 1, each
    pixel doubled, plus f times its own; without a fade, its own. The default is the top level.
    """

    def __init__(self, blocks: Sequence[keras.Sequential], colours: Sequence[keras.Sequential]) -> None:
        super().__init__([colour.output_shape[1] for colour in colours], "generator")
        self.blocks, self.colours = list(blocks), list(colours)

    @property
    def parts(self) -> list[keras.Sequential]:
        return [*self.blocks, *self.colours]

    def call(
        self, inputs, level: int | None = None, fade: tf.Tensor | float | None = None, training=None
    ) -> tf.Tensor:
        level, below, made = self.chosen(level), None, inputs
        for block in self.blocks[: level + 1]:
            below, made = made, block(made)
        image = self.colours[level](made)
        if fade is None or not level:
            return image
        return faded(doubled(self.colours[level - 1](below)), image, fade)


class Discriminator(Growing):
    """Images (batch, side, side, channels), side being the level's -> (batch, 1), float32.

    With a fade f, features of a level above 0 are (1 - f) times those that level L - 1 sees in the halved
    image plus f times its own.
    """

    def __init__(self, entries: Sequence[keras.Sequential], blocks: Sequence[keras.Sequential]) -> None:
        super().__init__([entry.input_shape[1] for entry in entries], "discriminator")
        self.entries, self.blocks = list(entries), list(blocks)

    @property
    def parts(self) -> list[keras.Sequential]:
        return [*self.entries[::-1], *self.blocks[::-1]]

    def call(
        self, inputs, level: int | None = None, fade: tf.Tensor | float | None = None, training=None
    ) -> tf.Tensor:
        level = self.chosen(level)
        seen = self.entries[level](inputs)
        for index in range(level, 0, -1):
            seen = self.blocks[index](seen)
            if index == level and fade is not None:
                seen = faded(self.entries[level - 1](halved(inputs)), seen, fade)
        return self.blocks[0](seen)
