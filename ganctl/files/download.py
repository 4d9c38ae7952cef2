"""The data sets that Keras downloads: where they are kept, and how they get there."""

import os
from pathlib import Path

from ganctl.error import UsageError

# Where it is below Keras's folder, in this Keras and in older ones, and the file of it that comes last.
PLACES = {
    "mnist": (("mnist.npz",), ""),
    "fashion_mnist": (("fashion-mnist",), "t10k-images-idx3-ubyte.gz"),
    "cifar10": (("cifar-10-batches-py-target/cifar-10-batches-py", "cifar-10-batches-py"), "test_batch"),
}


def keras_cache(name: str, files: str) -> Path:
    """Return where Keras keeps a data set, after downloading it when it is not there.

    Args:
        name: "mnist", "fashion_mnist" or "cifar10".
        files: the names of the files that a folder given by hand would hold, for the message.

    Raises:
        UsageError: it is not there and cannot be downloaded.
    """
    found = cached(name)
    if found is None:
        try:
            # Keras brings TensorFlow, which takes seconds to import: only when something is to be downloaded.
            import keras

            getattr(keras.datasets, name).load_data()
        except Exception as error:  # Keras raises bare Exceptions, and what urllib and tarfile raise
            reason = " ".join(str(error).split())
            raise UsageError(
                f"dataset={name} is not in {home()} and its download failed ({reason}): it needs a network. "
                f"Give dataset.path=FOLDER with {files}, or take dataset=digits, which needs neither"
            ) from error
        found = cached(name)
    if found is None:
        raise UsageError(f"Keras's download left nothing in {home()}; give dataset.path=FOLDER")
    return found


def cached(name: str) -> Path | None:
    """Return where Keras keeps a data set, or None when it is not there."""
    places, last = PLACES[name]
    return next((home() / place for place in places if (home() / place / last).is_file()), None)


def home() -> Path:
    """Return Keras's folder of data sets: $KERAS_HOME/datasets, or the one it chooses itself."""
    if "KERAS_HOME" in os.environ:
        return Path(os.environ["KERAS_HOME"]) / "datasets"
    user = Path.home()
    return (user if os.access(user, os.W_OK) else Path("/tmp")) / ".keras" / "datasets"
