"""The original game's losses: cross entropy, saturating or not."""

import math

import tensorflow as tf

from ganctl.error import UsageError
from ganctl.game.part import Loss

SMALLEST = 1e-7  # Keras's epsilon: probabilities are kept this far from 0 and 1 before their logarithm


class CrossEntropy(Loss):
    """The discriminator's half of the value function, -log D(x) - log(1 - D(G(z))).

    Goodfellow et al. (2014), equation 1. Computed from logits as softplus, which never overflows.

    Args:
        from_logits: whether the discriminator ends in logits; otherwise it ends in probabilities, whose
            gradient vanishes within 1e-7 of 0 and 1, as in Keras.
        smoothing: the discriminator's label of real images is 1 - smoothing, that of fakes stays 0
            (Salimans et al., 2016, section 3.4); at least 0 and below 0.5.

    Raises:
        UsageError: for a smoothing outside its range.
    """

    def __init__(self, from_logits: bool = True, smoothing: float = 0.0) -> None:
        expect_smoothing(smoothing)
        self.from_logits, self.smoothing = from_logits, smoothing
        self.boundary = 0.0 if from_logits else 0.5

    def discriminator(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        certain = self._surprise(real, truth=True)
        if self.smoothing:
            doubt = self._surprise(real, truth=False)
            certain = (1.0 - self.smoothing) * certain + self.smoothing * doubt
        return certain + self._surprise(fake, truth=False)

    def _surprise(self, judged: tf.Tensor, *, truth: bool) -> tf.Tensor:
        """Return the mean of -log p where real is the truth, of -log(1 - p) otherwise."""
        if self.from_logits:
            return tf.reduce_mean(tf.nn.softplus(-judged if truth else judged))
        probability = tf.clip_by_value(judged, SMALLEST, 1.0 - SMALLEST)
        return -tf.reduce_mean(tf.math.log(probability if truth else 1.0 - probability))


class NonSaturating(CrossEntropy):
    """The generator maximises log D(G(z)): strong gradients while the discriminator still wins.

    Goodfellow et al. (2014), section 3, below equation 1.
    """

    def generator(self, fake: tf.Tensor, real: tf.Tensor | None = None) -> tf.Tensor:
        return self._surprise(fake, truth=True)


class Minimax(CrossEntropy):
    """The generator minimises log(1 - D(G(z))), which saturates when the discriminator wins.

    Goodfellow et al. (2014), equation 1: all of it, log D(x) too, where reals are given, as they are to a
    generator that looks ahead: what it does then changes how the discriminator will judge them.
    """

    def generator(self, fake: tf.Tensor, real: tf.Tensor | None = None) -> tf.Tensor:
        known = 0.0 if real is None else self._surprise(real, truth=True)
        return -self._surprise(fake, truth=False) - known


def expect_smoothing(smoothing: float) -> None:
    """Raise UsageError unless a smoothed label still says more than nothing."""
    if not _is_number(smoothing) or not 0 <= smoothing < 0.5:
        raise UsageError(f"loss.smoothing: expected a number from 0 to below 0.5, got '{smoothing}'.")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
