"""Two domains made of one set of digits or clothes: a half as it is, the other half changed, and no pairs."""

from functools import partial

import numpy as np

from ganctl.check import expect_one_of
from ganctl.dataset.images.selection import Selection
from ganctl.dataset.images.storage import Memory
from ganctl.dataset.options import Augmentation
from ganctl.dataset.pairs.pictures import Pictures

SETS = ("mnist", "fashion_mnist", "digits")
SECONDS = ("edges", "negatives", "same")


def halves(
    *,
    of: str = "mnist",
    path: str | None = None,
    split: str = "train",
    second: str = "edges",
    limit: int | None = None,
    holdout: int = 0,
) -> Pictures:
    """Return pictures of two domains, "image" and "input", from different halves of a set (CoGAN's data).

    Liu and Tuzel (2016), section 4: the set is split at random, so that no picture has its counterpart in the
    other domain. "image" is a half as it is; "input" the other, changed.

    Args:
        of: "mnist", "fashion_mnist" or "digits".
        path: of the first two, see `ganctl.dataset.images.mnist.mnist`.
        split: "train", or "test", which is cut in two as well; "digits" have none.
        second: "edges" (the picture dilated by a 3x3 square, less the picture), "negatives", or "same".
        limit, holdout: of each half; see `ganctl.dataset.images.selection.Selection`.

    Raises:
        UsageError: an option outside its range, or no data.
    """
    expect_one_of("dataset.of", of, SETS)
    expect_one_of("dataset.second", second, SECONDS)
    whole = whole_set(of, path, split)
    first, other = (whole.read(part) for part in in_two(len(whole)))
    made = Pictures(
        f"{of} and {second}",
        {"image": Memory(first), "input": Memory(changed(other, second))},
        streams={"image": 0, "input": 1},
        content=repr((whole.fingerprint, second)),
        augmentation=Augmentation(),
        selection=Selection(limit=limit, holdout=holdout),
        unseen=lambda: None,
    )
    made.origin = of
    made.counterpart = partial(changed, second=second)
    return made


def in_two(count: int) -> list[np.ndarray]:
    """Return the places of two halves of a set, at random and always the same, each ascending."""
    order = np.random.default_rng(0).permutation(count)
    return [np.sort(part) for part in np.array_split(order, 2)]


def changed(images: np.ndarray, second: str) -> np.ndarray:
    """Return grey pictures, uint8 (n, height, width, 1), as the second domain has them."""
    if second == "negatives":
        return 255 - images
    if second == "same":
        return images
    height, width = images.shape[1:3]
    wide = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    dilated = images
    for down in range(3):
        for right in range(3):
            dilated = np.maximum(dilated, wide[:, down : down + height, right : right + width])
    return dilated - images


def whole_set(of: str, path: str | None, split: str):
    """Return one of SETS.

    Raises:
        UsageError: for another split than "train" of a set that has none, or no data.
    """
    if of == "digits":
        expect_one_of("dataset.split", split, ("train",))
        from ganctl.dataset.images.digits import digits

        return digits()
    from ganctl.dataset.images import mnist

    return getattr(mnist, of)(path=path, split=split)
