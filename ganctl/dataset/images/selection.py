"""Which examples of a set are trained on, and which are kept back for the diagnosis."""

from dataclasses import dataclass

import numpy as np

from ganctl.dataset.images.storage import Storage
from ganctl.error import UsageError


@dataclass(frozen=True, kw_only=True)
class Selection:
    """How many examples are used; both choices are spread evenly, so that a sorted set keeps its classes.

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

    def split(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Return (which of `count` examples are trained on, which are held out), ascending integers.

        Raises:
            UsageError: fewer examples than that.
        """
        everything = np.arange(count)
        if self.holdout >= count:
            raise UsageError(f"dataset.holdout: expected less than the {count} examples, got {self.holdout}.")
        rest = np.setdiff1d(everything, _spread(everything, self.holdout))
        if self.limit is not None and self.limit > len(rest):
            raise UsageError(f"dataset.limit: expected at most {len(rest)} examples, got {self.limit}.")
        used = rest if self.limit is None else _spread(rest, self.limit)
        return used, np.setdiff1d(everything, used)


class Chosen:
    """Some of the images of a storage."""

    def __init__(self, storage: Storage, indices: np.ndarray):
        self.storage, self.indices, self.shape = storage, indices, storage.shape

    def __len__(self) -> int:
        return len(self.indices)

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Return the images at `indices` of those that were chosen."""
        return self.storage.read(self.indices[indices])


def _spread(values: np.ndarray, count: int) -> np.ndarray:
    """Return `count` of the values at equal distances."""
    return values[np.arange(count) * len(values) // max(count, 1)]
