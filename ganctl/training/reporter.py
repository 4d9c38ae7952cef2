"""What a trainer reports to: a run, a bench, or whoever else wants to know."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np


class Reporter(Protocol):
    """Takes what a training has to say.

    Attributes:
        stopping: whether the training is asked to stop after this step.
    """

    @property
    def stopping(self) -> bool: ...

    def log(self, step: int, values: Mapping[str, float]) -> bool | None:
        """Take a log line; return whether a metric in it is the best so far."""

    def show(self, step: int, picture: np.ndarray) -> None:
        """Take a picture of samples, uint8 (height, width, 1 or 3)."""

    def save(self, step: int, tensors: Mapping[str, np.ndarray], *, best: bool = False) -> None:
        """Take everything that training changes, at a step or as the best so far."""

    def advance(self, step: int, terms: Mapping[str, float]) -> None:
        """Take note that a step was reached."""
