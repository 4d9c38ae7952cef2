"""How badly an autoencoder renders what it is given: the energy of EBGAN and BEGAN."""

import math

import tensorflow as tf
from keras import layers

from ganctl.check import expect_one_of

REDUCTIONS = ("norm", "mean_squares", "mean_absolute")


class NegativeEnergy(layers.Layer):
    """From (samples, what an autoencoder made of them), (batch, ...) each, to -energy, float32 (batch, 1).

    The energy is low where a sample is rendered well, as real ones are; negated, reals have the larger
    numbers, as every other discriminator's logits.

    Args:
        reduction: "norm", the Euclidean length of the difference (Zhao et al., 2017, equation 4);
            "mean_squares" of the difference; or "mean_absolute" (Berthelot et al., 2017, equation 1).
    """

    def __init__(self, reduction: str = "norm") -> None:
        super().__init__(dtype="float32", name="energy")
        expect_one_of("network.discriminator.reduction", reduction, REDUCTIONS)
        self.reduction = reduction

    def call(self, given):
        sample, rendered = given
        difference = tf.reshape(sample - rendered, (-1, math.prod(sample.shape[1:])))
        if self.reduction == "mean_absolute":
            energy = tf.reduce_mean(tf.abs(difference), axis=1, keepdims=True)
        elif self.reduction == "mean_squares":
            energy = tf.reduce_mean(tf.square(difference), axis=1, keepdims=True)
        else:  # the root has no slope at 0
            energy = tf.sqrt(tf.reduce_sum(tf.square(difference), axis=1, keepdims=True) + 1e-12)
        return -energy

    def compute_output_shape(self, input_shape):
        return (input_shape[0][0], 1)
