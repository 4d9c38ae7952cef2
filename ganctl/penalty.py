"""What a critic pays for being steep. It knows no family: only (critic, real, fake, batch)."""

from collections.abc import Callable

import tensorflow as tf

from ganctl.error import UsageError
from ganctl.game import Batch

Critic = Callable[[tf.Tensor], tf.Tensor]


class R1:
    """Squared slope at real images, weight / 2 * E|grad D(x)|^2 (Mescheder et al., 2018, equation 9).

    Args:
        weight: the paper's gamma, at least 0.
        every: charge it in every n-th round, n times as much (Karras et al., 2020, section 3.1).
    """

    def __init__(self, weight: float = 10.0, every: int = 1) -> None:
        if weight < 0 or every < 1:
            raise UsageError(
                f"penalty r1: expected weight >= 0 and every >= 1, got weight={weight} and every={every}."
            )
        self.weight, self.every = weight, every

    def __call__(self, critic: Critic, real: tf.Tensor, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        def due() -> tf.Tensor:
            return self.weight / 2 * self.every * tf.reduce_mean(squared_slope(critic, real))

        if self.every == 1:
            return due()
        return tf.cond(batch.step % self.every == 0, due, lambda: tf.constant(0.0))


def squared_slope(critic: Critic, image: tf.Tensor) -> tf.Tensor:
    """Return the squared norm of the critic's gradient at each image, float32 of shape (batch,)."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(image)
        score = critic(image)
    gradient = tf.cast(tape.gradient(score, image), tf.float32)
    return tf.reduce_sum(tf.square(gradient), axis=range(1, image.shape.rank))
