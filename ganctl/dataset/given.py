"""What a user gives for a sample, NAME=TEXT on the command line, read by the field's kind."""

import itertools
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ganctl import image
from ganctl.error import UsageError, suggest
from ganctl.game.field import Field

STEPS = 10  # values between the ends of FROM..TO


@dataclass
class Given:
    """Values of one field.

    Args:
        values: (k, *shape), as in a batch.
        names: of the files that they came from; empty for what is typed.
    """

    values: np.ndarray
    names: list[str] = field(default_factory=list)


def read(name: str, kind: Field, text: str) -> Given:
    """Return the values that a text gives for a field.

    Args:
        name: of the field, for messages.
        kind: what the field is.
        text: labels by number or name and numbers, with commas between or FROM..TO, or all labels;
            classes to go between; of images and masks a file, a folder or a zip.

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
    if kind.kind == "image":
        return _images(name, kind, text)
    if kind.kind == "mask":  # white is 1
        found = _images(name, kind, text)
        return Given((found.values > 0).astype(np.float32), found.names)
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


def _images(name: str, kind: Field, text: str) -> Given:
    """Return images of a file, a folder or a zip, in the size that the field has."""
    from ganctl.dataset.images.folder import image_folder
    from ganctl.dataset.images.picture import BadImage, decode, form

    path, (height, width, channels) = Path(text).expanduser(), kind.shape
    if path.is_file() and path.suffix.lower() != ".zip":
        wanted = form(size=[height, width], channels=channels, fit="crop", background="white")
        try:
            return Given(image.to_float(decode(path.read_bytes(), wanted))[None], [path.name])
        except (BadImage, OSError) as error:
            raise UsageError(f"{name}={text} cannot be read: {error}.") from error
    if not path.exists():
        raise UsageError(f"{name}: expected a picture, a folder or a zip of pictures, got '{text}'.")
    try:
        found = image_folder(path=str(path), size=[height, width], channels=channels, cache=False)
    except UsageError as error:
        raise UsageError(str(error).replace("dataset.path", name)) from error
    values = image.to_float(found.read(np.arange(len(found))))
    return Given(values, [Path(each).name for each in found.names])
