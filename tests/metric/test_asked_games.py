"""Metrics that ask a game for more than its samples: pairs of two domains, and a run's own classifier."""

from types import SimpleNamespace

import numpy as np
import pytest
from builders import tiny

from ganctl.dataset.pairs.halves import changed
from ganctl.error import UsageError
from ganctl.metric.accuracy import Accuracy
from ganctl.metric.pairs import Pairs, agreement
from ganctl.metric.samples import Samples
from ganctl.metric.view import Side


def test_pairs_agree_in_all_pixels_and_shuffled_ones_as_chance_has_it():
    """Independent black and white pixels, a share p of them white, agree in p^2 + (1 - p)^2 of all."""
    pictures = np.random.default_rng(0).choice(np.array([0, 255], np.uint8), (400, 12, 12, 1), p=[0.7, 0.3])
    found = agreement(pictures, pictures)
    assert found["agreement"] == 1.0 and found["shuffled"] == pytest.approx(0.58, abs=0.01)
    assert found["gain"] == found["agreement"] - found["shuffled"]
    assert agreement(pictures, 255 - pictures)["agreement"] == 0.0
    assert agreement(changed(pictures, "negatives"), 255 - pictures)["agreement"] == 1.0
    other = pictures.copy()
    other[:, :3] = 255 - other[:, :3]
    assert agreement(pictures, other)["agreement"] == 0.75


def test_one_generator_for_both_domains_makes_perfect_pairs(make):
    words = [*tiny("cogan"), "dataset.of=digits", "dataset.second=same", "metric=[pairs]"]
    _, dataset, trainer = make(*words, "metric.pairs.samples=40", "trainer.evaluate_every=1")
    apart = trainer.evaluate(dataset)
    first, second = trainer.game.generators.values()
    second.set_weights(first.get_weights())
    same = trainer.evaluate(dataset)
    assert same["pairs/agreement"] == 1.0 and apart["pairs/agreement"] < 1.0


def test_pairs_need_data_whose_change_is_known(make):
    _, dataset, _ = make(*tiny("dcgan"))
    with pytest.raises(UsageError, match="type dataset=halves"):
        Pairs().check(dataset)


def test_accuracy_counts_the_images_whose_class_the_game_finds_in_any_order():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 90)
    images = (labels / 2 - 0.75)[:, None, None, None] * np.ones((1, 3, 3, 1))

    def game(make, count, images):
        found = np.round((images.mean(axis=(1, 2, 3)) + 0.75) * 2).astype(int)
        return np.where(found == 3, 0, found)  # the last class is never found

    def measured(places):
        real = Side(lambda count: iter([images[places][:count]]), 90, None, labels=labels[places])
        samples = Samples(stream=lambda count: iter([]), game=game)
        dataset = SimpleNamespace(name="four")
        return Accuracy()(SimpleNamespace(real=real, samples=samples, dataset=dataset))

    wrong = int((labels == 3).sum())
    expected = {"accuracy": pytest.approx(1 - wrong / 90), "errors": wrong}
    assert measured(np.arange(90)) == expected == measured(rng.permutation(90))


def test_what_no_game_can_answer_is_refused(make):
    with pytest.raises(UsageError, match="expected a run, whose game"):
        Samples(stream=lambda count: iter([])).made("pairs", "input", 2)
    _, dataset, trainer = make(*tiny("semisupervised"), "dataset.of=digits", "metric=[accuracy]")
    with pytest.raises(UsageError, match="expected test images with labels"):
        trainer.evaluate(dataset)


def test_the_classifier_of_a_run_is_tested_on_test_images(make, real_data):
    words = [*tiny("semisupervised"), f"dataset.path={real_data / 'mnist'}", "evaluation.real=300"]
    _, dataset, trainer = make(*words, "metric=[accuracy]", "trainer.evaluate_every=1")
    found = trainer.evaluate(dataset)
    assert 0 < found["accuracy/accuracy"] < 0.4  # chance: nothing is trained yet
    assert found["accuracy/errors"] == pytest.approx(300 * (1 - found["accuracy/accuracy"]))
    protocol = trainer.evaluation.protocol(dataset, samples=2, seed=0, averaged=True)
    assert protocol["reference"] == "mnist test" and protocol["real"] == 300
