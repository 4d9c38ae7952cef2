"""Squared distances to labels."""

import tensorflow as tf

from ganctl.game.part import Loss


class LeastSquares(Loss):
    """Squared distances to the labels a (fake), b (real) and c (what the generator wants).

    LSGAN, Mao et al. (2017), equation 2; the defaults are its equation 9 (a=0, b=c=1), halves included.
    """

    def __init__(self, a: float = 0.0, b: float = 1.0, c: float = 1.0) -> None:
        self.a, self.b, self.c = a, b, c
        self.boundary = (a + b) / 2

    def discriminator(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        return 0.5 * (tf.reduce_mean((real - self.b) ** 2) + tf.reduce_mean((fake - self.a) ** 2))

    def generator(self, fake: tf.Tensor, real: tf.Tensor | None = None) -> tf.Tensor:
        return 0.5 * tf.reduce_mean((fake - self.c) ** 2)
