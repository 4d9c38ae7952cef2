"""Photographs and what a fixed filter makes of them: a style whose truth is known, in pairs or not."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from PIL import Image, ImageFilter

from ganctl import image
from ganctl.dataset.images.selection import Chosen, Selection
from ganctl.dataset.images.storage import Storage
from ganctl.dataset.options import Augmentation, choice, switch
from ganctl.dataset.pairs.halves import in_two
from ganctl.dataset.pairs.pictures import Kinds, Pictures
from ganctl.dataset.pairs.place import place, reading, title
from ganctl.error import UsageError

FILTERS = ("posterized", "sketched", "recoloured")
LEVELS = 4  # of each channel of a posterized picture
BLUR = 3.0  # pixels of a sketch's soft edge, for 64 pixels of a side


def filtered(
    *,
    path: str | None = None,
    filter: str = "sketched",
    paired: bool = False,
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
) -> Pictures:
    """Return photographs, "input", and filtered ones, "image", so that what is made can be held to a truth.

    Args:
        path: folder or zip of photographs, or a folder with train/, and test/ or val/, whose photographs are
            then held out.
        filter: one of FILTERS; see `changed`.
        paired: whether each photograph comes with its own filtered one; otherwise half of them, at random,
            are filtered, and the others are the inputs: a collection to a collection.
        size, channels, fit, background, on_bad, cache, limit, holdout, flip, crop: see
            `ganctl.dataset.pairs.paired.paired`; of each half where there are no pairs.

    Raises:
        UsageError: an option outside its range, or no pictures.
    """
    choice("filter", filter, FILTERS)
    pairs = switch("paired", paired)
    files = reading(size=size, channels=channels, fit=fit, background=background, on_bad=on_bad, cache=cache)
    augmentation = Augmentation(flip=flip, crop=crop)
    augmentation.fits(files.form.shape)
    if path is None:
        raise UsageError("dataset=filtered needs to know where the photographs are: dataset.path=FOLDER")
    where = place(path)
    found = where.images(files)
    change = partial(changed, filter=filter)

    def kinds(photographs: Storage, *, together: bool) -> Kinds:
        first = other = photographs
        if not together:
            first, other = (Chosen(photographs, part) for part in in_two(len(photographs)))
        return {"input": first, "image": Filtered(other, filter)}

    def unseen() -> Kinds | None:
        held = where.held_out
        # Of what is held out every photograph may be an input: its truth is known.
        return kinds(held.images(files).storage, together=True) if held else None

    made = Pictures(
        f"{title(where)} {filter}",
        kinds(found.storage, together=pairs),
        streams={"input": 0, "image": 0 if pairs else 1},
        content=repr((found.fingerprint, filter, pairs)),
        augmentation=augmentation,
        selection=Selection(limit=limit, holdout=holdout),
        unseen=unseen,
        skipped=found.skipped,
    )
    made.truths = partial(_truths, change)
    return made


class Filtered:
    """The images of a storage, filtered whenever they are read."""

    digests: np.ndarray | None = None

    def __init__(self, storage: Storage, filter: str) -> None:
        self.storage, self.filter = storage, filter
        self.shape: tuple[int, int, int] = storage.shape

    def __len__(self) -> int:
        return len(self.storage)

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Return the images at `indices`."""
        return changed(self.storage.read(indices), self.filter)


def changed(images: np.ndarray, filter: str) -> np.ndarray:
    """Return pictures, uint8 (n, height, width, channels), filtered.

    "posterized": each channel in four steps. "sketched": a pencil's lines on white, where a picture is darker
    than its surroundings. "recoloured": as in moonlight, red made of blue's square, green of
    red, blue of green's root; nothing of the picture is lost.
    """
    if filter == "posterized":
        step = 256 // LEVELS
        return (images // step * (255 // (LEVELS - 1))).astype(np.uint8)
    if filter == "recoloured":
        channels = np.moveaxis(images / 255.0, -1, 0)
        if len(channels) == 1:
            found = [channels[0] ** 2]
        else:
            red, green, blue = channels
            found = [blue**2, red, np.sqrt(green)]
        return (255 * np.stack(found, axis=-1)).round().astype(np.uint8)
    return np.stack([_sketched(each) for each in images])


def _sketched(picture: np.ndarray) -> np.ndarray:
    """Return one picture's light divided by that of its surroundings: white where nothing changes."""
    grey = picture.astype(np.float32).mean(axis=-1).round().astype(np.uint8)
    radius = BLUR * min(picture.shape[:2]) / 64
    around = np.asarray(Image.fromarray(grey).filter(ImageFilter.GaussianBlur(radius)), np.float32)
    light = np.minimum(255.0 * grey / np.maximum(around, 1), 255).round().astype(np.uint8)
    return np.repeat(light[..., None], picture.shape[-1], axis=-1)


def _truths(change, examples: Mapping[str, np.ndarray]) -> np.ndarray:
    return image.to_float(change(image.to_uint8(examples["input"])))
