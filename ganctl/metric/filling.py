"""Holes filled without learning: what a trained filling must beat."""

import numpy as np


def mean_colour(images: np.ndarray, holes: np.ndarray) -> np.ndarray:
    """Return pictures whose holes have the mean colour of their known pixels.

    Args:
        images: float32 (n, height, width, channels) in [0, 1].
        holes: bool (n, height, width, 1), true in the hole.
    """
    known = ~holes
    means = (images * known).sum(axis=(1, 2), keepdims=True) / np.maximum(
        known.sum(axis=(1, 2), keepdims=True), 1
    )
    return np.where(holes, means, images).astype(np.float32)


def classical(images: np.ndarray, holes: np.ndarray) -> np.ndarray | None:
    """Return pictures whose holes continue their edges smoothly (Damelin and Hoang, 2018, biharmonic).

    It is scikit-image's; None where that is not installed.

    Args, returns: as of `mean_colour`.
    """
    try:
        from skimage.restoration import inpaint_biharmonic
    except ImportError:
        return None
    filled = [
        inpaint_biharmonic(each, hole, channel_axis=-1)
        for each, hole in zip(images, holes[..., 0], strict=True)
    ]
    return np.clip(np.stack(filled), 0.0, 1.0).astype(np.float32)
