"""A folder or a zip of image files, flat or with a folder per class."""

import hashlib
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ganctl.dataset.images.image_set import Images
from ganctl.dataset.images.inspection import inspect, refuse_bad
from ganctl.dataset.images.listing import listing
from ganctl.dataset.images.picture import WORKERS, BadImage, Form, decode, form
from ganctl.dataset.images.selection import Selection
from ganctl.dataset.images.sizes import sizes_of, suited, told
from ganctl.dataset.images.source import Folder, Zip, text_of
from ganctl.dataset.images.storage import Memory, Storage
from ganctl.dataset.options import Augmentation, choice, existing
from ganctl.error import RunError, UsageError

ROOM = 2**30  # bytes of decoded images that cache=auto keeps in memory


class Disk:
    """Images that are read and decoded, in parallel, whenever they are asked for."""

    digests: np.ndarray | None = None

    def __init__(self, source: Folder | Zip, names: Sequence[str], form: Form, *, workers: int = WORKERS):
        self.source = source
        self.names = names
        self.form = form
        self.shape = form.shape
        self.pool = ThreadPoolExecutor(workers)

    def __len__(self) -> int:
        return len(self.names)

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Return the images at `indices`; raise RunError naming the file that cannot be read any more."""
        return np.stack(list(self.pool.map(self.one, indices)))

    def one(self, index: int) -> np.ndarray:
        """Return one image."""
        name = self.names[index]
        try:
            return decode(self.source.read(name), self.form)
        except BadImage as error:
            where = self.source.path / text_of(name)
            raise RunError(f"{where} could be read at the start, and now not: {error}.") from None


def image_folder(
    *,
    path: str | None,
    size: int | str | Sequence[int] = 64,
    channels: int = 3,
    fit: str = "crop",
    background: str = "white",
    on_bad: str = "error",
    cache: str | bool = "auto",
    limit: int | None = None,
    holdout: int = 0,
    flip: bool = False,
    crop: int = 0,
    rotate: float = 0.0,
    colour: float = 0.0,
) -> Images:
    """Return the images in a folder or zip (`ganctl.dataset.images.picture`): flat, or a folder per class.

    A StyleGAN dataset.json ({"labels": [[name, k], ...]}) decides the labels where there is one.

    Args:
        path: the folder or zip.
        size: side in pixels, [height, width], or "auto": see `ganctl.dataset.images.sizes.suited`.
        channels, fit, background: see `ganctl.dataset.images.picture.Form`.
        on_bad: "error" refuses files that cannot be read, "skip" leaves them out.
        cache: True keeps the decoded images in memory, False reads them anew, "auto" keeps under 1 GiB.
        limit, holdout: see `ganctl.dataset.images.selection.Selection`.
        flip, crop, rotate, colour: see `ganctl.dataset.options.Augmentation`.

    Raises:
        UsageError: an option outside its range, no images, bad images, or labels that do not fit.
    """
    if isinstance(size, str) and size == "auto":
        source = opened(path)
        size = suited(sizes_of(source, listing(source).names))
    wanted = form(size=size, channels=channels, fit=fit, background=background)
    skip = choice("on_bad", on_bad, ("error", "skip")) == "skip"
    cache = choice("cache", cache, ("auto", "true", "false"))
    augmentation = Augmentation(flip=flip, crop=crop, rotate=rotate, colour=colour)
    augmentation.fits(wanted.shape)
    selection = Selection(limit=limit, holdout=holdout)
    return load(path, wanted, skip=skip, cache=cache, augmentation=augmentation, selection=selection)


def load(
    path: str | None,
    form: Form,
    *,
    skip: bool,
    cache: str,
    augmentation: Augmentation,
    selection: Selection | None = None,
) -> Images:
    """Return the images at a path in one form; see `image_folder`."""
    source = opened(path)
    place = source.path
    images = listing(source)
    keep = cache == "true" or (cache == "auto" and len(images.names) * math.prod(form.shape) < ROOM)
    found = inspect(source, images.names, form, keep=keep)
    refuse_bad(source, found, skip=skip)
    kept = images.of(found.good)
    storage: Storage = Disk(source, kept.names, form) if found.array is None else Memory(found.array)
    storage.digests = found.digests
    pictures = Images(
        text_of(place.resolve().name if place.is_dir() else place.stem),
        storage,
        content=hashlib.sha256(f"{found.content} {form}".encode()).hexdigest(),
        labels=kept.labels,
        classes=kept.classes,
        augmentation=augmentation,
        skipped=len(found.bad),
        selection=selection,
    )
    pictures.names = list(kept.names)
    pictures.tell = lambda: told(sizes_of(source, kept.names), form, len(kept.names))
    return pictures


def opened(path: str | None) -> Folder | Zip:
    """Return the folder or zip at a path.

    Raises:
        UsageError: when there is none.
    """
    if path is None:
        raise UsageError(
            "dataset=image_folder needs to know where the images are: dataset.path=FOLDER (or a zip)"
        )
    place = existing(path)
    return Folder(place) if place.is_dir() else Zip(place)
