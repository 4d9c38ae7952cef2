"""How near what is made of data comes to what should be made of them, where that is known."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ganctl import image
from ganctl.error import UsageError
from ganctl.metric.contract import Metric
from ganctl.metric.filling import classical, mean_colour

BLOCK = 200  # pictures that are compared at a time
EXACT = 100.0  # decibels of equal pictures, whose ratio is infinite


class Truth(Metric):
    """Distances of pictures made of held-out data to the truth, and of what costs nothing beside them.

    Both are rounded to 8 bits first, as files are. What is filled in (data with a "mask") is judged within
    its hole as well, beside the mean colour of the known pixels there, and a filling without learning.
    """

    features = False

    def check(self, dataset: Any) -> None:
        if getattr(dataset, "truths", None) is None:
            raise UsageError(
                f"metric=[truth]: expected data of which it is known what should be made of them, got "
                f"{dataset.name}; type dataset=paired, filtered or masked."
            )

    def __call__(self, view: Any) -> dict[str, float]:
        """Return means over pictures: "l1" in [0, 1], "psnr" in decibels, "ssim"; see `distances`.

        "ssim_of_input" is that of the input itself, where it has the truth's shape. Of a hole: "hole_l1",
        "hole_psnr", and "hole_psnr_of_mean" and "hole_psnr_of_classical" of the two baselines.

        Raises:
            UsageError: for samples that are made of nothing.
        """
        found: dict[str, list[np.ndarray]] = {}
        for made, examples in _with_examples(view):
            truth = view.dataset.truths(examples)
            numbers = distances(made, truth)
            if "mask" in examples:
                numbers |= of_holes(made, truth, examples["mask"])
                if "hole_psnr_of_classical" not in numbers:
                    view.remark("hole_psnr_of_classical needs scikit-image; type pip install scikit-image")
            elif examples["input"].shape == truth.shape:
                numbers["ssim_of_input"] = distances(examples["input"], truth)["ssim"]
            for name, values in numbers.items():
                found.setdefault(name, []).append(values)
        return {name: float(np.mean(np.concatenate(values))) for name, values in found.items()}


def distances(made: np.ndarray, truth: np.ndarray) -> dict[str, np.ndarray]:
    """Return {"l1", "psnr", "ssim"} of each picture, from float32 (n, height, width, channels) in [-1, 1].

    The structural similarity is that of Wang et al. (2004), by Gaussian windows of 11 pixels and a deviation
    of 1.5, the mean over whole windows and channels; smaller pictures have none. Equal pictures have 100 dB.
    """
    import tensorflow as tf

    one, other = _rounded(made), _rounded(truth)
    found = {"l1": np.abs(one - other).mean(axis=(1, 2, 3)), "psnr": _decibels(one, other)}
    if min(made.shape[1:3]) >= 11:
        found["ssim"] = tf.image.ssim(tf.constant(one), tf.constant(other), 1.0).numpy()
    return found


def of_holes(made: np.ndarray, truth: np.ndarray, mask: np.ndarray) -> dict[str, np.ndarray]:
    """Return the distances within holes, and those of two fillings that learnt nothing."""
    one, other, hole = _rounded(made), _rounded(truth), mask > 0
    found = {"hole_l1": _within(np.abs(one - other), hole), "hole_psnr": _decibels(one, other, hole)}
    for name, filling in (("mean", mean_colour), ("classical", classical)):
        filled = filling(other, hole)
        if filled is not None:
            found[f"hole_psnr_of_{name}"] = _decibels(filled, other, hole)
    return found


def _decibels(one: np.ndarray, other: np.ndarray, hole: np.ndarray | None = None) -> np.ndarray:
    squares = np.square(one - other)
    errors = squares.mean(axis=(1, 2, 3)) if hole is None else _within(squares, hole)
    return np.minimum(-10 * np.log10(np.maximum(errors, 1e-20)), EXACT)


def _within(values: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Return the means (n,) of values (n, h, w, c) where a hole (n, h, w, 1) is."""
    return (values * hole).sum(axis=(1, 2, 3)) / (hole.sum(axis=(1, 2, 3)) * values.shape[-1])


def _rounded(images: np.ndarray) -> np.ndarray:
    """Return pictures in [0, 1] as they are after 8 bits, float32."""
    return image.to_uint8(images).astype(np.float32) / 255


def _with_examples(view: Any) -> Iterator[tuple[np.ndarray, Any]]:
    """Yield samples in parts, each with the examples that they were made of."""
    count, samples, dataset = view.fake.count, view.samples, view.dataset
    if samples.game is None or samples.count is None:
        raise UsageError("metric=[truth]: expected a run whose samples are made of data, got others.")
    start, held = 0, dataset.held_out > 0
    for part in samples.stream(count):
        for first in range(0, len(part), BLOCK):
            some = part[first : first + BLOCK]
            yield some, dataset.examples(np.arange(start, start + len(some)), held=held)
            start += len(some)
