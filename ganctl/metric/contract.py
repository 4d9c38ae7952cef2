"""What every metric is."""

from typing import Any


class Metric:
    """Measures samples: called with a view (`ganctl.metric.view.View`), it returns {number: value}.

    Attributes:
        least: samples, and real images, that it needs.
        labelled: whether it needs labels of the samples.
        training: whether it needs the images trained on, and others that were kept from training.
        counts: whether it counts what is known of the data's truth, and needs no features of images.
        features: whether it looks at an extractor's features, and not at pixels or points alone.
        samples: that it counts in, where these are not the protocol's.
    """

    least = 2
    labelled = False
    training = False
    counts = False
    features = True
    samples: int | None = None

    def check(self, dataset: Any) -> None:
        """Raise UsageError where it cannot measure samples of these data."""

    def __call__(self, view: Any) -> dict[str, float]:
        """Return numbers by name."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it measures.")
