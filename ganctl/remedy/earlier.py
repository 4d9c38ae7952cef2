"""What remedies that show earlier fakes have in common: a pool of them, on one device."""

import tensorflow as tf

from ganctl.check import expect_whole
from ganctl.error import UsageError
from ganctl.game.adversary import Adversary
from ganctl.game.part import Part


class Earlier(Part):
    """A part that keeps a pool of fakes; of size 0 it keeps nothing, where `least` allows that.

    Args:
        size: fakes in the pool.

    Raises:
        UsageError: for a size that is too small; on several devices, which would need one pool each.
    """

    mixes = True
    name = ""  # of the choice
    least = 0

    def __init__(self, size: int) -> None:
        expect_whole(f"remedy.{self.name}.size", size, self.least)
        self.size = size

    def join(self, adversary: Adversary) -> None:
        if not self.size:
            return
        if tf.distribute.get_strategy().num_replicas_in_sync > 1:
            raise UsageError(f"remedy=[{self.name}] keeps one pool, on one device; type trainer.devices=1.")
        shape = (self.size, *adversary.sample_shape)
        self.pool = tf.Variable(tf.zeros(shape), trainable=False, name="pool")
        self.filled = tf.Variable(0, dtype=tf.int64, trainable=False, name="filled")

    def state(self) -> dict[str, tf.Variable]:
        return {"pool": self.pool, "filled": self.filled} if self.size else {}
