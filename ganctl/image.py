"""Pictures as arrays: floats and bytes, and tiles into a grid."""

import math

import numpy as np

GUTTER = 2  # pixels between tiles, so that neighbours never run into each other
BACKGROUND = 255


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Map images in [-1, 1] to uint8 in [0, 255]; values outside are clipped, NaN is black."""
    scaled = np.nan_to_num((np.asarray(images, np.float32) + 1.0) * 127.5, nan=0.0)
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def to_float(images: np.ndarray) -> np.ndarray:
    """Map uint8 images to float32 in [-1, 1]."""
    return images.astype(np.float32) / np.float32(127.5) - np.float32(1)


def grid(images: np.ndarray, *, columns: int | None = None) -> np.ndarray:
    """Tile images into one picture, row by row, with a white gutter.

    Args:
        images: floats in [-1, 1] of shape (n, height, width, 1 or 3), any tile size; or (n, tiles, height,
            width, 1 or 3), tiles that belong together side by side: an input, what was made of it, the truth.
        columns: images a row; the default makes the grid as square as it can be.

    Returns:
        uint8 of shape (rows * (height + 2) + 2, columns * (width + 2) + 2, 1 or 3).
    """
    tiles = beside(to_uint8(images)) if images.ndim == 5 else to_uint8(images)
    count, height, width, channels = tiles.shape
    wide = width / height if images.ndim == 5 else 1.0
    columns = min(columns or math.ceil(math.sqrt(count / wide)), count)
    rows = math.ceil(count / columns)
    size = (rows * (height + GUTTER) + GUTTER, columns * (width + GUTTER) + GUTTER)
    canvas = np.full((*size, channels), BACKGROUND, np.uint8)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, columns)
        top = GUTTER + row * (height + GUTTER)
        left = GUTTER + column * (width + GUTTER)
        canvas[top : top + height, left : left + width] = tile
    return canvas


def beside(groups: np.ndarray) -> np.ndarray:
    """Return uint8 pictures (n, height, width, channels) of groups (n, tiles, ...), a pixel between tiles."""
    count, tiles, height, width, channels = groups.shape
    wide = np.full((count, height, tiles * (width + 1) - 1, channels), BACKGROUND, np.uint8)
    for tile in range(tiles):
        wide[:, :, tile * (width + 1) : tile * (width + 1) + width] = groups[:, tile]
    return wide
