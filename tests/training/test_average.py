"""Averages: the recursion, its ramp and start, and batch statistics estimated for averaged weights."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from builders import point_fields, tiny

from ganctl.error import UsageError
from ganctl.game.batch import Batch
from ganctl.game.game import Game
from ganctl.loss.cross_entropy import NonSaturating
from ganctl.model.gan import GAN
from ganctl.training.average import LATENTS, ExponentialAverage


def played(average: ExponentialAverage, values: list[float]) -> list[float]:
    """Return the average after each of these values of a lone weight that starts at 0."""
    weight = keras.Variable(0.0)
    average.start(SimpleNamespace(players={"generator": [SimpleNamespace(variables=[weight])]}))
    (_, shadow), *_ = average.shadows["generator"]
    found = []
    for value in values:
        weight.assign(value)
        average.update("generator")
        found.append(float(shadow))
    return found


VALUES = [3.0, -1.0, 4.0, 1.0, -5.0, 9.0]


def test_the_average_is_its_recursion(tensorflow):
    expected, mean = [], 0.0
    for value in VALUES:
        mean = 0.75 * mean + 0.25 * value
        expected.append(mean)
    assert played(ExponentialAverage(0.75), VALUES) == pytest.approx(expected, rel=1e-6)


def test_the_ramp_is_one_plus_t_over_ten_plus_t_up_to_the_decay(tensorflow):
    expected, mean = [], 0.0
    for t, value in enumerate(VALUES):
        decay = min(0.3, (1 + t) / (10 + t))
        mean = decay * mean + (1 - decay) * value
        expected.append(mean)
    average = ExponentialAverage(0.3, ramp=True)
    assert played(average, VALUES) == pytest.approx(expected, rel=1e-6)
    assert list(average.state())[1:] == ["generator/turns"]


def test_until_it_starts_the_average_is_the_weights(tensorflow):
    expected, mean = VALUES[:3], VALUES[2]
    for t, value in enumerate(VALUES[3:]):
        decay = (1 + t) / (10 + t)
        mean = decay * mean + (1 - decay) * value
        expected = [*expected, mean]
    found = played(ExponentialAverage(0.999, ramp=True, start=3), VALUES)
    assert found == pytest.approx(expected, rel=1e-6)


def one_layer() -> GAN:
    """A generator of a linear map and batch normalization, with known weights."""
    kernel = np.random.default_rng(0).normal(size=(3, 2)).astype(np.float32)

    def generator(latent, shape):
        start = keras.initializers.Constant(kernel)
        layers = [
            keras.layers.Dense(2, use_bias=False, kernel_initializer=start),
            keras.layers.BatchNormalization(momentum=0.9),
            keras.layers.Dropout(0.5),
        ]
        return keras.Sequential([keras.Input((latent,)), *layers])

    network = SimpleNamespace(
        generator=generator,
        discriminator=lambda shape: keras.Sequential([keras.Input(shape), keras.layers.Dense(1)]),
    )
    return GAN(network, point_fields(), latent=3, loss=NonSaturating())


def test_estimated_statistics_are_the_means_of_batches_statistics(tensorflow):
    game, average = one_layer(), ExponentialAverage(statistics="reestimated", batches=3)
    average.start(game)
    before = [variable.numpy() for variable in game.generator.variables]
    game.generator.trainable_weights[0].assign(np.zeros((3, 2)))  # the averaged weights count, not these
    key = tensorflow.constant([7, -4])
    mean, variance = average.estimate(7)
    batches = []
    for index in range(3):
        batch = Batch({}, size=LATENTS, key=tensorflow.random.fold_in(key, index))
        batches.append(game.latents(batch).numpy() @ before[0])
    np.testing.assert_allclose(mean, np.mean([b.mean(axis=0) for b in batches], axis=0), atol=1e-6)
    np.testing.assert_allclose(variance, np.mean([b.var(axis=0) for b in batches], axis=0), rtol=1e-5)
    for was, variable in list(zip(before, game.generator.variables, strict=True))[1:]:
        assert np.array_equal(was, variable.numpy())  # dropout's seed and moving statistics too
    with average.applied([mean, variance]):
        sample = game.sample(Batch({}, size=5, key=key)).numpy()
    latents = game.latents(Batch({}, size=5, key=key)).numpy()
    np.testing.assert_allclose(sample, (latents @ before[0] - mean) / np.sqrt(variance + 1e-3), atol=1e-5)


def test_samples_use_estimated_statistics_which_are_found_once_a_call(make):
    words = [*tiny("dcgan"), "average=ema", "average.decay=0.5", "average.ramp=false", "average.batches=2"]
    _, dataset, trainer = make(*words, "average.statistics=reestimated")
    trainer.train(iter(dataset.batches(8, seed=0)), 3)
    before, calls, estimator = trainer.state.values(), [], trainer.average._estimator
    trainer.average._estimator = lambda *given: (calls.append(1), estimator(*given))[1]
    first, again = (
        trainer.sampler.sample(130, seed=1),
        trainer.sampler.sample(130, seed=1),
    )  # three blocks each
    assert len(calls) == 2 and np.array_equal(first, again)
    after = trainer.state.values()
    assert all(np.array_equal(before[name], after[name]) for name in before)
    assert np.isfinite(first).all() and np.abs(first).max() <= 1


def test_bad_values_are_refused(tensorflow):
    for wrong in ({"decay": 1.0}, {"ramp": 1}, {"start": -1}, {"statistics": "last"}, {"batches": 0}):
        with pytest.raises(UsageError, match=f"average.{next(iter(wrong))}"):
            ExponentialAverage(**wrong)
    with pytest.raises(UsageError, match="some of"):
        ExponentialAverage(players=["nobody"]).start(Game())
    with pytest.raises(UsageError, match=r"type average\.statistics=averaged"):
        game = Game()
        game.players = {"generator": []}
        ExponentialAverage(statistics="reestimated").start(game)
