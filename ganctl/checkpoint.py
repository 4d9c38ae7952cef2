"""Checkpoint files: complete or absent, data only, checked before they are believed.

A checkpoint is one `safetensors` file: every variable by name, and in its header the step and a sha256 of
the names, types, shapes and bytes. It is written as `ganctl.atomic` writes.
"""

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from ganctl import atomic
from ganctl.error import RunError

BEST = "best.safetensors"  # the file of the best one, by a metric
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


def write(path: Path, tensors: Mapping[str, np.ndarray], *, step: int) -> None:
    """Write a checkpoint so that a crash at any instant leaves the old file or the new one, never a part.

    Raises:
        OSError: when the disk is full or the folder cannot be written; the temporary file is removed.
    """
    arrays = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    # ascontiguousarray makes scalars one-dimensional; a checkpoint keeps their shape.
    arrays = {name: array.reshape(np.shape(tensors[name])) for name, array in arrays.items()}
    content = save(arrays, metadata={"step": str(step), "sha256": digest(arrays)})
    atomic.write(path, content)


def read(path: Path) -> tuple[int, dict[str, np.ndarray]]:
    """Return (step, tensors by name) of a checkpoint.

    Raises:
        RunError: when the file is damaged, truncated or not a checkpoint of ganctl.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no dict
    except (SafetensorError, OSError, ValueError) as error:
        raise RunError(f"{path} is not a readable checkpoint ({error}).") from error
    if "step" not in metadata or metadata.get("sha256") != digest(tensors):
        raise RunError(f"{path} is damaged: its content does not match its checksum.")
    return int(metadata["step"]), tensors


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


def prune(folder: Path, *, keep: int) -> None:
    """Delete all but the newest `keep` checkpoints (0 keeps all) and what an interrupted write left."""
    atomic.clear(folder, every=True)
    for step in steps(folder)[:-keep] if keep else []:
        path_of(folder, step).unlink(missing_ok=True)


def digest(tensors: Mapping[str, np.ndarray]) -> str:
    """Return a sha256 of all names, types, shapes and bytes, in the order of names."""
    total = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name]
        total.update(f"{name} {tensor.dtype} {tensor.shape}\n".encode())
        total.update(np.ascontiguousarray(tensor).data)
    return total.hexdigest()
