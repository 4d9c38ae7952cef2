"""The extractor that suits the data: ganctl's own where there is one, Inception otherwise."""

from typing import Any

from ganctl.extractor.contract import Extractor
from ganctl.extractor.pinned import COLOUR, SHA256, Pinned


class Auto(Extractor):
    """Chooses by the name of the set that images are from; small photographs are read by CIFAR-10's."""

    def of(self, dataset: Any) -> Any:
        """Return the extractor for a data set.

        Raises:
            UsageError: where it is Inception, and its weights are not there.
        """
        name = getattr(dataset, "origin", "") or dataset.name
        if name in SHA256:
            return Pinned(name)
        if tuple(dataset.shape) == COLOUR:
            return Pinned("cifar10")
        from ganctl.extractor.inception import Inception

        return Inception()
