"""Pictures with holes to be filled: any set of images, and masks that are drawn or a user's own."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from ganctl.check import expect_one_of
from ganctl.dataset.images.image_set import digest
from ganctl.dataset.images.selection import Selection
from ganctl.dataset.images.source import shown
from ganctl.dataset.images.storage import Storage
from ganctl.dataset.options import Augmentation, choice
from ganctl.dataset.pairs.halves import SETS, whole_set
from ganctl.dataset.pairs.masks import KINDS, Masks, OwnMasks
from ganctl.dataset.pairs.pictures import Kinds, Pictures
from ganctl.dataset.pairs.place import place, reading, title
from ganctl.error import UsageError
from ganctl.game.field import Field

SOME = 200  # masks by which the share of a hole is told


class Masked(Pictures):
    """Images ("image") and their holes ("mask", 1 where nothing is known), in an order of their own.

    Args:
        masks: Masks or OwnMasks.
        more: see `Pictures`; its kinds are "image" alone.
    """

    def __init__(self, masks: Masks | OwnMasks, *more: Any, **rules: Any) -> None:
        super().__init__(*more, streams={"image": 0, "mask": 1}, **rules)
        self.masks = masks
        self.fields["mask"] = Field(kind="mask", shape=masks.shape)
        self.truths = itemgetter("image")

    def others(self) -> Mapping[str, Storage | np.ndarray]:
        """Return the masks, as storage."""
        return {"mask": self.masks}

    def examples(self, places: np.ndarray, *, held: bool = False) -> dict[str, np.ndarray]:
        """Return images and their masks at some places: every place has a mask of its own."""
        holes = self.masks.read(np.asarray(places)).astype(np.float32)
        return super().examples(places, held=held) | {"mask": holes}


def masked(
    *,
    of: str = "images",
    path: str | None = None,
    mask: str = "centre",
    masks: str | None = None,
    hole: str = "white",
    size: int | Sequence[int] = 64,
    channels: int = 3,
    fit: str = "crop",
    background: str = "white",
    on_bad: str = "error",
    cache: str | bool = "auto",
    limit: int | None = None,
    holdout: int = 0,
    flip: bool = False,
    crop: int = 0,
) -> Masked:
    """Return images with holes; the mask at each position of the stream depends on the seed alone.

    Args:
        of: "images" (files of one's own), "mnist", "fashion_mnist" or "digits".
        path: of images a folder or zip, or a folder with train/, and test/ or val/, whose images are then
            held out; of published sets as for dataset=mnist, whose test images are held out.
        mask: how holes are drawn, one of `ganctl.dataset.pairs.masks.KINDS`.
        masks: in place of it, a folder or zip of masks of one's own, of the images' size.
        hole: of masks of one's own: the hole is "white" or "black".
        size, channels, fit, background, on_bad, cache: of files; see
            `ganctl.dataset.images.folder.image_folder`.
        limit, holdout: see `ganctl.dataset.images.selection.Selection`.
        flip, crop: see `ganctl.dataset.options.Augmentation`; masks stay where they are.

    Raises:
        UsageError: an option outside its range, no images, or a mask of one's own without a hole, or with
            nothing else, which it names.
    """
    expect_one_of("dataset.of", of, ("images", *SETS))
    choice("mask", mask, tuple(KINDS))
    choice("hole", hole, ("white", "black"))
    augmentation = Augmentation(flip=flip, crop=crop)
    selection = Selection(limit=limit, holdout=holdout)
    if of == "images":
        if path is None:
            raise UsageError("dataset=masked needs to know where the images are: dataset.path=FOLDER")
        how = reading(
            size=size, channels=channels, fit=fit, background=background, on_bad=on_bad, cache=cache
        )
        where = place(path)
        found = where.images(how)
        name, skipped = title(where), found.skipped

        def unseen() -> Kinds | None:
            return {"image": where.held_out.images(how).storage} if where.held_out else None
    else:
        found, name, skipped = whole_set(of, path, "train"), of, 0

        def unseen() -> Kinds | None:
            return None if of == "digits" else {"image": whole_set(of, path, "test").storage}

    side = found.storage.shape[:2]
    holes = Masks(mask, side) if masks is None else own(masks, side, white=hole == "white")
    share = holes.read(np.arange(SOME)).mean()
    kind = mask if masks is None else "own"
    made = Masked(
        holes,
        f"{name}, {kind} holes of {100 * share:.0f} %",
        {"image": found.storage},
        content=repr((found.fingerprint, kind, _marks(holes))),
        augmentation=augmentation,
        selection=selection,
        unseen=unseen,
        skipped=skipped,
    )
    made.origin = "" if of == "images" else of
    return made


def own(path: str, side: tuple[int, int], *, white: bool) -> OwnMasks:
    """Return a user's masks, 1 in the hole.

    Args:
        path: folder or zip.
        side: (height, width) of the images.
        white: whether holes are white; otherwise black.

    Raises:
        UsageError: for masks without a hole, or that are nothing else, which it names.
    """
    where = place(path, "dataset.masks")
    how = reading(size=side, channels=1, fit="crop", background="white", on_bad="error", cache="true")
    found = where.images(how)
    masks = OwnMasks(found.storage.read(np.arange(len(found))), white=white)
    shares = masks.array.mean(axis=(1, 2, 3))
    bad = [name for name, share in zip(where.names, shares, strict=True) if share in (0, 1)]
    if bad:
        other = "black" if white else "white"
        raise UsageError(
            f"dataset.masks={path}: expected holes that are part of a picture, and {len(bad)} of "
            f"{len(shares)} are empty or everything ({shown(bad)}); where holes are {other}, "
            f"type dataset.hole={other}."
        )
    return masks


def _marks(masks: Masks | OwnMasks) -> str:
    return masks.kind if isinstance(masks, Masks) else digest(masks.array)
