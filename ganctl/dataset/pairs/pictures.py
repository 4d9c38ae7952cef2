"""Pictures of two kinds, in pairs or not: what both factories return."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import astuple
from typing import TYPE_CHECKING

import numpy as np

from ganctl import image
from ganctl.dataset.contract import Paths
from ganctl.dataset.images.selection import Chosen, Selection
from ganctl.dataset.images.storage import Storage
from ganctl.dataset.options import Augmentation
from ganctl.error import UsageError
from ganctl.game.field import Field

if TYPE_CHECKING:
    import tensorflow as tf

Kinds = Mapping[str, Storage]  # "input" and "image"


class Pictures:
    """Pictures of two kinds: "input", and "image", which is learnt.

    Args:
        name: what the set is called.
        kinds: the pictures of each kind.
        streams: by kind, the stream in which its pictures come: kinds of one stream are pairs, which come
            together and are augmented alike; others come in an order of their own, each at its own length.
        content: what decides the pictures, whatever their storage.
        augmentation: random changes of the pictures in `batches`.
        selection: how many of each kind are trained on, and how many kept back.
        unseen: returns pictures of both kinds that are not trained on, asked for where the selection leaves
            none out; None where there are none.
        skipped: how many bad files were left out.

    Attributes: see `ganctl.dataset.contract.Dataset`; and
        origin: the name of the set that "image" is from, where that is a published one.
        counterpart: pictures of "image", uint8, -> as "input" would show them; None where that is unknown.
        truths: examples -> what should be made of them, float32 in [-1, 1]; None where that is unknown.

    Raises:
        UsageError: for an augmentation or a selection that does not fit the pictures.
    """

    classes: tuple[str, ...] = ()
    origin = ""
    counterpart: Callable[[np.ndarray], np.ndarray] | None = None
    truths: Callable[[Mapping[str, np.ndarray]], np.ndarray] | None = None
    labels = None
    truth = None

    def __init__(
        self,
        name: str,
        kinds: Kinds,
        *,
        streams: Mapping[str, int],
        content: str,
        augmentation: Augmentation,
        selection: Selection,
        unseen: Callable[[], Kinds | None],
        skipped: int = 0,
    ) -> None:
        self.name, self.streams, self.augmentation, self.skipped = name, dict(streams), augmentation, skipped
        self.about = ""
        self.kinds, self._unseen = dict(kinds), unseen
        self._others: dict[str, Storage] | None = None
        self.fields = {kind: Field(kind="image", shape=each.shape) for kind, each in kinds.items()}
        self.shape: tuple[int, int, int] = kinds["image"].shape
        for each in kinds.values():
            augmentation.fits(each.shape)
        if selection.chosen:
            self._select(selection)
        changes = tuple(map(float, astuple(augmentation)))  # so that 0 and 0.0 are the same
        parts = (content, sorted(self.streams.items()), changes, astuple(selection))
        self.fingerprint = hashlib.sha256(repr(parts).encode()).hexdigest()

    def _select(self, selection: Selection) -> None:
        split = {kind: selection.split(len(each)) for kind, each in self.kinds.items()}
        self._others = {kind: Chosen(self.kinds[kind], others) for kind, (_, others) in split.items()}
        self.kinds = {kind: Chosen(self.kinds[kind], used) for kind, (used, _) in split.items()}

    def __len__(self) -> int:
        return max(map(len, self.kinds.values()))

    def batches(self, batch_size: int, *, seed: int, start: int = 0) -> "tf.data.Dataset":
        """Return batches start, start + 1, ... without end; batch i is a pure function of (seed, i).

        Returns:
            dicts {"input": ..., "image": ...}, float32 (batch_size, height, width, channels) in [-1, 1].

        Raises:
            UsageError: for a batch larger than either kind.
        """
        kind = min(self.kinds, key=lambda kind: len(self.kinds[kind]))
        fewest = len(self.kinds[kind])
        if not 1 <= batch_size <= fewest:
            raise UsageError(
                f"trainer.batch_size={batch_size} needs as many pictures of each kind, and {self.name} has "
                f"{fewest} for '{kind}'; use a batch size from 1 to {fewest}."
            )
        # Importing TensorFlow takes seconds; a wrong path or option must be told before that.
        from ganctl.dataset.stream import Source, stream

        sources = {name: Source(values=each, stream=self.streams[name]) for name, each in self.kinds.items()}
        sources |= {
            name: Source(values=each, stream=self.streams[name], plain=True)
            for name, each in self.others().items()
        }
        rules = {"batch_size": batch_size, "seed": seed, "start": start}
        return stream(sources, **rules, augmentation=self.augmentation)

    def others(self) -> Mapping[str, Storage | np.ndarray]:
        """Return by name what comes with the pictures and is none, each in one of the streams."""
        return {}

    def examples(self, places: np.ndarray, *, held: bool = False) -> dict[str, np.ndarray]:
        """Return both kinds at some places, not augmented; each kind is counted round and round by itself."""
        kinds = self._held() if held else self.kinds
        return {kind: image.to_float(each.read(places % len(each))) for kind, each in kinds.items()}

    def read(self, places: np.ndarray) -> np.ndarray:
        """Return what is learnt at some places, not augmented: uint8 (n, height, width, channels)."""
        learnt = self.kinds["image"]
        return learnt.read(places % len(learnt))

    def take(self, count: int) -> np.ndarray:
        """Return the first `count` of what is learnt (all of fewer), not augmented: float32 in [-1, 1]."""
        return image.to_float(self.read(np.arange(min(count, len(self.kinds["image"])))))

    @property
    def held_out(self) -> int:
        """Examples that are never trained on: what the selection left out, or the test folder's."""
        return min(map(len, self._held().values()), default=0)

    def held(self, count: int) -> np.ndarray:
        """Return up to `count` of what is learnt that are never trained on, float32 in [-1, 1]."""
        learnt = self._held().get("image")
        if learnt is None:
            return np.zeros((0, *self.shape), np.float32)
        return image.to_float(learnt.read(np.arange(min(count, len(learnt)))))

    def _held(self) -> Kinds:
        if self._others is None:
            self._others = dict(self._unseen() or {})
        return self._others

    def picture(self, paths: Paths, *, count: int) -> np.ndarray:
        """Return a uint8 picture of what a grid shows of `count` samples."""
        return self.draw(paths.shown(count), columns=paths.columns)

    def draw(self, samples: np.ndarray, columns: int | None = None) -> np.ndarray:
        """Return a uint8 picture of images in [-1, 1], or of groups of them, as a grid."""
        return image.grid(samples, columns=columns)
