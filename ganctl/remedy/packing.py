"""Packing: the discriminator judges several samples at once, so that it sees how varied they are."""

import tensorflow as tf

from ganctl.check import expect_whole
from ganctl.error import UsageError
from ganctl.game.batch import Batch
from ganctl.game.part import Part


class Packing(Part):
    """The discriminator sees so many samples, all real or all fake, concatenated along their last axis.

    PacGAN, Lin et al. (2018), section 2. Samples of shape (height, width, channels) become packs of shape
    (height, width, channels * size), points of shape (d,) become (d * size,); a batch gives batch / size
    packs, each of rows that follow each other, and as many logits. Only the discriminator's first layer
    grows by it.

    Args:
        size: samples in a pack, the paper's m, at least 1.

    Raises:
        UsageError: for a size below 1; when a batch, or a part of one, is not a multiple of it.
    """

    mixes = True

    def __init__(self, size: int = 2) -> None:
        expect_whole("remedy.packing.size", size, 1)
        self.size = size

    def shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return (*shape[:-1], shape[-1] * self.size)

    def prepare(self, image: tf.Tensor, batch: Batch) -> tf.Tensor:
        count, *inner = image.shape
        if count % self.size:
            raise UsageError(
                f"remedy.packing.size: expected a divisor of the {count} samples that are judged at once "
                f"(trainer.batch_size over devices and accumulate), got {self.size}."
            )
        packs = tf.reshape(image, (count // self.size, self.size, *inner))
        # Samples go next to their channels: all of the first sample's, then all of the second's.
        order = [0, *range(2, len(inner) + 1), 1, len(inner) + 1]
        return tf.reshape(tf.transpose(packs, order), (count // self.size, *self.shape(tuple(inner))))
