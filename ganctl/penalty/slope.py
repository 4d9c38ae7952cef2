"""Penalties on the critic's slope: how its logits change with the images.

A critic may judge several images by one logit (packing), in consecutive rows; a slope is that of a logit,
over all of its images, and what is drawn for one of them is drawn for all.
"""

from collections.abc import Callable

import tensorflow as tf

from ganctl.check import expect_number, expect_one_of
from ganctl.error import UsageError
from ganctl.game.adversary import Adversary
from ganctl.game.batch import Batch
from ganctl.game.critic import Critic
from ganctl.penalty.charge import Penalty

SMALLEST = 1e-12  # added under the root, which otherwise has no slope at 0


class Slope(Penalty):
    """A penalty on the critic's slope somewhere.

    Batch normalization makes every logit depend on the whole batch, so that the slope of one logit at its
    own image is not what a gradient of their sum gives (Gulrajani et al., 2017, section 4). Off the data,
    `strict`, its statistics are moreover those of no batch that the critic is judged on: that is refused.
    On real or fake images alone the gradient is that of a sum of logits: still zero where the critic is
    flat, no longer the paper's expectation: that is only warned of.
    """

    lipschitz = True
    strict = False

    def __init__(self, weight: float = 10.0, every: int = 1) -> None:
        super().__init__(weight, every)

    def join(self, adversary: Adversary) -> None:
        if "BatchNormalization" not in adversary.kinds("discriminator") or not self.weight:
            return
        why = "batch normalization couples the images of a batch, so the slope at one of them has no meaning"
        if self.strict:
            raise UsageError(
                f"{self.name}: expected a discriminator without batch normalization, got one with it: {why}; "
                "type norm.discriminator=layer, or penalty=[r1]."
            )
        adversary.warnings.append(f"{self.name}: {why} of its own; norm.discriminator=layer is sound.")


class R1(Slope):
    """Squared slope at real images, weight / 2 * E|grad D(x)|^2 (Mescheder et al., 2018, equation 9).

    Args:
        weight: the paper's gamma, at least 0.
        every: charge it in every n-th step, n times as much (Karras et al., 2020, section 3.1).
    """

    def term(self, critic: Critic, real: tf.Tensor, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        return tf.reduce_mean(squared_slope(critic, real)) / 2


class R2(Slope):
    """Squared slope at fakes, weight / 2 * E|grad D(G(z))|^2 (Mescheder et al., 2018, equation 10).

    Args:
        weight: the paper's gamma, at least 0.
        every: charge it in every n-th step, n times as much.
    """

    def term(self, critic: Critic, real: tf.Tensor, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        return tf.reduce_mean(squared_slope(critic, fake)) / 2


class Interpolated(Slope):
    """A penalty on the slope at points between real and fake images, uniform on the line between a pair."""

    strict = True

    def term(self, critic: Critic, real: tf.Tensor, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        squared = squared_slope(critic, between(real, fake, batch, critic.logits(real).shape[0]))
        return tf.reduce_mean(self.excess(squared))

    def excess(self, squared: tf.Tensor) -> tf.Tensor:
        """Return the cost of squared slopes, float32 of the same shape."""
        raise NotImplementedError(f"{type(self).__name__} does not say what a slope costs.")


class GradientPenalty(Interpolated):
    """The slope between real and fake is drawn to 1: weight * E(|grad D| - 1)^2 (WGAN-GP).

    Gulrajani et al. (2017), equation 3.

    Args:
        weight: the paper's lambda, at least 0.
        every: charge it in every n-th step, n times as much.
    """

    def excess(self, squared: tf.Tensor) -> tf.Tensor:
        return tf.square(length(squared) - 1.0)


class Lipschitz(Interpolated):
    """Only a slope above 1 costs: weight * E max(0, |grad D| - 1)^2 (WGAN-LP).

    Petzka et al. (2018), section 5.

    Args:
        weight: the paper's lambda, at least 0.
        every: charge it in every n-th step, n times as much.
    """

    def excess(self, squared: tf.Tensor) -> tf.Tensor:
        return tf.square(tf.nn.relu(length(squared) - 1.0))


class ZeroCentred(Interpolated):
    """The slope between real and fake is drawn to 0: weight * E|grad D|^2 (0-GP).

    Thanh-Tung et al. (2019); its gradient is that of the logit, whatever the loss.

    Args:
        weight: the paper's lambda, at least 0.
        every: charge it in every n-th step, n times as much.
    """

    def excess(self, squared: tf.Tensor) -> tf.Tensor:
        return squared


class DRAGAN(Slope):
    """The slope around real images is drawn to 1: weight * E(|grad D(x + delta)| - 1)^2.

    Kodali et al. (2017). Their paper and their release draw delta in different ways:

    - "uniform", the release: a share, uniform in [0, 1), of scale * s * U, U uniform in [0, 1) for every
      number, s the deviation of all numbers of the batch;
    - "normal", the paper: scale * s * N(0, 1) for every number (its c in units of s).

    Args:
        weight: the paper's lambda, at least 0.
        every: charge it in every n-th step, n times as much.
        noise: "uniform" or "normal".
        scale: of the noise, in deviations of the batch; 0.5 in the release.
    """

    strict = True

    def __init__(
        self, weight: float = 10.0, every: int = 1, noise: str = "uniform", scale: float = 0.5
    ) -> None:
        super().__init__(weight, every)
        expect_one_of(f"{self.name}.noise", noise, ("uniform", "normal"))
        expect_number(f"{self.name}.scale", scale)
        self.noise, self.scale = noise, scale

    def term(self, critic: Critic, real: tf.Tensor, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        spread = self.scale * tf.math.reduce_std(real)
        if self.noise == "normal":
            around = real + spread * batch.normal(*real.shape[1:])
        else:
            far = real + spread * batch.uniform(*real.shape[1:])
            around = between(far, real, batch, critic.logits(real).shape[0])
        return tf.reduce_mean(tf.square(length(squared_slope(critic, around)) - 1.0))


def squared_slope(critic: Callable[[tf.Tensor], tf.Tensor], image: tf.Tensor) -> tf.Tensor:
    """Return the squared norm of the gradient of each logit, float32 of shape (logits,).

    Args:
        critic: images (batch, ...) -> logits (batch / m, ...), where m consecutive images share a logit.
        image: where the slope is taken, of shape (batch, ...).
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(image)
        score = critic(image)
    gradient = tf.cast(tape.gradient(score, image), tf.float32)
    return tf.reduce_sum(tf.reshape(tf.square(gradient), (score.shape[0], -1)), axis=1)


def length(squared: tf.Tensor) -> tf.Tensor:
    """Return the roots of squared norms, with a finite gradient at 0."""
    return tf.sqrt(squared + SMALLEST)


def between(there: tf.Tensor, here: tf.Tensor, batch: Batch, logits: int) -> tf.Tensor:
    """Return points on the lines from `here` to `there`, uniform; images of one logit lie equally far.

    Args:
        there, here: of the same shape (batch, ...).
        batch: the turn's, for its randomness.
        logits: how many the critic says of a batch.
    """
    images = here.shape[0]
    share = tf.reshape(batch.uniform(), (logits, -1))[:, :1]
    share = tf.reshape(tf.tile(share, (1, images // logits)), (images, *[1] * (here.shape.rank - 1)))
    return here + share * (there - here)
