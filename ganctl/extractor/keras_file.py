"""What a .keras file says that it is, looked through before Keras builds it: Keras's own parts, no code."""

import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganctl.config.trust import REFUSED
from ganctl.error import RunError, UsageError, printable, suggest

LARGEST = 1 << 26  # bytes of a description; that of InceptionV3 has 200,000
PART = re.compile(
    r"keras\.(layers|initializers|regularizers|constraints|dtype_policies)\.[A-Z]\w*"
    r"|keras\.(models\.)?(Sequential|Model|Functional|DTypePolicy)"
    r"|keras\.src\.models\.functional\.Functional|keras\.src\.ops\.(numpy|nn)\.[A-Z]\w*"
)
VALUES = {"__keras_tensor__", "__tensor__", "__numpy__", "__slice__", "__ellipsis__"}  # plain data, no parts
FUNCTIONS = {"builtins", "keras.activations"}  # where Keras looks for "relu" and its like among its own
# What reading a damaged file runs into.
BROKEN = (OSError, ValueError, LookupError, TypeError, RuntimeError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class Described:
    """A model's one input, (height, width, channels) with None where any will do, and its layers' names."""

    shape: tuple[int | None, int | None, int]
    layers: tuple[str, ...]


def examine(path: Path) -> Described:
    """Return what a .keras file describes; TensorFlow is not imported.

    Raises:
        RunError: for a file that is damaged, or has a part that is not Keras's own or can run code.
        UsageError: for a model that reads something else than one batch of images.
    """
    config = _config(path)
    for part in _parts({key: value for key, value in config.items() if key != "compile_config"}):
        _check(path, part)
    layers = [layer for layer in config["config"].get("layers", ()) if isinstance(layer, dict)]
    layers = [layer for layer in layers if isinstance(layer.get("config"), dict)]
    inputs = [layer for layer in layers if layer.get("class_name") == "InputLayer"]
    shapes = [layer["config"].get("batch_shape") for layer in inputs]
    if len(shapes) != 1 or not _is_of_images(shapes[0]):
        raise UsageError(
            f"{path}: expected a model that reads images of shape (height, width, 1 or 3), got inputs "
            f"{printable(str(shapes))[:100]}; build it with keras.Input((height, width, 3)) and save it."
        )
    height, width, channels = shapes[0][1:]
    return Described((height, width, channels), tuple(str(layer["config"].get("name")) for layer in layers))


def expect_layer(path: Path, described: Described, layer: str) -> None:
    """Raise UsageError unless the model has a layer of this name."""
    if layer not in described.layers:
        hint = suggest(layer, described.layers) or f" The last are {', '.join(described.layers[-4:])}."
        raise UsageError(
            f"extractor.layer: expected one of the layers of {path}, got '{layer}'.{printable(hint)}"
        )


def _is_of_images(shape: Any) -> bool:
    """Return whether any number of images of 1 or 3 channels have this shape."""
    return isinstance(shape, list) and len(shape) == 4 and shape[0] is None and shape[3] in (1, 3)


def _config(path: Path) -> dict[str, Any]:
    """Return the description in the file: nested plain data."""
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo("config.json").file_size > LARGEST:
                raise ValueError("its config.json is too large")
            config = json.loads(archive.read("config.json"))
        if not isinstance(config["config"], dict):
            raise ValueError("its config.json describes no model")
        return config
    except BROKEN as error:
        raise RunError(
            f"{path}: expected a model that Keras 3 saved as .keras, got something else "
            f"({printable(str(error))[:200]}); save it again with model.save('FILE.keras')."
        ) from error


def _parts(config: Any) -> Iterator[dict[str, Any]]:
    """Yield every mapping, however deep, that names something to be built."""
    left = [config]
    while left:
        node = left.pop()
        if isinstance(node, dict):
            if "class_name" in node:
                yield node
            node = list(node.values())
        if isinstance(node, list):
            left += node


def _check(path: Path, part: dict[str, Any]) -> None:
    """Raise RunError for a part that is not one of Keras's own."""
    kind, module = str(part["class_name"]), str(part.get("module"))
    registered = part.get("registered_name")
    if kind in VALUES:
        return
    if kind == "function":
        good = module in FUNCTIONS and registered in (None, "function", part.get("config"))
        name = f"{module}.{part.get('config')}"
    else:
        name = f"{module}.{kind}"
        good = bool(PART.fullmatch(name) and not REFUSED.fullmatch(name)) and registered in (None, kind)
    if not good:
        raise RunError(
            f"{path}: expected only Keras's own layers, which run no code of the file's, got "
            f"{printable(name)[:100]}; save a model without it."
        )
