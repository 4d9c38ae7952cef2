"""How a run stands by its metrics: what its log holds of them, the best value, and the last."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ganctl.metric.goal import GOALS, better
from ganctl.run.folder import Folder

SHOWN = 6  # numbers in a run's summary

Points = Sequence[tuple[int, float]]


class Best:
    """The best value of one number so far.

    Args:
        name: such as "fid/fid".
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.point: tuple[int, float] | None = None

    def see(self, line: Mapping[str, Any]) -> bool:
        """Take a log line into account; return whether it is the best one."""
        if not is_number(line.get(self.name)):
            return False
        before, point = self.point, (int(line["step"]), float(line[self.name]))
        self.point = best([before, point] if before else [point], better(self.name) or "higher")
        return self.point is not before


def best(points: Points, goal: str) -> tuple[int, float]:
    """Return (step, value) of the best value, the earliest of equals; the goal is "lower" or "higher"."""
    sign = 1 if goal == "lower" else -1
    return min(points, key=lambda point: (sign * point[1], point[0]))


def measured(lines: Sequence[Mapping[str, Any]]) -> dict[str, list[tuple[int, float]]]:
    """Return (step, value) of the metrics in log lines, by "metric/number"; only finite numbers."""
    points: dict[str, list[tuple[int, float]]] = {}
    for line in lines:
        for name, value in line.items():
            if name.partition("/")[0] in GOALS and "/" in name and is_number(value):
                points.setdefault(name, []).append((line["step"], float(value)))
    return points


def is_number(value: Any) -> bool:
    """Return whether a value of a log is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def standing(run: Folder) -> list[str]:
    """Return what the end of a training says of its metrics: the best value of each, and the last."""
    points, texts = measured(run.metrics()), []
    for name in [f"{metric}/{number}" for metric in GOALS for number in GOALS[metric]]:
        goal = better(name)
        if name in points and goal:
            (step, value), (end, last) = best(points[name], goal), points[name][-1]
            metric, _, number = name.partition("/")
            label = number if metric == number else name
            texts.append(f"{label} {value:.4g} at step {step}, {last:.4g} at the last ({end})")
    return [f"  {'best' if not row else '    '}     {text}" for row, text in enumerate(texts[:SHOWN])]
