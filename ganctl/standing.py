"""How a run stands by its metrics: the best value that its log holds, and the last."""

import math
from collections.abc import Mapping
from typing import Any

from ganctl.metric.goal import GOALS, better
from ganctl.run import Folder

SHOWN = 6  # numbers in a run's summary


class Best:
    """The best value of one number so far.

    Args:
        name: such as "fid/fid".
    """

    def __init__(self, name: str) -> None:
        self.name, self.value, self.step = name, math.nan, 0

    def see(self, line: Mapping[str, Any]) -> bool:
        """Take a log line into account; return whether it is the best one."""
        value = line.get(self.name)
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            return False
        ahead = value < self.value if better(self.name) == "lower" else value > self.value
        if ahead or math.isnan(self.value):
            self.value, self.step = float(value), int(line["step"])
            return True
        return False


def standing(run: Folder) -> list[str]:
    """Return what the end of a training says of its metrics: the best value of each, and the last."""
    lines = run.metrics()
    texts = []
    for name in [f"{metric}/{number}" for metric in GOALS for number in GOALS[metric]]:
        best, last = Best(name), None
        for line in lines:
            best.see(line)
            last = line if name in line else last
        if last is not None and better(name):
            label = name.partition("/")[2] if len(set(name.split("/"))) == 1 else name
            texts.append(
                f"{label} {best.value:.4g} at step {best.step}, {last[name]:.4g} at the last ({last['step']})"
            )
    return [f"  {'best' if not row else '    '}     {text}" for row, text in enumerate(texts[:SHOWN])]
