"""What metrics see: real and generated images, each read and turned into features once for all of them."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ganctl import image
from ganctl.error import UsageError
from ganctl.files import cache
from ganctl.metric.samples import Samples

CHUNK = 500  # images in memory at a time


class Side:
    """Images of one kind, real or generated.

    Args:
        read: count -> their first `count` images in parts, float32 (k, height, width, channels) in [-1, 1].
        count: how many there are.
        extractor: images -> (features, logits); see `ganctl.extractor`.
        labels: integers of shape (count,), or None.
        codes: the categories that they were made from, integers of shape (count,), or None.
        key: what decides the images, so that their features are kept between commands; None keeps nothing.
        tell: called with the number of images whenever some were turned into features.
    """

    def __init__(
        self,
        read: Callable[[int], Iterator[np.ndarray]],
        count: int,
        extractor: Any,
        *,
        labels: np.ndarray | None = None,
        codes: np.ndarray | None = None,
        key: dict[str, Any] | None = None,
        tell: Callable[[int], None] = lambda count: None,
    ) -> None:
        self._read, self.count, self.extractor, self._labels = read, count, extractor, labels
        self.codes = codes
        self._key, self._tell = key, tell
        self._found: dict[str, np.ndarray] = {}
        self._told = 0
        self._known: dict[str, Any] = {}

    @property
    def features(self) -> np.ndarray:
        """Float32 of shape (count, d)."""
        return self._extracted()["features"]

    @property
    def logits(self) -> np.ndarray:
        """Float32 of shape (count, classes of the extractor)."""
        return self._extracted()["logits"]

    def once(self, name: str, compute: Callable[[], Any]) -> Any:
        """Return what `compute` gave when it was first asked for under this name, such as radii."""
        if name not in self._known:
            self._known[name] = compute()
        return self._known[name]

    @property
    def labelled(self) -> bool:
        return self._labels is not None

    @property
    def labels(self) -> np.ndarray:
        """Integers of shape (count,).

        Raises:
            UsageError: for images without.
        """
        if self._labels is None:
            raise UsageError(
                "metric: intra_fid and accuracy_score expect labelled images, and these have no labels."
            )
        return self._labels

    def images(self, count: int) -> np.ndarray:
        """Return the first `count` images, float32 (count, height, width, channels) in [-1, 1]."""
        return np.concatenate(list(self.parts(count)))

    def parts(self, count: int) -> Iterator[np.ndarray]:
        """Yield the first `count` images, some at a time, rounded to the 256 levels that files hold.

        So a run's samples, and the same samples written to files, give the same numbers.
        """
        for some in self._read(count):
            yield image.to_float(image.to_uint8(some))

    def _extracted(self) -> dict[str, np.ndarray]:
        if not self._found:
            self._found = cache.remembered(self._key, self._extract) if self._key else self._extract()
            self._tell(self.count - self._told)  # what was kept is done at once
        return self._found

    def _extract(self) -> dict[str, np.ndarray]:
        """Turn the images into features; no more than a part of them is in memory."""
        parts = []
        for some in regrouped(self.parts(self.count), CHUNK):
            parts.append(self.extractor(some))
            self._tell(len(some))
            self._told += len(some)
        features, logits = (np.concatenate(each) for each in zip(*parts, strict=True))
        return {"features": features, "logits": logits}


class View:
    """Both sides of a comparison.

    Args:
        dataset: that a game is trained on.
        samples: those that are measured.
        fake: the generated side.
        real: makes the real side, when it is first asked for.
        trained: count -> the side of so many training images, or of all.
        others: count -> the sides of as many training images, and as many held-out ones; None where there is
            no training set.
        searched: training images among which a picture shows the nearest.
    """

    def __init__(
        self,
        dataset: Any,
        samples: Samples,
        fake: Side,
        real: Callable[[], Side],
        trained: Callable[[int], Side],
        others: Callable[[int], tuple[Side, Side]],
        searched: int,
    ) -> None:
        self.dataset, self.samples, self.fake = dataset, samples, fake
        self._real, self.trained, self.seen_and_unseen = real, trained, others
        self.searched = searched
        self.remarks: list[str] = []

    @property
    def real(self) -> Side:
        """The real side."""
        return self._real()

    def draw(self, count: int) -> np.ndarray:
        """Return samples, an array (count, ...)."""
        return np.concatenate(list(self.samples.stream(count)))[:count]

    def remark(self, text: str) -> None:
        """Say something that a reader of the numbers has to know."""
        if text not in self.remarks:
            self.remarks.append(text)


def pieces(read: Callable[[slice], np.ndarray], most: int) -> Callable[[int], Iterator[np.ndarray]]:
    """Return count -> the first `count` of `most` images, CHUNK at a time, as `read` gives each part."""

    def stream(count: int) -> Iterator[np.ndarray]:
        for start in range(0, min(count, most), CHUNK):
            yield read(slice(start, min(start + CHUNK, count, most)))

    return stream


def regrouped(parts: Iterator[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """Yield the same rows in arrays of `size`, the last perhaps smaller."""
    kept: list[np.ndarray] = []
    for part in parts:
        kept.append(part)
        while sum(map(len, kept)) >= size:
            whole = np.concatenate(kept)
            yield whole[:size]
            kept = [whole[size:]]
    rest = np.concatenate(kept) if kept else np.zeros(0)
    if len(rest):
        yield rest


def some_of(dataset: Any, count: int, extractor: Any, **rules: Any) -> Side:
    """Return a side of `count` real images (all of a smaller set), as if shuffled."""
    count = min(count, len(dataset))
    places = order_of(dataset)[:count]
    labels = None if dataset.labels is None else dataset.labels[places]
    key = {
        "fingerprint": getattr(dataset, "identity", dataset.fingerprint),
        "count": count,
        "order": "content",
        "extractor": extractor.name,
        "sha256": extractor.sha256,
        "resize": extractor.resize,
    }
    read = pieces(lambda part: image.to_float(dataset.read(places[part])), count)
    return Side(read, count, extractor, labels=labels, key=key, **rules)


def order_of(dataset: Any) -> np.ndarray:
    """Return the order of a set's images that does not depend on their files' names, or one at random."""
    known = getattr(dataset, "order", None)
    return np.random.default_rng(0).permutation(len(dataset)) if known is None else known
