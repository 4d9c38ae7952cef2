"""CIFAR-10, from its python or binary batches, from images, or from a download."""

import hashlib
import io
import pickle
import tarfile
import zlib
from pathlib import Path

import numpy as np

from ganctl.dataset.images.folder import load
from ganctl.dataset.images.image_set import Images, in_memory
from ganctl.dataset.images.picture import Form
from ganctl.dataset.images.published import downloaded
from ganctl.dataset.images.selection import Selection
from ganctl.dataset.options import Augmentation, choice, existing, switch
from ganctl.error import UsageError

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SIDE = 32
PIXELS = 3 * SIDE * SIDE
BATCHES = {"train": tuple(f"data_batch_{number}" for number in range(1, 6)), "test": ("test_batch",)}
TARS = (".gz", ".tgz", ".tar")
FOLDERS = ("cifar-10-batches-py", "cifar-10-batches-bin")

# https://www.cs.toronto.edu/~kriz/cifar.html: the python and the binary version.
PUBLISHED_MD5 = ("c58f30108f718f92721af3bb95e74d4c", "c32a1d4ab5d03f1284b67883e8d87530")

_array = np.zeros(1, np.uint8)
# All that a pickled array of bytes or numbers needs, under NumPy 1's and NumPy 2's names.
SAFE = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _array.__reduce__()[0] for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _array.__reduce_ex__(5)[0] for core in ("core", "_core")},
    ("_codecs", "encode"): lambda text, encoding: text.encode(encoding),
}


def cifar10(
    *,
    path: str | None = None,
    split: str = "train",
    test: str | None = None,
    verify: bool = True,
    limit: int | None = None,
    holdout: int = 0,
    flip: bool = False,
    crop: int = 0,
    rotate: float = 0.0,
    colour: float = 0.0,
    on_bad: str = "error",
) -> Images:
    """Return Krizhevsky's small photographs: 50,000 (test: 10,000) of 32x32, in colour, 10 classes.

    Args:
        path: a folder with the python or binary batches, the .tar.gz of one, a zip or folder of images (taken
            whole), or None for the download.
        split: "train" or "test".
        test: of images: another zip or folder, which is the test split.
        verify: refuse a .tar.gz that is not a published one.
        limit, holdout: see `ganctl.dataset.images.selection.Selection`.
        flip, crop, rotate, colour: see `ganctl.dataset.options.Augmentation`.
        on_bad: for images: "error" refuses files that cannot be read, "skip" leaves them out.

    Raises:
        UsageError: an option outside its range, no data, or damaged data.
    """
    augmentation = Augmentation(flip=flip, crop=crop, rotate=rotate, colour=colour)
    selection = Selection(limit=limit, holdout=holdout)
    choice("split", split, tuple(BATCHES))
    switch("verify", verify)
    skip = choice("on_bad", on_bad, ("error", "skip")) == "skip"
    place = downloaded("cifar10", " or ".join(FOLDERS)) if path is None else existing(path)
    files = read_tar(place, split, verify=verify) if place.suffix in TARS else read_folder(place, split)
    others = None if test is None else existing(test)  # a slip is told now, not when a split is wanted
    if files and others:
        raise UsageError(
            f"dataset.test: expected null, for {place} has test images of its own, got '{test}'."
        )
    if not files:
        if split == "test":  # what is trained on must not stand for what was never seen
            if others is None:
                raise UsageError(
                    f"dataset.split=test: {place} holds images, which are taken whole; "
                    "type dataset.test=PATH of the test images."
                )
            place = others
        form = Form(SIDE, SIDE, channels=3, fit="crop", background="white")
        images = load(
            str(place), form, skip=skip, cache="auto", augmentation=augmentation, selection=selection
        )
        images.name = "cifar10"
        return images
    batches = [read_batch(place, name, data) for name, data in files.items()]
    rows, labels = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    return in_memory(
        "cifar10",
        array_of(rows),
        labels,
        classes=CLASSES,
        augmentation=augmentation,
        selection=selection,
        unseen=(lambda: test_split(place)) if split == "train" else None,
    )


def array_of(rows: np.ndarray) -> np.ndarray:
    """Return rows of planes (n, 3072) as images (n, 32, 32, 3)."""
    return np.ascontiguousarray(rows.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1))


def test_split(place: Path) -> tuple[np.ndarray, None] | None:
    """Return the test split's images beside the others, without labels; None where they cannot be read."""
    try:
        files = read_tar(place, "test", verify=False) if place.suffix in TARS else read_folder(place, "test")
        batches = [read_batch(place, name, data) for name, data in files.items()]
    except UsageError:
        return None
    return (array_of(batches[0][0]), None) if batches else None


def read_tar(path: Path, split: str, *, verify: bool) -> dict[str, bytes]:
    """Return the batches of a split from one of the published .tar.gz, without unpacking it to the disk."""
    if verify and hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() not in PUBLISHED_MD5:
        raise UsageError(
            f"{path} is damaged, or not one of the published cifar-10 .tar.gz (wrong checksum). "
            "Get it again, or use it as it is with dataset.verify=false"
        )
    wanted = {name + end for name in BATCHES[split] for end in ("", ".bin")}
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isfile() else None
                name = Path(member.name).name
                if content and name in wanted:
                    found[name] = content.read()
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        reason = (str(error).splitlines() or ["no reason given"])[0]
        raise UsageError(f"{path} is truncated or damaged ({reason}); get it again.") from error
    if missing := [name for name in BATCHES[split] if not {name, f"{name}.bin"} & set(found)]:
        raise UsageError(f"{path} lacks {', '.join(missing)}; get the published cifar-10 .tar.gz again.")
    return dict(sorted(found.items()))


def read_folder(place: Path, split: str) -> dict[str, bytes]:
    """Return the batches of a split in a folder, or nothing when it holds no batches at all."""
    names = [name for names in BATCHES.values() for name in names]
    for folder in (place, *(place / name for name in FOLDERS)):
        for end in ("", ".bin"):
            if any((folder / (name + end)).is_file() for name in names):
                files = {name + end: folder / (name + end) for name in BATCHES[split]}
                if missing := [name for name, file in files.items() if not file.is_file()]:
                    raise UsageError(f"{folder} lacks {', '.join(missing)}; get the whole set again.")
                return {name: file.read_bytes() for name, file in files.items()}
    return {}


def read_batch(place: Path, name: str, data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Return a batch's uint8 rows of shape (n, 3072), planes of red, green and blue, and its labels."""
    rows, labels = read_binary(data) if name.endswith(".bin") else read_pickle(place, name, data)
    if rows.dtype != np.uint8 or labels.shape != (len(rows),) or rows.shape != (max(1, len(labels)), PIXELS):
        shapes = f"pixels of {rows.shape}, labels of {labels.shape}"
        raise UsageError(
            f"{name} in {place} is damaged ({shapes}, expected (n, {PIXELS}) and (n,)); get it again."
        )
    if labels.min() < 0 or labels.max() >= len(CLASSES):
        raise UsageError(f"{name} in {place} has labels up to {labels.max()}; CIFAR-10's are 0 to 9.")
    return rows, labels


def read_binary(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and labels of records of one byte of label and 3072 of pixels."""
    records = np.frombuffer(data, np.uint8)
    if len(data) % (1 + PIXELS) == 0:
        records = records.reshape(-1, 1 + PIXELS)
    return records[..., 1:], records[..., 0]  # bytes that are no whole records are refused for their shape


class Unpickler(pickle.Unpickler):
    """Reads arrays, numbers, texts, lists and dicts; whatever else a pickle asks for is refused, unrun."""

    def find_class(self, module: str, name: str) -> object:
        """Return one of the few harmless things, or raise UnpicklingError."""
        if (module, name) not in SAFE:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no data set needs")
        return SAFE[module, name]


def read_pickle(place: Path, name: str, data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and labels of a pickled batch."""
    try:
        batch = Unpickler(io.BytesIO(data), encoding="bytes").load()
        batch = {key.decode() if isinstance(key, bytes) else key: value for key, value in batch.items()}
        return np.asarray(batch["data"]), np.asarray(batch["labels"], np.int64)
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise UsageError(
            f"{name} in {place} is not a whole CIFAR-10 batch ({error!r}); get it again."
        ) from error
