"""The diagnosis at work: a training's log lines are examined, and a sick run is stopped or taken back."""

import textwrap
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import numpy as np

from ganctl.diagnosis.examine import Examiner
from ganctl.diagnosis.finding import Finding, non_finite
from ganctl.diagnosis.history import POINT
from ganctl.diagnosis.remedy import remedies
from ganctl.diagnosis.sickness import CIRCLES
from ganctl.diagnosis.verdict import EARLY, SICK, WORDS, countable
from ganctl.error import RunError, Unstable
from ganctl.metric.summary import Best, standing
from ganctl.run import checkpoint
from ganctl.run.lengths import AVERAGED
from ganctl.run.writer import Run
from ganctl.training.settings import Settings

FACTOR = 0.5  # of all learning rates at a rollback
TRIED = 3  # remedies that the console shows; `ganctl doctor` shows all
WIDTH = 80


class Sick(RunError):
    """A run that its diagnosis stopped; what was saved before is intact."""

    exit_code = 3

    def __init__(self, finding: Finding, run: Run) -> None:
        super().__init__(
            f"{run.path} was stopped at step {finding.found}: {finding.name} since step {finding.step}. "
            f"Saved until step {run.step}. See: ganctl doctor {run.typed}; go on all the same: "
            f"ganctl resume {run.typed} trainer.on_sick=warn"
        )
        self.finding = finding


class Monitor:
    """What a trainer reports to: the run, once the diagnosis has seen the line.

    Args:
        run: open, its log cut back to the step at which training begins.
        config: the run's, of which remedies are made.
        settings: say what follows from a finding.
        best: the number by which the best checkpoint is kept, or None.
        evaluation: what measures the samples, whose remarks are said once; or None.
    """

    def __init__(
        self,
        run: Run,
        config: Mapping[str, Any],
        settings: Settings,
        *,
        best: str | None = None,
        evaluation: Any = None,
    ) -> None:
        self.run, self.config, self.settings = run, config, settings
        self.best, self.evaluation = Best(best) if best else None, evaluation
        self.examiner = Examiner(settings.steps, countable=countable(config))
        self.said = set[str]()
        for line in run.metrics():
            self.examiner.see(line)
            if self.best:
                self.best.see(line)
        if self.best:  # its line may have been damaged, and a worse one must not take its place
            self.best.see(_kept(run, self.best.name))
        record(run, config, self.examiner)  # what a life found that was lost goes

    @property
    def stopping(self) -> bool:
        return self.run.stopping

    def log(self, step: int, values: Mapping[str, float]) -> bool:
        """Write a log line with the names of what it made known; return whether a metric is the best so far.

        Raises:
            Sick: for a finding, unless the settings only want a warning.
        """
        before = self.examiner.verdict
        found = self.examiner.see({"step": step, "images": self.run.display.images(step), **values})
        self.run.log(step, values, [each.name for each in found])
        self.run.board.numbers(step, {"diagnosis/verdict": WORDS.index(self.examiner.verdict.word)})
        for each in found:
            announce(self.run, self.config, each)
        if found or self.examiner.verdict.word != before.word:
            record(self.run, self.config, self.examiner)
        if found and self.settings.on_sick != "warn":
            raise Sick(found[0], self.run)
        for remark in set(self.evaluation.remarks if self.evaluation else ()) - self.said:
            self.run.say(f"Note: {remark}")
            self.said.add(remark)
        return bool(self.best and self.best.see({"step": step, **values}))

    def show(self, step: int, picture: np.ndarray) -> None:
        self.run.show(step, picture)

    def save(self, step: int, tensors: Mapping[str, np.ndarray], *, best: bool = False) -> None:
        if not best and (self.config.get("average") or {}).get("sigmas"):
            self.run.keep_averages(step, {n: t for n, t in tensors.items() if n.startswith(AVERAGED)})
        self.run.save(step, tensors, best=best)
        if best and self.best and self.best.point:
            self.run.note(best={"name": self.best.name, "step": step, "value": self.best.point[1]})

    def advance(self, step: int, terms: Mapping[str, float]) -> None:
        self.run.advance(step, terms)


def _kept(run: Run, name: str) -> dict[str, Any]:
    """Return what run.json says of the best checkpoint as a log line; one of a life that was lost goes."""
    known = run.record().get("best") or {}
    step = known.get("step")
    if known and (known.get("name") != name or type(step) is not int or step > run.step):
        run.note(best=None)
        return {}
    return {"step": step, name: known.get("value")}


def announce(run: Run, config: Mapping[str, Any], finding: Finding) -> None:
    """Say what was found, why, and what to try."""
    since = "" if finding.step == finding.found else f" (since step {finding.step})"
    run.say(f"Found at step {finding.found}: {finding.name}{since}")
    for text in (finding.sentence, f"Seen: {finding.evidence}."):
        run.say(textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="  "))
    for each in remedies(finding.name, config)[:TRIED]:
        run.say(f"  try: {each}")


def record(run: Run, config: Mapping[str, Any], examiner: Examiner) -> None:
    """Keep the verdict and the findings in run.json."""
    findings = [each.facts() | {"try": remedies(each.name, config)} for each in examiner.findings.values()]
    run.note(verdict=examiner.verdict.word, findings=findings)


def summary(run: Run) -> list[str]:
    """Return what the end of a training says of its health: nothing for a healthy run."""
    findings, rollbacks = rows(run, "findings"), rows(run, "rollbacks")
    names = ", ".join(f"{each.get('name')} (step {each.get('step')})" for each in findings)
    lines, early = standing(run), run.record().get("verdict") == EARLY
    lines += [f"  found    {names}"] if names else ["  verdict  too early to judge"] if early else []
    lines += [f"  why      ganctl doctor {run.typed}"] if names or early else []
    if rollbacks:
        lines.append(f"  back     {len(rollbacks)} times, learning rates times {factor(run):g}")
    return lines


def rows(run: Run, name: str) -> list[dict[str, Any]]:
    """Return a list of objects from run.json; empty when it has none."""
    found = run.record().get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def factor(run: Run) -> float:
    """Return what all learning rates of a run are multiplied with: FACTOR for every rollback."""
    return FACTOR ** len(rows(run, "rollbacks"))


def lowered(run: Run, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a run's config with the learning rates that rollbacks left it; a schedule starts from them."""
    found = deepcopy(dict(config))
    for node in found["optimizer"].values():
        rate = node.get("learning_rate") if isinstance(node, dict) else None
        if isinstance(rate, int | float) and not isinstance(rate, bool):
            node["learning_rate"] = rate * factor(run)
    return found


def looks_back(settings: Settings) -> int:
    """Return how many checkpoints a run keeps: where it may roll back, one from before any finding began."""
    if settings.on_sick != "rollback" or not settings.keep or not settings.save_every:
        return settings.keep
    return max(settings.keep, 2 + CIRCLES * max(POINT, settings.log_every) // settings.save_every)


def goes_back(run: Run, config: Mapping[str, Any], settings: Settings, error: Sick | Unstable) -> bool:
    """Return whether the run goes on at a checkpoint from before what stopped it, and make it so.

    Whoever trains next, here or after a crash, starts there with lower learning rates.
    """
    if isinstance(error, Unstable):
        finding = non_finite(error.name, error.value, error.step)
        announce(run, config, finding)
        run.note(verdict=SICK, findings=[finding.facts() | {"try": remedies(finding.name, config)}])
    else:
        finding = error.finding
    past, kept = rows(run, "rollbacks"), checkpoint.steps(run.checkpoints)
    if settings.on_sick != "rollback" or len(past) >= settings.rollbacks or not kept:
        return False
    target = max([step for step in kept if step < finding.step], default=kept[0])
    entry = {"finding": finding.name, "from": finding.found, "to": target, "factor": FACTOR, "done": False}
    run.note(rollbacks=[*past, entry], findings=[])
    settle(run)
    run.say(
        f"Back to step {target}, for the {_ordinal(len(past) + 1)} time of {settings.rollbacks}: "
        f"all learning rates are now {factor(run):g} times their own."
    )
    return True


def settle(run: Run) -> None:
    """Finish a rollback that was begun, perhaps by a process that was killed: checkpoints after it go."""
    past = rows(run, "rollbacks")
    if not past or past[-1].get("done") or not isinstance(past[-1].get("to"), int):
        return
    for step in checkpoint.steps(run.checkpoints):
        if step > past[-1]["to"]:
            checkpoint.path_of(run.checkpoints, step).unlink(missing_ok=True)
    run.note(rollbacks=[*past[:-1], past[-1] | {"done": True}])


def _ordinal(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(number, f"{number}th")
