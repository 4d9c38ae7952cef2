"""An evaluation: which metrics, of how many samples, against which real images, by which extractor."""

import platform
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import metadata
from typing import Any

import numpy as np

from ganctl import __version__
from ganctl.check import expect_one_of, expect_whole
from ganctl.error import UsageError
from ganctl.metric.contract import Metric
from ganctl.metric.samples import Samples
from ganctl.metric.view import Side, View, some_of

REFERENCES = ("auto", "test", "train")
MOST, FEW = 100_000, 10_000  # training images among which a picture shows the nearest
PACKAGES = ("tensorflow", "keras", "numpy", "scipy")


class Pixels:
    """In the place of an extractor, where no metric wants features: pictures are drawn by their pixels."""

    name, sha256, resize, light = "none", "", "none", True

    def check(self, shape: tuple[int, ...]) -> None:
        """Take every shape."""

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return images.reshape(len(images), -1), np.zeros((len(images), 1), np.float32)


class Evaluation:
    """Measures samples by several metrics at once, and says how.

    Args:
        samples: fakes of which the numbers are taken; `modes` has its own protocol.
        real: real images at most, those of the set as if shuffled.
        reference: which real images: "test" (the test split), "train" (those trained on), or "auto" (the test
            split where there is one).
        metrics: by name: view -> {number: value}; see `ganctl.metric.view.View`.
        extractor: of features, or what chooses one for a data set.
        load: split -> that split of the data set, or None where it has none.
        plain: by metric, its settings, for the protocol.

    Raises:
        UsageError: for a value outside its range.
    """

    def __init__(
        self,
        samples: int = 2000,
        real: int = 10_000,
        reference: str = "auto",
        *,
        metrics: Mapping[str, Metric],
        extractor: Any = None,
        load: Callable[[str], Any] = lambda split: None,
        plain: Mapping[str, Any] | None = None,
    ) -> None:
        expect_whole("evaluation.samples", samples, 2)
        expect_whole("evaluation.real", real, 2)
        expect_one_of("evaluation.reference", reference, REFERENCES)
        self.samples, self.most, self.reference = samples, real, reference
        self.metrics, self.extractor, self.load, self.plain = (
            dict(metrics),
            extractor,
            load,
            dict(plain or {}),
        )
        self.tell: Callable[[int], None] = lambda count: None  # of images that became features
        self.begin: Callable[[str], None] = lambda metric: None
        self.remarks: list[str] = []
        self._sides: dict[str, Any] = {}

    def check(self, dataset: Any) -> None:
        """Raise UsageError where a metric cannot measure samples of these data."""
        for name, metric in self.metrics.items():
            metric.check(dataset)
            if metric.counts:
                continue
            if len(dataset.shape) != 3:
                raise UsageError(
                    f"metric=[{name}]: expected images, got {dataset.name}; type metric=[modes]."
                )
            if metric.training and not len(dataset.held(1)):
                raise UsageError(
                    f"metric=[{name}]: expected images kept from training to compare with; "
                    "type dataset.holdout=1000."
                )
            self._expect_enough(name, metric, dataset)
            self._suited(dataset).check(dataset.shape)

    def _expect_enough(self, name: str, metric: Any, dataset: Any) -> None:
        """Raise UsageError where a metric would have fewer samples or real images than it needs."""
        least = metric.least
        for kind, key, count in (
            ("samples", f"evaluation.samples={least} (n={least} in evaluate)", self.samples),
            ("real images", f"evaluation.real={least}", min(self.most, len(dataset))),
        ):
            if count < least:
                raise UsageError(
                    f"metric=[{name}]: expected {least} {kind} or more, got {count}; type {key} or more."
                )

    def check_labels(self, there: bool) -> None:
        """Raise UsageError where a metric needs labels of the samples and there are none."""
        for name, metric in self.metrics.items():
            if metric.labelled and not there:
                raise UsageError(
                    f"metric=[{name}]: expected samples with labels, got none; type model=cgan for a "
                    "generator that is asked for classes, or evaluate a folder with a folder for each class."
                )

    def __call__(self, samples: Samples, dataset: Any) -> dict[str, float]:
        """Return what every metric says of samples, by "metric/number"."""
        return self.measured(self.view(samples, dataset))

    def measured(self, view: View) -> dict[str, float]:
        """Return what every metric says of a view, by "metric/number"."""
        found: dict[str, float] = {}
        for metric, measure in self.metrics.items():
            self.begin(metric)
            found |= {f"{metric}/{name}": float(value) for name, value in measure(view).items()}
        self.remarks = view.remarks
        return found

    def view(self, samples: Samples, dataset: Any) -> View:
        """Return what the metrics see of samples, compared with the data trained on."""
        # What only counts modes needs no features, and the network of FID may not be there.
        extractor = self._suited(dataset) if self._compares() else None
        many = min(self.samples, samples.count or self.samples)
        labels = None if samples.labels is None else samples.labels[:many]
        codes = None if samples.codes is None else samples.codes[:many]
        fake = Side(samples.stream, many, extractor, labels=labels, codes=codes, tell=self._told)
        # Of a slow extractor, only who asks for neighbours waits for those of all images.
        whole = (extractor and extractor.light) or "nearest" in self.metrics
        return View(
            dataset,
            samples,
            fake,
            partial(self._real, dataset),
            partial(self._trained, dataset),
            partial(self._others, dataset),
            MOST if whole else FEW,
        )

    def protocol(
        self, dataset: Any, *, samples: int, seed: int | None, averaged: bool, inputs: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Return all that decides the numbers, plain data; numbers compare only where it is the same.

        Args:
            dataset: trained on.
            samples: how many were measured.
            seed: of the latents, None for samples that were there.
            averaged: whether the averaged weights drew them.
            inputs: names of the held-out data that they were made of; a fill of a real picture flatters.
        """
        facts: dict[str, Any] = {
            "samples": samples,
            "seed": seed,
            "averaged": averaged,
            "settings": self.plain,
        }
        facts |= {"inputs": list(inputs)} if inputs else {}
        if self._compares():
            reference, extractor = self._reference(dataset), self._suited(dataset)
            split, images = reference
            facts |= {
                "reference": f"{images.name} {split}",
                "fingerprint": getattr(images, "identity", images.fingerprint),
                "real": min(self.most, len(images)),
                **({"chosen": "by content"} if self.most < len(images) else {}),
                "extractor": extractor.name,
                "extractor_sha256": extractor.sha256,
                "resize": extractor.resize,
            }
        else:
            wanted = [metric.samples or dataset.truth.protocol for metric in self.metrics.values()]
            facts |= {
                "samples": max(wanted),
                "reference": f"{dataset.name} truth",
                "fingerprint": dataset.fingerprint,
            }
        versions = {package: metadata.version(package) for package in PACKAGES}
        return facts | {"versions": {"ganctl": __version__, "python": platform.python_version()} | versions}

    def _told(self, count: int) -> None:
        """Pass on what a side says, to whoever listens by then."""
        self.tell(count)

    def _compares(self) -> bool:
        """Return whether a metric compares images, rather than counting what is known of the truth."""
        return any(not metric.counts for metric in self.metrics.values())

    def _suited(self, dataset: Any) -> Any:
        """Return the extractor, once it is known for which data; pixels where no metric wants features."""
        if all(metric.counts or not metric.features for metric in self.metrics.values()):
            return Pixels()
        self.extractor = self.extractor.of(dataset)
        return self.extractor

    def _reference(self, dataset: Any) -> tuple[str, Any]:
        """Return (split, real images) that fakes are compared with.

        Raises:
            UsageError: where the test split is wanted, and there is none.
        """
        if "reference" not in self._sides:
            test = self.load("test") if self.reference != "train" else None
            if self.reference == "test" and test is None:
                raise UsageError(
                    f"evaluation.reference=test: {dataset.name} has no test split here; "
                    "type evaluation.reference=train."
                )
            # A run that trains on the test split itself measures itself against it.
            self._sides["reference"] = ("train", dataset) if test is None else ("test", test)
        return self._sides["reference"]

    def _real(self, dataset: Any) -> Side:
        if "real" not in self._sides:
            _, images = self._reference(dataset)
            self._sides["real"] = some_of(images, self.most, self._suited(dataset), tell=self._told)
        return self._sides["real"]

    def _trained(self, dataset: Any, most: int) -> Side:
        name = f"trained {most}"
        if name not in self._sides:
            self._sides[name] = some_of(dataset, most, self._suited(dataset), tell=self._told)
        return self._sides[name]

    def _others(self, dataset: Any, most: int) -> tuple[Side, Side]:
        """Return the sides of training images and of as many held-out ones."""
        name = f"others {most}"
        if name not in self._sides:
            held = dataset.held(min(most, len(dataset)))
            extractor = self._suited(dataset)
            unseen = Side(lambda wanted: iter([held[:wanted]]), len(held), extractor, tell=self._told)
            self._sides[name] = (some_of(dataset, len(held), extractor, tell=self._told), unseen)
        return self._sides[name]
