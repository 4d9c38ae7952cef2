"""What nearest neighbours among features tell: precision, recall, density, coverage, and copies of data."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ganctl.check import expect_whole
from ganctl.metric.contract import Metric

ROWS = 1000  # of a distance matrix at a time,
NUMBERS = 10_000_000  # of so many numbers


class Manifolds(Metric):
    """Compares the two sides by balls around their samples.

    Args:
        name: of the metric.
        measure: (real, fake, neighbours=, reach=) -> {number: value}.
        neighbours: k, to whose distance a ball reaches.
        most: samples of each side.

    Raises:
        UsageError: for fewer neighbours than 1, or samples than 2.
    """

    def __init__(
        self, name: str, measure: Callable[..., dict[str, float]], neighbours: int, most: int
    ) -> None:
        expect_whole(f"metric.{name}.neighbours", neighbours, 1)
        expect_whole(f"metric.{name}.most", most, 2)
        self.measure, self.neighbours, self.most = measure, neighbours, most
        self.least = neighbours + 1

    def __call__(self, view: Any) -> dict[str, float]:
        """Return the numbers of a `ganctl.metric.view.View`."""
        real, fake = view.real.features[: self.most], view.fake.features[: self.most]
        # They stay the same however often samples are measured.
        reach = view.real.once(f"radii {self.neighbours} {self.most}", lambda: radii(real, self.neighbours))
        return self.measure(real, fake, neighbours=self.neighbours, reach=reach)


class PrecisionRecall(Manifolds):
    """Improved precision and recall (Kynkaanniemi et al., 2019, arXiv:1904.06991), both in [0, 1].

    Precision is the share of fakes within the data's manifold, recall the share of the data within the
    fakes'; a manifold is the union of balls that reach to each sample's k-th nearest neighbour. k is 3.
    """

    def __init__(self, neighbours: int = 3, most: int = 10_000) -> None:
        super().__init__("precision_recall", precision_recall, neighbours, most)


class DensityCoverage(Manifolds):
    """Density and coverage (Naeem et al., 2020, arXiv:2002.09797).

    Density is how many balls of the data a fake lies in, over k: 1 for fakes like the data, above it for
    fakes where data are densest. Coverage is the share of the data's balls that hold a fake, in [0, 1].
    k is 5.
    """

    def __init__(self, neighbours: int = 5, most: int = 10_000) -> None:
        super().__init__("density_coverage", density_coverage, neighbours, most)


def precision_recall(
    real: np.ndarray, fake: np.ndarray, *, neighbours: int = 3, reach: np.ndarray | None = None
) -> dict[str, float]:
    """Return precision and recall of features of shape (n, d) and (m, d), each more than `neighbours`.

    `reach` is `radii(real, neighbours)`, where they are known.
    """
    reach = radii(real, neighbours) if reach is None else reach
    reach_of_fakes = radii(fake, neighbours)
    inside, covered = np.zeros(len(fake), bool), np.zeros(len(real), bool)
    for rows, distances in blocks(real, fake):
        inside |= (distances < reach[rows, None]).any(axis=0)
        covered[rows] = (distances < reach_of_fakes[None]).any(axis=1)
    return {"precision": float(inside.mean()), "recall": float(covered.mean())}


def density_coverage(
    real: np.ndarray, fake: np.ndarray, *, neighbours: int = 5, reach: np.ndarray | None = None
) -> dict[str, float]:
    """Return density and coverage of features of shape (n, d) and (m, d), n more than `neighbours`.

    `reach` is `radii(real, neighbours)`, where they are known.
    """
    reach = radii(real, neighbours) if reach is None else reach
    held, covered = 0, np.zeros(len(real), bool)
    for rows, distances in blocks(real, fake):
        within = distances < reach[rows, None]
        held += int(within.sum())
        covered[rows] = within.any(axis=1)
    return {"density": held / (neighbours * len(fake)), "coverage": float(covered.mean())}


def radii(features: np.ndarray, neighbours: int) -> np.ndarray:
    """Return each sample's squared distance to its k-th nearest other one, of shape (n,)."""
    # The nearest of all is the sample itself.
    return np.concatenate(
        [
            np.partition(distances, neighbours, axis=1)[:, neighbours]
            for _, distances in blocks(features, features)
        ]
    )


def nearest(samples: np.ndarray, among: np.ndarray, count: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return (indices, squared distances) of each sample's `count` nearest, nearest first: (n, count)."""
    indices, found = [], []
    for _, distances in blocks(samples, among):
        some = np.argpartition(distances, min(count, len(among)) - 1, axis=1)[:, :count]
        values = np.take_along_axis(distances, some, axis=1)
        order = np.argsort(values, axis=1, kind="stable")
        indices.append(np.take_along_axis(some, order, axis=1))
        found.append(np.take_along_axis(values, order, axis=1))
    return np.concatenate(indices), np.concatenate(found)


def blocks(a: np.ndarray, b: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield (rows, squared distances of these rows of a to all of b), in float64, never all at once."""
    one, other = np.asarray(a, np.float64), np.asarray(b, np.float64)
    centre = one.mean(axis=0)  # |x - y|^2 = |x|^2 + |y|^2 - 2xy loses digits far from the origin
    one, other = one - centre, other - centre
    lengths = (other * other).sum(axis=1)
    height = max(1, min(ROWS, NUMBERS // max(1, len(other))))
    for start in range(0, len(one), height):
        rows = slice(start, min(start + height, len(one)))
        part = one[rows]
        squares = part @ other.T
        squares *= -2
        squares += (part * part).sum(axis=1)[:, None]
        squares += lengths
        yield rows, np.maximum(squares, 0, out=squares)
