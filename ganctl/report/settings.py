"""A run's config in a page: the command that makes it, and every key with what was changed marked."""

import re
import shlex
from collections.abc import Mapping
from typing import Any

from ganctl.config.chosen import ABSENT, RECIPES, Chosen, key_of
from ganctl.config.value import shown
from ganctl.files.plain import leaves

PLACES = {"name", "outputs", "dataset.path"}  # where things lie, which changes nothing in the run
HIDDEN = ("_target_", "_partial_")
KEYS = 1000  # of a config; a stranger's may have more


def command(chosen: Chosen) -> list[str]:
    """Return the words behind `ganctl train` that give this run, folders left out."""
    return [re.sub(r"^\+?\w+@", "", word) for word in chosen.words if key_of(word) not in PLACES][:KEYS]


def section(noted: Chosen | None, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a page shows of the config; of a run whose choices were not noted, nothing is marked."""
    chosen = noted or Chosen()
    changes = {key: pair for key, pair in chosen.changes(config).items() if key not in PLACES}
    cards = []
    plain = {str(key): value for key, value in config.items() if not isinstance(value, Mapping)}
    for group, node in [
        ("run", plain),
        *((str(key), node) for key, node in config.items() if key not in plain),
    ]:
        flat = plain if node is plain else dict(leaves(node, group))
        # What a part is made by follows from its choice, unless it was changed beside it.
        flat = {key: value for key, value in flat.items() if key in changes or not key.endswith(HIDDEN)}
        cards.append(_card(group, dict(list(flat.items())[:KEYS]), chosen, changes))
    told = command(chosen)
    return {
        "command": ["ganctl train", *map(shlex.quote, told)] if noted else [],
        "changed": len(changes),
        "total": sum(1 for _ in leaves(config)),
        "groups": cards,
    }


def _card(
    group: str, flat: Mapping[str, Any], chosen: Chosen, changes: Mapping[str, tuple]
) -> dict[str, Any]:
    """Return one group's keys, with what would be usual where they differ, and its choice."""
    rows = []
    for key, value in flat.items():
        changed = key in changes
        usual = changes[key][1] if changed else None
        note = "not in the recipe" if usual == ABSENT else f"default {shown(usual)}"
        rows.append((key.removeprefix(f"{group}."), shown(value), note if changed else ""))
    told = [_chosen(word, chosen) for word in chosen.choices if word.partition(".")[0] == group]
    differs = any(key in changes for key in flat) or any(
        word.partition(".")[0] == group and word not in RECIPES for word in chosen.instead
    )
    return {"name": group, "choices": told, "rows": rows, "differs": differs}


def _chosen(word: str, chosen: Chosen) -> tuple[str, bool]:
    """Return a group's choice, and whether the recipe would have chosen another."""
    choice, player = chosen.choices[word], word.partition(".")[2]
    text = ", ".join(choice) if isinstance(choice, list) else choice
    told = f"{player}: {text or 'none'}" if player else text or "none"
    return told, word in chosen.instead and word not in RECIPES
