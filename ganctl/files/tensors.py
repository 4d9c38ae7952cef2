"""Arrays by name in a file: complete or absent, data only, checked before they are believed.

It is one `safetensors` file, in whose header are a step and a sha256 of the step, the names, types, shapes
and bytes. Files of older versions have one that leaves out the step; they are read as well.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save

from ganctl.error import RunError, in_short
from ganctl.files import atomic

WHOLE = "sha256_with_step"  # the checksum's key


def write(path: Path, tensors: Mapping[str, np.ndarray], *, step: int) -> None:
    """Write a checkpoint so that a crash at any instant leaves the old file or the new one, never a part.

    Raises:
        OSError: when the disk is full or the folder cannot be written; the temporary file is removed.
    """
    arrays = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    # ascontiguousarray makes scalars one-dimensional; a checkpoint keeps their shape.
    arrays = {name: array.reshape(np.shape(tensors[name])) for name, array in arrays.items()}
    content = save(arrays, metadata={"step": str(step), WHOLE: digest(arrays, step)})
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
    except Exception as error:  # its reader raises what a damaged header makes it raise
        raise RunError(f"{path} is not a readable checkpoint ({in_short(error, 200)}).") from error
    told = metadata.get("step", "")
    step = int(told) if re.fullmatch("[0-9]{1,15}", told) else None
    known = metadata.get(WHOLE, metadata.get("sha256"))
    if step is None or known != digest(tensors, step if WHOLE in metadata else None):
        raise RunError(f"{path} is damaged: its content does not match its checksum.")
    return step, tensors


def digest(tensors: Mapping[str, np.ndarray], step: int | None = None) -> str:
    """Return a sha256 of a step, if any, and of all names, types, shapes and bytes, in the order of names."""
    total = hashlib.sha256(b"" if step is None else f"step {step}\n".encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        total.update(f"{name} {tensor.dtype} {tensor.shape}\n".encode())
        total.update(np.ascontiguousarray(tensor).data)
    return total.hexdigest()
