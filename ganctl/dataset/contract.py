"""What every data set is, whatever its examples are."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ganctl.error import UsageError
from ganctl.game.field import Fields

if TYPE_CHECKING:
    import tensorflow as tf


class Paths(Protocol):
    """A game as a picture sees it (`ganctl.training.latent_paths.LatentPaths`)."""

    @property
    def columns(self) -> int | None:
        """Tiles in a row of a grid."""

    def samples(self, count: int) -> np.ndarray:
        """Return samples, always the same latents'."""

    def shown(self, count: int) -> np.ndarray:
        """Return what a grid shows of them: samples, or tiles (count, tiles, ...)."""

    def field(self, points: np.ndarray) -> tuple[np.ndarray | None, float | None]:
        """Return what the discriminator says at points, and what an undecided one says."""

    def walk(self, count: int) -> np.ndarray | None:
        """Return samples along a path through the latents."""


class Dataset(Protocol):
    """Examples that each have the same named fields; "image" is what is learnt, whatever its kind.

    Attributes:
        name: what the set is called.
        fields: what an example has, by name.
        shape: of "image".
        classes: the names of the labels; empty without.
        held_out: examples that are never trained on and lie ready; 0 without.
        skipped: bad files that were left out.
        about: a line on how the data were before they were brought into their form; "" for nothing to say.
        fingerprint: sha256, in hexadecimal, of everything that decides what is seen.
        truth: the distribution of the data where it is known (`ganctl.metric.modes`), else None.
    """

    name: str
    fields: Fields
    shape: tuple[int, ...]
    classes: tuple[str, ...]
    held_out: int
    skipped: int
    about: str
    fingerprint: str
    truth: Any

    def __len__(self) -> int: ...

    def batches(self, batch_size: int, *, seed: int, start: int = 0) -> "tf.data.Dataset":
        """Return batches start, start + 1, ... without end, dicts by field; batch i depends on (seed, i).

        Fields may come in streams of their own, each with its length and order: two domains without pairs.
        """

    def examples(self, places: np.ndarray, *, held: bool = False) -> Mapping[str, np.ndarray]:
        """Return the fields of some examples, as if shuffled, counted round and round, not augmented.

        Args:
            places: whole numbers (n,).
            held: of the held-out examples; fields that these lack are left out.
        """

    def take(self, count: int) -> np.ndarray:
        """Return the first `count` of what is learnt (all of a smaller set), not augmented, float32."""

    def held(self, count: int) -> np.ndarray:
        """Return up to `count` of what is learnt that are never trained on, perhaps none."""

    def picture(self, paths: Paths, *, count: int) -> np.ndarray:
        """Return a uint8 picture of `count` samples, as this kind of data is best seen."""

    def draw(self, samples: np.ndarray, columns: int | None = None) -> np.ndarray:
        """Return a uint8 picture of samples, or of tiles (n, tiles, ...)."""


def check_batch_size(dataset: Any, batch_size: int) -> None:
    """Raise UsageError for a batch larger than the set."""
    if not 1 <= batch_size <= len(dataset):
        raise UsageError(
            f"trainer.batch_size={batch_size} needs as many examples, and {dataset.name} has {len(dataset)}; "
            f"use a batch size from 1 to {len(dataset)}."
        )
