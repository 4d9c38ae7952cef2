"""The verdict on a run: sick, healthy, or too early to judge."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ganctl.diagnosis.finding import Finding
from ganctl.diagnosis.history import POINT, History, median
from ganctl.diagnosis.sickness import COVERED, RECENT

SICK, HEALTHY, EARLY = "sick", "healthy", "too early to judge"
WORDS = (HEALTHY, EARLY, SICK)  # 0, 1 and 2 in TensorBoard
EXIT_CODES = {
    HEALTHY: 0,
    SICK: 3,
    EARLY: 4,
}  # of `ganctl doctor`; 1 and 2 are a damaged run and a wrong command


@dataclass(frozen=True)
class Verdict:
    """What the diagnosis says of a run as a whole.

    Args:
        word: SICK, HEALTHY or EARLY.
        reason: what is wrong, or why it is too early; "" for a healthy run.
    """

    word: str
    reason: str = ""


def countable(config: Mapping[str, Any]) -> bool:
    """Return whether the modes of a run's data are known, by its config."""
    return str(config["dataset"].get("_target_", "")).endswith((".ring", ".grid", ".stacked_mnist"))


def verdict(findings: Iterable[Finding], history: History, *, countable: bool = False) -> Verdict:
    """Judge a run. Healthy is not merely the absence of findings: samples have to look like the data.

    Args:
        findings: of the run.
        history: its numbers.
        countable: whether the modes of its data are known, so that some can be missing.
    """
    sick = [each.name for each in findings if not each.gone]
    if sick:
        return Verdict(SICK, ", ".join(sick))
    if len(history) < RECENT:
        return Verdict(EARLY, f"the log has {len(history)} of {RECENT} points of {POINT} steps")
    if history.scores:  # what was counted tells more than what a batch shows
        captured, total = history.lacks or (0.0, 0.0)
        seen = f"{captured:.0f} of {total:.0f} modes were there at the last count"
        return Verdict(EARLY, seen) if history.lacks else Verdict(HEALTHY)
    if countable:  # a batch near the data may have half of the modes
        return Verdict(EARLY, "the modes of these data were not counted (metric=[modes])")
    for adversary in history.adversaries:
        coverage = history.of(adversary).last("discriminator/coverage", RECENT)
        if coverage and median(coverage) < COVERED:
            return Verdict(EARLY, f"samples cover {median(coverage):.0%} of the data so far")
    return Verdict(HEALTHY)
