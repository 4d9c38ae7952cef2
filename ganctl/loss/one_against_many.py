"""Real against several generators: what remains of a softmax over all of them when only "real" is asked."""

import math

import tensorflow as tf

from ganctl.check import expect_whole
from ganctl.loss.logits import OfLogits


class OneAgainstMany(OfLogits):
    """The cross entropy of "real" in a softmax over real and k generators, the k generators' own left out.

    Ghosh et al. (2018), equation 2. With each of the k + 1 kinds equally frequent, reals weigh 1 / (k + 1)
    and fakes k / (k + 1). The generators minimise -log p(real), which does not saturate, as the release does.

    Args:
        generators: the paper's k, at least 1; with 1 it is half of the original game's loss.
        from_logits: see `OfLogits`.

    Raises:
        UsageError: for less than one generator.
    """

    def __init__(self, generators: int = 1, from_logits: bool = True) -> None:
        super().__init__(from_logits)
        expect_whole("loss.generators", generators, 1)
        self.generators, self.boundary = generators, -math.log(generators)

    def discriminator(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        reals, fakes = tf.reduce_mean(tf.nn.softplus(-real)), tf.reduce_mean(tf.nn.softplus(fake))
        return (reals + self.generators * fakes) / (self.generators + 1.0)

    def generator(self, fake: tf.Tensor, real: tf.Tensor | None = None) -> tf.Tensor:
        return tf.reduce_mean(tf.nn.softplus(-fake))
