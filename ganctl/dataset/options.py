"""The options that data sets share, checked before anything slow begins."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path

from ganctl.error import UsageError, suggest


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Random changes of real images; the defaults change nothing.

    Args:
        flip: mirror half of the images, left to right.
        crop: move by up to so many pixels in both directions, the edge filled by reflection.
        rotate: turn by up to so many degrees.
        colour: strength of the change of brightness, contrast and saturation, 0 to 1.

    Raises:
        UsageError: a number outside its range.
    """

    flip: bool = False
    crop: int = 0
    rotate: float = 0.0
    colour: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.flip, bool):
            raise UsageError(f"dataset.flip is true or false, not {self.flip!r}.")
        if not isinstance(self.crop, int) or isinstance(self.crop, bool) or self.crop < 0:
            raise UsageError(f"dataset.crop is a whole number of pixels, 0 or more, not {self.crop!r}.")
        between("rotate", self.rotate, 180, "degrees from 0 (off) to 180")
        between("colour", self.colour, 1, "a strength from 0 (off) to 1")

    def fits(self, shape: tuple[int, int, int]) -> None:
        """Raise UsageError when images of `shape` (height, width, channels) are too small for the shift."""
        if self.crop >= min(shape[:2]):
            size = f"{shape[0]}x{shape[1]}"
            raise UsageError(
                f"dataset.crop={self.crop} is too far for {size} images; use less than their side."
            )


def between(name: str, value: float, most: float, expected: str) -> None:
    """Raise UsageError unless `value` is a number in [0, most]."""
    if not isinstance(value, Real) or isinstance(value, bool) or not 0 <= value <= most:
        raise UsageError(f"dataset.{name} is {expected}, not {value!r}.")


def positive(name: str, value: float) -> None:
    """Raise UsageError unless `value` is a finite number above 0."""
    if not isinstance(value, Real) or isinstance(value, bool) or not 0 < value < math.inf:
        raise UsageError(f"dataset.{name} is a number above 0, not {value!r}.")


def choice(name: str, value: object, choices: Sequence[str]) -> str:
    """Return `value` when it is one of `choices`, or raise UsageError naming them."""
    word = str(value).lower() if isinstance(value, bool) else str(value)
    if word not in choices:
        listed = f"{', '.join(choices[:-1])} or {choices[-1]}"
        raise UsageError(f"dataset.{name} is {listed}, not '{word}'.{suggest(word, choices)}")
    return word


def switch(name: str, value: object) -> bool:
    """Return `value` when it is true or false, or raise UsageError."""
    return choice(name, value, ("true", "false")) == "true"


def pair(size: int | str | Sequence[int]) -> tuple[int, int]:
    """Return (height, width) for dataset.size: a whole number of pixels, or two."""
    sides: list = [size, size]
    if isinstance(size, Sequence) and not isinstance(size, str):
        sides = list(size)
    if len(sides) != 2 or not all(type(side) is int and side > 0 for side in sides):
        raise UsageError(f"dataset.size is a side in pixels or [height, width], 1 or more, not {size!r}.")
    return sides[0], sides[1]


def existing(path: object) -> Path:
    """Return `path`, with ~ expanded, or raise UsageError when nothing is there."""
    found = Path(str(path)).expanduser()
    if not str(path) or not found.exists():
        folder = found.absolute().parent
        near = suggest(found.name, [entry.name for entry in folder.iterdir()]) if folder.is_dir() else ""
        raise UsageError(
            f"dataset.path={path} does not exist.{near} Give the images' place: dataset.path=FOLDER"
        )
    return found
