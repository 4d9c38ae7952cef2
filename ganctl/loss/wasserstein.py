"""The distance between two means of a critic."""

from typing import Any

import tensorflow as tf

from ganctl.loss.logits import OfLogits


class Wasserstein(OfLogits):
    """The critic's mean on fakes less that on real images, which the generator's mean on fakes opposes.

    WGAN, Arjovsky et al. (2017), equation 2 and algorithm 1. It measures a distance only while something
    bounds the critic's slope; adding a constant to the critic changes nothing, so `boundary` is nominal.
    """

    def discriminator(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(fake) - tf.reduce_mean(real)

    def generator(self, fake: tf.Tensor, real: tf.Tensor | None = None) -> tf.Tensor:
        return -tf.reduce_mean(fake)

    def join(self, adversary: Any) -> None:
        """Warn of a critic whose slope nothing bounds."""
        bounded = "SpectralNormalization" in adversary.kinds("discriminator")
        if not bounded and not any(part.lipschitz for part in adversary.penalties.values()):
            adversary.warnings.append(
                "loss wasserstein: nothing bounds the slope of the critic, which then grows without end; "
                "add penalty=[gradient_penalty], penalty=[clip] or norm.discriminator=spectral."
            )
