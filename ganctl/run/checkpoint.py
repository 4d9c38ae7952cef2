"""The checkpoints of a run: where they lie, which is the newest intact one, which go.

A checkpoint is one file of `ganctl.files.tensors`: every variable by name, and the step.
"""

import os
import re
from pathlib import Path

import numpy as np

from ganctl.error import RunError, UsageError, suggest
from ganctl.files import atomic
from ganctl.files.tensors import read, write

__all__ = ["BEST", "newest", "of_length", "path_of", "prune", "read", "steps", "wanted", "write"]

BEST = "best.safetensors"  # the file of the best one, by a metric
LENGTH = "sigma-"  # before the length of the averages in a checkpoint of `ganctl average`
PATTERN = re.compile(r"step-(\d+)\.safetensors")


def path_of(folder: Path, step: int) -> Path:
    """Return where the checkpoint of a step lives."""
    return folder / f"step-{step:06d}.safetensors"


def steps(folder: Path) -> list[int]:
    """Return the steps that have a checkpoint, ascending; none when the folder is missing.

    Raises:
        RunError: when there is something and it cannot be read: nobody knows what it holds.
    """
    try:
        names = [PATTERN.fullmatch(name) for name in os.listdir(folder)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunError(
            f"{folder} cannot be read: {error.strerror or error}; mend it, or to start again move it away."
        ) from error
    return sorted(int(name[1]) for name in names if name)


def of_length(sigma: float) -> str:
    """Return the name of the file with averages of a length."""
    return f"{LENGTH}{sigma:g}.safetensors"


def newest(folder: Path) -> tuple[int, dict[str, np.ndarray], list[str]]:
    """Return (step, tensors, complaints) of the newest intact checkpoint.

    Complaints name the newer files that were passed over because they are damaged.

    Raises:
        RunError: when there are checkpoints and none is intact, or there is none.
    """
    complaints: list[str] = []
    for step in reversed(steps(folder)):
        try:
            return (*read(path_of(folder, step)), complaints)
        except RunError as error:
            complaints.append(str(error))
    if complaints:
        older = f" So are the {len(complaints) - 1} older ones." if len(complaints) > 1 else ""
        raise RunError(
            f"No intact checkpoint in {folder}: {complaints[0]}{older} To start again, delete them."
        )
    raise RunError(f"No checkpoint in {folder}; train first: ganctl resume {folder.parent}")


def wanted(folder: Path, word: str) -> tuple[int, dict[str, np.ndarray], list[str]]:
    """Return what `newest` returns, of the checkpoint that a user means: last, best, a step, or sigma-LENGTH.

    Raises:
        UsageError: when there is no such checkpoint.
        RunError: when it is damaged.
    """
    if word == "last":
        return newest(folder)
    known, path = steps(folder), folder / BEST
    if word == "best" and path.is_file():
        return (*read(path), [])
    lengths = sorted(each.stem for each in folder.glob(f"{LENGTH}*.safetensors"))
    if word in lengths:
        return (*read(folder / f"{word}.safetensors"), [])
    if word.isdigit() and int(word) in known:
        return (*read(path_of(folder, int(word))), [])
    there = ["last", *(["best"] if path.is_file() else []), *lengths]
    reason = "no metric chose a best one in this run" if word == "best" else f"got '{word}'"
    hint = suggest(word, there)
    raise UsageError(f"checkpoint: expected {', '.join(there)} or one of the steps {known}; {reason}.{hint}")


def prune(folder: Path, *, keep: int) -> None:
    """Delete all but the newest `keep` checkpoints (0 keeps all) and what an interrupted write left."""
    atomic.clear(folder, every=True)
    for step in steps(folder)[:-keep] if keep else []:
        path_of(folder, step).unlink(missing_ok=True)
