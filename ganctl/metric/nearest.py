"""Whether a generator copies: fakes against the images it was trained on, and those it never saw."""

from typing import Any

import numpy as np
from scipy import stats

from ganctl.check import expect_whole
from ganctl.metric.contract import Metric
from ganctl.metric.neighbours import nearest

NEAR = 0.01  # share of unseen images that lie as near to a training image as a copy does


class Nearest(Metric):
    """Nearest neighbours of fakes among the training images and among held-out ones, by features.

    - `copies` is the share of fakes that lie nearer to a training image than 99 % of held-out images do:
      about 0.01 without copies, 1 for training images themselves. A pixel-wise copy lies at 0.
    - `data_copying` is the share of pairs of a fake and a held-out image in which the fake lies nearer to the
      training images: one half for a generator of the data's distribution, more for one that memorizes, less
      for one that misses it (the statistic of Meehan et al., 2020, arXiv:2004.05675, section 3.1).
    - `closer` is the share of fakes nearer to a training image than to any of as many held-out ones, with its
      standard error: one half without copies. Where training images are more, so many of them are drawn,
      and it sees a copy of no other.

    Args:
        most: fakes, and images of each kind for `closer`.
        training: images trained on that are searched for `copies` and `data_copying`, spread evenly over
            them where they are more.

    Raises:
        UsageError: for fewer than 100.
    """

    training = True  # it needs the images trained on, and others

    def __init__(self, most: int = 10_000, training: int = 100_000) -> None:
        expect_whole("metric.nearest.most", most, 100)
        expect_whole("metric.nearest.training", training, 100)
        self.most, self.searched = most, training

    def __call__(self, view: Any) -> dict[str, float]:
        """Return {"copies", "data_copying", "closer", "error"} of a `ganctl.metric.view.View`."""
        some, unseen = (side.features for side in view.seen_and_unseen(self.most))
        return copying(view.fake.features[: self.most], view.trained(self.searched).features, unseen, some)


def copying(fake: np.ndarray, training: np.ndarray, unseen: np.ndarray, some: np.ndarray) -> dict[str, float]:
    """Return the numbers of `Nearest` for features of shape (n, d), (t, d), (m, d) and (m, d).

    `some` are as many of the training images as there are unseen ones.
    """
    of_fakes, of_unseen = (nearest(samples, training)[1][:, 0] for samples in (fake, unseen))
    pairs = stats.mannwhitneyu(of_unseen, of_fakes).statistic / (len(fake) * len(unseen))
    to_some, to_unseen = (nearest(fake, among)[1][:, 0] for among in (some, unseen))
    # One that is as near to both, such as a picture that both have, counts half.
    closer = np.mean((to_some < to_unseen) + 0.5 * (to_some == to_unseen))
    return {
        "copies": float(np.mean(of_fakes < np.quantile(of_unseen, NEAR))),
        "data_copying": float(pairs),
        "closer": float(closer),
        "error": float(np.sqrt(closer * (1 - closer) / len(fake))),
    }
