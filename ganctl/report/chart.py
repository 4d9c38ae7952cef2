"""A run's curves as plain data for the page's script."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ganctl.comparison.protocol import Source
from ganctl.diagnosis.curves import curve, is_second, panels
from ganctl.diagnosis.finding import Finding
from ganctl.metric.summary import measured

MOST = 600  # points of a curve
METRICS = 24  # charts of metrics
COLOURS = 6  # of the page
PAIRS = ("precision_recall", "density_coverage")  # metrics of two numbers that are read together
WIDE = 100  # times the least value is too much for an even axis
SYMBOLS = {"discriminator": 0, "generator": 1, "real": 2, "fake": 3}  # places among the page's six colours

Lines = Sequence[Mapping[str, Any]]


def charts(lines: Lines, findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return the charts of a log: losses, logits, ... and then one for each metric.

    Each has a title, a note, a scale (linear, log, symlog), limits or None, its curves (label, colour,
    dashed, points) and the steps at which findings began.
    """
    marks = [{"step": each.step, "name": each.name} for each in findings]
    found = []
    for panel in panels(lines):
        title, note = _split(panel.title)
        curves = _curves(lines, panel.curves)
        if curves:
            found.append(
                {
                    "title": title,
                    "note": note,
                    "scale": panel.scale,
                    "limits": panel.limits,
                    "curves": curves,
                    "marks": marks,
                }
            )
    return found + [chart | {"marks": marks} for chart in metric_charts(measured(lines))]


def metric_charts(points: Mapping[str, Sequence[tuple[int, float]]]) -> list[dict[str, Any]]:
    """Return a chart for each metric that has a curve, its numbers together where they share a unit."""
    by_metric: dict[str, list[str]] = {}
    for name in points:
        metric, _, number = name.partition("/")
        if number not in ("error", "deviation", "total") and len(points[name]) > 1:
            key = metric if metric in PAIRS else name
            by_metric.setdefault(key, []).append(name)
    found = []
    for title, names in list(by_metric.items())[:METRICS]:
        curves = [
            _curve(name.partition("/")[2], place, thinned(points[name])) for place, name in enumerate(names)
        ]
        heading = spoken(title) if len(names) == 1 else title.replace("_", " and ")
        found.append(_chart(heading, goal_note(names[0]), curves))
    return found


def ranking_chart(name: str, goal: str, drawings: Sequence[tuple[str, Sequence[Source]]]) -> dict[str, Any]:
    """Return the chart of a sweep: a number over the steps, a line with its spread for each row."""
    from ganctl.comparison.picture import curve as averaged

    curves = []
    for place, (label, sources) in enumerate(drawings):
        steps, means, deviations = averaged(sources, name)
        both = list(zip(steps, means, deviations, strict=True))
        found = _curve(label, place, [[step, tidy(mean)] for step, mean, _ in both], place // 6 % 2 == 1)
        if any(deviations):
            found["band"] = [[step, tidy(mean - each), tidy(mean + each)] for step, mean, each in both]
        curves.append(found)
    return _chart(name, f"{goal} is better", curves)


def _chart(title: str, note: str, curves: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a chart without marks, its axis in powers of ten where the values are far apart."""
    values = [value for each in curves for _, value in each["points"]]
    scale = "log" if min(values) > 0 and max(values) > WIDE * min(values) else "linear"
    return {"title": title, "note": note, "scale": scale, "limits": None, "curves": curves, "marks": []}


def _curve(label: str, place: int, points: list[list[float]], dashed: bool = False) -> dict[str, Any]:
    return {"label": label, "colour": place % COLOURS, "dashed": dashed, "points": points}


def spoken(name: str) -> str:
    """Return a number's name as people say it: fid, precision, inception score, modes: captured."""
    metric, _, number = name.partition("/")
    words, told = metric.replace("_", " "), number.replace("_", " ")
    if metric in PAIRS:
        return told
    return words if number in metric.split("_") or not number else f"{words}: {told}"


def goal_note(name: str) -> str:
    """Return "lower is better", "higher is better" or ""."""
    from ganctl.metric.goal import better

    goal = better(name)
    return f"{goal} is better" if goal else ""


def thinned(points: Sequence[tuple[int, float]]) -> list[list[float]]:
    """Return at most MOST points, the last among them, with digits that a screen can show."""
    every = -(-len(points) // MOST)
    kept = list(points[::every])
    if points and kept[-1] != points[-1]:
        kept.append(points[-1])
    return [[step, tidy(value)] for step, value in kept]


def tidy(value: float) -> float:
    """Return a number with six digits."""
    return float(f"{value:.6g}")


def _curves(lines: Lines, wanted: Mapping[str, str]) -> list[dict[str, Any]]:
    found = []
    taken = {SYMBOLS[label] for label in wanted if label in SYMBOLS}
    others = iter([place for place in range(COLOURS) if place not in taken])
    places = dict(SYMBOLS)
    for label, name in wanted.items():
        steps, values = curve(lines, name)
        first = label.removesuffix(" moves").partition(" (")[0]
        if steps:
            if first not in places:
                places[first] = next(others, 0)
            points = thinned(list(zip(steps, values, strict=True)))
            dashed = label.endswith("moves") or is_second(label)
            found.append(_curve(label, places[first], points, dashed))
    return found


def _split(title: str) -> tuple[str, str]:
    """Return a panel's title as (what it shows, what else is to be known)."""
    found = re.fullmatch(r"([^(:,]+)(?:\((.*)\)|[:,] *(.*))?", title)
    return (found[1].strip(), found[2] or found[3] or "") if found else (title, "")
