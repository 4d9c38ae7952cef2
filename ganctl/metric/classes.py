"""What is measured by class: the Frechet distance within each, and what a classifier learns from fakes."""

import itertools
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ganctl import image
from ganctl.check import expect_whole
from ganctl.error import UsageError
from ganctl.metric.contract import Metric
from ganctl.metric.frechet import frechet_distance

FEWEST = 2  # samples of which a covariance can be taken


class IntraFID(Metric):
    """The mean Frechet distance within each class (Miyato and Koyama, 2018, arXiv:1802.05637)."""

    labelled = True

    def __call__(self, view: Any) -> dict[str, float]:
        """Return {"mean", "worst"} over classes of a `ganctl.metric.view.View` whose sides have labels."""
        found = distances(view.real.features, view.real.labels, view.fake.features, view.fake.labels)
        return {"mean": float(np.mean(found)), "worst": float(np.max(found))}


def distances(real: np.ndarray, marks: np.ndarray, fake: np.ndarray, classes: np.ndarray) -> list[float]:
    """Return the Frechet distance within each class of the real side.

    Args:
        real, fake: features of shape (n, d) and (m, d).
        marks, classes: their labels, integers of shape (n,) and (m,).

    Raises:
        UsageError: for a class with fewer than 2 fakes.
    """
    known = np.unique(marks)
    for label in known:
        count = int((classes == label).sum())
        if count < FEWEST:
            raise UsageError(
                f"metric=[intra_fid]: expected {FEWEST} samples of every class or more, "
                f"got {count} of class {label}."
            )
    return [frechet_distance(real[marks == label], fake[classes == label]) for label in known]


class AccuracyScore(Metric):
    """The classification accuracy score (Ravuri and Vinyals, 2019, arXiv:1905.10887); higher is better.

    A classifier is trained on labelled fakes only and tested on real images. The paper trains a ResNet-50;
    this trains ganctl's small classifier, so its scores compare among themselves, and with that of real
    training images.

    Args:
        epochs: passes over the fakes.
        seed: of the classifier.

    Raises:
        UsageError: for less than 1 epoch.
    """

    labelled = True

    def __init__(self, epochs: int = 10, seed: int = 0) -> None:
        expect_whole("metric.accuracy_score.epochs", epochs, 1)
        expect_whole("metric.accuracy_score.seed", seed, 0)
        self.epochs, self.seed = epochs, seed

    def __call__(self, view: Any) -> dict[str, float]:
        """Return {"accuracy"} in [0, 1] of a `ganctl.metric.view.View` whose sides have labels."""
        from ganctl.extractor.classifier import learned

        fake, real = view.fake, view.real
        with tempfile.TemporaryDirectory(prefix="ganctl-") as folder:
            images = on_disk(fake, Path(folder) / "fakes.npy")
            read = learned(images, fake.labels, epochs=self.epochs, seed=self.seed)
            del images  # some systems remove no file that is open
        named = np.concatenate([read(some) for some in real.parts(real.count)])
        return {"accuracy": float(np.mean(named == real.labels))}


def on_disk(side: Any, path: Path) -> np.ndarray:
    """Write a side's images into a file; return them as they lie there, uint8 (count, ...).

    A classifier reads them in any order, again and again; 50,000 of them have no place in memory.
    """
    parts = side.parts(side.count)
    first = next(parts)
    shape = (side.count, *first.shape[1:])
    images = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
    start = 0
    for some in itertools.chain([first], parts):
        images[start : start + len(some)] = image.to_uint8(some)
        start += len(some)
    return images
