"""The extractors that ship with ganctl: small classifiers whose weights are pinned, for small pictures."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ganctl.error import RunError, UsageError
from ganctl.extractor.contract import Extractor

if TYPE_CHECKING:
    from ganctl.extractor.classifier import Classifier

WEIGHTS = Path(__file__).parent / "weights"
SHA256 = {
    "mnist": "2043585fc689d5d8afb3e344421939df7aa4e00a1e57fec7d5f463013d76de80",
    "cifar10": "6f329f34949d518b51906393f52c4ff49f1c3aa0e4e0cada8a051827489f1f33",
    "digits": "c3ac015e4c6f0967eedc32505bf8f1fa2966fd57b8305e451d682b05e7fb40a7",
    "fashion_mnist": "aff327fa5c578d1b9d91b5454d066f072f3b7547dd8ed7f4519b6a278bc71b75",
}
GREY, COLOUR = (28, 28, 1), (32, 32, 3)
SHAPES = {"mnist": GREY, "digits": GREY, "fashion_mnist": GREY, "cifar10": COLOUR}


class Pinned(Extractor):
    """A classifier of ganctl's own as an extractor: averages of its last convolution, and ten scores.

    How each was trained, and what it reaches, is in `ganctl.commands.train_extractor`.

    Args:
        name: one of SHA256's.

    Raises:
        UsageError: for another name.
    """

    light = True  # reads thousands of images a second on any machine

    def __init__(self, name: str) -> None:
        if name not in SHA256:
            raise UsageError(f"extractor: expected one of {', '.join(SHA256)}, got '{name}'.")
        self.name, self.sha256, self.shape = name, SHA256[name], SHAPES[name]
        self.resize = f"none {self.shape[0]}"
        self._classifier: Any = None

    def check(self, shape: tuple[int, ...]) -> None:
        """Raise UsageError for images of a shape that it cannot read."""
        if tuple(shape) != self.shape:
            wanted, size = ("x".join(map(str, each)) for each in (self.shape, shape))
            raise UsageError(
                f"extractor={self.name}: expected images of {wanted}, got {size}; type "
                "extractor=inception (or extractor=keras extractor.path=FILE)."
            )

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (features (n, d), logits (n, 10)), float32, of images (n, *shape) in [-1, 1]."""
        self._classifier = self._classifier or pinned(self.name)
        return self._classifier.read(images)


def pinned(name: str) -> "Classifier":
    """Return the classifier that ships with ganctl under this name.

    Raises:
        RunError: when its file is missing or not the published one.
    """
    path = WEIGHTS / f"{name}.safetensors"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RunError(f"{path} cannot be read ({error.strerror}); install ganctl again.") from error
    if hashlib.sha256(content).hexdigest() != SHA256[name]:
        raise RunError(f"{path} is damaged (wrong checksum); install ganctl again.")
    from ganctl.extractor.classifier import Classifier

    return Classifier(content)
