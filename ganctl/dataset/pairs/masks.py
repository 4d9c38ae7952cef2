"""Masks of holes, 1 where a picture is to be filled: drawn, each by its number alone, or a user's own."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

COUNT = 2**20  # different masks that are drawn
HALF = 0.5  # of the sides that a centre hole takes (Pathak et al., 2016)
VERTICES, STROKES = (4, 12), (1, 3)  # of a stroke, and strokes of a free form (Yu et al., 2019, release)
WIDTH = (12, 40)  # pixels of a stroke in a picture of 256
AREA = (0.2, 0.3)  # of a picture that blobs cover (Pathak et al., 2016, random regions)


class Masks:
    """Drawn masks, uint8 (n, height, width, 1) of 0 and 1.

    Args:
        kind: one of KINDS.
        shape: (height, width) of the pictures.
    """

    digests: np.ndarray | None = None

    def __init__(self, kind: str, shape: tuple[int, int]) -> None:
        self.kind, self.shape = kind, (*shape, 1)

    def __len__(self) -> int:
        return COUNT

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Return the masks of these numbers."""
        return np.stack([self._one(int(index)) for index in indices])[..., None]

    def _one(self, index: int) -> np.ndarray:
        random, (height, width, _) = np.random.default_rng([7, index % COUNT]), self.shape
        return KINDS[self.kind](random, height, width).astype(np.uint8)


class OwnMasks:
    """A user's masks, turned so that 1 is the hole.

    Args:
        images: grey pictures, uint8 (n, height, width, 1).
    """

    digests: np.ndarray | None = None

    def __init__(self, images: np.ndarray, *, white: bool) -> None:
        self.array = ((images > 127) == white).astype(np.uint8)
        self.shape: tuple[int, int, int] = self.array.shape[1:]

    def __len__(self) -> int:
        return len(self.array)

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Return the masks at `indices`, counted round and round."""
        return self.array[indices % len(self.array)]


def centre(random: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Return a square's hole in the middle, of half of both sides."""
    hole = np.zeros((height, width), bool)
    down, right = round(height * HALF), round(width * HALF)
    top, left = (height - down) // 2, (width - right) // 2
    hole[top : top + down, left : left + right] = True
    return hole


def rectangle(random: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Return a rectangle somewhere, each side a quarter to a half of the picture's."""
    hole = np.zeros((height, width), bool)
    down, right = (max(1, round(side * random.uniform(0.25, 0.5))) for side in (height, width))
    top, left = random.integers(0, height - down + 1), random.integers(0, width - right + 1)
    hole[top : top + down, left : left + right] = True
    return hole


def strokes(random: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Return one to three strokes of a brush, each of 4 to 12 bends, 12 to 40 pixels wide for 256."""
    drawn = Image.new("L", (width, height))
    draw, side = ImageDraw.Draw(drawn), min(height, width)
    for _ in range(random.integers(STROKES[0], STROKES[1] + 1)):
        wide = max(1, round(side * random.uniform(*WIDTH) / 256))
        place, angle = random.uniform(0, (width, height)), random.uniform(0, 2 * np.pi)
        for _ in range(random.integers(VERTICES[0], VERTICES[1] + 1)):
            angle += np.pi + random.uniform(-0.8, 0.8)  # a brush goes forth and back
            step = np.clip(random.normal(side / 8, side / 16), side / 32, side / 4)
            end = np.clip(place + step * np.array([np.cos(angle), np.sin(angle)]), 0, (width, height))
            draw.line([*place, *end], fill=255, width=wide)
            draw.ellipse([*(end - wide / 2), *(end + wide / 2)], fill=255)
            place = end
    return _usable(np.asarray(drawn) > 0, height, width)


def blobs(random: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Return round patches that cover 20 to 30 % of a picture: where smooth noise is largest."""
    noise = Image.fromarray(random.integers(0, 256, (height, width), dtype=np.uint8))
    blurred = np.asarray(noise.filter(ImageFilter.GaussianBlur(min(height, width) / 12)))
    smooth = blurred + random.uniform(0, 0.5, blurred.shape)  # of equal values, some
    return _usable(smooth > np.quantile(smooth, 1 - random.uniform(*AREA)), height, width)


def free(random: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Return a rectangle and strokes together, as Yu et al. (2019) train."""
    return _usable(rectangle(random, height, width) | strokes(random, height, width), height, width)


Drawn = Callable[[np.random.Generator, int, int], np.ndarray]
KINDS: dict[str, Drawn] = {
    "centre": centre,
    "rectangle": rectangle,
    "strokes": strokes,
    "blobs": blobs,
    "free": free,
}


def _usable(hole: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return a hole that is one: neither nothing nor everything."""
    return hole if 0 < hole.sum() < hole.size else centre(np.random.default_rng(0), height, width)
