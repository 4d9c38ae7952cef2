"""Who wins: from what the discriminator says of real and fake to the two players' adversarial terms.

Every loss has `discriminator(real, fake)` and `generator(fake, real)`; `real` and `fake` are float32 tensors
of shape (batch, ...), logits unless said otherwise, and the result is a scalar, a mean over all of them.
`boundary` is what an undecided discriminator says; `relative` losses need the real logits in the generator's
turn too, where the others are given None.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from ganctl.error import UsageError, suggest
from ganctl.settings import expect_number

SMALLEST = 1e-7  # Keras's epsilon: probabilities are kept this far from 0 and 1 before their logarithm


class CrossEntropy:
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

    relative = False

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


class LeastSquares:
    """Squared distances to the labels a (fake), b (real) and c (what the generator wants).

    LSGAN, Mao et al. (2017), equation 2; the defaults are its equation 9 (a=0, b=c=1), halves included.
    """

    relative = False

    def __init__(self, a: float = 0.0, b: float = 1.0, c: float = 1.0) -> None:
        self.a, self.b, self.c = a, b, c
        self.boundary = (a + b) / 2

    def discriminator(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        return 0.5 * (tf.reduce_mean((real - self.b) ** 2) + tf.reduce_mean((fake - self.a) ** 2))

    def generator(self, fake: tf.Tensor, real: tf.Tensor | None = None) -> tf.Tensor:
        return 0.5 * tf.reduce_mean((fake - self.c) ** 2)


class OfLogits:
    """What is a function of unbounded logits alone, and refuses a network that ends in probabilities.

    Args:
        from_logits: whether the discriminator ends in logits.

    Raises:
        UsageError: when it does not.
    """

    relative = False
    boundary = 0.0

    def __init__(self, from_logits: bool = True) -> None:
        if not from_logits:
            raise UsageError(
                f"loss {type(self).__name__}: expected a discriminator that ends in logits, got one that "
                "ends in probabilities; type network.logits=true."
            )


class Wasserstein(OfLogits):
    """The critic's mean on fakes less that on real images, which the generator's mean on fakes opposes.

    WGAN, Arjovsky et al. (2017), equation 2 and algorithm 1. It measures a distance only while something
    bounds the critic's slope; adding a constant to the critic changes nothing, so `boundary` is nominal.
    """

    def discriminator(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(fake) - tf.reduce_mean(real)

    def generator(self, fake: tf.Tensor, real: tf.Tensor | None = None) -> tf.Tensor:
        return -tf.reduce_mean(fake)

    def join(self, game: Any) -> None:
        """Warn of a critic whose slope nothing bounds."""
        bounded = "SpectralNormalization" in game.kinds("discriminator")
        if not bounded and not any(getattr(part, "lipschitz", False) for part in game.penalties.values()):
            game.warnings.append(
                "loss wasserstein: nothing bounds the slope of the critic, which then grows without end; "
                "add penalty=[gradient_penalty], penalty=[clip] or norm.discriminator=spectral."
            )


class Hinge(OfLogits):
    """The critic pays for what it has not put beyond a margin of 1; the generator's term is Wasserstein's.

    Lim and Ye (2017); Miyato et al. (2018), equations 16 and 17.
    """

    def discriminator(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(tf.nn.relu(1.0 - real)) + tf.reduce_mean(tf.nn.relu(1.0 + fake))

    def generator(self, fake: tf.Tensor, real: tf.Tensor | None = None) -> tf.Tensor:
        return -tf.reduce_mean(fake)


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


class Mixture:
    """A weighted sum of losses; one whose weight is 0 is not even made.

    Args:
        parts: by name, what makes each loss when called.
        weights: by name, at least 0, one of them above 0.

    Raises:
        UsageError: for an unknown name, a weight that is no such number, or no weight above 0.
    """

    def __init__(self, parts: Mapping[str, Callable[[], Any]], weights: Mapping[str, float]) -> None:
        for name, weight in weights.items():
            if name not in parts:
                hint = suggest(name, parts) or f" It has {', '.join(parts)}."
                raise UsageError(f"loss.weights: there is no '{name}'.{hint}")
            expect_number(f"loss.weights.{name}", weight)
        self.weighted = [(parts[name](), weight) for name, weight in weights.items() if weight]
        if not self.weighted:
            raise UsageError("loss.weights: expected one above 0, got none; type loss.weights.hinge=1.0.")
        self.relative = any(loss.relative for loss, _ in self.weighted)
        # Halfway between losses that disagree on it, such as least squares (0.5) and hinge (0).
        total = sum(weight for _, weight in self.weighted)
        self.boundary = sum(weight * loss.boundary for loss, weight in self.weighted) / total

    def discriminator(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        return tf.add_n([weight * loss.discriminator(real, fake) for loss, weight in self.weighted])

    def generator(self, fake: tf.Tensor, real: tf.Tensor | None = None) -> tf.Tensor:
        return tf.add_n([weight * loss.generator(fake, real) for loss, weight in self.weighted])

    def join(self, game: Any) -> None:
        """Show the game to the parts that want to see it."""
        for loss, _ in self.weighted:
            if hasattr(loss, "join"):
                loss.join(game)


def expect_pairs(real: tf.Tensor, fake: tf.Tensor) -> None:
    """Raise UsageError unless every real logit has a fake one to be compared with."""
    if real.shape != fake.shape:
        raise UsageError(
            f"loss relativistic: expected as many fakes as real images, got logits of shapes {real.shape} "
            f"(real) and {fake.shape} (fake); type loss=relativistic_average, or leave out what drops fakes."
        )


def expect_smoothing(smoothing: float) -> None:
    """Raise UsageError unless a smoothed label still says more than nothing."""
    if not _is_number(smoothing) or not 0 <= smoothing < 0.5:
        raise UsageError(f"loss.smoothing: expected a number from 0 to below 0.5, got '{smoothing}'.")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
