"""What differs between the two folders that one run left, by name."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from safetensors.numpy import load_file

PICTURES = (".png", ".gif")
# Of what a log line, a run's record and a result hold, this is never the same twice.
FLEETING = ("seconds", "second", "memory", "rate", "made", "updated", "versions")
RECORD = ("status", "step", "error", "data", "protocol", "findings", "rollbacks")


class Seen(Counter):
    """How many arrays, log lines and pictures were compared."""


def differences(before: Path, after: Path, seen: Seen) -> Iterator[str]:
    """Yield every difference between what a run left on one side and on the other."""
    names = [{str(file.relative_to(side)) for file in _files(side)} for side in (before, after)]
    for name in sorted(names[0] | names[1]):
        if name not in names[1]:
            yield f"{name} vanished"
        elif name not in names[0]:
            yield f"{name} appeared"
        else:
            yield from (f"{name}: {text}" for text in _compared(before / name, after / name, seen))


def _files(folder: Path) -> list[Path]:
    """Return the files whose contents must be the same."""
    known = (*PICTURES, ".safetensors", ".npy", ".jsonl")
    return [
        file
        for file in folder.rglob("*")
        if file.suffix in known or file.name in ("evaluation.json", "run.json")
    ]


def _compared(before: Path, after: Path, seen: Seen) -> Iterator[str]:
    if before.suffix == ".safetensors":
        yield from _arrays(load_file(before), load_file(after), seen)
    elif before.suffix == ".npy":
        yield from _arrays(*({"array": np.load(file)} for file in (before, after)), seen)
    elif before.suffix in PICTURES:
        seen["pictures"] += 1
        if before.read_bytes() != after.read_bytes():
            yield _picture(before, after)
    elif before.suffix == ".jsonl":
        yield from _log(*(file.read_text().splitlines() for file in (before, after)), seen)
    else:
        sides = [json.loads(file.read_text()) for file in (before, after)]
        if before.name == "run.json":
            sides = [{key: side.get(key) for key in RECORD} for side in sides]
        yield from _values(*(dict(_flat(side)) for side in sides))


def _arrays(before: dict, after: dict, seen: Seen) -> Iterator[str]:
    seen["arrays"] += len(before)
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            yield f"{name} vanished"
        elif name not in before:
            yield f"{name} appeared"
        else:
            one, other = before[name], after[name]
            if (one.dtype, one.shape) != (other.dtype, other.shape):
                yield f"{name}: {one.dtype}{one.shape} is now {other.dtype}{other.shape}"
            elif one.tobytes() != other.tobytes():
                yield f"{name}: {_farthest(one, other)}"


def _farthest(one: np.ndarray, other: np.ndarray) -> str:
    """Return how far two arrays are from one another, in words."""
    with np.errstate(all="ignore"):
        far = np.abs(one.astype(np.float64) - other.astype(np.float64))
    share = np.mean([a.tobytes() != b.tobytes() for a, b in zip(one.ravel(), other.ravel(), strict=True)])
    return f"{share:.0%} of its numbers differ, by {np.nanmax(far) if far.size else 0:.3g} at most"


def _picture(before: Path, after: Path) -> str:
    with Image.open(before) as one, Image.open(after) as other:
        if one.size != other.size or one.mode != other.mode:
            return f"{one.mode} {one.size} is now {other.mode} {other.size}"
        pixels = np.asarray(one), np.asarray(other)
    share = np.mean(pixels[0] != pixels[1])
    return f"{share:.2%} of the pixels' numbers differ" if share else "other bytes, the same (first) picture"


def _log(before: list[str], after: list[str], seen: Seen) -> Iterator[str]:
    seen["log lines"] += len(before)
    if len(before) != len(after):
        yield f"{len(before)} lines are now {len(after)}"
    for one, other in zip(before, after, strict=False):
        sides = [json.loads(line) for line in (one, other)]
        step = sides[0].get("step")
        yield from (f"step {step}: {text}" for text in _values(*(dict(_flat(side)) for side in sides)))


def _values(before: dict[str, str], after: dict[str, str]) -> Iterator[str]:
    for name in sorted(before.keys() | after.keys()):
        one, other = before.get(name, "nothing"), after.get(name, "nothing")
        if one != other:
            yield f"{name}: {one} is now {other}"


def _flat(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield (path, value as text) of every leaf but those that are never the same twice."""
    pairs = (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list) and any(isinstance(each, dict) for each in node)
        else None
    )
    if pairs is None:
        yield path, json.dumps(node)
        return
    for key, value in pairs:
        if not any(word in FLEETING for word in str(key).split("_")):
            yield from _flat(value, f"{path}.{key}" if path else str(key))
