"""The runs that are compared: what words name them, and what is known of each."""

import glob
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ganctl.comparison.protocol import Source, of_evaluation, of_training
from ganctl.config.chosen import Chosen, noted
from ganctl.error import RunError, UsageError, suggest
from ganctl.files.plain import json_object
from ganctl.run.folder import Folder, all_runs, find


@dataclass
class Entry:
    """One run.

    Args:
        folder: where it lies.
        name: how it is called in a table.
        config: plain data; empty for a damaged run.
        lines: its log.
        sources: its numbers, those of evaluation.json first, the newest before older ones.
        damage: why it cannot be read, "" for most.
    """

    folder: Folder
    name: str
    config: dict[str, Any] = field(default_factory=dict)
    lines: list[dict[str, Any]] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    record: dict[str, Any] = field(default_factory=dict)
    damage: str = ""

    @property
    def chosen(self) -> Chosen | None:
        """What its command chose, None where that was not noted."""
        return noted(self.record)

    @property
    def seed(self) -> Any:
        return self.config.get("seed")

    @property
    def step(self) -> int:
        """The last step that was logged, or saved where nothing was logged."""
        return self.lines[-1]["step"] if self.lines else self.folder.step

    @property
    def names(self) -> list[str]:
        """Every "metric/number" that this run has, in the order in which they are found."""
        return list(dict.fromkeys(name for source in self.sources for name in source.points))


def entries(words: Sequence[str], outputs: Path) -> list[Entry]:
    """Return the runs that words name, each once: folders, names under outputs, globs, sweeps, "latest".

    Raises:
        UsageError: for a word that names none.
    """
    found: dict[Path, Folder] = {}
    for word in words:
        for folder in _named(word, outputs):
            found.setdefault(folder.path.resolve(), folder)
    return [read(folder, _name(folder.path, outputs)) for folder in found.values()]


def read(folder: Folder, name: str) -> Entry:
    """Return what is known of a run; a damaged one says so."""
    entry = Entry(folder, name)
    try:
        entry.record = folder.record()
        entry.config = folder.config()
        entry.lines = folder.metrics()
        evaluation = evaluation_of(folder.path)
    except RunError as error:
        entry.damage = str(error)
        return entry
    average = bool(entry.config.get("average"))
    training = of_training(entry.lines, entry.record, entry.seed, average=average)
    measured = of_evaluation(evaluation, entry.seed, average=average)
    entry.sources = [*measured, *([training] if training else [])]
    return entry


def evaluation_of(path: Path) -> Mapping[str, Any]:
    """Return a run's evaluation.json; empty when there is none.

    Raises:
        RunError: when it cannot be read, or holds no list of results.
    """
    file = path / "evaluation.json"
    try:
        found = json_object(file)
    except FileNotFoundError:
        return {}
    except RunError as error:
        raise RunError(f"{file} cannot be read; measure again: {evaluate(path)}") from error
    if not isinstance(found.get("results"), list):
        raise RunError(f"{file}: expected a list of results, got none; measure again: {evaluate(path)}")
    return found


def evaluate(path: Path, words: Sequence[str] = ()) -> str:
    """Return what is typed to measure a run, by its usual metrics or by these words."""
    return shlex.join(["ganctl", "evaluate", str(path), *words])


def _named(word: str, outputs: Path) -> list[Folder]:
    for path in (Path(word), outputs / word):
        if Folder(path).exists:
            return [Folder(path)]
        if path.is_dir() and all_runs(path):
            return all_runs(path)
    if word == "latest":
        return [find(word, outputs)]
    for pattern in (word, str(outputs / word)):
        places = [Path(place) for place in sorted(glob.glob(pattern, recursive=True))]
        found = [folder for place in places if place.is_dir() for folder in all_runs(place)]
        if found:
            return found
    names = [folder.path.relative_to(outputs).as_posix() for folder in all_runs(outputs)]
    parents = [Path(name).parent.as_posix() for name in names if "/" in name]
    hint = suggest(word.rstrip("/"), [*names, *parents]) or " See: ganctl runs"
    raise UsageError(
        f"RUN: expected a run, a sweep's folder or a pattern such as 'digits-*', got '{word}'.{hint}"
    )


def _name(path: Path, outputs: Path) -> str:
    inside = path.resolve().is_relative_to(outputs.resolve())
    return path.resolve().relative_to(outputs.resolve()).as_posix() if inside else path.as_posix()
