"""A pool of earlier fakes, of which each fake is replaced by one, or not, by a throw of a coin."""

import tensorflow as tf

from ganctl.game.batch import Batch
from ganctl.remedy.earlier import Earlier


class Pool(Earlier):
    """The discriminator's own turn sees an earlier fake in place of each second one (Zhu et al., 2017).

    Section 4, "a history of generated images", as the authors' release has it (util/image_pool.py): while
    the pool is not full, every fake is put in and seen. Then each fake, with probability 1/2, takes the place
    of a random one of the pool, which is seen in its stead; otherwise it is seen itself and forgotten. The
    fakes of a batch do so one after the other. What the generator learns from is never replaced. With
    accumulated gradients every part of a batch does so.

    Args:
        size: fakes in the pool; 0 changes nothing.

    Raises:
        UsageError: for a negative size; on several devices, which would need one pool each.
    """

    name, least = "pool", 0

    def __init__(self, size: int = 50) -> None:
        super().__init__(size)

    def discriminator_fakes(self, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        if not self.size:
            return fake
        chances = batch.uniform(2)
        return tf.stack([self._seen(fake[index], chances[index], batch) for index in range(fake.shape[0])])

    def _seen(self, fake: tf.Tensor, chances: tf.Tensor, batch: Batch) -> tf.Tensor:
        """Return what is seen of one fake, (height, width, channels), or in its stead."""
        filled = self.filled.read_value()
        full = filled >= self.size
        drawn = tf.cast(chances[1] * float(self.size), tf.int64)
        place = tf.where(full, tf.minimum(drawn, self.size - 1), filled)  # a product may round up
        earlier = tf.gather(self.pool, tf.minimum(place, self.size - 1))
        swapped = full & (chances[0] > 0.5)
        if not batch.imagined:
            kept = tf.where(swapped | ~full, tf.cast(fake, tf.float32), earlier)
            with tf.control_dependencies([earlier]):
                self.pool.scatter_nd_update([[place]], kept[None])
                self.filled.assign(tf.minimum(filled + 1, self.size))
        return tf.where(swapped, tf.cast(earlier, fake.dtype), fake)
