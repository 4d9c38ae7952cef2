"""Real images against fakes, pair by pair or against their average."""

import tensorflow as tf

from ganctl.error import UsageError
from ganctl.loss.cross_entropy import NonSaturating
from ganctl.loss.logits import OfLogits


class Relativistic(OfLogits):
    """How much more real each real image is than a fake one: E softplus(-(D(x) - D(G(z)))).

    RSGAN, Jolicoeur-Martineau (2018), section 4; the loss of R3GAN, Huang et al. (2024), equation 2.
    Row i of the reals is paired with row i of the fakes; only differences count, so `boundary` is nominal.
    """

    relative = True

    def discriminator(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        expect_pairs(real, fake)
        return tf.reduce_mean(tf.nn.softplus(fake - real))

    def generator(self, fake: tf.Tensor, real: tf.Tensor | None = None) -> tf.Tensor:
        expect_pairs(real, fake)
        return tf.reduce_mean(tf.nn.softplus(real - fake))


class RelativisticAverage(OfLogits):
    """How much more real each image is than the average one of the other kind; both players see both kinds.

    RaSGAN, Jolicoeur-Martineau (2018), section 4. The averages are over one device's batch, and
    gradients flow through them. `smoothing` is that of CrossEntropy: the discriminator's label of reals is
    1 - smoothing.
    """

    relative = True

    def __init__(self, from_logits: bool = True, smoothing: float = 0.0) -> None:
        super().__init__(from_logits)
        self._judge = NonSaturating(smoothing=smoothing)
        self._plain = NonSaturating()

    def discriminator(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        return self._judge.discriminator(real - tf.reduce_mean(fake), fake - tf.reduce_mean(real))

    def generator(self, fake: tf.Tensor, real: tf.Tensor | None = None) -> tf.Tensor:
        return self._plain.discriminator(fake - tf.reduce_mean(real), real - tf.reduce_mean(fake))


def expect_pairs(real: tf.Tensor, fake: tf.Tensor) -> None:
    """Raise UsageError unless every real logit has a fake one to be compared with."""
    if real.shape != fake.shape:
        raise UsageError(
            f"loss relativistic: expected as many fakes as real images, got logits of shapes {real.shape} "
            f"(real) and {fake.shape} (fake); type loss=relativistic_average, or leave out what drops fakes."
        )
