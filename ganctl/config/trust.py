"""What a run folder, perhaps a stranger's, may build: parts of ganctl and Keras, named in plain data."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ganctl.config.choices import targets
from ganctl.error import UsageError
from ganctl.files.plain import entries, is_plain

# One capital word below these: no function, no module in a module, nothing that saves or loads.
KERAS = re.compile(r"keras\.(optimizers|optimizers\.schedules|initializers|regularizers|layers)\.[A-Z]\w*")
# Layers that run code or graphs from elsewhere, or read files.
REFUSED = re.compile(
    r"keras\.layers\.(Lambda|TFSMLayer|TorchModuleWrapper|\w*(Jax|Flax)Layer|\w*Lookup|Text\w+)"
)
# What the user of this process asked for beyond that, by the command line or --trust.
ALLOWED: set[tuple[str, str]] = set()


def admit(config: Mapping[str, Any], folder: Path, *, trust: bool) -> None:
    """Let a run folder's config be built: all of it where the user trusts it, else only if it is harmless.

    Raises:
        UsageError: as `check_trust` does.
    """
    if trust:
        allow(config)
    else:
        check_trust(config, folder)


def allow(config: Any) -> None:
    """Let a config of the user's own be built, whatever it names."""
    ALLOWED.update(_mark(key, value) for key, value, _ in _objections(config))


def check_trust(config: Any, folder: Path) -> None:
    """Refuse a run folder that would run, read or write anything but ganctl's and Keras's own parts.

    Nothing is imported to find out: ganctl's parts are those that its own configs name.

    Raises:
        UsageError: naming the first foreign `_target_`, type, interpolation or link.
    """
    for _, _, words in _objections(config):
        raise UsageError(words)
    check_links(folder, "add --trust if you made it")


def check_links(folder: Path, cure: str) -> None:
    """Refuse a run folder that holds links: what is written there would land elsewhere.

    Args:
        folder: the run's; it may be a link itself, for the user named it.
        cure: what to do.

    Raises:
        UsageError: naming the first.
    """
    for place in sorted(folder.rglob("*")):
        if place.is_symlink():
            raise UsageError(
                f"{place} is a link, and what is written there would land elsewhere ({place.readlink()}); "
                f"{cure}."
            )


def check_build(node: Any) -> None:
    """Refuse to build what neither ganctl nor the user named, wherever the config came from.

    The last gate before Hydra: whoever forgets to ask `check_trust` is stopped here.

    Raises:
        UsageError: naming the first foreign `_target_`, type or interpolation.
    """
    for key, value, words in _objections(node):
        if _mark(key, value) not in ALLOWED:
            raise UsageError(words)


def _objections(config: Any) -> Iterator[tuple[str, Any, str]]:
    """Yield (key, value, why not) of all in a config that is more than plain data naming trusted parts."""
    for key, value in entries(config):
        name = key.split(".")[-1]
        if name == "_target_" and not _trusted(value):
            words = f"this run folder wants to run '{value}', which is not part of ganctl or Keras; "
            yield key, value, f"{key}: {words}add --trust if you know where the folder comes from."
        elif name == "download" and value is not False:
            words = "this run folder asks for a download; add --trust if you know where it comes from."
            yield key, value, f"{key}: {words}"
        # Keras builds what a mapping with a class_name describes.
        elif name == "class_name" or "${" in key or (isinstance(value, str) and "${" in value):
            words = f"expected plain data in a run folder, got '{value}'; add --trust to allow it."
            yield key, value, f"{key}: {words}"
        elif not is_plain(value):
            words = f"expected plain data in a run folder, got a {type(value).__name__}; write a list."
            yield key, value, f"{key}: {words}"


def _mark(key: str, value: Any) -> tuple[str, str]:
    """Return how something is remembered that was allowed: the same wherever its part stands."""
    return key.split(".")[-1], repr(value)


def _trusted(target: Any) -> bool:
    if not isinstance(target, str):
        return False
    return target in targets() or bool(KERAS.fullmatch(target) and not REFUSED.fullmatch(target))
