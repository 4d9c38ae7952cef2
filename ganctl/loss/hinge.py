"""A margin on both sides."""

import tensorflow as tf

from ganctl.loss.logits import OfLogits


class Hinge(OfLogits):
    """The critic pays for what it has not put beyond a margin of 1; the generator's term is Wasserstein's.

    Lim and Ye (2017); Miyato et al. (2018), equations 16 and 17.
    """

    def discriminator(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(tf.nn.relu(1.0 - real)) + tf.reduce_mean(tf.nn.relu(1.0 + fake))

    def generator(self, fake: tf.Tensor, real: tf.Tensor | None = None) -> tf.Tensor:
        return -tf.reduce_mean(fake)
