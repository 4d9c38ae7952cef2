"""Penalties against closed forms: a linear critic w.x has the slope w everywhere."""

import numpy as np
import pytest

from ganctl.error import UsageError
from ganctl.game import Batch
from ganctl.penalty import R1, squared_slope


@pytest.fixture
def batch(tensorflow):
    def at(step):
        return Batch({}, size=4, key=tensorflow.constant([0, 0]), step=tensorflow.constant(step, "int64"))

    return at


@pytest.fixture
def linear(tensorflow):
    weights = tensorflow.constant(np.random.default_rng(0).normal(size=(12, 1)).astype(np.float32))
    images = tensorflow.ones((4, 2, 2, 3))
    return (
        (lambda image: tensorflow.reshape(image, (4, 12)) @ weights),
        images,
        float((weights.numpy() ** 2).sum()),
    )


def test_r1_of_a_linear_critic_is_half_its_weight_times_the_squared_slope(linear, batch):
    critic, images, slope = linear
    assert float(R1(weight=10.0)(critic, images, images, batch(0))) == pytest.approx(5 * slope, rel=1e-5)


def test_a_lazy_r1_costs_the_same_on_average(linear, batch):
    critic, images, slope = linear
    lazy = R1(weight=2.0, every=4)
    charged = [float(lazy(critic, images, images, batch(step))) for step in range(8)]
    assert charged[1:4] == [0.0] * 3 and np.mean(charged) == pytest.approx(slope, rel=1e-5)


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


def test_r1_joins_the_terms_of_a_recipe_and_trains(make):
    from conftest import tiny

    _, dataset, trainer = make(*tiny("dcgan"), "penalty=[r1]", "penalty.r1.every=2")
    batches = iter(dataset.batches(8, seed=0))
    reports = []
    for _ in range(2):
        values = trainer.train(batches).numpy()
        report = dict(zip(trainer.terms, values, strict=True))
        reports.append(report["discriminator/r1"])
    assert reports[0] > 0 and reports[1] == 0


def test_bad_numbers_are_refused():
    with pytest.raises(UsageError, match=r"weight >= 0"):
        R1(weight=-1.0)
