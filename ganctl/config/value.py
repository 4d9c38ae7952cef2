"""Values of a config: where each lies, and what may take its place."""

from collections.abc import Mapping
from typing import Any


def shown(value: Any) -> str:
    """Return a config value as it is typed."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(shown, value))}]"
    return str(value)


def expected(default: Any, value: Any) -> str:
    """Return what a value should have been, "" when it fits its default."""
    if isinstance(default, str) and (value is None or isinstance(value, list | dict)):
        return "a word"
    free = default is None or value is None or isinstance(value, list)
    if free or (isinstance(value, str) and "${" in value):
        return ""  # lists are judged where they are used: a size may be a number or [height, width]
    if isinstance(default, bool):
        return "" if isinstance(value, bool) else "true or false"
    if isinstance(default, int):
        return "" if isinstance(value, int) and not isinstance(value, bool) else "a whole number"
    if isinstance(default, float):
        return "" if isinstance(value, int | float) and not isinstance(value, bool) else "a number"
    if isinstance(default, list):
        return "" if isinstance(value, list) else "a list"
    return "keys and values" if isinstance(default, dict) and not isinstance(value, dict) else ""


def look_up(node: Any, key: str) -> tuple[bool, Any]:
    """Return (whether there is something at a dotted key, what it is)."""
    for part in key.split("."):
        if isinstance(node, Mapping) and part in node:
            node = node[part]
        elif isinstance(node, list) and part.isdigit() and int(part) < len(node):
            node = node[int(part)]
        else:
            return False, None
    return True, node
