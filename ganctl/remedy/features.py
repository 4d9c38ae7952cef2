"""Feature matching: the generator matches what the discriminator looks at, not what it says."""

import keras
import tensorflow as tf

from ganctl.check import expect_number
from ganctl.error import UsageError
from ganctl.game.adversary import Adversary
from ganctl.game.batch import Batch
from ganctl.game.critic import Critic
from ganctl.game.part import Part


class FeatureMatching(Part):
    """The generator's distance to the data in the discriminator's features, ||E f(x) - E f(G(z))||^2.

    Salimans et al. (2016), section 3.1. The features are what enters the discriminator's last layer with
    weights, and the means are over the batch.

    Args:
        weight: of the term, at least 0.
        only: whether it takes the place of the adversarial term, as in the paper; the adversarial term
            is then still reported but moves nothing.

    Raises:
        UsageError: for a weight below 0; for a discriminator of one layer.
    """

    players = ("generator",)

    def __init__(self, weight: float = 1.0, only: bool = True) -> None:
        expect_number("penalty.feature_matching.weight", weight)
        self.weight, self.only = weight, only

    def join(self, adversary: Adversary) -> None:
        network = adversary.network
        if not hasattr(network, "inputs"):
            raise UsageError(
                "penalty=[feature_matching] needs a discriminator that is one chain of layers; leave it out."
            )
        layers = [layer for layer in network.layers if layer.trainable_weights]
        if len(layers) < 2:
            raise UsageError(
                "penalty=[feature_matching] needs a discriminator with at least two layers that have "
                "weights; type network.discriminator.hidden=[128,128], or leave the penalty out."
            )
        self.features = keras.Model(network.inputs, layers[-1].input)

    def generator_logits(self, logits: tf.Tensor, batch: Batch) -> tf.Tensor:
        return tf.stop_gradient(logits) if self.only else logits

    def __call__(self, critic: Critic, real: tf.Tensor, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        distance = self._mean(critic, real) - self._mean(critic, fake)
        return self.weight * tf.reduce_sum(tf.square(distance))

    def _mean(self, critic: Critic, image: tf.Tensor) -> tf.Tensor:
        seen = self.features(critic.prepare(image), training=True)
        return tf.reduce_mean(tf.cast(seen, tf.float32), axis=0)
