"""What a user gives for a sample, NAME=TEXT on the command line, read by the field's kind."""

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ganctl.error import UsageError, suggest
from ganctl.game.field import Field

if TYPE_CHECKING:
    from ganctl.dataset.given_pictures import GivenPictures

STEPS = 10  # values between the ends of FROM..TO


@dataclass
class Given:
    """Values of one field.

    Args:
        values: (k, *shape), an array or what reads it: places -> (n, *shape), as in a batch.
        names: of the files that they came from; empty for what is typed.
        pictures: the files, where they are pictures.
    """

    values: Any
    names: list[str] = field(default_factory=list)
    pictures: "GivenPictures | None" = None


class Masks:
    """Pictures as masks: white is 1, the hole.

    Args:
        pictures: grey ones.
    """

    def __init__(self, pictures: "GivenPictures") -> None:
        self.pictures = pictures

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, places: Any) -> np.ndarray:
        """Return masks, float32 of 0 and 1.

        Raises:
            UsageError: for one without a hole, or that is nothing else.
        """
        found = (self.pictures[places] > 0).astype(np.float32)
        for place, share in zip(np.atleast_1d(places), found.mean(axis=(1, 2, 3)), strict=True):
            if share in (0, 1):
                kind = "no white pixel" if share == 0 else "nothing but white"
                raise UsageError(
                    f"mask: expected white where the picture is to be filled, and black elsewhere; "
                    f"{self.pictures.names[place]} has {kind}."
                )
        return found


def read(name: str, kind: Field, text: str, *, half: str = "") -> Given:
    """Return the values that a text gives for a field.

    Args:
        name: of the field, for messages.
        kind: what the field is.
        text: labels by number or name and numbers, with commas between or FROM..TO, or all labels;
            classes to go between; of images and masks a file, a folder or a zip.
        half: of pictures, see `ganctl.dataset.given_pictures.pictures`.

    Raises:
        UsageError: for a text that is none of it, or a kind that cannot be typed.
    """
    if kind.kind == "label" and text == "all" and "all" not in kind.classes:
        return Given(np.arange(len(kind.classes), dtype=np.int32))
    if kind.kind == "label":
        return Given(np.array([_label(name, kind, word) for word in _words(text)], np.int32))
    if kind.kind == "mixture":
        return Given(_mixtures(name, kind, text))
    if kind.kind == "number":
        return Given(_numbers(name, kind, text))
    if kind.kind in ("image", "mask"):
        from ganctl.dataset.given_pictures import pictures

        found = pictures(name, kind.shape, text, half=half)
        if kind.kind == "image":
            return Given(found, found.names, found)
        masks = Masks(found)
        for place in range(len(masks)):  # before anything is drawn
            masks[np.array([place])]
        return Given(masks, found.names, found)
    raise UsageError(f"{name}: {kind.kind} data cannot be given on the command line.")


def hint(name: str, kind: Field) -> str:
    """Return how a field is typed, for help."""
    if kind.kind == "mixture":
        return f"{name}={kind.classes[0]},{kind.classes[-1]}"
    if kind.kind == "label":
        first, last = kind.classes[0], kind.classes[-1]
        return f"{name}={first},{last}" + (
            "" if first.isdigit() else f" or {name}=0..{len(kind.classes) - 1}"
        )
    return f"{name}=FROM..TO" if kind.kind == "number" else f"{name}=FILE, FOLDER/ or ZIP"


def _words(text: str) -> list[str]:
    """Return a text's words, FROM..TO of whole numbers spelled out."""
    words: list[str] = []
    for word in text.split(","):
        first, dots, last = word.partition("..")
        if dots and first.isdigit() and last.isdigit() and 0 <= int(last) - int(first) < 10_000:
            words += map(str, range(int(first), int(last) + 1))
        else:
            words.append(word.strip())
    return words


def _label(name: str, kind: Field, word: str) -> int:
    if word in kind.classes:
        return kind.classes.index(word)
    if word.isdigit() and int(word) < len(kind.classes):
        return int(word)
    expected, meant = f"a number from 0 to {len(kind.classes) - 1}", ""
    if kind.classes and not kind.classes[0].isdigit():
        expected += f" or a name such as {kind.classes[0]}"
        meant = suggest(word, kind.classes)
    raise UsageError(f"{name}: expected {expected}, got '{word}'.{meant}")


def _mixtures(name: str, kind: Field, text: str) -> np.ndarray:
    """Return STEPS mixtures on the way from each class to the next, float32."""
    labels = [_label(name, kind, word) for word in _words(text)]
    if len(labels) < 2:
        raise UsageError(f"{name}: expected two classes or more, such as {hint(name, kind)}, got '{text}'.")
    ends = np.eye(len(kind.classes), dtype=np.float32)[labels]
    share = np.linspace(0, 1, STEPS, dtype=np.float32)[:, None]
    return np.concatenate([(1 - share) * a + share * b for a, b in itertools.pairwise(ends)])


def _numbers(name: str, kind: Field, text: str) -> np.ndarray:
    first, dots, last = text.partition("..")
    try:
        values = np.array([float(word) for word in ([first, last] if dots else text.split(","))])
    except ValueError:
        values = np.array([np.nan])
    if dots and np.isfinite(values).all():
        values = np.linspace(values[0], values[1], STEPS)
    if not np.isfinite(values).all():
        raise UsageError(f"{name}: expected numbers such as {name}=0.5 or {name}=-2..2, got '{text}'.")
    wide = np.reshape(values, (-1, *[1] * len(kind.shape)))
    return np.broadcast_to(wide, (len(values), *kind.shape)).astype(np.float32)
