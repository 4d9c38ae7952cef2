"""Who wins: from what the discriminator says of real and fake to the two players' adversarial terms.

Every loss has `discriminator(real, fake)` and `generator(fake, real)`; `real` and `fake` are float32 tensors
of shape (batch, ...), logits unless said otherwise, and the result is a scalar, a mean over all of them.
`boundary` is what an undecided discriminator says; `relative` losses need the real logits in the generator's
turn too, where the others are given None.
"""

import tensorflow as tf

SMALLEST = 1e-7  # Keras's epsilon: probabilities are kept this far from 0 and 1 before their logarithm


class CrossEntropy:
    """The discriminator's half of the value function, -log D(x) - log(1 - D(G(z))).

    Goodfellow et al. (2014), equation 1. Computed from logits as softplus, which never overflows.

    Args:
        from_logits: whether the discriminator ends in logits; otherwise it ends in probabilities, whose
            gradient vanishes within 1e-7 of 0 and 1, as in Keras.
    """

    relative = False

    def __init__(self, from_logits: bool = True) -> None:
        self.from_logits = from_logits
        self.boundary = 0.0 if from_logits else 0.5

    def discriminator(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        return self._surprise(real, truth=True) + self._surprise(fake, truth=False)

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

    Goodfellow et al. (2014), equation 1.
    """

    def generator(self, fake: tf.Tensor, real: tf.Tensor | None = None) -> tf.Tensor:
        return -self._surprise(fake, truth=False)


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
