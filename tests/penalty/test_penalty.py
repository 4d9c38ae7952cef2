"""Penalties on slopes: closed forms on linear and quadratic critics, gradients by finite differences."""

import numpy as np
import pytest
from builders import tiny
from critics import FAKE, LINE, MATRIX, NOISE, REAL, SIZE, WIDTH, at, charge, linear

from ganctl.error import UsageError
from ganctl.penalty.slope import (
    DRAGAN,
    R1,
    R2,
    GradientPenalty,
    Lipschitz,
    ZeroCentred,
    between,
    squared_slope,
)

SLOPES = [R1, R2, GradientPenalty, Lipschitz, ZeroCentred, DRAGAN]


def quadratic(image):
    """x^T A x / 2, whose slope is (A + A^T) x / 2."""
    import tensorflow as tf

    return tf.reduce_sum(image * (image @ MATRIX), axis=1, keepdims=True) / 2


def slope_of_quadratic(points):
    """Squared slopes in float64."""
    whole = (MATRIX.astype(np.float64) + MATRIX.T) / 2
    return ((points.astype(np.float64) @ whole) ** 2).sum(axis=1)


def shares(size=SIZE):
    """The uniform numbers that a batch draws first."""
    return at(size=size).uniform().numpy().astype(np.float64)[:, None]


def points_of(kind):
    """Where a penalty looks, in float64."""
    real, fake = REAL.astype(np.float64), FAKE.astype(np.float64)
    if kind in (R1, R2):
        return real if kind is R1 else fake
    if kind is DRAGAN:
        batch = at()
        far = real + 0.5 * real.std() * batch.uniform(WIDTH).numpy()
        return real + batch.uniform().numpy()[:, None] * (far - real)
    return fake + shares() * (real - fake)


COSTS = {
    R1: lambda squared: squared / 2,
    R2: lambda squared: squared / 2,
    ZeroCentred: lambda squared: squared,
    GradientPenalty: lambda squared: (np.sqrt(squared) - 1) ** 2,
    DRAGAN: lambda squared: (np.sqrt(squared) - 1) ** 2,
    Lipschitz: lambda squared: np.maximum(0, np.sqrt(squared) - 1) ** 2,
}


@pytest.mark.parametrize("kind", SLOPES)
def test_on_a_linear_critic_a_penalty_is_that_of_its_one_slope(kind):
    expected = 3.0 * COSTS[kind]((LINE.astype(np.float64) ** 2).sum())
    assert float(charge(kind(weight=3.0), linear)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("kind", SLOPES)
def test_on_a_quadratic_critic_it_is_that_of_the_slopes_at_its_points(kind):
    expected = 3.0 * COSTS[kind](slope_of_quadratic(points_of(kind))).mean()
    assert float(charge(kind(weight=3.0), quadratic)) == pytest.approx(expected, rel=1e-4)


def test_dragan_s_paper_draws_normal_noise():
    drawn = at().normal(WIDTH).numpy().astype(np.float64)
    points = REAL + 0.25 * REAL.astype(np.float64).std() * drawn
    expected = ((np.sqrt(slope_of_quadratic(points)) - 1) ** 2).mean()
    found = charge(DRAGAN(weight=1.0, noise="normal", scale=0.25), quadratic)
    assert float(found) == pytest.approx(expected, rel=1e-4)


def test_only_a_slope_above_one_costs_lipschitz():
    for size, free in ((0.99, True), (1.01, False)):
        line = LINE * size / np.linalg.norm(LINE)
        cost = float(charge(Lipschitz(weight=1e6), lambda image, line=line: image @ line))
        assert (cost == 0.0) == free


@pytest.mark.parametrize("kind", SLOPES)
def test_the_gradient_on_the_critic_s_weights_equals_finite_differences(kind, tensorflow):
    tf, first = tensorflow, NOISE.normal(size=(WIDTH, 4)).astype(np.float32) * 1.5
    last = NOISE.normal(size=(4, 1)).astype(np.float32) * 1.5
    points, cost = points_of(kind), COSTS[kind]

    def value(weights):
        """The closed form of tanh(x W) v, whose slope is W (v * (1 - tanh^2))."""
        inside = 1 - np.tanh(points @ weights) ** 2
        slopes = (inside * last[:, 0].astype(np.float64)) @ weights.T
        return cost((slopes**2).sum(axis=1)).mean()

    weights = tf.Variable(first)
    with tf.GradientTape() as tape:
        total = charge(kind(weight=1.0), lambda image: tf.tanh(image @ weights) @ last)
    found, exact = tape.gradient(total, weights).numpy(), first.astype(np.float64)
    for index in np.ndindex(first.shape):
        move = np.zeros_like(exact)
        move[index] = 1e-6
        expected = (value(exact + move) - value(exact - move)) / 2e-6
        assert found[index] == pytest.approx(expected, rel=2e-3, abs=2e-4)


@pytest.mark.parametrize("kind", SLOPES)
def test_a_flat_critic_has_finite_gradients(kind, tensorflow):
    weights = tensorflow.Variable(np.zeros_like(LINE))
    with tensorflow.GradientTape() as tape:
        total = charge(kind(), lambda image: image @ weights)
    assert np.isfinite(float(total)) and np.isfinite(tape.gradient(total, weights).numpy()).all()


def test_a_packed_critic_has_one_slope_for_each_logit(tensorflow):
    tf, packed = tensorflow, np.concatenate([LINE, 2 * LINE])

    def critic(image):
        return tf.reshape(image, (SIZE // 2, 2 * WIDTH)) @ packed

    whole = 5 * (LINE.astype(np.float64) ** 2).sum()
    squared = squared_slope(critic, tf.constant(REAL)).numpy()
    assert squared.shape == (SIZE // 2,) and squared == pytest.approx(np.full(3, whole), rel=1e-5)
    for kind in SLOPES:
        assert float(charge(kind(weight=1.0), critic)) == pytest.approx(COSTS[kind](whole), rel=1e-5)


def test_images_of_one_logit_lie_equally_far_between(tensorflow):
    here, there = tensorflow.zeros((SIZE, 2, 2, 1)), tensorflow.ones((SIZE, 2, 2, 1))
    far = between(there, here, at(), SIZE // 2).numpy().reshape(SIZE, 4)
    assert np.ptp(far, axis=1).max() == 0 and np.array_equal(far[0::2], far[1::2])
    assert len(np.unique(far)) == SIZE // 2 and far.min() >= 0 and far.max() < 1


def test_a_lazy_penalty_costs_the_same_on_average_and_is_first_charged_at_step_0():
    lazy, slope = R1(weight=2.0, every=4), (LINE.astype(np.float64) ** 2).sum()
    charged = [float(charge(lazy, linear, step)) for step in range(8)]
    assert charged[0] > 0 and charged[4] > 0
    assert charged[1:4] == [0.0] * 3 and np.mean(charged) == pytest.approx(slope, rel=1e-5)


def test_a_penalty_without_weight_computes_nothing():
    def never(image):
        raise AssertionError("the critic was asked")

    assert float(charge(R1(weight=0.0), never)) == 0.0


def test_the_slope_equals_finite_differences(tensorflow):
    point = np.array([[0.3, -0.2]], np.float64)

    def critic(x):
        return tensorflow.sin(3 * x[:, :1]) * tensorflow.exp(x[:, 1:])

    step, slope = 1e-5, []
    for axis in np.eye(2):
        above, below = (float(critic(tensorflow.constant(point + s * axis))[0, 0]) for s in (step, -step))
        slope.append((above - below) / (2 * step))
    found = float(squared_slope(critic, tensorflow.constant(point))[0])
    assert found == pytest.approx(np.square(slope).sum(), rel=1e-6)


def test_lazy_terms_join_a_recipe_and_train_at_once(make):
    words = ["penalty=[r1,r2]", "penalty.r1.every=2", "loss=relativistic"]
    _, dataset, trainer = make(*tiny("dcgan"), *words)
    batches = iter(dataset.batches(8, seed=0))
    reports = []
    for _ in range(2):
        values = trainer.train(batches).numpy()
        reports.append(dict(zip(trainer.rounds.terms, values, strict=True)))
    lazy, other = ([report[f"discriminator/{name}"] for report in reports] for name in ("r1", "r2"))
    assert lazy[0] > 0 and lazy[1] == 0 and min(other) > 0


@pytest.mark.parametrize("penalty", ["gradient_penalty", "lipschitz", "dragan", "zero_centred"])
def test_batch_normalization_is_refused_where_a_slope_off_the_data_is_asked_for(penalty, make):
    words = [f"penalty=[{penalty}]", "norm.discriminator=batch"]
    with pytest.raises(UsageError, match=rf"^penalty\.{penalty}: .*type norm\.discriminator=layer"):
        make(*tiny("dcgan"), *words)
    make(*tiny("dcgan"), *words, f"penalty.{penalty}.weight=0")


def test_batch_normalization_is_warned_of_on_the_data(make):
    _, _, trainer = make(*tiny("dcgan"), "penalty=[r1,r2]", "norm.discriminator=batch")
    assert [text.split(":")[0] for text in trainer.game.warnings] == ["penalty.r1", "penalty.r2"]


@pytest.mark.parametrize(
    ("make_it", "words"),
    [
        (lambda: R1(weight=-1.0), r"penalty\.r1\.weight: expected a number of at least 0, got '-1.0'"),
        (lambda: GradientPenalty(weight="x"), r"penalty\.gradient_penalty\.weight: expected a number"),
        (lambda: R2(every=0), r"penalty\.r2\.every: expected a whole number of at least 1"),
        (lambda: R2(weight=float("nan")), "expected a number"),
        (lambda: R2(weight=float("inf")), "expected a number"),
        (lambda: DRAGAN(noise="normall"), r"penalty\.dragan\.noise: .*Did you mean 'normal'"),
        (lambda: DRAGAN(scale=-1), r"penalty\.dragan\.scale"),
    ],
)
def test_bad_values_are_refused(make_it, words):
    with pytest.raises(UsageError, match=words):
        make_it()
