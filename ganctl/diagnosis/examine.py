"""The examination: what a run's log lines show, the same while it trains, when it goes on, and afterwards."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ganctl.diagnosis import sickness
from ganctl.diagnosis.finding import Finding, named, non_finite
from ganctl.diagnosis.history import History
from ganctl.diagnosis.verdict import Verdict, verdict

RULES = {
    "divergence": sickness.divergence,
    "discriminator wins": sickness.discriminator_wins,
    "generator wins": sickness.generator_wins,
    "mode collapse": sickness.mode_collapse,
    "oscillation": sickness.oscillation,
    "stalled": sickness.stalled,
    "memorizing": sickness.memorizing,
}
OF_THE_GAME = ("stalled",)  # what is not asked of each adversary
WELL = sickness.RECENT  # points without a sign of it, after which a finding is gone


class Examiner:
    """Sees log lines as they come; what it has found is a function of these lines and of the planned steps.

    Args:
        steps: the run's last step; None = it is not known.
        countable: whether the modes of its data are known.

    Attributes:
        findings: by name, in the order in which they were found; one that came back is no new one.
    """

    def __init__(self, steps: int | None = None, *, countable: bool = False) -> None:
        self.steps, self.countable, self.history = steps, countable, History()
        self.findings: dict[str, Finding] = {}
        self._signs: dict[str, int] = {}  # by name, the last point that showed it

    def see(self, line: Mapping[str, Any]) -> list[Finding]:
        """Take the next log line; return what is found for the first time."""
        bad = next((name for name, value in line.items() if _is_broken(value)), None)
        found = [non_finite(bad, line[bad], line["step"])] if bad else []
        self.history.ended = self.steps is not None and line["step"] >= self.steps
        if not bad and self.history.add(line) and self.history.steps:
            for adversary in self.history.adversaries:
                found += self._ask(adversary, line["step"])
        return [each for each in found if self._is_new(each)]

    @property
    def verdict(self) -> Verdict:
        """What is said of the run as a whole."""
        return verdict(self.findings.values(), self.history, countable=self.countable)

    def _ask(self, adversary: str, step: int) -> list[Finding]:
        """Return what the rules find in one adversary's numbers; let go what they no longer find."""
        found, history = [], self.history.of(adversary)
        for word, rule in RULES.items():
            if adversary and word in OF_THE_GAME:
                continue
            name, evidence = named(word, adversary), rule(history)
            if evidence:
                found.append(Finding(name, evidence[0], step, evidence[1]))
            elif name in self.findings and not (word == "mode collapse" and history.lacks):
                self._fade(name)
        return found

    def _is_new(self, found: Finding) -> bool:
        self._signs[found.name] = len(self.history)
        known = self.findings.get(found.name)
        self.findings[found.name] = replace(known, until=None) if known else found
        return not known

    def _fade(self, name: str) -> None:
        known, last = self.findings[name], self._signs[name]
        if not known.gone and len(self.history) - last >= WELL:
            self.findings[name] = replace(known, until=self.history.steps[last - 1])


def examined(lines: Iterable[Mapping[str, Any]], steps: int | None = None) -> Examiner:
    """Return an examiner that has seen log lines; those of another kind are passed over.

    Args:
        lines: objects of metrics.jsonl, oldest first, each with a whole number "step".
        steps: the run's last step; None = it is not known.
    """
    examiner = Examiner(steps)
    for line in lines:
        examiner.see(line)
    return examiner


def examine(lines: Iterable[Mapping[str, Any]], steps: int | None = None) -> list[Finding]:
    """Return what log lines show, in the order in which it was found; see `examined`."""
    return list(examined(lines, steps).findings.values())


def _is_broken(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
