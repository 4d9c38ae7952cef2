"""What a run folder, perhaps a stranger's, may build: parts of ganctl and Keras, named in plain data."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ganctl.catalogue import targets
from ganctl.error import UsageError

# One capital word below these: no function, no module in a module, nothing that saves or loads.
KERAS = re.compile(r"keras\.(optimizers|optimizers\.schedules|initializers|regularizers|layers)\.[A-Z]\w*")
# Layers that run code or graphs from elsewhere, or read files.
REFUSED = re.compile(
    r"keras\.layers\.(Lambda|TFSMLayer|TorchModuleWrapper|\w*(Jax|Flax)Layer|\w*Lookup|Text\w+)"
)


def check_trust(config: Any, folder: Path) -> None:
    """Refuse a run folder that would run, read or write anything but ganctl's and Keras's own parts.

    Nothing is imported to find out: ganctl's parts are those that its own configs name.

    Raises:
        UsageError: naming the first foreign `_target_`, interpolation or link.
    """
    for key, value in _entries(config):
        name = key.split(".")[-1]
        if name == "_target_" and not _trusted(value):
            raise UsageError(
                f"{key}: this run folder wants to run '{value}', which is not part of ganctl or Keras; "
                "add --trust if you know where the folder comes from."
            )
        if name == "download" and value is not False:
            raise UsageError(
                f"{key}: this run folder asks for a download; add --trust if you know where it comes from."
            )
        # Keras builds what a mapping with a class_name describes.
        if name == "class_name" or (isinstance(value, str) and "${" in value):
            raise UsageError(
                f"{key}: expected plain data in a run folder, got '{value}'; add --trust to allow it."
            )
    for place in sorted(folder.rglob("*")):
        if place.is_symlink():
            raise UsageError(
                f"{place} is a link, and what is written there would land elsewhere ({place.readlink()}); "
                "add --trust if you made it."
            )


def _trusted(target: Any) -> bool:
    if not isinstance(target, str):
        return False
    return target in targets() or bool(KERAS.fullmatch(target) and not REFUSED.fullmatch(target))


def _entries(node: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted key, value) of everything in nested mappings and lists, these themselves included."""
    yield prefix, node
    pairs = node.items() if isinstance(node, Mapping) else enumerate(node) if isinstance(node, list) else ()
    for key, value in pairs:
        yield from _entries(value, f"{prefix}.{key}" if prefix else str(key))
