"""Rows of a comparison: runs that differ in their seed only are one, and what tells the rows apart."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ganctl.comparison.entry import Entry, evaluate
from ganctl.comparison.protocol import Source
from ganctl.comparison.ranking import Ranking
from ganctl.config.chosen import RECIPES, Chosen
from ganctl.config.lives import VOLATILE
from ganctl.config.value import shown
from ganctl.files.plain import leaves

STEPS = "trainer.steps"  # it has a column of its own
# What makes no other experiment of two runs: where it lies, how it is watched, how fast it is computed.
INDIFFERENT = VOLATILE - {STEPS} | {"seed", "trainer.evaluate_every", "trainer.threads"}
MEASURING = ("metric", "extractor", "evaluation")  # groups that say how a run is measured
NOTHING = "-"
LONG = 70  # characters of a line
STALE = 3  # runs with old numbers that are named


@dataclass
class Row:
    """One experiment, with its runs.

    Args:
        entries, sources: its runs, one a seed.
        name, goal: of the number that it is ranked by.
        settings: in what it differs from the other rows, by word.
    """

    entries: list[Entry]
    sources: list[Source]
    name: str
    goal: str
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def best(self) -> tuple[float, float | None]:
        """Return (mean, sample standard deviation) of the runs' best values; None for one run."""
        return spread([source.best(self.name, self.goal)[1] for source in self.sources])

    @property
    def last(self) -> tuple[float, float | None]:
        return spread([source.last(self.name)[1] for source in self.sources])

    @property
    def best_steps(self) -> list[int]:
        return sorted({source.best(self.name, self.goal)[0] for source in self.sources})

    @property
    def steps(self) -> list[int]:
        return sorted({entry.step for entry in self.entries})

    @property
    def origins(self) -> list[str]:
        return sorted({source.origin for source in self.sources})

    @property
    def label(self) -> str:
        """The row in a few words."""
        told = [f"{word}={value}" for word, value in self.settings.items() if value != NOTHING]
        return " ".join(told) or self.entries[0].name

    @property
    def brief(self) -> str:
        """The label, cut to a line."""
        return self.label if len(self.label) <= LONG else f"{self.label[: LONG - 1]}…"


def rows(ranking: Ranking) -> list[Row]:
    """Return the rows of a ranking, the best first; of equals the one whose last value is better."""
    groups: dict[tuple, Row] = {}
    for entry, source in zip(ranking.entries, ranking.sources, strict=True):
        empty = Row([], [], ranking.name, ranking.goal)
        row = groups.setdefault(_identity(entry), empty)
        row.entries.append(entry)
        row.sources.append(source)
    found = list(groups.values())
    for row, settings in zip(found, columns([row.entries[0] for row in found]), strict=True):
        row.settings = settings
    sign = 1 if ranking.goal == "lower" else -1
    return sorted(found, key=lambda row: (sign * row.best[0], sign * row.last[0], row.label))


def columns(entries: Sequence[Entry]) -> list[dict[str, str]]:
    """Return for each run the words in which it differs from the others, with its values.

    A group's choice stands for all its keys, a model or an experiment for all that it chooses by itself; what
    was chosen or changed beside it has its own word. Where that was not noted, or does not tell runs apart
    whose configs differ, single keys must do.
    """
    flat = [{key: shown(value) for key, value in leaves(entry.config) if _matters(key)} for entry in entries]
    chosen = [each for each in (entry.chosen for entry in entries) if each]
    table = _words(entries, chosen, flat) if len(chosen) == len(entries) else {}
    if not any(word.startswith("dataset") for word in table):
        table["data"] = [_data(entry) for entry in entries]
    # Schedules may follow from the steps, which rows show anyway.
    steps = [shown(entry.config["trainer"].get("steps")) for entry in entries]
    told, made = zip(steps, *table.values(), strict=True), zip(steps, map(_sorted, flat), strict=True)
    if len(set(told)) < len(set(made)):
        table |= {key: [each.get(key, NOTHING) for each in flat] for key in sorted(set().union(*flat))}
    table = {word: values for word, values in table.items() if len(set(values)) > 1}
    return [{word: values[place] for word, values in table.items()} for place in range(len(entries))]


def _words(
    entries: Sequence[Entry], chosen: Sequence[Chosen], flat: Sequence[Mapping[str, str]]
) -> dict[str, list[str]]:
    """Return by word what runs chose or changed, where they differ in it."""
    table: dict[str, list[str]] = {}
    for word in dict.fromkeys(word for each in chosen for word in each.choices):
        # What every recipe has chosen for itself is told by the recipe.
        if word not in MEASURING and (word in RECIPES or any(word in each.instead for each in chosen)):
            table[word] = [_shown(each.choices.get(word), word in RECIPES) for each in chosen]
    changes = [each.changes(entry.config) for each, entry in zip(chosen, entries, strict=True)]
    for key in sorted({key for each in changes for key in each}):
        if _matters(key) and "_target_" not in key:
            table[key] = [each.get(key, NOTHING) for each in flat]
    return _joined({word: values for word, values in table.items() if len(set(values)) > 1}, chosen)


def notes(found: Sequence[Row]) -> list[str]:
    """Return what a reader of the rows should know: seeds given twice, runs that lag behind, old numbers.

    What is to be typed stands in lines of its own.
    """
    texts = []
    for row in found:
        seeds = [str(entry.seed) for entry in row.entries]
        twice = sorted({seed for seed in seeds if seeds.count(seed) > 1})
        if twice:
            texts.append(f"{row.label}: seed {', '.join(twice)} is counted more than once")
        if len(row.steps) > 1:
            short = min(row.entries, key=lambda entry: entry.step)
            texts.append(f"{row.label}: {short.name} is at step {short.step}, others at {row.steps[-1]}")
    return [*texts, *_stale(found)]


def _stale(found: Sequence[Row]) -> list[str]:
    """Return which runs have a checkpoint newer than their last number, and what measures it likewise."""
    pairs = [(row.name, *pair) for row in found for pair in zip(row.entries, row.sources, strict=True)]
    old = [
        (f"{entry.name} is of step {source.last(name)[0]}, and the run has step {entry.folder.step}", todo)
        for name, entry, source in pairs
        if source.last(name)[0] < entry.folder.step
        for todo in [evaluate(entry.folder.path, source.words(name))]
    ]
    if not old:
        return []
    told, todo = zip(*old[:STALE], strict=True)
    more = f"; {len(old) - STALE} more" if len(old) > STALE else ""
    return ["\n  ".join([f"last of {'; of '.join(told)}{more}; measure again:", *todo])]


def spread(values: Sequence[float]) -> tuple[float, float | None]:
    """Return (mean, sample standard deviation), None in its place for one value."""
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None


def figure(mean: float, deviation: float | None = None) -> str:
    """Return a number with four digits, or with as many as its standard deviation leaves it."""
    if deviation is None or not deviation:
        text = f"{mean:.4g}" if abs(mean) < 1e4 else f"{mean:.0f}"
        return text if deviation is None else f"{text} ± 0"
    decimals = min(6, max(0, 1 - math.floor(math.log10(deviation))))
    return f"{mean:.{decimals}f} ± {deviation:.{decimals}f}"


def span(steps: Sequence[int]) -> str:
    """Return steps as one number, or from the first to the last."""
    return str(steps[0]) if len(steps) == 1 else f"{steps[0]}-{steps[-1]}"


def _shown(choice: Any, recipe: bool = False) -> str:
    if isinstance(choice, list):
        return ",".join(map(str, choice)) or "none"
    if choice is None:
        return NOTHING if recipe else "none"
    return str(choice)


def _identity(entry: Entry) -> tuple:
    """Return what two runs of one experiment share."""
    own = {key: repr(value) for key, value in leaves(entry.config) if _matters(key)}
    return (_sorted(own), shown(entry.config["trainer"].get("steps")), _fingerprint(entry))


def _sorted(values: Mapping[str, str]) -> tuple:
    return tuple(sorted(values.items()))


def _matters(key: str) -> bool:
    return key not in (*INDIFFERENT, STEPS) and key.partition(".")[0] not in MEASURING


def _fingerprint(entry: Entry) -> str:
    data = entry.record.get("data")
    return str(data.get("fingerprint", "")) if isinstance(data, Mapping) else ""


def _data(entry: Entry) -> str:
    """Return a short word for the data, where nothing else tells them apart."""
    path = entry.config["dataset"].get("path")
    found = _fingerprint(entry)[:6]
    return f"{Path(str(path)).name} {found}" if path and found else found or NOTHING


def _joined(table: Mapping[str, list[str]], chosen: Sequence[Chosen]) -> dict[str, list[str]]:
    """Say once what holds for both players: optimizer=adam."""
    found: dict[str, list[str]] = {}
    players: dict[str, list[str]] = {}
    for each in chosen:
        for word in each.choices:
            head, _, player = word.partition(".")
            if player and word not in players.setdefault(head, []):
                players[head].append(word)
    for word, values in table.items():
        both = players.get(word.partition(".")[0], []) if word in chosen[0].choices else []
        if len(both) > 1 and all(table.get(each) == values for each in both):
            found[word.partition(".")[0]] = values
        else:
            found[word] = values
    return found
