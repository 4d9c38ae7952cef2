"""A set of which only a few labels are known: many images, and some of them again with their classes."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ganctl.check import expect_one_of, expect_whole
from ganctl.dataset.images.selection import Chosen, Selection
from ganctl.dataset.options import Augmentation
from ganctl.dataset.pairs.halves import SETS, whole_set
from ganctl.dataset.pairs.pictures import Pictures
from ganctl.error import UsageError
from ganctl.game.field import Field


class FewLabels(Pictures):
    """Images without labels ("image"), and a few with ("known" and "class"), in an order of their own.

    Args:
        whole: the set, with labels.
        places: which of it have labels that are known.
        selection: of the images without.
    """

    def __init__(self, whole: Any, places: np.ndarray, selection: Selection) -> None:
        known = Chosen(whole.storage, places)
        used, others = selection.split(len(whole), whole.labels)
        kept = {"image": Chosen(whole.storage, others), "known": known} if len(others) else None
        super().__init__(
            f"{whole.name} with {len(places)} labels",
            {"image": Chosen(whole.storage, used), "known": known},
            streams={"image": 0, "known": 1, "class": 1},
            content=repr((whole.fingerprint, places.tolist(), used.tolist())),
            augmentation=Augmentation(),
            selection=Selection(),
            unseen=lambda: kept,
        )
        self.known = np.asarray(whole.labels[places], np.int32)
        self.fields["class"] = Field(kind="label", classes=whole.classes)

    def others(self) -> Mapping[str, Any]:
        """Return the "class" of each "known" image, int32 (n,)."""
        return {"class": self.known}


def few_labels(
    *,
    of: str = "mnist",
    path: str | None = None,
    split: str = "train",
    labelled: int = 100,
    limit: int | None = None,
    holdout: int = 0,
) -> Any:
    """Return a set of which so many labels are known, equally many of each class, always the same.

    The split "test" is the set's own, with all labels: the classifier is tested by it.

    Args:
        of: "mnist", "fashion_mnist" or "digits".
        path: of the first two, see `ganctl.dataset.images.mnist.mnist`.
        split: "train" or "test"; "digits" have no other than "train".
        labelled: images whose label is known, at least 1.
        limit, holdout: of the images without labels; see `ganctl.dataset.images.selection.Selection`.

    Raises:
        UsageError: an option outside its range, or no data.
    """
    expect_one_of("dataset.of", of, SETS)
    expect_whole("dataset.labelled", labelled, 1)
    whole = whole_set(of, path, split)
    if split == "test":
        return whole
    if labelled > len(whole):
        raise UsageError(f"dataset.labelled: expected at most {len(whole)}, got {labelled}.")
    made = FewLabels(
        whole, chosen(np.asarray(whole.labels), labelled), Selection(limit=limit, holdout=holdout)
    )
    made.origin = of
    return made


def chosen(labels: np.ndarray, count: int) -> np.ndarray:
    """Return the places of `count` labels, equally many of each class as far as that goes, ascending."""
    order = np.random.default_rng(0).permutation(len(labels))
    turns = np.zeros(len(labels), int)  # the how-manieth of its class each is
    for label in np.unique(labels):
        mine = order[labels[order] == label]
        turns[mine] = np.arange(len(mine))
    return np.sort(order[np.argsort(turns[order], kind="stable")][:count])
