"""Which examples of a set are trained on, and which are kept back for the diagnosis."""

from dataclasses import dataclass

import numpy as np

from ganctl.dataset.images.order import stratified
from ganctl.dataset.images.storage import Storage
from ganctl.error import UsageError


@dataclass(frozen=True, kw_only=True)
class Selection:
    """How many examples are used; both choices keep the shares of the classes, however a set is sorted.

    Args:
        limit: train on so many only; None for all. The others count as held out.
        holdout: keep so many from training.

    Raises:
        UsageError: a number outside its range.
    """

    limit: int | None = None
    holdout: int = 0

    def __post_init__(self) -> None:
        if self.limit is not None and (type(self.limit) is not int or self.limit < 1):
            raise UsageError(
                f"dataset.limit is a number of examples, 1 or more, or null, not {self.limit!r}."
            )
        if type(self.holdout) is not int or self.holdout < 0:
            raise UsageError(f"dataset.holdout is a number of examples, 0 or more, not {self.holdout!r}.")

    @property
    def chosen(self) -> bool:
        """Whether anything is left out."""
        return self.limit is not None or self.holdout > 0

    def split(
        self, count: int, labels: np.ndarray | None = None, order: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return (which of `count` examples are trained on, which are held out), ascending integers.

        Args:
            count: examples there are.
            labels: theirs: each class gets its share of both.
            order: in which they are taken, as if shuffled; None = a permutation that is always the same.

        Raises:
            UsageError: fewer examples than that.
        """
        everything = np.arange(count)
        if self.holdout >= count:
            raise UsageError(f"dataset.holdout: expected less than the {count} examples, got {self.holdout}.")
        order = np.random.default_rng(0).permutation(count) if order is None else order
        held = stratified(order, labels, self.holdout, spare=1)
        rest = order[~np.isin(order, held)]
        if self.limit is not None and self.limit > len(rest):
            raise UsageError(f"dataset.limit: expected at most {len(rest)} examples, got {self.limit}.")
        used = np.sort(rest if self.limit is None else stratified(rest, labels, self.limit))
        return used, np.setdiff1d(everything, used)


class Chosen:
    """Some of the images of a storage."""

    def __init__(self, storage: Storage, indices: np.ndarray):
        self.storage, self.indices, self.shape = storage, indices, storage.shape
        known = getattr(storage, "digests", None)
        self.digests = None if known is None else known[indices]

    def __len__(self) -> int:
        return len(self.indices)

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Return the images at `indices` of those that were chosen."""
        return self.storage.read(self.indices[indices])
