"""Whether a generator copies: fakes against the images it was trained on, and those it never saw."""

from typing import Any

import numpy as np

from ganctl.metric.neighbours import nearest
from ganctl.settings import expect_whole

NEAR = 0.01  # share of unseen images that lie as near to a training image as a copy does


class Nearest:
    """Nearest neighbours of fakes among training images and as many held-out ones, by features.

    `closer` is the share of fakes nearer to a training image than to any held-out one: one half for a
    generator that learned the distribution, more for one that memorizes (the idea of Meehan et al., 2020,
    arXiv:2004.05675); its standard error comes with it. `copies` is the share of fakes that lie nearer to a
    training image than 99 % of held-out images do: about 0.01 without copies. A pixel-wise copy lies at 0.

    Args:
        most: images of each kind.

    Raises:
        UsageError: for fewer than 100.
    """

    training = True  # it needs the images trained on, and others

    def __init__(self, most: int = 10_000) -> None:
        expect_whole("metric.nearest.most", most, 100)
        self.most = most

    def __call__(self, view: Any) -> dict[str, float]:
        """Return {"copies", "closer", "error"} of a `ganctl.metric.view.View`."""
        training, unseen = (side.features for side in view.seen_and_unseen(self.most))
        return copying(view.fake.features[: self.most], training, unseen)


def copying(fake: np.ndarray, training: np.ndarray, unseen: np.ndarray) -> dict[str, float]:
    """Return the numbers of `Nearest` for features of shape (n, d), (m, d) and (m, d)."""
    to_training = nearest(fake, training)[1][:, 0]
    to_unseen = nearest(fake, unseen)[1][:, 0]
    usual = np.quantile(nearest(unseen, training)[1][:, 0], NEAR)
    # One that is as near to both, such as a picture that both have, counts half.
    closer = np.mean((to_training < to_unseen) + 0.5 * (to_training == to_unseen))
    return {
        "copies": float(np.mean(to_training < usual)),
        "closer": float(closer),
        "error": float(np.sqrt(closer * (1 - closer) / len(fake))),
    }
