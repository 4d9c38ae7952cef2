"""An order of images that depends on what is in them, not on how files or classes are called or sorted.

"The first n" of a sorted set are of one class, and every third of a set whose classes alternate may be, too.
By the digests of their contents images come as if shuffled, and the same ones whatever the files' order was.
"""

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np

CHUNK = 2048  # images hashed at a time
WIDTH = 8  # bytes of a digest


def digest_of(content: bytes | memoryview) -> int:
    """Return a digest of an image's pixels as a number below 2 ** 64."""
    return int.from_bytes(hashlib.blake2b(content, digest_size=WIDTH).digest(), "little")


def digests(read: Callable[[np.ndarray], np.ndarray], count: int) -> np.ndarray:
    """Return the digest of each of `count` rows, uint64 (count,).

    Args:
        read: places (n,) -> rows (n, ...).
        count: how many there are.
    """
    found = np.empty(count, np.uint64)
    for start in range(0, count, CHUNK):
        places = np.arange(start, min(start + CHUNK, count))
        found[places] = [digest_of(np.ascontiguousarray(row).data) for row in read(places)]
    return found


def by_content(storage: Any) -> np.ndarray:
    """Return the places of a storage's images in the order of their digests.

    One that was looked at knows the digests (`digests`), so that nothing is decoded for it again.
    """
    known = getattr(storage, "digests", None)
    found = known if known is not None else digests(storage.read, len(storage))
    return np.argsort(found, kind="stable")


def stratified(order: np.ndarray, labels: np.ndarray | None, count: int, *, spare: int = 0) -> np.ndarray:
    """Return `count` of the places in `order`, the first ones of each class, in shares like the classes'.

    Args:
        order: places, of which the first are preferred.
        labels: by place, or None: then the first places are taken.
        count: how many; with at least as many as classes each class is among them.
        spare: of each class so many stay behind, as far as `count` allows it.
    """
    if labels is None or not count:
        return order[:count]
    classes, kinds = np.unique(labels[order], return_inverse=True)
    sizes = np.bincount(kinds)
    room = np.maximum(sizes - spare, 0)
    room = room if room.sum() >= count else sizes
    ideal = room * (count / room.sum())
    least = np.minimum(room, 1) if count >= len(classes) else np.zeros_like(room)
    quota = np.minimum(np.maximum(np.floor(ideal).astype(int), least), room)
    while quota.sum() != count:  # a few steps: what rounding and the least gave too little or too much
        short = quota.sum() < count
        open_ones = np.flatnonzero(quota < room if short else quota > least)
        wish = (ideal - quota)[open_ones]
        quota[open_ones[np.argmax(wish) if short else np.argmin(wish)]] += 1 if short else -1
    rank = np.empty(len(order), int)  # of each place among those of its class
    by_class = np.argsort(kinds, kind="stable")
    rank[by_class] = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return order[rank < quota[kinds]]
