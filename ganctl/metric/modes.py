"""How much of a known truth samples cover: modes captured, share of good samples, distance to the truth."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ganctl.check import expect_whole
from ganctl.error import UsageError
from ganctl.metric.contract import Metric


class Modes(Metric):
    """Counts samples by the cells of a known truth: its modes, or equal parts of a density without modes.

    A truth (`dataset.truth`) has `assign(samples)`, the cell of each sample or -1 for one that belongs to
    none, and the cells' true probabilities `weights`; `protocol`, the number of samples; `least`, the share
    of them that captures a mode, None where cells are no modes. One with a `reader` is of pictures: its
    `assign(samples, read)` is given the pinned classifier of that name.

    The protocols are those of Srivastava et al. (VEEGAN, 2017, section 4.1) and Lin et al. (PacGAN, 2018,
    section 4): for Gaussians, samples within 3 standard deviations of a mode are good; for stacked digits,
    26,000 samples, of which one is enough for a mode.

    Args:
        samples: how many; None takes the truth's protocol.

    Raises:
        UsageError: for fewer samples than one.
    """

    counts = True

    def __init__(self, samples: int | None = None) -> None:
        if samples is not None:
            expect_whole("metric.modes.samples", samples, 1)
        self.samples = samples
        self._readers: dict[str, Callable] = {}

    def check(self, dataset: Any) -> None:
        """Raise UsageError for data whose truth is not known."""
        if dataset.truth is None:
            raise UsageError(
                f"metric=[modes]: expected data whose truth is known, got {dataset.name}; type dataset=ring "
                "(or grid, line, sine, swiss_roll, stacked_mnist), or leave the metric out."
            )

    def __call__(self, view: Any) -> dict[str, float]:
        """Return what `measured` says of as many samples as the protocol wants.

        Args:
            view: a `ganctl.metric.view.View` of data with a `truth`.
        """
        truth = view.dataset.truth
        samples = view.draw(self.samples or truth.protocol)
        reader = truth.reader
        if not reader:
            return measured(truth.assign(samples), truth.weights, truth.least)
        found = measured(truth.assign(samples, self._read(reader)), truth.weights, truth.least)
        return {name: value for name, value in found.items() if name != "quality"}  # a reader reads anything

    def _read(self, name: str) -> Callable:
        if name not in self._readers:
            from ganctl.extractor.pinned import pinned  # TensorFlow, only for pictures

            self._readers[name] = pinned(name)
        return self._readers[name]


def measured(cells: np.ndarray, weights: np.ndarray, least: float | None) -> dict[str, float]:
    """Return the numbers of `Modes` for n samples in k cells.

    Args:
        cells: of each sample, integers of shape (n,), -1 for a sample in none.
        weights: true probabilities, of shape (k,), above 0.
        least: share of all samples that captures a cell, and never less than one sample; None leaves
            `captured` out.

    Returns:
        captured, how many cells have enough samples, and total, how many cells there are; quality, the share
        of samples in any cell; and of those, with p the share of each cell: total_variation, half the sum of
        |p - weight|, in [0, 1]; kl, the divergence of p from the weights, sum of p log(p / weight), in nats.
        Without any sample in a cell these two are the largest that they can be.
    """
    inside = cells[cells >= 0]
    counts = np.bincount(inside, minlength=len(weights))
    found: dict[str, float] = {}
    if least is not None:
        found["captured"] = float((counts >= max(1.0, least * len(cells))).sum())
        found["total"] = float(len(weights))  # the diagnosis compares the two
    found["quality"] = len(inside) / len(cells)
    if not len(inside):
        return found | {"total_variation": 1.0, "kl": float(-np.log(np.min(weights)))}
    shares, some = counts / len(inside), counts > 0
    return found | {
        "total_variation": float(0.5 * np.abs(shares - weights).sum()),
        "kl": float((shares[some] * np.log(shares[some] / weights[some])).sum()),
    }
