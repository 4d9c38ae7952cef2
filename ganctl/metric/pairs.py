"""Whether two domains' samples of one latent are a pair, where it is known how pictures change."""

from typing import Any

import numpy as np

from ganctl import image
from ganctl.check import expect_whole
from ganctl.error import UsageError
from ganctl.metric.contract import Metric


class Pairs(Metric):
    """The share of pixels in which a changed sample and the other domain's of the same latent agree (CoGAN).

    Liu and Tuzel (2016), section 4: samples of the first domain are changed as the data of the second were,
    and compared with the second's. Pixels count as black or white, on either side of the middle grey: with
    exact values nothing would agree. Backgrounds agree whatever was drawn, so the same is said of pairs that
    were shuffled, beside it.

    Args:
        samples: pairs to compare.
    """

    features = False

    def __init__(self, samples: int = 10_000) -> None:
        expect_whole("metric.pairs.samples", samples, 2)
        self.pairs = samples

    def check(self, dataset: Any) -> None:
        if getattr(dataset, "counterpart", None) is None:
            raise UsageError(
                f"metric=[pairs]: expected data of which it is known how a picture changes between domains, "
                f"got {dataset.name}; type dataset=halves."
            )

    def __call__(self, view: Any) -> dict[str, float]:
        """Return {"agreement", "shuffled", "gain"}: shares of pixels, and their difference.

        Raises:
            UsageError: for samples that no game of two domains makes.
        """
        first, other = (view.samples.made("pairs", make, self.pairs) for make in ("image", "input"))
        return agreement(view.dataset.counterpart(image.to_uint8(first)), image.to_uint8(other))


def agreement(expected: np.ndarray, found: np.ndarray) -> dict[str, float]:
    """Return {"agreement", "shuffled", "gain"} of pictures uint8 (n, ...), pair by pair."""
    expected, found = (pictures >= 128 for pictures in (expected, found))
    together = float((expected == found).mean())
    apart = float((expected == np.roll(found, len(found) // 2, axis=0)).mean())
    return {"agreement": together, "shuffled": apart, "gain": together - apart}
