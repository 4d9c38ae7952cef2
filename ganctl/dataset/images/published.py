"""The published data sets: where they are on the network, and where they lie once they were fetched."""

import os
from pathlib import Path

from ganctl.files.download import Published, fetch

KERAS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
FILES = {
    "mnist": [
        Published(
            "datasets/mnist.npz",
            f"{KERAS}mnist.npz",
            "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
            11_490_434,
        )
    ],
    "fashion_mnist": [
        Published(f"datasets/fashion-mnist/{name}", KERAS + name, sha256, size)
        for name, sha256, size in (
            (
                "train-images-idx3-ubyte.gz",
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                26_421_880,
            ),
            (
                "train-labels-idx1-ubyte.gz",
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                29_515,
            ),
            (
                "t10k-images-idx3-ubyte.gz",
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                4_422_102,
            ),
            (
                "t10k-labels-idx1-ubyte.gz",
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                5_148,
            ),
        )
    ],
    "cifar10": [
        Published(
            "datasets/cifar-10-python.tar.gz",
            "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
            "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
            170_498_071,
        )
    ],
}
# Where it is below Keras's folder, in this Keras and in older ones, and the file of it that comes last.
PLACES = {
    "mnist": (("mnist.npz",), ""),
    "fashion_mnist": (("fashion-mnist",), "t10k-images-idx3-ubyte.gz"),
    "cifar10": (("cifar-10-batches-py-target/cifar-10-batches-py", "cifar-10-batches-py"), "test_batch"),
}


def downloaded(name: str, files: str) -> Path:
    """Return where a data set lies: in Keras's cache where it downloaded it, else in ganctl's.

    It is downloaded where it is in neither.

    Args:
        name: "mnist", "fashion_mnist" or "cifar10".
        files: the names of the files that a folder given by hand would hold, for the message.

    Raises:
        UsageError: it is not there and cannot be downloaded.
    """
    found = cached(name)
    if found is not None:
        return found
    otherwise = f"type dataset.path=FOLDER with {files}, or dataset=digits, which needs no network"
    places = [each.place(otherwise) for each in FILES[name]]
    for each, place in zip(FILES[name], places, strict=True):
        if not place.is_file():
            fetch(each, place, otherwise)
    return places[0] if len(places) == 1 else places[0].parent


def cached(name: str) -> Path | None:
    """Return where Keras keeps a data set, or None when it is not there."""
    folder = keras_home()
    places, last = PLACES[name]
    return next((folder / place for place in places if folder and (folder / place / last).is_file()), None)


def keras_home() -> Path | None:
    """Return Keras's folder of data sets: $KERAS_HOME/datasets, or the one it chooses, or None."""
    if "KERAS_HOME" in os.environ:
        return Path(os.environ["KERAS_HOME"]) / "datasets"
    try:
        user = Path.home()
    except RuntimeError:
        return None
    return (user if os.access(user, os.W_OK) else Path("/tmp")) / ".keras" / "datasets"
