"""Where image files are: a folder or a zip, and which image belongs to which class."""

import json
import os
import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from ganctl.dataset.images.picture import SUFFIXES, BadImage
from ganctl.error import UsageError

LABELS = "dataset.json"
DEEPEST = 8  # folders; a link that leads back up must not be followed for ever


class Folder:
    """The files in a folder and in the folders in it, by their relative names."""

    def __init__(self, path: Path):
        self.path = path
        self.names: list[str] = []
        for parent, folders, files in os.walk(path, followlinks=True):
            inside = Path(parent).relative_to(path)
            folders[:] = (
                [] if len(inside.parts) >= DEEPEST else [folder for folder in folders if seen(folder)]
            )
            self.names += [(inside / file).as_posix() for file in files if seen(file)]

    def read(self, name: str) -> bytes:
        """Return a file's bytes, or raise BadImage."""
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise BadImage(error.strerror or str(error)) from error

    def stamp(self, name: str) -> tuple[int, int]:
        """Return what changes when a file does."""
        status = (self.path / name).stat()
        return status.st_size, status.st_mtime_ns


class Zip:
    """The members of a zip file, which are only ever read in memory."""

    def __init__(self, path: Path):
        self.path = path
        try:
            self.archive = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise UsageError(
                f"dataset.path={path} is not a folder, nor a whole zip file ({error})."
            ) from error
        members = [member for member in self.archive.infolist() if not member.is_dir()]
        self.names = [m.filename for m in members if all(seen(part) for part in m.filename.split("/"))]

    def read(self, name: str) -> bytes:
        """Return a member's bytes, or raise BadImage."""
        try:
            return self.archive.read(name)
        except (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
            raise BadImage(f"damaged: {error}") from error

    def stamp(self, name: str) -> tuple[int, int]:
        """Return what changes when a member does."""
        member = self.archive.getinfo(name)
        return member.file_size, member.CRC


def seen(name: str) -> bool:
    """Return whether a file or folder is the user's, and not the system's."""
    return not name.startswith(".") and name != "__MACOSX"


@dataclass(frozen=True)
class Listing:
    """Image files in order, their labels (None when there are none) and the classes' names."""

    names: Sequence[str]
    labels: np.ndarray | None = None
    classes: tuple[str, ...] = ()


def listing(source: Folder | Zip) -> Listing:
    """Return the images of a source: flat, in a folder per class, or labelled by a StyleGAN dataset.json.

    One folder around everything is not a class.

    Raises:
        UsageError: no images, images at several depths, or a dataset.json that does not fit.
    """
    names = sorted(name for name in source.names if name.lower().endswith(SUFFIXES))
    if not names:
        kinds = Counter(PurePosixPath(name).suffix or "no ending" for name in source.names)
        found = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common(3))
        raise UsageError(
            f"dataset.path={source.path} holds no images ({' '.join(SUFFIXES)}); it holds "
            f"{found + ' files' if found else 'no files at all'}."
        )
    folders = [PurePosixPath(name).parts[:-1] for name in names]
    while all(folders) and len({folder[0] for folder in folders}) == 1:
        folders = [folder[1:] for folder in folders]
    if LABELS in source.names:
        return from_json(source, names, folders)
    if not any(folders):
        return Listing(names)
    refuse_mixture(source, names, folders)
    classes = sorted({folder[0] for folder in folders})
    number = {name: index for index, name in enumerate(classes)}
    return Listing(names, np.array([number[folder[0]] for folder in folders]), tuple(classes))


def refuse_mixture(source: Folder | Zip, names: Sequence[str], folders: Sequence[tuple[str, ...]]) -> None:
    """Raise UsageError unless every image is in a folder of its class, and not deeper."""
    where = f"dataset.path={source.path}"
    top = [name for name, folder in zip(names, folders, strict=True) if not folder]
    if top:
        inside = sorted(set(names) - set(top))
        raise UsageError(
            f"{where} has {len(top)} images of its own ({shown(top)}) beside {len(inside)} in folders "
            f"({shown(inside)}); expected all in one folder, or a folder per class."
        )
    deep = [name for name, folder in zip(names, folders, strict=True) if len(folder) > 1]
    if deep:
        raise UsageError(
            f"{where} has folders within its folders ({shown(deep)}); expected a folder per class with its "
            f"images. Did you mean dataset.path={source.path / PurePosixPath(deep[0]).parts[0]}?"
        )


def from_json(source: Folder | Zip, names: Sequence[str], folders: Sequence[tuple[str, ...]]) -> Listing:
    """Return the images with the labels of {"labels": [[name, k], ...]}, or without when that is null."""
    where = f"{LABELS} in {source.path}"
    try:
        entries = json.loads(source.read(LABELS))["labels"]
        table = {str(name).replace("\\", "/"): label for name, label in entries or []}
    except (BadImage, ValueError, KeyError, TypeError) as error:
        raise UsageError(f'{where} is not of the form {{"labels": [[NAME, NUMBER], ...]}}.') from error
    if not table:
        return Listing(names)
    if wrong := [label for label in table.values() if type(label) is not int or label < 0]:
        raise UsageError(f"{where} has the label {wrong[0]!r}; expected whole numbers, 0 or more.")
    if missing := sorted(set(table) - set(names)):
        raise UsageError(f"{where} names {len(missing)} files that are not there: {shown(missing)}.")
    if unnamed := [name for name in names if name not in table]:
        raise UsageError(f"{where} has no label for {len(unnamed)} of {len(names)} images: {shown(unnamed)}.")
    labels = np.array([table[name] for name in names])
    classes = [str(label) for label in range(labels.max() + 1)]
    pairs = set(zip(labels.tolist(), (folder[0] if folder else "" for folder in folders), strict=True))
    if len(pairs) == len({label for label, _ in pairs}) == len({name for _, name in pairs}):
        for label, name in pairs:  # a folder per label: its name says more than a number
            classes[label] = name or classes[label]
    return Listing(names, labels, tuple(classes))


def shown(names: Sequence[str]) -> str:
    """Return the first three names, and an ellipsis when there are more."""
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
