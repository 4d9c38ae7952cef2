"""What a key, a choice or a group of the config is, as the comments of the configs say it."""

import re
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ganctl.config.choices import CONFIGS, choices, defaults, file_of, groups
from ganctl.config.groups import PURPOSES
from ganctl.config.synonyms import key_for
from ganctl.error import UsageError, closest

MOST = 12


class Entry(NamedTuple):
    """A key in one file of the configs."""

    key: str  # without a player: optimizer.learning_rate
    value: str
    comment: str
    home: str  # group=choice


def explain(word: str) -> str:
    """Return what a word means: a group, a choice, a key or its end, or another tool's word.

    Raises:
        UsageError: when it is none of these.
    """
    other = key_for(word)
    if other and word not in groups():
        return f"{word} is {other} here.\n\n{explain(other)}"
    group, sign, choice = word.partition("=")
    homes = [each for each in groups() if word in choices(each)]
    if sign and choice in choices(group):
        return about(group, choice)
    found = [] if sign else _entries(word)
    if word in groups():
        return f"{word}: {PURPOSES.get(word, '')}\n\nSee: ganctl list {word}"
    if homes:
        return "\n\n".join(about(home, word) for home in homes)
    if found:
        return "\n\n".join(_told(found))
    known = [
        *groups(),
        *(choice for each in groups() for choice in choices(each)),
        *(entry.key for entry in _all()),
        *(entry.key.split(".")[-1] for entry in _all()),
    ]
    near = closest(word, known)
    hint = f" Did you mean '{near}'?" if near else " See: ganctl list, or ganctl train --cfg job"
    raise UsageError(f"help: there is no command, group, choice or key '{word}'.{hint}")


def about(group: str, choice: str, config_dir: Path | None = None) -> str:
    """Return what a choice's file says of itself, and its text."""
    text = file_of(group, choice, config_dir).read_text(encoding="utf-8").strip()
    lines = [line for line in text.splitlines() if not line.startswith("# @package")]
    return f"{group}={choice}\n\n" + "\n".join(lines)


def _told(found: list[Entry]) -> Iterator[str]:
    """Yield a paragraph for each key: what it is, and its value by choice."""
    for key in dict.fromkeys(entry.key for entry in found):
        entries = [entry for entry in found if entry.key == key]
        comments = dict.fromkeys(entry.comment for entry in entries if entry.comment)
        text = f"{key}: {'; or '.join(comments) or 'as these choose it'}"
        lines = [textwrap.fill(text, 80, subsequent_indent="    ", break_on_hyphens=False)]
        width = max(len(entry.home) for entry in entries[:MOST])
        lines += [f"  {entry.home:<{width}}  {entry.value}".rstrip() for entry in entries[:MOST]]
        if len(entries) > MOST:
            lines.append(f"  and {len(entries) - MOST} more")
        group = key.partition(".")[0]
        if any(name.startswith(f"{group}@") for name in defaults()):
            lines.append(f"For one player: {group}.generator{key.removeprefix(group)}=...")
        yield "\n".join(lines)


def _entries(word: str) -> list[Entry]:
    """Return the entries that a key means, with or without a player, or that end so."""
    head, *rest = word.split(".")
    per_player = any(name.startswith(f"{head}@") for name in defaults())
    exact = {word, ".".join([head, *rest[1:]]) if per_player and len(rest) > 1 else word}
    found = [entry for entry in _all() if entry.key in exact]
    return found or [entry for entry in _all() if entry.key.endswith(f".{word}")]


@cache
def _all() -> tuple[Entry, ...]:
    """Return every key of every file: those with a comment first."""
    found = []
    for file in sorted(CONFIGS.rglob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        group = file.parent.relative_to(CONFIGS).as_posix()
        package = re.search(r"^# @package (\S+)", text, re.MULTILINE)
        place = "" if file.parent == CONFIGS or (package and package[1] == "_global_") else group
        home = "train.yaml" if group == "." else f"{group}={file.stem}"
        found += [entry for entry in _keys(text, place, home)]
    return tuple(sorted(found, key=lambda entry: not entry.comment))


def _keys(text: str, place: str, home: str) -> Iterator[Entry]:
    """Yield the values of a file, each with the comment of its line."""
    import yaml  # late, as everywhere that words are only listed

    lines = text.splitlines()
    nodes = [(place, yaml.compose(text, Loader=yaml.SafeLoader))]
    while nodes:
        path, node = nodes.pop(0)
        for name, value in node.value if isinstance(node, yaml.MappingNode) else ():
            key = f"{path}.{name.value}".lstrip(".")
            if name.value.startswith("_") or key.startswith("defaults"):
                continue
            nodes.append((key, value))
            comment = lines[name.start_mark.line].partition(" # ")[2].strip()
            if comment or not isinstance(value, yaml.MappingNode):
                shown = "" if isinstance(value, yaml.MappingNode) else _text(value, text)
                yield Entry(_plain(key), shown, comment, home)


def _text(node: Any, text: str) -> str:
    return " ".join(text[node.start_mark.index : node.end_mark.index].split())


def _plain(key: str) -> str:
    """Return a key without its player."""
    head, *rest = key.split(".")
    players = {name.partition("@")[2].rpartition(".")[2] for name in defaults() if "@" in name}
    grouped = any(name.startswith(f"{head}@") for name in defaults())
    return ".".join([head, *rest[1:]]) if grouped and len(rest) > 1 and rest[0] in players else key
