"""The keys of a train command's config, found without Hydra, whose import takes longer than a TAB may."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ganctl.config.choices import defaults, file_of


def keys_of(words: Sequence[str], config_dir: Path | None = None) -> dict[str, Any]:
    """Return the config of a train command line as nested keys, with choices applied but no values.

    Hydra composes it exactly; this is enough to complete words.
    """
    given = dict(word.split("=", 1) for word in words if "=" in word)
    picks: dict[str, Any] = dict(defaults())
    decided: dict[str, Any] = {}
    for key in picks:
        group, _, target = key.partition("@")
        if target in given or group in given:
            decided[key] = given.get(target) or given.get(group)
    for key in reversed(list(picks)):  # what comes later in a defaults list wins
        decided = _recipe(key, decided.get(key, picks[key]), config_dir) | decided
    tree: dict[str, Any] = {}
    _merge(tree, _yaml("", "train")[1])
    for key, chosen in (picks | decided).items():
        group, _, target = key.partition("@")
        for choice in chosen if isinstance(chosen, list) else str(chosen).strip("[]").split(","):
            package, content = _yaml(group, choice, config_dir)
            package = package or target or group.replace("/", ".")
            for part in reversed([] if package == "_global_" else package.split(".")):
                content = {part: content}
            _merge(tree, content)
    return tree


def _recipe(group: str, choice: Any, config_dir: Path | None) -> dict[str, Any]:
    """Return what a choice's own defaults list chooses of other groups, and its base does."""
    found: dict[str, Any] = {}
    for entry in _yaml(group, choice, config_dir)[1].get("defaults", ()):
        if isinstance(entry, dict):
            found |= {key.removeprefix("override ").lstrip("/"): value for key, value in entry.items()}
        elif entry not in ("_self_", choice):
            found |= _recipe(group, entry, config_dir)
    return found


def _yaml(group: str, choice: Any, config_dir: Path | None = None) -> tuple[str, dict[str, Any]]:
    """Return (package, content) of a choice's file; nothing of one that cannot be read."""
    import yaml

    try:
        text = file_of(group, str(choice), config_dir).read_text()
        content = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, ValueError, yaml.YAMLError):
        return "", {}
    package = re.search(r"^# @package (\S+)", text, re.MULTILINE)
    content = content if isinstance(content, dict) else {}
    for entry in content.get("defaults") or () if group else ():
        if isinstance(entry, str) and entry not in ("_self_", choice):  # it is another choice, and more
            under = _yaml(group, entry, config_dir)[1]
            _merge(under, {key: value for key, value in content.items() if key != "defaults"})
            content = under | {"defaults": content["defaults"]}
    return package[1] if package else "", content


def _merge(tree: dict[str, Any], other: dict[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(tree.get(key), dict):
            _merge(tree[key], value)
        elif key != "defaults":
            tree[key] = value


def at(tree: Any, path: Sequence[str]) -> Any:
    """Return what stands at a path of keys; None where there is nothing."""
    for part in path:
        tree = tree.get(part) if isinstance(tree, dict) else None
    return tree
