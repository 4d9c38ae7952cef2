"""The extractor that suits the data: ganctl's own where there is one, Inception otherwise."""

from typing import Any

from ganctl.extractor.contract import Extractor
from ganctl.extractor.pinned import SHA256, Pinned


class Auto(Extractor):
    """Chooses by the data set's name, or by that of the set that its images are from."""

    def of(self, dataset: Any) -> Any:
        """Return the extractor for a data set.

        Raises:
            UsageError: where it is Inception, and its weights are not there.
        """
        name = getattr(dataset, "origin", "") or dataset.name
        if name in SHA256:
            return Pinned(name)
        from ganctl.extractor.inception import Inception

        return Inception()
