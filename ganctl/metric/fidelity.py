"""Whether samples are what they were asked to be, in the eyes of a classifier taught by real images."""

from typing import Any

import numpy as np

from ganctl.dataset.images.cifar10 import CLASSES as PHOTOGRAPHS
from ganctl.dataset.images.digits import DIGITS
from ganctl.dataset.images.mnist import CLOTHES
from ganctl.error import UsageError
from ganctl.metric.contract import Metric

# What the extractors that ship with ganctl call their classes, in order: labels are matched by name.
NAMES = {"mnist": DIGITS, "digits": DIGITS, "fashion_mnist": CLOTHES, "cifar10": PHOTOGRAPHS}


class LabelFidelity(Metric):
    """The share of samples that a pinned classifier takes for the label they were made for.

    The classifier never saw a fake: it is the extractor, which for MNIST reads 99.46 % of the test digits
    right, so no generator can be expected to have more.
    """

    labelled = True

    def check(self, dataset: Any) -> None:
        if dataset.labels is None:
            raise UsageError(
                f"metric=[label_fidelity]: expected data with labels, got {dataset.name}; leave it out."
            )

    def __call__(self, view: Any) -> dict[str, float]:
        """Return {"share", "worst"}, both in [0, 1]: of all samples, and of the class with the fewest right.

        Raises:
            UsageError: when the extractor knows other classes than the data.
        """
        known = NAMES.get(view.fake.extractor.name, ())
        if not set(view.dataset.classes) <= set(known):
            there = ", ".join(view.dataset.classes[:3])
            raise UsageError(
                f"metric=[label_fidelity]: expected an extractor that knows the classes ({there} ...), "
                f"got {view.fake.extractor.name}; it works for {', '.join(NAMES)}."
            )
        places = np.array([known.index(name) for name in view.dataset.classes])
        return fidelity(view.fake.logits, places[view.fake.labels])


def fidelity(logits: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Return {"share", "worst"} of labels (n,) that are the largest of logits (n, classes)."""
    right = np.argmax(logits, axis=1) == labels
    return {
        "share": float(right.mean()),
        "worst": float(min(right[labels == label].mean() for label in np.unique(labels))),
    }


class CodeAccuracy(Metric):
    """The share of samples whose category and class agree, by the best pairing of the two (InfoGAN).

    Chen et al. (2016), section 7.2: categories are learnt without labels, so which stands for which class is
    found afterwards, one class for each category (the assignment problem). Classes are named by the
    extractor.
    """

    def __call__(self, view: Any) -> dict[str, float]:
        """Return {"accuracy", "information"}: the share, and the mutual information of both in nats.

        Raises:
            UsageError: for samples of a game without categories.
        """
        codes = view.fake.codes
        if codes is None:
            raise UsageError(
                "metric=[code_accuracy]: expected samples with a category, got none; type model=infogan."
            )
        return agreement(np.argmax(view.fake.logits, axis=1), codes)


def agreement(classes: np.ndarray, codes: np.ndarray) -> dict[str, float]:
    """Return {"accuracy", "information"} of two labellings (n,) of the same samples."""
    from scipy.optimize import linear_sum_assignment

    table = np.zeros((codes.max() + 1, classes.max() + 1))
    np.add.at(table, (codes, classes), 1.0)
    rows, columns = linear_sum_assignment(-table)
    joint = table / table.sum()
    apart = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
    known = joint > 0
    information = float((joint[known] * np.log(joint[known] / apart[known])).sum())
    return {"accuracy": float(table[rows, columns].sum() / table.sum()), "information": information}
