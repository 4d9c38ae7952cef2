"""The 1,797 handwritten digits that come with scikit-learn, made into MNIST's form: no download, no files."""

import functools
from importlib.metadata import distribution

import numpy as np
from PIL import Image

from ganctl.dataset.images.image_set import Images, in_memory
from ganctl.dataset.images.selection import Selection
from ganctl.dataset.options import Augmentation

DIGITS = tuple("0123456789")
SIDE, BOX = 28, 20


def digits(*, limit: int | None = None, holdout: int = 0, crop: int = 0, rotate: float = 0.0) -> Images:
    """Return 1,797 grey digits of 28x28, in 10 classes.

    They are the test set of Alpaydin and Kaynak's "Optical Recognition of Handwritten Digits" (UCI, 1998).

    Args:
        limit, holdout: see `ganctl.dataset.images.selection.Selection`.
        crop: random shift in pixels, 0 for none.
        rotate: random rotation in degrees, 0 for none.

    Raises:
        UsageError: an option outside its range.
    """
    augmentation, selection = Augmentation(crop=crop, rotate=rotate), Selection(limit=limit, holdout=holdout)
    array, labels = _placed()
    return in_memory("digits", array, labels, classes=DIGITS, augmentation=augmentation, selection=selection)


@functools.cache
def _placed() -> tuple[np.ndarray, np.ndarray]:
    """Return images and labels that nobody may change: they are made once in a process."""
    # The file that sklearn.datasets.load_digits reads; importing scikit-learn for it takes seconds.
    file = distribution("scikit-learn").locate_file("sklearn/datasets/data/digits.csv.gz")
    table = np.loadtxt(str(file), delimiter=",")
    array = np.stack([place(small) for small in table[:, :-1].reshape(-1, 8, 8)])[..., None]
    array.setflags(write=False)
    return array, table[:, -1].astype(int)


def place(small: np.ndarray) -> np.ndarray:
    """Enlarge an 8x8 digit in [0, 16] to 20x20 and put its centre of mass in the middle of 28x28, like MNIST.

    Returns:
        uint8 of shape (28, 28).
    """
    scaled = Image.fromarray((small * (255 / 16)).round().astype(np.uint8))
    large = np.asarray(scaled.resize((BOX, BOX), Image.Resampling.BICUBIC))
    grid = np.arange(BOX)
    mass = large.sum(dtype=float)
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    middle = (large.sum(1) @ grid / mass, large.sum(0) @ grid / mass)
    # The whole box stays inside: no stroke is cut off, however lopsided the digit.
    top, left = (int(np.clip(round((SIDE - 1) / 2 - m), 0, SIDE - BOX)) for m in middle)
    canvas[top : top + BOX, left : left + BOX] = large
    return canvas
