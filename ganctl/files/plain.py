"""Plain data from files that may be a stranger's: read in bounded time and memory, and nothing but data."""

import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ganctl.error import RunError, in_short

BYTES = 64_000_000  # of a JSON file
YAML_BYTES = 1_000_000  # of a config; ganctl's have 5 000
NODES = 50_000  # of a config, what its aliases and merges repeat counted as often as it is repeated
DEPTH = 50
SCALARS = (str, int, float, bool, type(None))


def content(path: Path, most: int = BYTES) -> bytes:
    """Return the bytes of a file.

    Args:
        path: the file, or a link to one.
        most: bytes it may have.

    Raises:
        FileNotFoundError: when there is none.
        RunError: when it cannot be read, is no file (a pipe, a device, a folder), or is larger.
    """
    try:
        # A pipe without a writer would be waited for.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise RunError(f"{path} cannot be read: expected a file, got something else; move it away.")
            found = file.read(most + 1)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or in_short(error)
        raise RunError(f"{path} cannot be read: {reason}.") from error
    if len(found) > most:
        raise RunError(f"{path} cannot be read: it has more than {most:,} bytes.")
    return found


def json_object(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file.

    Raises:
        FileNotFoundError: when there is no such file.
        RunError: when it cannot be read or holds anything else.
    """
    try:
        found = json.loads(content(path))
    except (ValueError, RecursionError) as error:
        raise RunError(f"{path} is damaged: {in_short(error, 100)}.") from error
    if not isinstance(found, dict):
        raise RunError(f"{path} is damaged: expected an object, got {type(found).__name__}.")
    return found


def yaml_data(path: Path) -> Any:
    """Return the plain data in a YAML file: mappings, lists, texts, numbers, true, false and null.

    Raises:
        RunError: when it cannot be read, is larger or deeper than a config is, or holds any other type.
    """
    import yaml

    # Eight times as fast as the loader in Python, which matters for a hundred runs.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        text = content(path, YAML_BYTES).decode("utf-8")
        _measure(yaml.parse(text, Loader=loader))
        found = yaml.load(text, Loader=loader)
        key = next((key for key, value in entries(found) if not is_plain(value)), None)
    except (yaml.YAMLError, ValueError, TypeError, LookupError, RecursionError, FileNotFoundError) as error:
        raise RunError(f"{path} cannot be read: {in_short(error)}") from error
    if key is not None:
        raise RunError(f"{path} cannot be read: {key}: expected plain data, got another type of YAML.")
    return found


def is_plain(value: Any) -> bool:
    """Return whether a value is of a type that plain data have, and so are the keys of a mapping."""
    if type(value) is dict:
        return all(type(key) in SCALARS for key in value)
    return type(value) is list or type(value) in SCALARS


def entries(node: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted key, value) of everything in nested mappings and sequences, these themselves included.

    Sequences are all that Hydra or anybody else might walk into, not lists alone.
    """
    yield prefix, node
    pairs: Any = ()
    if isinstance(node, Mapping):
        pairs = node.items()
    elif isinstance(node, list | tuple | set | frozenset):
        pairs = enumerate(node)
    for key, value in pairs:
        yield from entries(value, f"{prefix}.{key}" if prefix else str(key))


def _measure(events: Any) -> None:
    """Refuse a YAML document that would grow beyond NODES or DEPTH, before anything of it is made.

    Raises:
        ValueError: saying which.
    """
    import yaml

    sizes: dict[str, list[int]] = {}  # [nodes, height] by anchor
    open_: list[tuple[str | None, list[int]]] = [(None, [0, 0])]
    for event in events:
        if isinstance(event, yaml.CollectionStartEvent):
            open_.append((event.anchor, [1, 1]))
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, size = open_.pop()
            _count(open_[-1][1], size)
            if anchor:
                sizes[anchor] = size
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise ValueError(f"'*{event.anchor}' stands for nothing, or for what it stands in")
            _count(open_[-1][1], sizes[event.anchor])
        elif isinstance(event, yaml.ScalarEvent):
            _count(open_[-1][1], [1, 0])
            if event.anchor:
                sizes[event.anchor] = [1, 0]
        if sum(size[0] for _, size in open_) > NODES:
            raise ValueError(f"it has more than {NODES:,} nodes, aliases counted as what they stand for")
        if len(open_) + max(size[1] for _, size in open_) > DEPTH:
            raise ValueError(f"it is nested more than {DEPTH} deep")


def _count(size: list[int], inner: list[int]) -> None:
    """Add a node to the [nodes, height] of what it stands in."""
    size[0] += inner[0]
    size[1] = max(size[1], 1 + inner[1])


def leaves(node: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted key, value) of all values in nested mappings; a list is one value."""
    for key, value in node.items() if isinstance(node, Mapping) else ():
        name = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(value, Mapping):
            yield from leaves(value, name)
        else:
            yield name, value
