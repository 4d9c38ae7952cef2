"""What is known of a run's health: what the diagnosis says of its folder, and what it could not judge."""

from dataclasses import dataclass
from typing import Any

from ganctl.diagnosis import examine
from ganctl.diagnosis.finding import SENTENCES, Finding, sickness_of
from ganctl.diagnosis.remedy import remedies
from ganctl.diagnosis.sickness import PATIENCE, RECENT
from ganctl.diagnosis.verdict import EARLY, HEALTHY, Verdict, countable, verdict
from ganctl.error import RunError
from ganctl.run.console import complain
from ganctl.run.folder import Folder


@dataclass
class Chart:
    """What is known of a run.

    Args:
        folder: the run's.
        config: its config, plain data.
        lines: its log.
        findings: all that the diagnosis found.
        verdict: what it says of the run as a whole.
        rollbacks: what run.json says of them.
    """

    folder: Folder
    config: dict[str, Any]
    lines: list[dict[str, Any]]
    findings: list[Finding]
    verdict: Verdict
    rollbacks: list[dict[str, Any]]

    @property
    def step(self) -> int:
        return self.lines[-1]["step"] if self.lines else self.folder.step


def examined(folder: Folder) -> Chart:
    """Return what is known of a run; its files may be a stranger's.

    Raises:
        RunError: when its config, its record or its log cannot be read at all.
    """
    record, log = folder.record(), folder.log_lines()
    lines = [line for line in log.lines if 0 < line["step"] < 2**53]
    if log.damaged and not lines:
        raise RunError(f"{log.path} is damaged: none of its lines can be read.")
    if log.damaged:
        complain(f"WARNING: {log.damage} and left out.")
    config = folder.config()
    steps = config["trainer"].get("steps")
    examiner = examine.examined(lines, steps if type(steps) is int else None)
    findings = list(examiner.findings.values())
    # What was no finite number ended the run before it came into a line.
    for each in _rows(record, "findings"):
        if each.get("name") == "non-finite" and type(each.get("step")) is int:
            found = Finding("non-finite", each["step"], each["step"], str(each.get("evidence", ""))[:200])
            findings.insert(0, found)
    findings = [each for each in findings if sickness_of(each.name) in SENTENCES]
    said = verdict(findings, examiner.history, countable=countable(config))
    return Chart(folder, config, lines, findings, said, _rows(record, "rollbacks"))


def told(chart: Chart) -> str:
    """Return the verdict in a sentence."""
    if chart.verdict.word == HEALTHY:
        return "Healthy: nothing is wrong."
    if not chart.lines and chart.verdict.word == EARLY:
        return "Too early to judge: nothing is logged yet."
    return f"{chart.verdict.word.capitalize()}: {chart.verdict.reason}."


def unjudged(chart: Chart) -> list[str]:
    """Return what could not be judged, and why."""
    texts = []
    if len(chart.lines) < RECENT:
        texts.append(f"anything, before {RECENT} log lines (see trainer.log_every)")
    elif chart.step < PATIENCE:
        texts.append(f"oscillation and missing variety, before step {PATIENCE}: every game looks so at first")
    names = {name for line in chart.lines for name in line}
    if "discriminator/real" in names and "discriminator/auc" not in names:
        texts.append("who wins, or memorizing: this loss does not promise that real samples score higher")
    elif not any(name.endswith("/recognized") for name in names):
        texts.append("memorizing, without held-out images (dataset.holdout=128, or dataset.limit)")
    return texts


def _rows(record: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = record.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def facts(chart: Chart) -> dict[str, Any]:
    """Return everything as plain data."""
    return {
        "path": str(chart.folder.path),
        "status": chart.folder.status(),
        "step": chart.step,
        "verdict": chart.verdict.word,
        "reason": chart.verdict.reason,
        "healthy": chart.verdict.word == HEALTHY,
        "findings": [each.facts() | {"try": remedies(each.name, chart.config)} for each in chart.findings],
        "rollbacks": chart.rollbacks,
        "unjudged": unjudged(chart),
    }
