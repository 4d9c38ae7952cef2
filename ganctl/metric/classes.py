"""What is measured by class: the Frechet distance within each, and what a classifier learns from fakes."""

from typing import Any

import numpy as np

from ganctl.error import UsageError
from ganctl.metric.frechet import frechet_distance
from ganctl.settings import expect_whole

FEWEST = 2  # samples of which a covariance can be taken


class IntraFID:
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


class AccuracyScore:
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
        read = learned(fake.images(fake.count), fake.labels, epochs=self.epochs, seed=self.seed)
        return {"accuracy": float(np.mean(read(real.images(real.count)) == real.labels))}
