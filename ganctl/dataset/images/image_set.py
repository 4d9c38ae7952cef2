"""A set of images: what every image data set's factory returns."""

import functools
import hashlib
from collections.abc import Callable
from dataclasses import astuple
from typing import TYPE_CHECKING

import numpy as np

from ganctl import image
from ganctl.dataset.contract import Paths, check_batch_size
from ganctl.dataset.images.order import by_content
from ganctl.dataset.images.selection import Chosen, Selection
from ganctl.dataset.images.storage import Memory, Storage
from ganctl.dataset.options import Augmentation
from ganctl.game.field import Field

if TYPE_CHECKING:
    import tensorflow as tf

Others = tuple[Storage, np.ndarray | None]  # images that are not trained on, and their labels
Unseen = Callable[[], tuple[np.ndarray, np.ndarray | None] | None]


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
        unseen: returns images and labels of another set of the same kind, such as the test split, of which
            none is trained on; None where they do not lie ready.

    Attributes: see `ganctl.dataset.contract.Dataset`, and
        identity: sha256, in hexadecimal, of the images that metrics see: not of how they are augmented.

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
        unseen: Unseen | None = None,
    ):
        self.name, self.truth = name, None
        self.names: list[str] = []  # of the files that images came from, where each has one
        self.storage = storage
        self._others: Others | None = None
        self.shape = storage.shape
        self.labels = None if labels is None else np.asarray(labels, np.int32)
        self._unseen = unseen
        self.classes = classes
        self.skipped = skipped
        self.tell: Callable[[], str] = str  # what `about` says, found when it is asked for
        self.fields = {"image": Field(kind="image", shape=self.shape)}
        if self.labels is not None:
            self.fields["label"] = Field(kind="label", classes=classes)
        self.augmentation = augmentation or Augmentation()
        self.augmentation.fits(self.shape)
        marks = None if self.labels is None else digest(self.labels)
        changes = tuple(map(float, astuple(self.augmentation)))  # so that 0 and 0.0 are the same
        chosen: tuple = ("by content", astuple(selection)) if selection and selection.chosen else ()
        if selection and chosen:
            self._select(selection)
        parts = (content, self.shape, marks, classes, changes, *chosen)
        self.fingerprint = hashlib.sha256(repr(parts).encode()).hexdigest()
        # What is measured is not augmented: flipped or not, it is one set.
        self.identity = hashlib.sha256(repr((content, self.shape, *chosen)).encode()).hexdigest()

    def _select(self, selection: Selection) -> None:
        used, others = selection.split(len(self.storage), self.labels, self.order)
        del self.order  # of the whole set
        labels = None if self.labels is None else self.labels[others]
        self._others = Chosen(self.storage, others), labels
        self.storage = Chosen(self.storage, used)
        self.labels = None if self.labels is None else self.labels[used]

    @property
    def about(self) -> str:
        """How the files were before they were brought into their form; "" for nothing to say."""
        return self.tell()

    def __len__(self) -> int:
        return len(self.storage)

    @functools.cached_property
    def order(self) -> np.ndarray:
        """The places of all images, as if shuffled: in the order of their contents."""
        return by_content(self.storage)

    def batches(self, batch_size: int, *, seed: int, start: int = 0) -> "tf.data.Dataset":
        """Return batches start, start + 1, ... without end; batch i is a pure function of (seed, i).

        Returns:
            dicts {"image": float32 (batch_size, height, width, channels) in [-1, 1]} and, for a labelled set,
            "label": int32 (batch_size,).

        Raises:
            UsageError: a batch larger than the set.
        """
        check_batch_size(self, batch_size)
        # Importing TensorFlow takes seconds; a wrong path or option must be told before that.
        from ganctl.dataset.stream import Source, stream

        sources = {"image": Source(values=self.storage)}
        if self.labels is not None:
            sources["label"] = Source(values=self.labels)
        rules = {"batch_size": batch_size, "seed": seed, "start": start}
        return stream(sources, **rules, augmentation=self.augmentation)

    def read(self, places: np.ndarray) -> np.ndarray:
        """Return the images at some places, not augmented: uint8 of shape (n, height, width, channels)."""
        return self.storage.read(places)

    def take(self, count: int) -> np.ndarray:
        """Return the first `count` images (all of a smaller set), not augmented: float32 in [-1, 1]."""
        return image.to_float(self.storage.read(np.arange(min(count, len(self)))))

    @property
    def held_out(self) -> int:
        """Examples that are never trained on: those that the selection left out, or of the test split."""
        return len(self._unseen_ones()[0])

    def held(self, count: int) -> np.ndarray:
        """Return up to `count` of the held-out images, float32 in [-1, 1], perhaps none."""
        images, _ = self._unseen_ones()
        return image.to_float(images.read(self._held_order[:count]))

    @functools.cached_property
    def _held_order(self) -> np.ndarray:
        return by_content(self._unseen_ones()[0])

    def examples(self, places: np.ndarray, *, held: bool = False) -> dict[str, np.ndarray]:
        """Return images, float32 in [-1, 1], and labels at some places; see `Dataset.examples`."""
        images, labels = self._unseen_ones() if held else (self.storage, self.labels)
        places = (self._held_order if held else self.order)[places % len(images)]
        found = {"image": image.to_float(images.read(places))}
        return found if labels is None else {**found, "label": labels[places]}

    def _unseen_ones(self) -> "Others":
        if self._others is None:
            images, labels = (self._unseen() if self._unseen else None) or (None, None)
            empty = np.zeros((0, *self.shape), np.uint8)
            labels = None if labels is None else np.asarray(labels, np.int32)
            self._others = Memory(empty if images is None else images), labels
        return self._others

    def picture(self, paths: Paths, *, count: int) -> np.ndarray:
        """Return a uint8 picture of `count` samples, as a grid."""
        return self.draw(paths.shown(count), columns=paths.columns)

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
    unseen: Unseen | None = None,
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
