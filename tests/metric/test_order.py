"""No number depends on the order of files or classes: the first n of a sorted set are not a set."""

import numpy as np
import pytest

from ganctl.config.choices import choices
from ganctl.config.compose import compose
from ganctl.dataset.images.digits import digits
from ganctl.dataset.images.image_set import in_memory
from ganctl.dataset.images.order import by_content, stratified
from ganctl.dataset.images.selection import Selection
from ganctl.dataset.images.storage import Memory
from ganctl.dataset.options import Augmentation
from ganctl.evaluate.subjects import of_images
from ganctl.metric.evaluation import Evaluation
from ganctl.training.build import make

CLASSES = tuple("abcd")
COUNT, SIDE = 240, 16
# The first has no files; the others match classes by an extractor's names: see test_fidelity.py.
LEFT_OUT = {"modes", "label_fidelity", "code_accuracy", "accuracy", "pairs", "truth", "variety"}


class Pixels:
    """An extractor whose features are a few fixed sums of the pixels."""

    name, sha256, resize, light = "pixels", "0" * 64, "none", True

    def of(self, dataset):
        return self

    def check(self, shape):
        """Take every shape."""

    def __call__(self, images):
        random = np.random.default_rng(5)
        flat = images.reshape(len(images), -1).astype(np.float64)
        return (
            (flat @ random.standard_normal((flat.shape[1], 12))).astype(np.float32),
            (flat @ random.standard_normal((flat.shape[1], 4))).astype(np.float32),
        )


def pictures(seed: int, holdout: int = 0, shuffle: int | None = None, swap: bool = False):
    """Return pictures of four classes, sorted by class, or in another order, or with the classes renamed."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(4), COUNT // 4)
    noise = random.integers(0, 120, (COUNT, SIDE, SIDE, 1))
    pixels = (noise + 30 * labels[:, None, None, None]).astype(np.uint8)
    places = np.arange(COUNT) if shuffle is None else np.random.default_rng(shuffle).permutation(COUNT)
    names, marks = (CLASSES[::-1], 3 - labels) if swap else (CLASSES, labels)
    rules = {"classes": names, "augmentation": Augmentation(), "selection": Selection(holdout=holdout)}
    return in_memory("four", pixels[places], marks[places], **rules)


def numbers(name: str, real, fake) -> dict[str, float]:
    config = compose(["dataset=digits", f"metric=[{name}]"]).plain()["metric"][name]
    small = {key: 100 for key in ("most", "training", "pairs", "patches") if key in config}
    metric = make(config | small)
    rules = {"samples": 160, "real": 120, "extractor": Pixels(), "metrics": {name: metric}}
    evaluation = Evaluation(**rules)
    evaluation.check(real)
    subject = of_images("fakes", fake, real, 160)
    places = np.array([real.classes.index(each) for each in fake.classes])
    subject.labels = places[np.asarray(subject.labels)]
    return evaluation(subject, real)


@pytest.mark.parametrize("name", [name for name in choices("metric") if name not in LEFT_OUT])
def test_no_number_depends_on_the_order_of_files_or_classes(name, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    rules = {"holdout": 40} if name == "nearest" else {}
    expected = numbers(name, pictures(1, **rules), pictures(2))
    assert expected and all(np.isfinite(value) for value in expected.values())
    several = ({"shuffle": 3}, {"swap": True}, {"shuffle": 4, "swap": True})
    for changes in several[-1:] if name == "accuracy_score" else several:  # it trains a classifier
        for real, fake in ((changes, {}), ({}, changes), (changes, changes))[-1 if len(changes) > 1 else 0 :]:
            found = numbers(name, pictures(1, **rules, **real), pictures(2, **fake))
            assert found == {key: pytest.approx(value, rel=1e-5) for key, value in expected.items()}


@pytest.mark.parametrize("swap", [False, True])
@pytest.mark.parametrize("shuffle", [None, 7])
def test_probes_see_the_same_pictures_whatever_their_order(shuffle, swap):
    expected, found = pictures(1, holdout=40), pictures(1, holdout=40, shuffle=shuffle, swap=swap)
    for held in (False, True):
        one, other = (each.examples(np.arange(30), held=held) for each in (expected, found))
        assert np.array_equal(one["image"], other["image"])
        assert [expected.classes[label] for label in one["label"]] == [
            found.classes[label] for label in other["label"]
        ]


SORTS = {
    "sorted": np.repeat(np.arange(5), 20),
    "alternating": np.tile(np.arange(5), 20),
    "unequal": np.repeat(np.arange(5), [60, 30, 6, 3, 1]),
    "shuffled": np.random.default_rng(0).permutation(np.repeat(np.arange(5), 20)),
}


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("count", [5, 7, 16, 20, 50, 95])
def test_every_subset_holds_every_class_in_its_share(sort, count):
    labels = SORTS[sort]
    used, others = Selection(limit=count).split(len(labels), labels)
    assert len(used) == count and set(labels[used]) == set(range(5))
    assert np.array_equal(np.sort(np.concatenate([used, others])), np.arange(len(labels)))
    shares = np.bincount(labels[used], minlength=5) / count - np.bincount(labels) / len(labels)
    assert abs(shares).max() <= 5 / count
    trained, held = Selection(holdout=count).split(len(labels), labels)
    assert len(held) == count and len(trained) == len(labels) - count
    if count <= len(labels) - 5:
        assert set(labels[trained]) == set(range(5))  # the last of a class is not taken from training


def test_both_options_together_and_sets_without_labels():
    labels = SORTS["alternating"]
    used, held = Selection(limit=16, holdout=16).split(100, labels)
    assert set(labels[used]) == set(range(5)) and len(held) == 84 and not set(used) & set(held)
    used, _ = Selection(limit=16).split(100)
    assert len(set(np.diff(used))) > 3  # no stride, which may alias with the order
    assert np.array_equal(used, Selection(limit=16).split(100)[0])
    assert stratified(np.arange(4), None, 0).tolist() == []


def test_identical_pictures_and_digests_that_are_known_are_no_trouble():
    same = np.zeros((6, 4, 4, 1), np.uint8)
    storage = Memory(same)
    assert sorted(by_content(storage)) == list(range(6))
    storage.digests = np.array([5, 4, 3, 2, 1, 0], np.uint64)
    assert by_content(storage).tolist() == [5, 4, 3, 2, 1, 0]


def test_flipped_or_not_what_is_measured_is_one_set():
    plain = pictures(1)
    rules = {"classes": CLASSES, "augmentation": Augmentation(flip=True), "selection": Selection()}
    flipped = in_memory("four", plain.storage.array, plain.labels, **rules)
    assert flipped.fingerprint != plain.fingerprint and flipped.identity == plain.identity
    assert digits(limit=100).identity != digits().identity
