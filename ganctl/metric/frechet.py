"""The Frechet distance between features of real and of generated images (FID)."""

from typing import Any

import numpy as np
from scipy import linalg

from ganctl.metric.contract import Metric


class FID(Metric):
    """The Frechet inception distance (Heusel et al., 2017, arXiv:1706.08500); lower is better, 0 is best.

    With another feature extractor than `inception` its numbers are others, and compare among themselves only.
    """

    def __call__(self, view: Any) -> dict[str, float]:
        """Return {"fid"} of a `ganctl.metric.view.View`."""
        real, fake = view.real.features, view.fake.features
        least, width = min(len(real), len(fake)), real.shape[1]
        if least <= width:
            view.remark(
                f"fid: {least} samples cannot fill a covariance of {width} features, which biases the "
                "distance; compare it with distances of as many samples only."
            )
        return {"fid": frechet_distance(real, fake)}


def frechet_distance(one: np.ndarray, other: np.ndarray) -> float:
    """Return the squared 2-Wasserstein distance between Gaussians fitted to two sets of features.

    |m1 - m2|^2 + tr(S1) + tr(S2) - 2 tr((S1 S2)^(1/2)); covariances divide by n - 1.

    Args:
        one, other: float of shape (n, d) and (m, d), n and m at least 2, however small against d.
    """
    return between_gaussians(*moments(one), *moments(other))


def moments(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (mean (d,), covariance (d, d)) of features (n, d), in float64."""
    exact = np.asarray(features, np.float64)
    mean = exact.mean(axis=0)
    centred = exact - mean
    return mean, centred.T @ centred / (len(exact) - 1)


def between_gaussians(
    mean: np.ndarray, covariance: np.ndarray, other_mean: np.ndarray, other_covariance: np.ndarray
) -> float:
    """Return the squared Frechet distance (Dowson and Landau, 1982) between two Gaussians, at least 0.

    The trace of the root of S1 S2, which has no symmetry, is taken of R S2 R with R the root of S1: it has
    the same eigenvalues, and they stay real and above 0 where a covariance is singular.
    """
    values, vectors = linalg.eigh(covariance)
    root = (vectors * np.sqrt(values.clip(min=0))) @ vectors.T
    product = root @ other_covariance @ root
    trace = np.sqrt(linalg.eigvalsh((product + product.T) / 2).clip(min=0)).sum()
    gap = mean - other_mean
    return max(0.0, float(gap @ gap + np.trace(covariance) + np.trace(other_covariance) - 2 * trace))
