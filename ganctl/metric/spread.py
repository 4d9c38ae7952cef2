"""How different samples are from one another, against how different the data are."""

from typing import Any

import numpy as np

from ganctl.check import expect_whole
from ganctl.metric.contract import Metric
from ganctl.metric.neighbours import blocks

WINDOW = 11  # pixels, of SSIM
WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # of the scales, fine to coarse (Wang et al., 2003)


class Spread(Metric):
    """Mean distance between features of two samples, and their mean structural similarity (MS-SSIM).

    Similarity between pairs of samples as a sign of collapse is of Odena et al. (2017, arXiv:1610.09585,
    section 4.2). Both are worth what the data's own numbers are, which come with them.

    Args:
        most: samples of each side whose distances are taken.
        pairs: of images whose similarity is taken.

    Raises:
        UsageError: for a number below 2, or 1.
    """

    def __init__(self, most: int = 2000, pairs: int = 1000) -> None:
        expect_whole("metric.spread.most", most, 2)
        expect_whole("metric.spread.pairs", pairs, 1)
        self.most, self.pairs = most, pairs

    def __call__(self, view: Any) -> dict[str, float]:
        """Return {"distance", "similarity"} of a `ganctl.metric.view.View`, and both "of_data"."""
        found: dict[str, float] = {}
        for side, end in ((view.fake, ""), (view.real, "_of_data")):
            found["distance" + end] = mean_distance(side.features[: self.most])
            found["similarity" + end] = similarity(side.images(min(side.count, 2 * self.pairs)))
        return {"distance": found.pop("distance"), "of_data": found.pop("distance_of_data"), **found}


def mean_distance(features: np.ndarray) -> float:
    """Return the mean Euclidean distance between two different rows of features (n, d)."""
    total = sum(float(np.sqrt(distances).sum()) for _, distances in blocks(features, features))
    return total / (len(features) * (len(features) - 1))


def similarity(images: np.ndarray) -> float:
    """Return the mean multi-scale structural similarity of the pairs (0, 1), (2, 3) ... of images.

    Args:
        images: float32 of shape (n, height, width, channels) in [-1, 1]. As many of the five scales are taken
            as leave 11 pixels, their weights scaled to sum to 1: 2 for 28 or 32 pixels.
    """
    import tensorflow as tf

    scales = max(1, min(5, 1 + int(np.log2(min(images.shape[1:3]) / WINDOW))))
    weights = np.array(WEIGHTS[:scales]) / sum(WEIGHTS[:scales])
    found = []
    for start in range(0, len(images) - 1, 200):
        some = tf.constant(images[start : start + 200])
        some = some[: 2 * (len(some) // 2)]
        found.append(
            tf.image.ssim_multiscale(some[::2], some[1::2], 2.0, power_factors=weights.tolist()).numpy()
        )
    return float(np.concatenate(found).mean())
