"""A log's curves as lines of text, 80 columns wide."""

from collections.abc import Mapping, Sequence
from typing import Any

from ganctl.diagnosis.curves import beside, counted, curve, sparkline
from ganctl.diagnosis.history import adversaries, players

LABEL, CHART, NUMBER = 22, 30, 9  # columns of a text chart, 80 in all
CHARTS = {
    "discriminator's loss": "discriminator/adversarial",
    "generator's loss": "generator/adversarial",
    "logit of real": "discriminator/real",
    "logit of fake": "discriminator/fake",
    "real told from fake": "discriminator/auc",
    "training from held-out": "discriminator/recognized",
    "discriminator gradient": "discriminator/gradient",
    "generator gradient": "generator/gradient",
    "spread of samples": "discriminator/spread",
    "coverage of data": "discriminator/coverage",
    "density in data": "discriminator/density",
}


def plot(lines: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a log's curves as text, each from its least to its greatest value."""
    names = {name for line in lines for name in line}
    charts = dict(CHARTS)
    for player in [each for each in players(names) if each not in ("discriminator", "generator")]:
        charts |= {f"{player}'s loss": f"{player}/adversarial", f"{player} gradient": f"{player}/gradient"}
    if counted(lines):
        charts["modes captured"] = counted(lines)
    first, last = lines[0]["step"], lines[-1]["step"]
    heading = "".join(f"{word:>{NUMBER}}" for word in ("least", "most", "now"))
    found = [f"{f'step {first} to {last}':<{LABEL + CHART + 1}}{heading}"]
    found += _rows(lines, charts)
    for adversary in adversaries(names)[1:]:
        found.append(f"of {adversary}:")
        found += _rows(lines, {label: beside(name, adversary) for label, name in CHARTS.items()})
    return found


def _rows(lines: Sequence[Mapping[str, Any]], charts: Mapping[str, str]) -> list[str]:
    """Return a line for each curve that the log has."""
    found = []
    for label, name in charts.items():
        _, values = curve(lines, name)
        if values:
            numbers = "".join(f"{short(each):>{NUMBER}}" for each in (min(values), max(values), values[-1]))
            found.append(f"{label[:LABEL]:<{LABEL}} {sparkline(values, CHART):<{CHART}}{numbers}")
    return found


def short(value: float) -> str:
    """Return two digits of a number, and all that stand before the point of a modest one."""
    return f"{value:.0f}" if 99.5 <= abs(value) < 1e6 else f"{value:.2g}"
