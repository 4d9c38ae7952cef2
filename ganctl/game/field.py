"""What every example of a data set has: named fields, each of a kind and a shape."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ganctl.error import RunError

KINDS = ("image", "clip", "point", "label", "mixture", "tokens", "mask", "number")
RANKS = {"image": (3,), "mask": (3,), "clip": (4,), "label": (0,), "mixture": (1,), "tokens": (1,)}
RANKS |= {"point": (1,)}
LARGEST = 2**26  # numbers in one example


@dataclass(frozen=True, kw_only=True)
class Field:
    """One thing that every example has; run.json keeps it, so that samples need no data.

    Args:
        kind: one of KINDS. Images and clips are in [-1, 1], (height, width, channels) and (frames, height,
            width, channels); masks are 0 or 1; labels and tokens are whole numbers; mixtures are shares of
            each class, which add up to 1.
        shape: of one example, without the batch.
        classes: the names of a label's values 0, 1, ...; the words of tokens.
    """

    kind: str
    shape: tuple[int, ...] = ()
    classes: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        """Return the field as plain data."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}


Fields = Mapping[str, Field]


def from_facts(found: Any, place: object) -> dict[str, Field]:
    """Return the fields that plain data, perhaps a stranger's, describe.

    Args:
        found: by name, what `Field.facts` gave.
        place: what is named in an error.

    Raises:
        RunError: for anything that no data set has.
    """
    if not isinstance(found, dict) or not found:
        raise RunError(f"{place} is damaged: it does not say what an example of its data has.")
    return {str(name): _one(str(name), facts, place) for name, facts in found.items()}


def _one(name: str, facts: Any, place: object) -> Field:
    facts = facts if isinstance(facts, dict) else {}
    kind, shape, classes = facts.get("kind"), facts.get("shape", []), facts.get("classes", [])
    if not name.isidentifier() or kind not in KINDS:
        raise RunError(f"{place} is damaged: its data cannot have a field '{name}' of kind '{kind}'.")
    whole = isinstance(shape, list) and all(type(side) is int and side > 0 for side in shape)
    if not whole or len(shape) not in RANKS.get(kind, (0, 1)) or _product(shape) > LARGEST:
        raise RunError(f"{place} is damaged: its data cannot have the shape {shape}.")
    # Classes become folders: a stranger's must not lie elsewhere.
    if not isinstance(classes, list) or not all(isinstance(each, str) and _is_name(each) for each in classes):
        raise RunError(f"{place} is damaged: its data cannot have the classes {classes}.")
    if kind == "label" and not classes:
        raise RunError(f"{place} is damaged: its label '{name}' has no classes.")
    return Field(kind=kind, shape=tuple(shape), classes=tuple(classes))


def _product(shape: list[int]) -> int:
    total = 1
    for side in shape:
        total *= side
    return total


def _is_name(text: str) -> bool:
    return text not in ("", ".", "..") and not set(text) & set("/\\\0")
