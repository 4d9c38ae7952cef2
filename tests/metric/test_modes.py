"""metric=modes on samples whose answer is known, on the truth itself, and in training."""

from types import SimpleNamespace

import numpy as np
import pytest

from ganctl.config.compose import compose
from ganctl.dataset.images.stacked_mnist import Thousand, stacked_mnist
from ganctl.dataset.points import points
from ganctl.error import UsageError
from ganctl.metric.modes import Modes, measured
from ganctl.training import build


def of(samples, dataset):
    return Modes()(
        SimpleNamespace(draw=samples if callable(samples) else lambda count: samples, dataset=dataset)
    )


def test_hand_made_samples_have_the_numbers_of_their_formulas():
    cells = np.array([0] * 6 + [1] * 3 + [-1])
    found = measured(cells, np.full(4, 0.25), least=0.2)
    assert found["captured"] == 2 and found["quality"] == 0.9
    shares = np.array([2 / 3, 1 / 3])
    assert found["total_variation"] == pytest.approx(0.5 * (2 / 3 - 0.25 + 1 / 3 - 0.25 + 0.5))
    assert found["kl"] == pytest.approx(float((shares * np.log(shares * 4)).sum()))
    assert measured(cells, np.full(4, 0.25), least=0.4)["captured"] == 1
    assert "captured" not in measured(cells, np.full(4, 0.25), least=None)


def test_exactly_the_truth_is_no_distance_away_and_weights_count():
    found = measured(np.array([0, 0, 0, 1]), np.array([0.75, 0.25]), least=0.0)
    assert found["total_variation"] == 0 and found["kl"] == pytest.approx(0)


def test_without_a_good_sample_everything_is_at_its_worst_and_finite():
    found = measured(np.full(10, -1), np.full(8, 1 / 8), least=0.001)
    assert (found["captured"], found["quality"], found["total_variation"]) == (0, 0, 1)
    assert found["kl"] == pytest.approx(np.log(8))


@pytest.mark.parametrize(
    ("maker", "captured", "quality", "variation"),
    [
        (points.ring, 8, 1 - np.exp(-4.5), 0.02),
        (points.grid, 25, 1 - np.exp(-4.5), 0.03),
        (lambda: points.grid(side=10), 100, 1 - np.exp(-4.5), 0.06),
        (points.line, 3, 0.9973, 0.02),
        (points.sine, None, 1.0, 0.06),
        (points.swiss_roll, None, 0.9973, 0.06),
    ],
)
def test_the_truth_itself_captures_every_mode(maker, captured, quality, variation):
    dataset = maker()
    found = of(dataset.take, dataset)
    assert found.get("captured") == captured
    assert found["quality"] == pytest.approx(quality, abs=0.004)
    assert found["total_variation"] < variation and found["kl"] < variation


def test_collapse_is_seen():
    dataset = points.ring()
    samples = dataset.truth.modes[2] + 0.001 * np.random.default_rng(0).normal(size=(10_000, 2))
    found = of(samples, dataset)
    assert (found["captured"], found["quality"]) == (1, 1)
    assert found["total_variation"] == pytest.approx(7 / 8) and found["kl"] == pytest.approx(np.log(8))
    half = np.concatenate([samples[:5000], np.zeros((5000, 2))])
    assert of(half, dataset)["quality"] == 0.5


def test_the_protocol_decides_how_many_samples_unless_the_config_does():
    asked = []

    def draw(count):
        asked.append(count)
        return points.ring().take(count)

    Modes()(SimpleNamespace(draw=draw, dataset=points.ring()))
    Modes(samples=123)(SimpleNamespace(draw=draw, dataset=points.ring()))
    assert asked == [10_000, 123]
    with pytest.raises(UsageError, match=r"metric\.modes\.samples"):
        Modes(samples=0)


def test_data_without_a_known_truth_are_refused_before_training():
    config = compose(["metric=[modes]"]).plain()
    with pytest.raises(UsageError, match="expected data whose truth is known, got digits; type dataset=ring"):
        build.dataset(config)


def test_training_measures_and_a_sample_does_not_depend_on_how_many_are_drawn(make):
    _, dataset, trainer = make(
        "dataset=ring", "network=points", "model=gan", "metric=[modes]", "trainer.batch_size=8"
    )
    found = trainer.evaluate(dataset)
    assert {"modes/captured", "modes/quality", "modes/total_variation", "modes/kl"} <= found.keys()
    many = trainer.sampler.sample(5000, seed=1)
    assert many.shape == (5000, 2) and np.array_equal(trainer.sampler.sample(7, seed=1), many[:7])


def test_stacked_digits_spell_a_number():
    samples = np.zeros((4, 28, 28, 3), np.float32)
    digits = np.array([[0, 0, 0], [9, 9, 9], [1, 2, 3], [0, 4, 0]])
    samples[:] = digits[:, None, None, :] / 10

    def read(pictures):
        assert pictures.shape == (4, 28, 28, 1)
        return np.rint(pictures[:, 0, 0, 0] * 10).astype(int)

    assert Thousand().assign(samples, read).tolist() == [0, 999, 123, 40]
    assert measured(np.arange(1000), Thousand.weights, Thousand.least)["captured"] == 1000


def test_real_stacked_digits_have_a_thousand_modes(real_data):
    dataset = stacked_mnist(path=str(real_data / "mnist"))
    assert dataset.shape == (28, 28, 3) and len(dataset) == 60_000
    found = of(dataset.take, dataset)
    # What 26,000 uniform samples have, (1000 - 1) / (2 * 26,000), and what unequal digits add.
    assert found["captured"] == 1000 and found["kl"] == pytest.approx(0.0192 + 0.0043, abs=0.003)
    assert "quality" not in found


def test_stacked_digits_depend_on_seed_and_position_and_their_channels_are_independent(real_data):
    dataset = stacked_mnist(path=str(real_data / "mnist"), split="test")
    batches = [element["image"].numpy() for element in dataset.batches(64, seed=5).take(4)]
    assert batches[0].shape == (64, 28, 28, 3)
    assert batches[0].dtype == np.float32 and abs(batches[0]).max() <= 1
    later = next(iter(dataset.batches(64, seed=5, start=3)))["image"].numpy()
    assert np.array_equal(later, batches[3])
    other = next(iter(dataset.batches(32, seed=5, start=6)))["image"].numpy()
    assert np.array_equal(other, batches[3][:32])
    assert not np.array_equal(batches[0][..., 0], batches[0][..., 1])
    flat = np.concatenate(batches).reshape(-1, 784, 3)
    centred = flat - flat.mean(axis=0)
    between = (centred[..., 0] * centred[..., 1]).sum(axis=1)
    assert abs(between.mean()) < 4 * between.std() / np.sqrt(len(between))
