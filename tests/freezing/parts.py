"""Which parts the runs of a freeze use, told from their words and from the configs of a checkout."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from freezing.plan import LEFT_OUT, Run

LISTS = ("penalty", "augment", "remedy", "metric")  # groups of which several are chosen
PLAYERS = ("discriminator", "generator")


def every(checkout: Path) -> set[tuple[str, str]]:
    """Return (group, choice) of all that a checkout's configs offer."""
    configs = checkout / "configs"
    files = [file.relative_to(configs) for file in configs.rglob("*.yaml")]
    return {(str(file.parent), file.stem) for file in files if file.parent != Path(".")}


def unused(checkout: Path, runs: Iterable[Run]) -> list[str]:
    """Return "freeze does not use penalty=foo" for every choice that no run uses."""
    found = {part for run in runs for part in used(checkout, run)}
    lacking = every(checkout) - found - LEFT_OUT
    return [f"freeze does not use {group}={choice}" for group, choice in sorted(lacking)]


def used(checkout: Path, run: Run) -> set[tuple[str, str]]:
    """Return (group, choice) of all that the commands of a run choose, by name or by a recipe."""
    found = set()
    for command, *words in run.commands:
        keys = dict(word.split("=", 1) for word in words if "=" in word)
        chosen = {group: value for group, value in keys.items() if re.fullmatch(r"[a-z]+(\.[a-z]+)?", group)}
        if command == "train":
            recipe = chosen.get("experiment"), chosen.get("model")
            chosen = _composed(checkout / "configs", *recipe) | _spread(chosen)
        found |= set(_parts(chosen))
    return found & every(checkout) | ({("extractor", "auto")} if run.commands[0][0] == "train" else set())


def _composed(configs: Path, experiment: str | None, model: str | None) -> dict[str, str]:
    """Return the choices that the defaults make, with a model's and an experiment's in their place."""
    base = _defaults(configs / "train.yaml")
    tuned = _defaults(configs / "experiment" / f"{experiment}.yaml") if experiment else {}
    model = model or tuned.get("model") or base["model"]
    recipe = _defaults(configs / "model" / f"{model}.yaml")
    return base | recipe | tuned | {"model": model}


def _defaults(file: Path) -> dict[str, str]:
    """Return {group or group.player: choice} of the defaults of one file; none for a file that is no more."""
    lines = yaml.safe_load(file.read_text())["defaults"] if file.is_file() else []
    found = {}
    for line in lines:
        for key, value in line.items() if isinstance(line, dict) else ():
            group = key.removeprefix("override /").rpartition("@")[2]
            found[group] = value if isinstance(value, str) else ",".join(value or ()) or "none"
    return found


def _spread(chosen: dict[str, str]) -> dict[str, str]:
    """Return choices in which those for both players are two."""
    both = {
        f"{group}.{player}": value
        for group, value in chosen.items()
        if group in ("optimizer", "schedule", "norm")
        for player in PLAYERS
    }
    return both | chosen


def _parts(chosen: dict[str, str]) -> Iterator[tuple[str, str]]:
    for key, value in chosen.items():
        group = key.partition(".")[0]
        if "." not in key or key.partition(".")[2] in PLAYERS:
            for choice in value.strip("[]").split(",") if group in LISTS else [value]:
                yield group, choice
