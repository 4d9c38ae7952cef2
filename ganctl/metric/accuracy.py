"""How often a run's own classifier is right on real images."""

from typing import Any

import numpy as np

from ganctl.error import UsageError
from ganctl.metric.contract import Metric


class Accuracy(Metric):
    """The share of real images whose class the game's classifier finds, of those that were not trained on.

    What a semi-supervised game is for (Salimans et al., 2016, section 5): the averaged classifier where the
    run keeps an average of it, on the test images.
    """

    features = False

    def __call__(self, view: Any) -> dict[str, float]:
        """Return {"accuracy", "errors"}: the share in [0, 1], and the number of images that are wrong.

        Raises:
            UsageError: for a game without a classifier, or images without labels.
        """
        real = view.real
        if not real.labelled:
            raise UsageError(
                f"metric=[accuracy]: expected test images with labels, and {view.dataset.name} has none."
            )
        images = real.images(real.count)
        found = view.samples.made("accuracy", "class", real.count, images)
        wrong = int(np.sum(found != real.labels))
        return {"accuracy": 1.0 - wrong / real.count, "errors": float(wrong)}
