"""Samples as files: one picture, raw numbers, single pictures or clips, a film."""

import shlex
from pathlib import Path
from typing import Any

import numpy as np

from ganctl import image
from ganctl.error import UsageError
from ganctl.files import atomic
from ganctl.files.pictures import save_clip, save_png

SMALLEST_FILM = 256  # pixels of a film's longer side, to which small pictures are enlarged by whole numbers


def write(
    samples: np.ndarray,
    out: Path,
    *,
    as_folder: bool = False,
    draw: Any = image.grid,
    folders: list[str] | None = None,
    names: list[str] | None = None,
) -> None:
    """Write samples as one picture (.png), as raw numbers (.npy), or as single files into a folder.

    Args:
        samples: float32 of shape (n, ...).
        out: where to.
        as_folder: whether that is a folder.
        draw: what makes one picture of samples.
        folders: of each single picture, by its class; None for pictures without.
        names: of the files that single pictures are made of, which they keep; numbers without.

    Raises:
        UsageError: for a folder of points, which are no pictures one by one; for a picture of numbers.
    """
    if samples.ndim == 1 and (as_folder or out.suffix != ".npy"):
        raise UsageError(f"out: expected a file.npy for what are no pictures, got '{out}'; type out=x.npy")
    if as_folder and samples.ndim == 2:
        raise UsageError(f"out: expected a file.png or a file.npy for points, got the folder '{out}'.")
    if as_folder:
        digits, end = len(str(len(samples) - 1)), "gif" if samples.ndim == 5 else "png"
        places = []
        for index in range(len(samples)):
            kept = names[index % len(names)] if names and index < len(names) else f"{index:0{digits}d}"
            places.append((out / folders[index] if folders else out) / f"{Path(kept).stem}.{end}")
        _refuse_others(out, set(places))
        for place, picture in zip(places, samples, strict=True):
            atomic.refuse_link(place.parent)
            place.parent.mkdir(parents=True, exist_ok=True)
            (save_clip if end == "gif" else save_png)(place, image.to_uint8(picture))
    elif out.suffix == ".npy":
        with atomic.writing(out, sync=False) as file:
            np.save(file, samples)
    else:
        out.parent.mkdir(parents=True, exist_ok=True)
        save_png(out, draw(samples))


def film(rows: np.ndarray, out: Path) -> None:
    """Write a film that goes through the columns of images, forth and back, all rows at once.

    Args:
        rows: float32 of shape (rows, frames, height, width, channels) in [-1, 1].
        out: the .gif file.

    Raises:
        UsageError: for what are no images.
    """
    if rows.ndim != 5:
        raise UsageError(f"out: expected a file.png or a file.npy for what are no images, got '{out}'.")
    frames = [image.grid(rows[:, index]) for index in range(rows.shape[1])]
    scale = max(1, SMALLEST_FILM // max(frames[0].shape[:2]))
    frames = [frame.repeat(scale, axis=0).repeat(scale, axis=1) for frame in (*frames, *frames[-2:0:-1])]
    out.parent.mkdir(parents=True, exist_ok=True)
    save_clip(out, np.stack(frames))


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
