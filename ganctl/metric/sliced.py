"""The sliced Wasserstein distance between patches of real and of generated images, by scale."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from scipy import ndimage

from ganctl.check import expect_whole
from ganctl.error import UsageError
from ganctl.metric.contract import Metric

SIDE = 7  # pixels of a patch
REPEATS, DIRECTIONS = 4, 128  # projections, 512 in all
SMALLEST = 16  # side of the coarsest level
BINOMIAL = np.array([1, 4, 6, 4, 1], np.float32) / 16


class SlicedWasserstein(Metric):
    """Sliced Wasserstein distance over a Laplacian pyramid (Karras et al., 2018, arXiv:1710.10196, s. 5).

    At every scale, random patches of 7x7 pixels are compared along random directions; times 1,000, lower is
    better. It needs no feature extractor: fine scales see texture and sharpness, coarse ones see shape.

    Args:
        most: images of each side; as many of both are taken.
        patches: of each image; the paper has 128.
        seed: of patches and directions.

    Raises:
        UsageError: for a number below 1.
    """

    features = False

    def __init__(self, most: int = 4096, patches: int = 128, seed: int = 0) -> None:
        for name, value in {"most": most, "patches": patches}.items():
            expect_whole(f"metric.sliced_wasserstein.{name}", value, 1)
        expect_whole("metric.sliced_wasserstein.seed", seed, 0)
        self.most, self.patches, self.seed = most, patches, seed

    def __call__(self, view: Any) -> dict[str, float]:
        """Return the distance at each scale, by the side of its images in pixels, and their "mean"."""
        count = min(self.most, view.real.count, view.fake.count)
        sides = [view.real.images(count), view.fake.images(count)]
        return sliced_wasserstein(*sides, patches=self.patches, seed=self.seed)


def sliced_wasserstein(
    one: np.ndarray, other: np.ndarray, *, patches: int = 128, seed: int = 0
) -> dict[str, float]:
    """Return the distance times 1,000 by the side of each scale, and the "mean" over scales.

    Args:
        one, other: images, float32 of one shape (n, side, side, channels), in any unit: patches are
            normalized by channel.
        patches: of each image.
        seed: of patches and directions.

    Raises:
        UsageError: for images that are not square, or smaller than 16 pixels.
    """
    height, width = one.shape[1:3]
    if height != width or height < SMALLEST:
        raise UsageError(
            f"metric=[sliced_wasserstein]: expected square images of {SMALLEST} pixels or more, "
            f"got {height}x{width}."
        )
    random = np.random.default_rng(seed)
    levels = 1 + int(np.log2(height / SMALLEST))
    found: dict[str, float] = {}
    for level in range(levels):
        a, b = (_normalized(_patches(_level(side, level, levels), patches, random)) for side in (one, other))
        found[str(height >> level)] = 1000 * projected(a, b, random)
    return found | {"mean": float(np.mean(list(found.values())))}


def projected(a: np.ndarray, b: np.ndarray, random: np.random.Generator) -> float:
    """Return the mean Wasserstein-1 distance of two sets (n, d), of one shape, over random directions."""
    found = []
    for _ in range(REPEATS):
        directions = random.standard_normal((a.shape[1], DIRECTIONS))
        directions = (directions / np.linalg.norm(directions, axis=0)).astype(np.float32)
        ordered = [np.sort(side @ directions, axis=0) for side in (a, b)]
        found.append(np.abs(ordered[0] - ordered[1]).mean())
    return float(np.mean(found))


def pyramid(images: np.ndarray, levels: int) -> list[np.ndarray]:
    """Return the Laplacian pyramid (Burt and Adelson, 1983): details, fine to coarse, then what is left."""
    found = [np.asarray(images, np.float32)]
    for _ in range(levels - 1):
        smaller = _blurred(found[-1])[:, ::2, ::2]
        larger = np.zeros_like(found[-1])
        larger[:, ::2, ::2] = smaller
        found[-1] = found[-1] - 4 * _blurred(larger)
        found.append(smaller)
    return found


def _level(images: np.ndarray, level: int, levels: int) -> Iterable[np.ndarray]:
    """Yield one level of many images, some at a time."""
    for start in range(0, len(images), 256):
        yield pyramid(images[start : start + 256], levels)[level]


def _blurred(images: np.ndarray) -> np.ndarray:
    rows = ndimage.convolve1d(images, BINOMIAL, axis=1, mode="mirror")
    return ndimage.convolve1d(rows, BINOMIAL, axis=2, mode="mirror")


def _patches(parts: Iterable[np.ndarray], count: int, random: np.random.Generator) -> np.ndarray:
    """Return `count` patches of each image at random places, float32 of shape (n, 7, 7, channels)."""
    found = []
    for images in parts:
        windows = np.lib.stride_tricks.sliding_window_view(images, (SIDE, SIDE), axis=(1, 2))
        rows, columns = (random.integers(0, size, (len(images), count)) for size in windows.shape[1:3])
        found.append(
            windows[np.arange(len(images))[:, None], rows, columns].reshape(-1, images.shape[-1], SIDE, SIDE)
        )
    return np.moveaxis(np.concatenate(found), 1, -1)


def _normalized(patches: np.ndarray) -> np.ndarray:
    """Return patches as rows, every channel with mean 0 and deviation 1."""
    patches = patches - patches.mean(axis=(0, 1, 2), keepdims=True)
    deviation = patches.std(axis=(0, 1, 2), keepdims=True)
    return (patches / np.where(deviation > 0, deviation, 1)).reshape(len(patches), -1)
