"""What every extractor is."""

from typing import Any

import numpy as np


class Extractor:
    """Turns images into features and class scores.

    Attributes:
        name, sha256, resize: what it is, its weights, and how images reach its size: for protocols.
        light: whether it reads thousands of images a second on any machine.
    """

    name: str
    sha256: str
    resize: str
    light = False

    def of(self, dataset: Any) -> "Extractor":
        """Return the extractor for a data set: itself, unless it is one that chooses."""
        return self

    def check(self, shape: tuple[int, ...]) -> None:
        """Raise UsageError for images of a shape that it cannot read."""

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (features, logits), float32, of images in [-1, 1]."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it reads.")
