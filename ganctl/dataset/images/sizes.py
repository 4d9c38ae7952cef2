"""How large the pictures of a folder are: what is lost when they get one size, and which size suits them."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from ganctl.dataset.images.picture import FORMATS, Form, upright_size
from ganctl.dataset.images.source import Folder, Zip
from ganctl.error import UsageError

MOST = 2000  # files that are looked at, evenly over the list
SIDES = (128, 64, 32, 16)  # that `dataset.size=auto` chooses from
ALIKE = 0.9  # share of pictures of one shape, from which it keeps that shape
NEAR = 0.03  # by which shapes may differ and count as one
Sizes = np.ndarray  # (n, 2): heights and widths in pixels, upright


def sizes_of(source: Folder | Zip, names: Sequence[str]) -> Sizes:
    """Return the sizes of at most MOST of the files, whole numbers (n, 2), from their first bytes alone.

    Files that are no pictures are left out.
    """
    places = np.unique(np.linspace(0, len(names) - 1, min(MOST, len(names))).astype(int))
    found = []
    for place in places:
        try:
            with source.stream(names[place]) as file, Image.open(file, formats=FORMATS) as opened:
                found.append(upright_size(opened))
        except Exception:  # Pillow's readers raise whatever a broken file makes them raise
            continue
    return np.array(found, np.int64).reshape(-1, 2)


def suited(sizes: Sizes) -> list[int]:
    """Return [height, width] for `dataset.size=auto`.

    The shorter side is the largest of SIDES that at least half of the pictures have. The longer one is the
    same, unless most pictures have one shape: then it follows that, in quarters of the shorter.

    Raises:
        UsageError: when there is no picture.
    """
    if not len(sizes):
        raise UsageError("dataset.size=auto: expected pictures that can be read, found none.")
    middle = float(np.median(sizes.min(axis=1)))
    side = next((each for each in SIDES if each <= middle), SIDES[-1])
    ratios = sizes[:, 1] / sizes[:, 0]
    shape = float(np.median(ratios))
    if np.mean(np.abs(ratios / shape - 1.0) < NEAR) < ALIKE:
        return [side, side]
    longer = round(max(shape, 1.0 / shape) * 4) * side // 4
    return [side, longer] if shape >= 1 else [longer, side]


def told(sizes: Sizes, form: Form, total: int) -> str:
    """Return in a line how large pictures are, and what bringing them into a form does; "" for none."""
    if not len(sizes):
        return ""
    low, high, middle = sizes.min(axis=0), sizes.max(axis=0), np.median(sizes, axis=0).astype(int)
    span = f"{_size(low)} pixels"
    if (low != high).any():
        span = f"{_size(low)} to {_size(high)} pixels, half of them at most {_size(middle)}"
    looked = f"{len(sizes):,} of {total:,} pictures" if len(sizes) < total else f"{total:,} pictures"
    facts = [f"{looked} of {span}"]
    ratio, wanted = sizes[:, 1] / sizes[:, 0], form.width / form.height
    lost = 1.0 - np.minimum(ratio / wanted, wanted / ratio)
    if form.fit == "crop" and np.median(lost) > 0.01:
        facts.append(f"half of them lose {np.median(lost):.0%} or more where the middle is cut out")
    small = int(np.sum((sizes[:, 0] < form.height) | (sizes[:, 1] < form.width)))
    if small:
        facts.append(f"smaller than {form.width}x{form.height}, and enlarged: {small:,}")
    return "; ".join(facts)


def _size(pair: np.ndarray) -> str:
    return f"{pair[1]}x{pair[0]}"
