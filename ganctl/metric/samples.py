"""Samples that are measured, and what is known of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ganctl.error import UsageError


@dataclass(kw_only=True)
class Samples:
    """Samples, whoever made them.

    Args:
        stream: count -> samples in parts, the same ones whenever it is asked.
        count: samples there are; None for as many as one likes.
        labels: of the samples, integers, or None.
        codes: the categories that they were made from, or None.
        game: (make, count, images) -> what else the game makes: of the samples' latents, or of the images
            where some are given; None for samples that nothing is known of.
    """

    stream: Callable[[int], Iterator[np.ndarray]]
    count: int | None = None
    labels: np.ndarray | None = None
    codes: np.ndarray | None = None
    game: Callable[[str, int, np.ndarray | None], np.ndarray] | None = None

    def made(self, metric: str, make: str, count: int, images: np.ndarray | None = None) -> np.ndarray:
        """Return `count` of what else the game makes, for a metric that asks for it.

        Raises:
            UsageError: for samples without a game, or a game that makes no such thing.
        """
        if self.game is None:
            raise UsageError(
                f"metric=[{metric}]: expected a run, whose game can be asked for '{make}', got samples alone."
            )
        return self.game(make, count, images)
