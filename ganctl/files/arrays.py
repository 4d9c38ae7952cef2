"""Somebody else's samples in an .npy or .npz file, checked before they are believed."""

from pathlib import Path
from typing import Any

import numpy as np

from ganctl import image
from ganctl.error import RunError, UsageError

CHUNK = 2048  # samples looked at together
BEYOND = 1e-3  # what rounding may have added to 1


def arrays(path: Path, dataset: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the samples in a file as they lie there, (n, *dataset.shape), and their labels, (n,), or None.

    Raises:
        RunError: for a file that cannot be read.
        UsageError: for samples of another shape, or labels that are not of the data.
    """
    shape = tuple(dataset.shape)
    samples, labels = _read(path)
    if samples.shape[1:] == shape[:-1] and shape[-1] == 1:
        samples = samples[..., None]
    if samples.shape[1:] != shape or (samples.dtype.kind != "f" and samples.dtype != np.uint8):
        raise UsageError(
            f"{path}: expected samples of (n, {', '.join(map(str, shape))}), float in [-1, 1] or uint8, "
            f"got {samples.dtype} of {samples.shape}."
        )
    _not_from_0(path, samples)
    if labels is None:
        return samples, None
    if labels.shape != (len(samples),) or labels.dtype.kind not in "iu":
        raise UsageError(
            f"{path}: expected {len(samples)} whole numbers as labels, got {labels.dtype} of {labels.shape}."
        )
    most = len(dataset.classes) - 1
    if len(labels) and not 0 <= labels.min() <= labels.max() <= most:
        raise UsageError(
            f"{path}: expected labels from 0 to {most}, as {dataset.name} has them, "
            f"got {labels.min()} to {labels.max()}."
        )
    return samples, labels.astype(np.int64)


def _not_from_0(path: Path, samples: np.ndarray) -> None:
    """Refuse floats of which none is negative: pixels in [0, 1], which would be measured as pale ones."""
    if samples.dtype.kind != "f" or not samples.size:
        return
    parts = [samples[start : start + CHUNK] for start in range(0, len(samples), CHUNK)]
    low, high = min(float(np.min(each)) for each in parts), max(float(np.max(each)) for each in parts)
    if low >= 0.0 and high <= 1 + BEYOND:
        raise UsageError(
            f"{path}: expected floats in [-1, 1] (or uint8), got none below 0, as pixels in [0, 1] are; "
            "store 2 * x - 1, or uint8."
        )


def _read(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    try:
        with path.open("rb") as file:
            found = np.load(file, allow_pickle=False) if path.suffix == ".npz" else None
            samples = np.load(path, mmap_mode="r", allow_pickle=False) if found is None else found["images"]
            return samples, found["labels"] if found is not None and "labels" in found else None
    except Exception as error:  # NumPy's reader raises whatever a damaged file makes it raise
        raise RunError(
            f"{path} cannot be read ({' '.join(str(error).split())[:120]}); .npz needs 'images'."
        ) from error


def in_range(path: Path, samples: np.ndarray) -> np.ndarray:
    """Return samples of `arrays` as float32 in [-1, 1].

    Raises:
        UsageError: for floats that are not: numbers taken of them would say nothing.
    """
    if samples.dtype == np.uint8:
        return image.to_float(samples)
    if not (np.abs(samples) <= 1 + BEYOND).all():  # not of NaN either
        low, high = samples.min(), samples.max()
        raise UsageError(
            f"{path}: expected floats in [-1, 1] (or uint8), got {low:.4g} to {high:.4g}; "
            "pixels in [0, 1] are 2 * x - 1, those in [0, 255] x / 127.5 - 1."
        )
    return samples.astype(np.float32)
