"""Show what there is to choose.

usage: ganctl list [GROUP ...] [--config-dir DIR]

  ganctl list                what can be chosen, and how
  ganctl list models         all models, with a line on each
  ganctl list loss penalty   two groups
  ganctl list model dcgan    one choice: its file, with what each key is
  ganctl list opt            the beginning of a name is enough

options:
  --config-dir DIR   a folder of your own configs, added to ganctl's

Choose with group=choice; for one player, or several at once:

  ganctl train model=gan dataset=mnist
  ganctl train optimizer.generator=adamw
  ganctl train 'penalty=[r1]'
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ganctl.config.choices import choices, defaults, describe, groups
from ganctl.config.groups import PURPOSES, find
from ganctl.config.words import option, read
from ganctl.run.table import aligned, show


@dataclass
class Options:
    """What a user asked for."""

    names: list[str] = field(default_factory=list)
    config_dir: Path | None = option(None, flags=("--config-dir",), folder=True)


def run(words: list[str]) -> int:
    """Print the groups, or the choices of those that are named; return the exit code."""
    options = read(words, Options, "list", rest="names")
    config_dir = options.config_dir
    if len(options.names) == 2 and options.names[1] in choices(
        find(options.names[0], config_dir), config_dir
    ):
        from ganctl.config.manual import about

        print(about(find(options.names[0], config_dir), options.names[1], config_dir))
        return 0
    found = [find(name, config_dir) for name in options.names]
    if not found:
        _show_groups(config_dir)
    for number, group in enumerate(found):
        if number:
            print()
        _show_choices(group, config_dir)
    return 0


def _show_groups(config_dir: Path | None) -> None:
    chosen = {key.partition("@")[0]: choice for key, choice in defaults().items()}
    rows = [
        (group, str(len(choices(group, config_dir))), _name(chosen.get(group)), PURPOSES.get(group, ""))
        for group in groups(config_dir)
    ]
    _table(("group", "choices", "default", "what it chooses"), rows)
    if sys.stdout.isatty():
        print("\nchoose      ganctl train model=gan dataset=mnist")
        print("one player  ganctl train optimizer.generator=adamw")
        print("several     ganctl train 'penalty=[r1]'")
        print("see them    ganctl list models")


def _show_choices(group: str, config_dir: Path | None) -> None:
    known = choices(group, config_dir)
    _table((group, ""), [(choice, describe(group, choice, config_dir)) for choice in known])
    if not sys.stdout.isatty():
        return
    keys = [key for key in defaults() if key.partition("@")[0] == group]
    default = defaults()[keys[0]] if keys else None
    example = next((choice for choice in known if choice != default), known[0])
    print(f"\nchoose      ganctl train {group}={example}")
    if any("@" in key for key in keys):
        print(f"one player  ganctl train {keys[-1].partition('@')[2]}={example}")
    if isinstance(default, list):
        print(f"several     ganctl train '{group}=[{','.join(known[:2])}]'")
    if keys:
        print(f"default     {_name(default)}")


def _name(choice: object) -> str:
    """Return a default as a user thinks of it."""
    return ",".join(map(str, choice)) if isinstance(choice, list) and choice else str(choice or "none")


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows: a table that fits the terminal, or one plain line each for a pipe."""
    if sys.stdout.isatty():
        show(headings, rows, right=("choices",), broken=len(headings) - 1)
    else:
        print(*aligned(rows), sep="\n")
