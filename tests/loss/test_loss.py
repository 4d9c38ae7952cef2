"""Losses against closed forms."""

import math

import numpy as np
import pytest

from ganctl.loss.cross_entropy import Minimax, NonSaturating
from ganctl.loss.least_squares import LeastSquares

REAL, FAKE = np.array([[2.0], [-1.0]], np.float32), np.array([[0.5], [-3.0]], np.float32)


def sigmoid(x):
    return 1 / (1 + np.exp(-x.astype(np.float64)))


def test_the_discriminator_s_cross_entropy_is_goodfellow_s_value_function():
    expected = -np.log(sigmoid(REAL)).mean() - np.log(1 - sigmoid(FAKE)).mean()
    for kind in (NonSaturating, Minimax):
        assert float(kind().discriminator(REAL, FAKE)) == pytest.approx(expected, rel=1e-6)


def test_an_undecided_discriminator_costs_two_log_two():
    zero = np.zeros((4, 1), np.float32)
    assert float(NonSaturating().discriminator(zero, zero)) == pytest.approx(2 * math.log(2))


def test_the_generators_minimise_minus_log_d_and_log_one_minus_d():
    fooled = sigmoid(FAKE)
    assert float(NonSaturating().generator(FAKE)) == pytest.approx(-np.log(fooled).mean(), rel=1e-6)
    assert float(Minimax().generator(FAKE)) == pytest.approx(np.log(1 - fooled).mean(), rel=1e-6)


def test_the_minimax_gradient_saturates_where_the_other_does_not(tensorflow):
    logits = tensorflow.constant([[-20.0]])
    slopes = {}
    for kind in (NonSaturating, Minimax):
        with tensorflow.GradientTape() as tape:
            tape.watch(logits)
            value = kind().generator(logits)
        slopes[kind] = float(tape.gradient(value, logits)[0, 0])
    assert slopes[NonSaturating] == pytest.approx(-1.0, rel=1e-6)
    assert abs(slopes[Minimax]) < 1e-8


@pytest.mark.parametrize("kind", [NonSaturating, Minimax])
def test_probabilities_give_what_their_logits_give(kind):
    real, fake = (sigmoid(x).astype(np.float32) for x in (REAL, FAKE))
    by_logits, by_probability = kind(), kind(from_logits=False)
    assert float(by_probability.discriminator(real, fake)) == pytest.approx(
        float(by_logits.discriminator(REAL, FAKE)), rel=1e-5
    )
    assert float(by_probability.generator(fake)) == pytest.approx(float(by_logits.generator(FAKE)), rel=1e-5)


def test_probabilities_are_judged_as_keras_does(tensorflow):
    keras_loss = tensorflow.keras.losses.BinaryCrossentropy(from_logits=False)
    probability = np.array([[0.0], [0.3], [1.0]], np.float32)
    ones = np.ones_like(probability)
    expected = float(keras_loss(ones, probability))
    assert float(NonSaturating(from_logits=False).generator(probability)) == pytest.approx(expected, rel=1e-5)


def test_extreme_logits_stay_finite():
    far = np.array([[1e4], [-1e4]], np.float32)
    for kind in (NonSaturating(), Minimax(), LeastSquares()):
        assert np.isfinite(float(kind.discriminator(far, far))) and np.isfinite(float(kind.generator(far)))


def test_least_squares_measures_distances_to_its_labels():
    kind = LeastSquares(a=-1.0, b=1.0, c=0.0)  # equation 8 of the paper
    expected = 0.5 * ((REAL - 1) ** 2).mean() + 0.5 * ((FAKE + 1) ** 2).mean()
    assert float(kind.discriminator(REAL, FAKE)) == pytest.approx(expected)
    assert float(kind.generator(FAKE)) == pytest.approx(0.5 * (FAKE**2).mean())
