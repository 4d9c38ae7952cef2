"""How sure a classifier is of each generated image, and how evenly all classes come (Inception Score)."""

from typing import Any

import numpy as np
from scipy.special import log_softmax

from ganctl.check import expect_whole
from ganctl.metric.contract import Metric


class InceptionScore(Metric):
    """The Inception Score (Salimans et al., 2016, arXiv:1606.03498); from 1 to the number of classes.

    It knows no real image: a generator of one perfect picture a class has the highest score. With another
    classifier than `inception` it is that classifier's score.

    Args:
        splits: parts of which each is scored; their mean and standard deviation are given.

    Raises:
        UsageError: for fewer than 1.
    """

    def __init__(self, splits: int = 10) -> None:
        expect_whole("metric.inception_score.splits", splits, 1)
        self.splits = splits

    def __call__(self, view: Any) -> dict[str, float]:
        """Return {"score", "deviation"} of a `ganctl.metric.view.View`."""
        score, deviation = inception_score(view.fake.logits, splits=self.splits)
        return {"score": score, "deviation": deviation}


def inception_score(logits: np.ndarray, *, splits: int = 10) -> tuple[float, float]:
    """Return the mean and standard deviation over splits of exp E KL(p(y|x) || p(y)).

    Args:
        logits: float of shape (n, classes), n at least `splits`.
        splits: equal parts in the order given, as in the authors' code.
    """
    logs = log_softmax(np.asarray(logits, np.float64), axis=1)
    scores = []
    for part in np.array_split(logs, min(splits, len(logs))):
        marginal = np.exp(part).mean(axis=0, keepdims=True)
        divergence = np.exp(part) * (part - np.log(marginal))
        scores.append(np.exp(divergence.sum(axis=1).mean()))
    return float(np.mean(scores)), float(np.std(scores))
