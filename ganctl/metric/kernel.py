"""The kernel distance between features of real and of generated images (KID), with its standard error."""

from typing import Any

import numpy as np

from ganctl.check import expect_whole
from ganctl.metric.contract import Metric

ROWS = 1000  # of a kernel matrix at a time


class KID(Metric):
    """The kernel inception distance (Binkowski et al., 2018, arXiv:1801.01401); lower is better.

    Unbiased, so it may fall a little below 0 for a perfect generator. The paper averages over random subsets
    to save time; this takes all pairs of up to `most` samples of each side, which wastes none of them, and
    its error is that of the whole estimate.

    Args:
        most: samples of each side.

    Raises:
        UsageError: for fewer than 3.
    """

    least = 3  # samples of each side; the jackknife leaves one out of two pairs

    def __init__(self, most: int = 10_000) -> None:
        expect_whole("metric.kid.most", most, self.least)
        self.most = most

    def __call__(self, view: Any) -> dict[str, float]:
        """Return {"kid", "error"} of a `ganctl.metric.view.View`."""
        real, fake = (side.features[: self.most] for side in (view.real, view.fake))
        within = view.real.once(f"kernel {self.most}", lambda: row_sums(real))
        distance, error = kernel_distance(real, fake, within)
        return {"kid": distance, "error": error}


def kernel_distance(
    one: np.ndarray, other: np.ndarray, within: np.ndarray | None = None
) -> tuple[float, float]:
    """Return (squared maximum mean discrepancy, its standard error) by the unbiased estimator.

    The kernel is the paper's, (x.y / d + 1)^3. The error is the jackknife's: every sample left out in turn,
    of either set by itself, which needs but the sums of the kernel's rows.

    Args:
        one, other: float of shape (n, d) and (m, d), n and m at least 3.
        within: the kernel's row sums of `one` by itself, where they are known.
    """
    n, m = len(one), len(other)
    inside_a = row_sums(one) if within is None else within
    inside_b = row_sums(other)
    across_a, across_b = sums(one, other)
    within_a, within_b = inside_a.sum() / (n * (n - 1)), inside_b.sum() / (m * (m - 1))
    across = across_a.sum() / (n * m)
    distance = within_a + within_b - 2 * across
    # The estimate without sample i: pairs with i count twice among the ordered pairs of its own set.
    without_a = (inside_a.sum() - 2 * inside_a) / ((n - 1) * (n - 2)) + within_b
    without_a -= 2 * (across_a.sum() - across_a) / ((n - 1) * m)
    without_b = (inside_b.sum() - 2 * inside_b) / ((m - 1) * (m - 2)) + within_a
    without_b -= 2 * (across_b.sum() - across_b) / (n * (m - 1))
    variance = sum((k - 1) * np.var(each) for k, each in ((n, without_a), (m, without_b)))
    return float(distance), float(np.sqrt(variance))


def row_sums(features: np.ndarray) -> np.ndarray:
    """Return the sum of each row of a set's kernel matrix without its diagonal, float64 of shape (n,)."""
    exact = np.asarray(features, np.float64)
    own = (exact * exact).sum(axis=1) / exact.shape[1] + 1
    return sums(features, features)[0] - own**3


def sums(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the sums of the rows and of the columns of the kernel matrix of two sets, float64."""
    a, b = np.asarray(one, np.float64), np.asarray(other, np.float64)
    rows, columns = [], np.zeros(len(b))
    for start in range(0, len(a), ROWS):
        values = a[start : start + ROWS] @ b.T
        values /= a.shape[1]
        values += 1
        values *= values * values  # ** 3 takes ten times as long
        rows.append(values.sum(axis=1))
        columns += values.sum(axis=0)
    return np.concatenate(rows), columns
