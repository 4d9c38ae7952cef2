"""Where images lie: the form that every storage has, and the one in memory."""

from typing import Protocol

import numpy as np


class Storage(Protocol):
    """Where images are: anything with a length, a shape, and a way to read."""

    shape: tuple[int, int, int]
    digests: np.ndarray | None  # of the images, uint64 (n,), where they are known already

    def __len__(self) -> int: ...

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Return uint8 images of shape (n, height, width, channels) for integer indices of shape (n,)."""


class Memory:
    """Images in one uint8 array of shape (count, height, width, channels)."""

    digests: np.ndarray | None = None

    def __init__(self, array: np.ndarray):
        self.array = array
        self.shape: tuple[int, int, int] = array.shape[1:]

    def __len__(self) -> int:
        return len(self.array)

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Return the images at `indices`."""
        return self.array[indices]
