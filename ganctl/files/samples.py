"""Samples as files: one picture, raw numbers, single pictures or clips, a film."""

import shlex
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from ganctl import image
from ganctl.error import UsageError
from ganctl.files import atomic
from ganctl.files.pictures import save_clip, save_png

WALK = "walk"  # the view that is a film
FILMS = (".gif", ".webp", ".mp4")
SMALLEST_FILM = 256  # pixels of a film's longer side, to which small pictures are enlarged by whole numbers


def write(
    samples: np.ndarray,
    out: Path,
    *,
    as_folder: bool = False,
    draw: Any = image.grid,
    folders: list[str] | None = None,
) -> None:
    """Write samples as one picture (.png), as raw numbers (.npy), or as single files into a folder.

    Args:
        samples: float32 of shape (n, ...).
        out: where to.
        as_folder: whether that is a folder.
        draw: what makes one picture of samples.
        folders: of each single picture, by its class; None for pictures without.

    Raises:
        UsageError: for a folder of points, which are no pictures one by one; for a picture of numbers.
    """
    if samples.ndim == 1 and (as_folder or out.suffix != ".npy"):
        raise UsageError(f"out: expected a file.npy for what are no pictures, got '{out}'; type out=x.npy")
    if as_folder and samples.ndim == 2:
        raise UsageError(f"out: expected a file.png or a file.npy for points, got the folder '{out}'.")
    if as_folder:
        digits, end = len(str(len(samples) - 1)), "gif" if samples.ndim == 5 else "png"
        numbers = [f"{index:0{digits}d}.{end}" for index in range(len(samples))]
        kinds = folders or [""] * len(samples)
        places = [out / kind / number for kind, number in zip(kinds, numbers, strict=True)]
        _refuse_others(out, set(places))
        write_single(places, samples)
    elif out.suffix == ".npy":
        with atomic.writing(out, sync=False) as file:
            np.save(file, samples)
    else:
        out.parent.mkdir(parents=True, exist_ok=True)
        save_png(out, draw(samples))


def places_of(out: Path, names: Sequence[str], each: int) -> list[Path]:
    """Return where what is made of files goes, `each` of every one: under their names, in their folders.

    Args:
        out: the folder.
        names: of the files, relative; their endings are kept where two would become one.
        each: pictures of each file; several are numbered.

    Raises:
        UsageError: for a folder with files that stay.
    """
    names = [_inside(name) for name in names]
    stems = [PurePosixPath(name).with_suffix("").as_posix() for name in names]
    alike = {stem for stem, times in Counter(stems).items() if times > 1}
    kept = [name if stem in alike else stem for name, stem in zip(names, stems, strict=True)]
    digits = len(str(each - 1))
    ends = [f"-{index:0{digits}d}.png" for index in range(each)] if each > 1 else [".png"]
    places = [out / f"{name}{end}" for name in kept for end in ends]
    _refuse_others(out, set(places))
    return places


def write_single(places: Sequence[Path], samples: np.ndarray) -> None:
    """Write samples, float32 (n, height, width, channels) or clips, each to a file of its own."""
    for place, picture in zip(places, samples, strict=True):
        atomic.refuse_link(place.parent)
        place.parent.mkdir(parents=True, exist_ok=True)
        (save_clip if place.suffix == ".gif" else save_png)(place, image.to_uint8(picture))


def film(rows: np.ndarray, out: Path, *, closed: bool = False, rate: float = 8.0) -> None:
    """Write a film that goes through the columns of images, all rows at once.

    Args:
        rows: float32 of shape (rows, frames, height, width, channels) in [-1, 1].
        out: one of FILMS.
        closed: whether the last picture leads to the first; otherwise it goes forth and back.
        rate: pictures a second.

    Raises:
        UsageError: for what are no images.
    """
    if rows.ndim != 5:
        raise UsageError(f"out: expected a file.png or a file.npy for what are no images, got '{out}'.")
    frames = [image.grid(rows[:, index]) for index in range(rows.shape[1])]
    scale = max(1, SMALLEST_FILM // max(frames[0].shape[:2]))
    whole = frames if closed else [*frames, *frames[-2:0:-1]]
    whole = [frame.repeat(scale, axis=0).repeat(scale, axis=1) for frame in whole]
    out.parent.mkdir(parents=True, exist_ok=True)
    save_clip(out, np.stack(whole), rate=rate)


def _inside(name: str) -> str:
    """Return a relative name that leads out of no folder, whatever a stranger's zip calls its members."""
    parts = [part for part in PurePosixPath(name.replace("\\", "/")).parts if part not in ("/", "..")]
    return PurePosixPath(*parts).as_posix()


def _refuse_others(out: Path, places: set[Path]) -> None:
    """Refuse a folder with files that stay: whoever measures it later would measure two sets as one.

    Raises:
        UsageError: for files that are not among `places`.
    """
    others = sorted(file for file in out.rglob("*") if not file.is_dir() and file not in places)
    if others:
        told = ", ".join(file.relative_to(out).as_posix() for file in others[:2])
        raise UsageError(
            f"out: expected a folder without other files, and {out} holds {len(others)} ({told} ...); give "
            f"another one, or delete it: rm -r {shlex.quote(str(out))}"
        )
