"""A set of images: what every image data set's factory returns."""

import hashlib
from collections.abc import Callable
from dataclasses import astuple
from typing import TYPE_CHECKING

import numpy as np

from ganctl import image
from ganctl.dataset.images.selection import Chosen, Selection
from ganctl.dataset.images.storage import Memory, Storage
from ganctl.dataset.options import Augmentation
from ganctl.error import UsageError

if TYPE_CHECKING:
    import tensorflow as tf


class Images:
    """Real images with or without labels.

    Args:
        name: what the set is called.
        storage: the images.
        content: a digest of the images, whatever their storage.
        labels: integers of shape (count,), or None.
        classes: the names of the labels 0, 1, ...; empty for an unlabelled set.
        augmentation: random changes of the images in `batches` (not in `take`).
        skipped: how many bad files were left out.
        selection: how many images are trained on, and how many kept back.
        unseen: returns another set of the same kind, such as the test split, of which none is trained on;
            called once, and only when no image was kept back.

    Attributes:
        shape: (height, width, channels).
        fingerprint: sha256, in hexadecimal, of everything that decides what is seen: images, labels, options.

    Raises:
        UsageError: no images, or an augmentation that does not fit them.
    """

    def __init__(
        self,
        name: str,
        storage: Storage,
        *,
        content: str,
        labels: np.ndarray | None = None,
        classes: tuple[str, ...] = (),
        augmentation: Augmentation | None = None,
        skipped: int = 0,
        selection: Selection | None = None,
        unseen: Callable[[], np.ndarray | None] | None = None,
    ):
        self.name = name
        self.storage = storage
        self._others: Storage | None = None
        self.shape = storage.shape
        self.labels = None if labels is None else np.asarray(labels, np.int32)
        self._unseen = unseen
        self.classes = classes
        self.skipped = skipped
        self.augmentation = augmentation or Augmentation()
        self.augmentation.fits(self.shape)
        marks = None if self.labels is None else digest(self.labels)
        changes = tuple(map(float, astuple(self.augmentation)))  # so that 0 and 0.0 are the same
        parts: tuple = (content, self.shape, marks, classes, changes)
        if selection and selection.chosen:
            parts += (astuple(selection),)
            self._select(selection)
        self.fingerprint = hashlib.sha256(repr(parts).encode()).hexdigest()

    def _select(self, selection: Selection) -> None:
        used, others = selection.split(len(self.storage))
        self._others = Chosen(self.storage, others)
        self.storage = Chosen(self.storage, used)
        self.labels = None if self.labels is None else self.labels[used]

    def __len__(self) -> int:
        return len(self.storage)

    def batches(self, batch_size: int, *, seed: int, start: int = 0) -> "tf.data.Dataset":
        """Return batches start, start + 1, ... without end; batch i is a pure function of (seed, i).

        Returns:
            dicts {"image": float32 (batch_size, height, width, channels) in [-1, 1]} and, for a labelled set,
            "label": int32 (batch_size,).

        Raises:
            UsageError: a batch larger than the set.
        """
        if not 1 <= batch_size <= len(self):
            raise UsageError(
                f"trainer.batch_size={batch_size} needs as many images, and {self.name} has {len(self)}; "
                f"use a batch size from 1 to {len(self)}."
            )
        # Importing TensorFlow takes seconds; a wrong path or option must be told before that.
        from ganctl.dataset.stream import stream

        return stream(
            self.storage,
            self.labels,
            batch_size=batch_size,
            seed=seed,
            start=start,
            augmentation=self.augmentation,
        )

    def read(self, places: np.ndarray) -> np.ndarray:
        """Return the images at some places, not augmented: uint8 of shape (n, height, width, channels)."""
        return self.storage.read(places)

    def take(self, count: int) -> np.ndarray:
        """Return the first `count` images (all of a smaller set), not augmented: float32 in [-1, 1]."""
        return image.to_float(self.storage.read(np.arange(min(count, len(self)))))

    def held(self, count: int) -> np.ndarray:
        """Return up to `count` images that are never trained on, float32 in [-1, 1], perhaps none.

        They are those that the selection left out, or of the set's test split where it lies beside.
        """
        if self._others:
            return image.to_float(self._others.read(np.arange(min(count, len(self._others)))))
        found = self._unseen() if self._unseen else None
        return np.zeros((0, *self.shape), np.float32) if found is None else image.to_float(found[:count])

    def draw(self, samples: np.ndarray, columns: int | None = None) -> np.ndarray:
        """Return a uint8 picture of samples in [-1, 1] of shape (n, height, width, channels), as a grid."""
        return image.grid(samples, columns=columns)


def in_memory(
    name: str,
    array: np.ndarray,
    labels: np.ndarray,
    *,
    classes: tuple[str, ...],
    augmentation: Augmentation,
    selection: Selection | None = None,
    unseen: Callable[[], np.ndarray | None] | None = None,
) -> Images:
    """Return a labelled set of uint8 images of shape (count, height, width, channels)."""
    return Images(
        name,
        Memory(array),
        content=digest(array),
        labels=labels,
        classes=classes,
        augmentation=augmentation,
        selection=selection,
        unseen=unseen,
    )


def digest(array: np.ndarray) -> str:
    """Return the sha256 of an array's bytes, in hexadecimal."""
    return hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()
