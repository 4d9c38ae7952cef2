"""Arrays by name in a file: complete or absent, data only, checked before they are believed.

It is one `safetensors` file, in whose header are a step and a sha256 of the names, types, shapes and bytes.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from ganctl.error import RunError
from ganctl.files import atomic


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


def digest(tensors: Mapping[str, np.ndarray]) -> str:
    """Return a sha256 of all names, types, shapes and bytes, in the order of names."""
    total = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name]
        total.update(f"{name} {tensor.dtype} {tensor.shape}\n".encode())
        total.update(np.ascontiguousarray(tensor).data)
    return total.hexdigest()
