"""A run's config in a page: the command that makes it, and every key with what was changed marked."""

import shlex
from collections.abc import Mapping
from typing import Any

from ganctl.comparison.choice import ABSENT, Recipe, leaves, shown
from ganctl.report.element import Markup, tag

PLACES = {"name", "outputs", "dataset.path"}  # where things lie, which changes nothing in the run
HIDDEN = ("_target_", "_partial_")
KEYS = 1000  # of a config; a stranger's may have more


def command(recipe: Recipe, config: Mapping[str, Any]) -> list[str]:
    """Return the words behind `ganctl train` that give this config, folders left out."""
    words: dict[str, str] = {}
    for word, choice in recipe.chosen.items():
        recipes = word in ("experiment", "model")
        told = choice is not None and recipe.chosen.get("experiment") is None if word == "model" else choice
        if told if recipes else choice != recipe.own.get(word):
            words[word] = shown(choice) if choice is not None else "null"
    for head in ("optimizer", "schedule", "norm"):
        players = [word for word in recipe.chosen if word.startswith(f"{head}.")]
        if len(players) > 1 and len({words.get(word) for word in players}) == 1 and players[0] in words:
            first = words[players[0]]
            words = {word: value for word, value in words.items() if word not in players} | {head: first}
    for key, (value, usual) in recipe.changes(config).items():
        if key not in PLACES:
            words[f"+{key}" if usual == ABSENT else key] = shown(value)
    return [f"{word}={value}" for word, value in words.items()]


def section(recipe: Recipe, config: Mapping[str, Any]) -> Markup:
    """Return the section on the config."""
    changes = {key: pair for key, pair in recipe.changes(config).items() if key not in PLACES}
    cards = []
    plain = {str(key): value for key, value in config.items() if not isinstance(value, Mapping)}
    for group, node in [
        ("run", plain),
        *((str(key), node) for key, node in config.items() if key not in plain),
    ]:
        flat = plain if node is plain else dict(leaves(node, group))
        # What a part is made by follows from its choice, unless it was changed beside it.
        flat = {key: value for key, value in flat.items() if key in changes or not key.endswith(HIDDEN)}
        cards.append(_card(group, dict(list(flat.items())[:KEYS]), recipe, changes))
    words = command(recipe, config)[:KEYS]
    count = (
        f"{len(changes)} of {sum(1 for _ in leaves(config))} keys differ from what the choices alone give."
    )
    toggle = tag(
        "label", tag("input", type="checkbox", id="changed-only"), " only what differs", class_="toggle"
    )
    return tag(
        "section",
        tag("h2", "Config"),
        tag("p", "The same run:", class_="quiet"),
        tag("pre", tag("code", "ganctl train", [[" ", shlex.quote(word)] for word in words])),
        tag("div", tag("p", count, class_="quiet"), toggle, class_="bar"),
        tag("div", cards, class_="groups", id="config-groups"),
        id="config",
    )


def _card(group: str, flat: Mapping[str, Any], recipe: Recipe, changes: Mapping[str, tuple]) -> Markup:
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
    chosen = [_chosen(word, recipe) for word in recipe.chosen if word.partition(".")[0] == group]
    differs = any(key in changes for key in flat) or any(
        each.startswith('<span class="choice changed') for each in chosen
    )
    return tag(
        "div",
        tag("h3", group, " ", chosen),
        tag("dl", rows) if rows else None,
        class_="group" if differs else "group same",
    )


def _chosen(word: str, recipe: Recipe) -> Markup:
    """Return a group's choice, marked where the recipe would have chosen another."""
    choice = recipe.chosen[word]
    text = (
        ", ".join(choice) or "none"
        if isinstance(choice, tuple)
        else "none"
        if choice is None
        else str(choice)
    )
    player = word.partition(".")[2]
    differs = word not in ("model", "experiment") and recipe.own.get(word) != choice
    told = f"{player}: {text}" if player else text
    return tag("span", told, class_="choice changed" if differs else "choice")
