"""Which files of a source are images, and which image belongs to which class."""

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from ganctl.dataset.images.picture import SUFFIXES, BadImage
from ganctl.dataset.images.source import Folder, Zip, shared, shown, text_of
from ganctl.error import UsageError, in_short, printable

LABELS = "dataset.json"
SPLITS = ("train", "training", "test", "testing", "val", "valid", "validation", "eval")
DOMAINS = ("A", "B")
SILENT = (".txt", ".json", ".md", ".csv", "")  # endings of files that nobody takes for pictures


@dataclass(frozen=True)
class Listing:
    """Image files in order, their labels (None when there are none) and the classes' names."""

    names: Sequence[str]
    labels: np.ndarray | None = None
    classes: tuple[str, ...] = ()

    def of(self, good: np.ndarray) -> "Listing":
        """Return the listing of those images at `good`; a class of which none is left goes, aloud."""
        names = [self.names[index] for index in good]
        if self.labels is None:
            return Listing(names)
        labels, (kept, found) = self.labels[good], np.unique(self.labels[good], return_inverse=True)
        if len(kept) == len(self.classes):
            return Listing(names, labels, self.classes)
        gone = [name for index, name in enumerate(self.classes) if index not in kept]
        say(f"no image of class {shown(gone)} can be read: {len(kept)} classes are left, numbered anew.")
        return Listing(names, found, tuple(self.classes[index] for index in kept))


def listing(source: Folder | Zip) -> Listing:
    """Return the images of a source: flat, in a folder per class, or labelled by a StyleGAN dataset.json.

    Folders around everything are no classes; a dataset.json may lie in them.

    Raises:
        UsageError: no images, images at several depths, splits in the place of classes, or a dataset.json
            that does not fit.
    """
    names = sorted(name for name in source.names if name.lower().endswith(SUFFIXES))
    others = Counter(PurePosixPath(name).suffix.lower() for name in set(source.names) - set(names))
    if not names:
        found = ", ".join(f"{count} {kind or 'no ending'}" for kind, count in others.most_common(3))
        raise UsageError(
            f"dataset.path={source.path} holds no images ({' '.join(SUFFIXES)}); it holds "
            f"{printable(found) + ' files' if found else 'no files at all'}."
        )
    _tell(source, {kind: count for kind, count in others.items() if kind not in SILENT})
    around = list(shared(names))
    places = ["/".join([*around[:depth], LABELS]) for depth in range(len(around) + 1)]
    noted = next((place for place in places if place in source.names), None)
    folders = [PurePosixPath(name).parts[len(around) : -1] for name in names]
    if noted:
        return from_json(source, noted, names, folders)
    if not any(folders):
        return Listing(names)
    refuse_mixture(source, names, folders)
    classes = sorted({folder[0] for folder in folders})
    refuse_splits(source, classes)
    number = {name: index for index, name in enumerate(classes)}
    labels = np.array([number[folder[0]] for folder in folders])
    return Listing(names, labels, tuple(map(text_of, classes)))


def _tell(source: Folder | Zip, others: Mapping[str, int]) -> None:
    """Say which files are left out: whoever has more pictures than are trained on wants to know."""
    if others:
        told = ", ".join(f"{count} {printable(kind)}" for kind, count in list(others.items())[:4])
        say(f"{sum(others.values())} files in {source.path} are left out ({told}).")
    if isinstance(source, Zip) and source.twice:
        say(f"{source.twice} members of {source.path} are there twice; of two the later counts.")


def say(text: str) -> None:
    """Tell the user something about the data that is no reason to stop."""
    print(f"Note: {printable(text)}", file=sys.stderr)


def refuse_splits(source: Folder | Zip, classes: Sequence[str]) -> None:
    """Raise UsageError for folders that are parts of a set for its use, and no classes."""
    words = {f"{word}{domain}": domain for word in SPLITS for domain in ("", *DOMAINS)}
    found = [name for name in classes if name.lower() in SPLITS or name in words]
    if len(found) < 2 or len(found) < len(classes):
        return
    first = next((name for name in found if name.lower().startswith("train")), found[0])
    if any(words.get(name) for name in found):
        told = f"dataset=unpaired dataset.path={source.path}, or dataset.path={source.path / first} for one"
    else:
        told = f"dataset.path={source.path / first}"
    raise UsageError(
        f"dataset.path={source.path} has the folders {shown(found)}, which are no classes; type {told}."
    )


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
            f"images. Did you mean dataset.path={source.path / text_of(PurePosixPath(deep[0]).parts[0])}?"
        )


def from_json(
    source: Folder | Zip, noted: str, names: Sequence[str], folders: Sequence[tuple[str, ...]]
) -> Listing:
    """Return the images with the labels of {"labels": [[name, k], ...]}, or without when that is null.

    Args:
        source: of the files.
        noted: where the dataset.json is; its names begin there, or at the top.
        names: of the images.
        folders: of the images, below what is around all.
    """
    where = f"{noted} in {source.path}"
    table = _table(source, noted, where)
    if not table:
        return Listing(names)
    known, base = set(names), PurePosixPath(noted).parent
    plain = {name: PurePosixPath(name).as_posix() for name in table}  # without "./"
    below = {name: (base / each).as_posix() for name, each in plain.items()}
    table = {
        below[name] if below[name] in known or plain[name] not in known else plain[name]: label
        for name, label in table.items()
    }
    if missing := sorted(set(table) - known):
        raise UsageError(f"{where} names {len(missing)} files that are not there: {shown(missing)}.")
    if unnamed := [name for name in names if name not in table]:
        raise UsageError(f"{where} has no label for {len(unnamed)} of {len(names)} images: {shown(unnamed)}.")
    values, labels = np.unique([table[name] for name in names], return_inverse=True)
    if values.tolist() != list(range(len(values))):
        told = ", ".join(map(str, values[:4])) + (", ..." if len(values) > 4 else "")
        say(f"{where}: the labels {told} are the classes 0 to {len(values) - 1} here, by these names.")
    classes = [str(value) for value in values]
    pairs = set(zip(labels.tolist(), (folder[0] if folder else "" for folder in folders), strict=True))
    if len(pairs) == len({label for label, _ in pairs}) == len({name for _, name in pairs}):
        for label, name in pairs:  # a folder per label: its name says more than a number
            classes[label] = text_of(name) or classes[label]
    return Listing(names, labels, tuple(classes))


def _table(source: Folder | Zip, noted: str, where: str) -> dict[str, int]:
    """Return the labels by name; nothing where they are null."""
    try:
        entries: Any = json.loads(source.read(noted))["labels"] or []
        pairs = [(str(name).replace("\\", "/"), label) for name, label in entries]
    except json.JSONDecodeError as error:
        raise UsageError(
            f'{where} is not of the form {{"labels": [[NAME, NUMBER], ...]}}: {error.msg} in line '
            f"{error.lineno}; a comma before a closing bracket, for example, must go."
        ) from error
    except (BadImage, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(
            f'{where} is not of the form {{"labels": [[NAME, NUMBER], ...]}} ({in_short(error, 60)}).'
        ) from error
    for _, label in pairs:
        if type(label) is not int or not 0 <= label < 2**31:
            raise UsageError(f"{where} has the label {label!r}; expected whole numbers, 0 or more.")
    table = dict(pairs)
    if several := sorted({name for name, label in pairs if table[name] != label}):
        raise UsageError(
            f"{where} gives {len(several)} files several labels: {shown(several)}; expected one."
        )
    return table
