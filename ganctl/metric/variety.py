"""How different the pictures are that are made of one input."""

from typing import Any

import numpy as np

from ganctl.check import expect_whole
from ganctl.error import UsageError
from ganctl.metric.contract import Metric


class Variety(Metric):
    """Mean distance between pictures made of one input, beside that between real ones (Zhu et al., 2017b).

    Section 5.1 of that paper takes LPIPS, whose weights need a download; here it is the root of the mean
    square difference of pixels, in [0, 2]. A generator that ignores its noise has 0.

    Args:
        inputs: held-out inputs, of which there may be fewer.
        each: pictures made of each.

    Raises:
        UsageError: for less than two of either.
    """

    features = False

    def __init__(self, inputs: int = 50, each: int = 10) -> None:
        expect_whole("metric.variety.inputs", inputs, 2)
        expect_whole("metric.variety.each", each, 2)
        self.inputs, self.each = inputs, each

    def check(self, dataset: Any) -> None:
        if "input" not in dataset.fields:
            raise UsageError(
                f"metric=[variety]: expected data with inputs, got {dataset.name}; type dataset=paired."
            )

    def __call__(self, view: Any) -> dict[str, float]:
        """Return {"distance", "of_data", "share"}: of one input's pictures, of real ones, their quotient.

        Raises:
            UsageError: for samples that no game makes of inputs.
        """
        dataset, held = view.dataset, view.dataset.held_out > 0
        examples = dataset.examples(np.arange(min(self.inputs, view.fake.count)), held=held)
        inputs, real = examples["input"], examples["image"]
        made = view.samples.made("variety", "image", len(inputs) * self.each, inputs)
        groups = made.reshape(self.each, len(inputs), *made.shape[1:])
        mine = float(np.mean([distance(groups[:, index]) for index in range(len(inputs))]))
        of_data = distance(real)
        return {"share": mine / of_data, "distance": mine, "of_data": of_data}


def distance(images: np.ndarray) -> float:
    """Return the mean over pairs of different images (n, ...) of their root mean square difference."""
    flat = images.reshape(len(images), -1).astype(np.float64)
    squares = (flat**2).sum(axis=1)
    pairs = squares[:, None] + squares[None] - 2 * flat @ flat.T
    return float(np.sqrt(np.maximum(pairs, 0) / flat.shape[1]).sum() / (len(flat) * (len(flat) - 1)))
