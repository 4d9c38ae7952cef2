"""Pictures that a user gives for samples: a file, a folder or a zip, read when they are needed."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image, ImageOps

from ganctl import image
from ganctl.dataset.images.folder import Disk
from ganctl.dataset.images.picture import (
    FORMATS,
    SUFFIXES,
    BadImage,
    Form,
    decode,
    fitted,
    form,
    upright_size,
)
from ganctl.dataset.images.source import Folder, Zip, shown
from ganctl.error import UsageError

ZIP = ".zip"


class GivenPictures:
    """Pictures in one form, float32 in [-1, 1], a part in memory at a time.

    Args:
        source: of the files.
        names: of those that can be read.
        form: that all are brought into.
        bad: reasons by name, of the files that are left out.

    Attributes:
        names: relative, as they lie in the folder or the zip.
    """

    def __init__(self, source: "Folder | Zip | File", names: Sequence[str], form: Form, bad: dict[str, str]):
        self.source, self.names, self.form, self.bad = source, list(names), form, bad
        self.storage = Disk(source, self.names, form)  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, places: np.ndarray) -> np.ndarray:
        """Return the pictures at some places, (n, height, width, channels)."""
        return image.to_float(self.storage.read(np.atleast_1d(places)))

    def sizes(self) -> list[tuple[int, int]]:
        """Return (height, width) of every picture, upright."""
        found = []
        for name in self.names:
            with Image.open(io.BytesIO(self.source.read(name)), formats=FORMATS) as opened:
                size = upright_size(opened)
                half = isinstance(self.form, HalfOf) and self.form.is_both(size[1], size[0])
                found.append((size[0], size[1] // 2) if half else size)
        return found

    def in_size(self, height: int, width: int) -> "GivenPictures":
        """Return the same in another size."""
        sized = replace(self.form, height=height, width=width)
        return GivenPictures(self.source, self.names, sized, self.bad)

    def holes(self) -> "GivenPictures":
        """Return where the pictures are transparent, as masks: white in the hole."""
        hole = Transparent(self.form.height, self.form.width, 1, self.form.fit, "black")
        return GivenPictures(self.source, self.names, hole, {})

    def some(self, places: Sequence[int]) -> "GivenPictures":
        """Return those at some places."""
        return GivenPictures(self.source, [self.names[place] for place in places], self.form, {})


@dataclass(frozen=True)
class Transparent(Form):
    """Where a picture is transparent: white there, black elsewhere."""

    def read(self, image: Image.Image) -> np.ndarray:
        """Return the mask of an opened file, uint8 (height, width, 1)."""
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
        if not image.has_transparency_data:
            return np.zeros((self.height, self.width, 1), np.uint8)
        opaque = fitted(image.convert("RGBA").getchannel("A"), self)
        return np.where(np.asarray(opaque) < 128, 255, 0).astype(np.uint8)[..., None]


@dataclass(frozen=True)
class HalfOf(Form):
    """One half of a file that shows two pictures side by side; of any other file, the whole.

    Args:
        second: whether the right half is meant.
    """

    second: bool = False

    def read(self, image: Image.Image) -> np.ndarray:
        """Return the picture of an opened file, uint8 of `shape`."""
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
        if not self.is_both(*image.size):
            return self.made(image)
        middle = image.width // 2
        left = image.width - middle if self.second else 0
        return self.made(image.crop((left, 0, left + middle, image.height)))

    def is_both(self, width: int, height: int) -> bool:
        """Return whether a file of this size is twice as wide as one picture is, by a fiftieth or less."""
        return abs(width / height / (2 * self.width / self.height) - 1) < 0.02


class File:
    """One file as a source."""

    def __init__(self, path: Path) -> None:
        self.path, self.names = path.parent, [path.name]

    def read(self, name: str) -> bytes:
        """Return the file's bytes, or raise BadImage."""
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise BadImage(error.strerror or str(error)) from error


def pictures(name: str, shape: Sequence[int], text: str, *, half: str = "") -> GivenPictures:
    """Return the pictures of a file, a folder or a zip, the middle of each cut to the shape.

    Files of a folder or zip that cannot be read are left out.

    Args:
        name: of the field, for messages.
        shape: (height, width, channels).
        text: what was typed.
        half: "left" or "right" where files may show two pictures side by side; see `HalfOf`.

    Raises:
        UsageError: for a place without a picture that can be read.
    """
    path, (height, width, channels) = Path(text).expanduser(), shape
    wanted = form(size=[height, width], channels=channels, fit="crop", background="white")
    if half:
        wanted = HalfOf(height, width, channels, wanted.fit, wanted.background, second=half == "right")
    if not path.exists():
        raise UsageError(f"{name}: expected a picture, a folder or a zip of pictures, got '{text}'.")
    if path.is_file() and path.suffix.lower() != ZIP:
        source: Folder | Zip | File = File(path)
        names = source.names
    else:
        source = Folder(path) if path.is_dir() else Zip(path)
        names = sorted(each for each in source.names if PurePosixPath(each).suffix.lower() in SUFFIXES)
    bad: dict[str, str] = {}
    for each in names:
        try:
            decode(source.read(each), wanted)
        except BadImage as error:
            bad[each] = str(error)
    good = [each for each in names if each not in bad]
    if not good:
        reason = f"{shown(list(bad))} cannot be read: {next(iter(bad.values()))}" if bad else "there is none"
        raise UsageError(f"{name}={text}: expected a picture, and {reason}.")
    return GivenPictures(source, good, wanted, bad)
