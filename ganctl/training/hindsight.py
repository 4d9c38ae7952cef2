"""How much better averaged weights draw than the last ones: by far, where the players circle."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from ganctl.game.signals import covered

MOST = 128  # images of each kind; coverage is then exact to 4 %


class Hindsight:
    """Compares samples of averaged weights and of the last ones, from the same latents, with the same reals.

    Args:
        draw: (count, averaged) -> so many samples, always the same latents'; None where nothing is averaged.
    """

    def __init__(self, draw: Callable[[int, bool], np.ndarray] | None) -> None:
        self.draw = draw
        self._reals: np.ndarray | None = None
        self._covered = tf.function(lambda real, fake: covered(real, fake)[0], autograph=False)

    def __call__(self, dataset: Any) -> dict[str, float]:
        """Return what share of the reals each has a sample near; nothing without an average, or with few."""
        if not self.draw or not hasattr(dataset, "take"):
            return {}
        if self._reals is None:
            self._reals = dataset.take(MOST)
        if len(self._reals) < MOST:
            return {}
        return {
            name: float(self._covered(self._reals, self.draw(MOST, averaged)))
            for name, averaged in (("average/coverage", True), ("average/coverage_of_last", False))
        }
