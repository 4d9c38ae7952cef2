"""MNIST and Fashion-MNIST, from their published idx files or from a download."""

import gzip
import hashlib
import struct
import zlib
from pathlib import Path

import numpy as np

from ganctl.dataset.images.digits import DIGITS
from ganctl.dataset.images.image_set import Images, in_memory
from ganctl.dataset.images.published import downloaded
from ganctl.dataset.images.selection import Selection
from ganctl.dataset.options import Augmentation, choice, existing, switch
from ganctl.error import UsageError

CLOTHES = (
    "T-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)

PREFIXES = {"train": "train", "test": "t10k"}
FILES = "{train,t10k}-images-idx3-ubyte.gz and {train,t10k}-labels-idx1-ubyte.gz"
IMAGES, LABELS = 3, 1  # the number of dimensions, part of the files' names and of their magic numbers

# sha256 of the unpacked idx files (the published MD5 are of the .gz): images and labels of each split.
PUBLISHED = {
    "mnist": {
        "train": (
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
        "test": (
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    },
    "fashion_mnist": {
        "train": (
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        ),
        "test": (
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
    },
}


def mnist(
    *,
    path: str | None = None,
    split: str = "train",
    verify: bool = True,
    limit: int | None = None,
    holdout: int = 0,
    crop: int = 0,
    rotate: float = 0.0,
) -> Images:
    """Return the handwritten digits of LeCun, Cortes and Burges: 60,000 (test: 10,000) grey 28x28.

    Args:
        path: a folder with the idx files, packed (.gz) or not, or Keras's mnist.npz; None = the download.
        split: "train" or "test".
        verify: refuse data that are not the published ones.
        limit, holdout: see `ganctl.dataset.images.selection.Selection`.
        crop: random shift in pixels, 0 for none.
        rotate: random rotation in degrees, 0 for none.

    Raises:
        UsageError: an option outside its range, no data, or damaged data.
    """
    augmentation = Augmentation(crop=crop, rotate=rotate)
    selection = Selection(limit=limit, holdout=holdout)
    return load("mnist", path, split, verify, DIGITS, augmentation, selection)


def fashion_mnist(
    *,
    path: str | None = None,
    split: str = "train",
    verify: bool = True,
    limit: int | None = None,
    holdout: int = 0,
    flip: bool = False,
    crop: int = 0,
    rotate: float = 0.0,
) -> Images:
    """Return Zalando's pictures of clothes: 60,000 (test: 10,000) grey 28x28, 10 classes (arXiv:1708.07747).

    Args and errors are those of `mnist`, and `flip` mirrors half of the images, left to right.
    """
    augmentation = Augmentation(flip=flip, crop=crop, rotate=rotate)
    selection = Selection(limit=limit, holdout=holdout)
    return load("fashion_mnist", path, split, verify, CLOTHES, augmentation, selection)


def load(
    name: str,
    path: str | None,
    split: str,
    verify: bool,
    classes: tuple[str, ...],
    augmentation: Augmentation,
    selection: Selection,
) -> Images:
    """Find, read and check one split of one of the two sets; see `mnist`."""
    choice("split", split, tuple(PREFIXES))
    switch("verify", verify)
    place = existing(path) if path is not None else downloaded(name, FILES)
    arrays = read_npz(place, split) if place.suffix == ".npz" else read_folder(place, split)
    if len(arrays[0]) != len(arrays[1]):
        numbers = f"{len(arrays[0])} {split} images and {len(arrays[1])} labels"
        raise UsageError(f"{place} holds {numbers}: they do not belong together; get the files again.")
    for array, published in zip(arrays, PUBLISHED[name][split], strict=True):
        if verify and hashlib.sha256(header(array) + array.tobytes()).hexdigest() != published:
            what = "images" if array.ndim == IMAGES else "labels"
            raise UsageError(
                f"The {split} {what} in {place} are damaged, or not the published {name} (wrong checksum). "
                "Get the files again, or use them as they are with dataset.verify=false"
            )
    images, labels = arrays
    if labels.max(initial=0) >= len(classes):
        raise UsageError(f"{place} holds the label {labels.max()}; {name} has 0 to {len(classes) - 1}.")
    return in_memory(
        name,
        images[..., None],
        labels,
        classes=classes,
        augmentation=augmentation,
        selection=selection,
        unseen=(lambda: test_split(place)) if split == "train" else None,
    )


def test_split(place: Path) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the test split's images, uint8 (n, 28, 28, 1), and labels; None where they cannot be read."""
    try:
        images, labels = read_npz(place, "test") if place.suffix == ".npz" else read_folder(place, "test")
    except UsageError:
        return None
    return images[..., None], labels


def read_npz(path: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the images and labels of one split of Keras's mnist.npz."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            images, labels = arrays[f"x_{split}"], arrays[f"y_{split}"]
    except Exception as error:  # NumPy's reader raises whatever a damaged zip makes it raise
        raise UsageError(f"{path} is not a whole mnist.npz ({error}); delete it to get it again.") from error
    if images.ndim != IMAGES or labels.ndim != LABELS or images.dtype != np.uint8:
        raise UsageError(f"{path} holds {images.dtype} images of {images.shape}, not uint8 of (n, 28, 28).")
    return images, labels.astype(np.uint8)


def read_folder(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the images and labels of one split from a folder with idx files."""
    images, labels = (
        read_idx(find(folder, f"{PREFIXES[split]}-{kind}", dimensions), dimensions)
        for kind, dimensions in (("images", IMAGES), ("labels", LABELS))
    )
    return images, labels


def find(folder: Path, stem: str, dimensions: int) -> Path:
    """Return the file under either of its two spellings, packed or not."""
    names = [f"{stem}{mark}idx{dimensions}-ubyte{end}" for end in ("", ".gz") for mark in "-."]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    if not folder.is_dir():
        raise UsageError(f"dataset.path={folder} is a file; give the folder with {FILES}")
    there = ", ".join(sorted(entry.name for entry in folder.iterdir())[:3]) or "nothing"
    raise UsageError(f"{folder} has no {names[0]} (or {names[2]}), but {there}; give the folder with {FILES}")


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    """Return the uint8 array in an idx file (http://yann.lecun.com/exdb/mnist), packed with gzip or not.

    Raises:
        UsageError: the file is truncated, damaged, or holds something else.
    """
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise UsageError(f"{path} is truncated or damaged ({error}); get it again.") from error
    start = 4 + 4 * dimensions
    if len(data) < start:
        raise UsageError(f"{path} is truncated: {len(data)} bytes, and the header alone has {start}.")
    magic, *shape = struct.unpack_from(f">{1 + dimensions}I", data)
    if magic != 0x800 + dimensions:
        raise UsageError(f"{path} has the magic number {magic}; this kind of file has {0x800 + dimensions}.")
    expected = start + int(np.prod(shape, dtype=object))
    if len(data) != expected:
        state = "truncated" if len(data) < expected else "too long"
        raise UsageError(f"{path} is {state}: {len(data)} bytes unpacked, and its header says {expected}.")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def header(array: np.ndarray) -> bytes:
    """Return the header of the idx file that holds a uint8 array."""
    return struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape)
