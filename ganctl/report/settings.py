"""A run's config in a page: the command that makes it, and every key with what was changed marked."""

import re
import shlex
from collections.abc import Mapping
from typing import Any

from ganctl.config.chosen import ABSENT, RECIPES, Chosen, key_of
from ganctl.config.value import leaves, shown
from ganctl.report.element import Markup, tag

PLACES = {"name", "outputs", "dataset.path"}  # where things lie, which changes nothing in the run
HIDDEN = ("_target_", "_partial_")
KEYS = 1000  # of a config; a stranger's may have more


def command(chosen: Chosen) -> list[str]:
    """Return the words behind `ganctl train` that give this run, folders left out."""
    return [re.sub(r"^\+?\w+@", "", word) for word in chosen.words if key_of(word) not in PLACES][:KEYS]


def section(noted: Chosen | None, config: Mapping[str, Any]) -> Markup:
    """Return the section on the config; of a run whose choices were not noted, nothing is marked."""
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
    count = (
        f"{len(changes)} of {sum(1 for _ in leaves(config))} keys differ from what the choices alone give."
    )
    toggle = tag(
        "label", tag("input", type="checkbox", id="changed-only"), " only what differs", class_="toggle"
    )
    return tag(
        "section",
        tag("h2", "Config"),
        [
            tag("p", "The same run:", class_="quiet"),
            tag("pre", tag("code", "ganctl train", [[" ", shlex.quote(word)] for word in command(chosen)])),
            tag("div", tag("p", count, class_="quiet"), toggle, class_="bar"),
        ]
        if noted
        else tag("p", "What was chosen is not noted in run.json.", class_="quiet"),
        tag("div", cards, class_="groups", id="config-groups"),
        id="config",
    )


def _card(group: str, flat: Mapping[str, Any], chosen: Chosen, changes: Mapping[str, tuple]) -> Markup:
    """Return one group's keys, its choice beside its name."""
    rows = []
    for key, value in flat.items():
        changed = key in changes
        usual = changes[key][1] if changed else None
        note = "not in the recipe" if usual == ABSENT else f"default {shown(usual)}"
        rows.append(
            tag(
                "div",
                tag("dt", key.removeprefix(f"{group}.")),
                tag("dd", tag("span", shown(value)), tag("small", note) if changed else None),
                class_="key changed" if changed else "key",
            )
        )
    told = [_chosen(word, chosen) for word in chosen.choices if word.partition(".")[0] == group]
    differs = any(key in changes for key in flat) or any(
        word.partition(".")[0] == group and word not in RECIPES for word in chosen.instead
    )
    return tag(
        "div",
        tag("h3", group, " ", told),
        tag("dl", rows) if rows else None,
        class_="group" if differs else "group same",
    )


def _chosen(word: str, chosen: Chosen) -> Markup:
    """Return a group's choice, marked where the recipe would have chosen another."""
    choice, player = chosen.choices[word], word.partition(".")[2]
    text = ", ".join(choice) if isinstance(choice, list) else choice
    told = f"{player}: {text or 'none'}" if player else text or "none"
    differs = word in chosen.instead and word not in RECIPES
    return tag("span", told, class_="choice changed" if differs else "choice")
