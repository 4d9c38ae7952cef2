"""Top-k: the generator learns from the fakes that fool best, and not from those that drag it astray."""

import tensorflow as tf

from ganctl.check import expect_whole
from ganctl.error import UsageError
from ganctl.game.adversary import Adversary
from ganctl.game.batch import Batch
from ganctl.game.part import Part


class TopK(Part):
    """The generator's gradient is that of the k fakes with the largest logits; the others' is zero.

    Sinha et al. (2020), section 3, equation 3: k starts at the whole batch and shrinks by `decay` every so
    many steps, down to `share` of the batch. The generator's term is a mean over as many numbers as the
    batch has, the k best ones over and over, so that shapes stay static; its gradient is exactly that of
    the mean over the k best, its value is so too where k divides the batch. A discriminator with several
    logits per fake ranks by their mean.

    Args:
        share: of the batch that is left in the end, the paper's nu, in (0, 1].
        decay: what k is multiplied with, the paper's gamma, in (0, 1].
        every: steps between two multiplications, at least 1.

    Raises:
        UsageError: for a number outside its range, or a relativistic loss, which pairs fakes with reals.
    """

    def __init__(self, share: float = 0.5, decay: float = 0.99, every: int = 2000) -> None:
        for name, number in (("share", share), ("decay", decay)):
            if not 0 < number <= 1:
                raise UsageError(f"remedy.top_k.{name}: expected a number in (0, 1], got {number}.")
        expect_whole("remedy.top_k.every", every, 1)
        self.fraction, self.decay, self.every = float(share), float(decay), every

    def join(self, adversary: Adversary) -> None:
        if adversary.loss.relative:
            raise UsageError(
                "remedy=[top_k] chooses among fakes, which a relativistic loss pairs with reals; "
                "type loss=nonsaturating."
            )

    def best(self, step: tf.Tensor, count: int) -> tf.Tensor:
        """Return k of a batch of `count` at a step, an int32 scalar of at least 1."""
        shrunk = tf.pow(tf.constant(self.decay), tf.cast(step // self.every, tf.float32))
        return tf.cast(tf.maximum(tf.round(count * tf.maximum(shrunk, self.fraction)), 1.0), tf.int32)

    def generator_logits(self, logits: tf.Tensor, batch: Batch) -> tf.Tensor:
        count = logits.shape[0]
        k = self.best(batch.step, count)
        rank = tf.argsort(
            tf.reduce_mean(tf.reshape(logits, (count, -1)), axis=1), direction="DESCENDING", stable=True
        )
        place = tf.range(count) % k
        # How often the place-th best is repeated: once more where the last repetition is cut short after it.
        repeated = count // k + tf.cast(place < count % k, tf.int32)
        scale = tf.cast(count, logits.dtype) / tf.cast(k * repeated, logits.dtype)
        scale = tf.reshape(scale, (count, *[1] * (logits.shape.rank - 1)))

        @tf.custom_gradient
        def weigh(values: tf.Tensor):
            return tf.identity(values), lambda upstream: upstream * scale

        return weigh(tf.gather(logits, tf.gather(rank, place)))
