"""Replay: the discriminator goes on seeing fakes of earlier rounds, so that it does not forget them."""

import tensorflow as tf

from ganctl.error import UsageError
from ganctl.game.batch import Batch
from ganctl.remedy.earlier import Earlier


class Replay(Earlier):
    """Half of the fakes in the discriminator's turn come from a pool of earlier ones.

    Shrivastava et al. (2017), section 2.3: half of a batch is drawn from the pool, then as many places of
    the pool, at random, take current fakes. The places are one in each of batch / 2 equal stretches, so
    that no two are the same; while the pool is not full they are the next free ones. The very first turn,
    whose pool is empty, sees current fakes only. With accumulated gradients every part of a batch does so.

    Args:
        size: fakes in the pool, the paper's B; at least half a batch.

    Raises:
        UsageError: for a size that is too small; on several devices, which would need one pool each.
    """

    name, least = "replay", 1

    def __init__(self, size: int = 2048) -> None:
        super().__init__(size)

    def discriminator_fakes(self, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        half = fake.shape[0] // 2
        if half > self.size:
            raise UsageError(f"remedy.replay.size: expected at least half a batch ({half}), got {self.size}.")
        if not half:
            return fake
        current, rest = fake[:half], fake[half:]
        filled = self.filled.read_value()
        chance = batch.uniform(2)[:half]
        drawn = tf.cast(chance[:, 0] * tf.cast(tf.maximum(filled, 1), tf.float32), tf.int64)
        drawn = tf.minimum(drawn, tf.maximum(filled, 1) - 1)  # a product may round up
        earlier = tf.where(filled > 0, tf.gather(self.pool, drawn), rest[:half])
        if not batch.imagined:
            places = tf.where(filled < self.size, self._next(filled, half), self._random(chance[:, 1]))
            with tf.control_dependencies([earlier]):
                self.pool.scatter_nd_update(places[:, None], tf.cast(current, tf.float32))
                self.filled.assign(tf.minimum(filled + half, self.size))
        return tf.concat([current, tf.cast(earlier, fake.dtype), rest[half:]], axis=0)

    def _next(self, filled: tf.Tensor, count: int) -> tf.Tensor:
        return (filled + tf.range(count, dtype=tf.int64)) % self.size

    def _random(self, chance: tf.Tensor) -> tf.Tensor:
        """Return one place in each of equal stretches of the pool."""
        count = chance.shape[0]
        bounds = [index * self.size // count for index in range(count + 1)]
        start, end = tf.constant(bounds[:-1], tf.int64), tf.constant(bounds[1:], tf.int64)
        offset = tf.cast(chance * tf.cast(end - start, tf.float32), tf.int64)
        return tf.minimum(start + offset, end - 1)
