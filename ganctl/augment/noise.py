"""Instance noise: blur real and fake until they overlap, and less and less."""

import tensorflow as tf

from ganctl.check import expect_whole
from ganctl.error import UsageError
from ganctl.game.batch import Batch
from ganctl.game.part import Part


class InstanceNoise(Part):
    """Gaussian noise on everything that the critic sees, annealed linearly to none.

    Sonderby et al. (2017), section 3.2, equation 7; Arjovsky and Bottou (2017), section 3: the two
    distributions overlap, so that the discriminator cannot win outright.

    Args:
        sigma: deviation of the noise at step 0, in units of the data (images are in [-1, 1]), at least 0.
        steps: after which there is none; null leaves it as it is.

    Raises:
        UsageError: for a number outside its range.
    """

    def __init__(self, sigma: float = 0.1, steps: int | None = 10_000) -> None:
        if sigma < 0:
            raise UsageError(f"augment.instance_noise.sigma: expected at least 0, got {sigma}.")
        if steps is not None:
            expect_whole("augment.instance_noise.steps", steps, 1)
        self.sigma, self.steps = float(sigma), steps

    def level(self, step: tf.Tensor) -> tf.Tensor:
        """Return the deviation at a step, a float32 scalar."""
        if self.steps is None:
            return tf.constant(self.sigma)
        left = 1.0 - tf.cast(step, tf.float32) / self.steps
        return self.sigma * tf.maximum(left, 0.0)

    def prepare(self, image: tf.Tensor, batch: Batch) -> tf.Tensor:
        noise = batch.normal(*image.shape[1:])
        return image + tf.cast(self.level(batch.step) * noise, image.dtype)
