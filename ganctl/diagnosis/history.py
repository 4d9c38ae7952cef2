"""A run's log lines, condensed to points of equal weight, so that findings do not depend on log_every."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

# Steps of one point. The default log_every; lines that come more often share a point by their median.
POINT = 50
LARGEST = 1e300  # beyond which a number is taken for none
SMOOTH = 3  # points whose median counts as a level that was reached
LAG = 8  # newest points that are compared with a level, and do not make it
PEAKS = ("generator/gradient", "discriminator/spread")  # whose highest level is remembered


class History:
    """Numbers by name, a column each, oldest first; rows are points of at least POINT steps.

    Attributes:
        steps: the last step of each point.
        scores: (step, modes captured, modes there are, share of samples on them or nan), wherever a metric
            counted modes.
    """

    batch = 0.0  # real images of a step

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.scores: list[tuple[int, float, float, float]] = []
        self._columns: dict[str, list[float]] = {}
        self._pending: list[Mapping[str, Any]] = []
        self._peaks: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self.steps)

    def add(self, line: Mapping[str, Any]) -> bool:
        """Take a log line, and return whether there is something new to judge: a point, or a score."""
        scored = self._score(line)
        # Lines between two log points hold metrics alone.
        if any(name.endswith("/adversarial") for name in line):
            self._pending.append(line)
        last = self.steps[-1] if self.steps else 0
        if not self._pending or line["step"] // POINT <= last // POINT:
            return scored
        names = {name for each in self._pending for name in each if "/" in name}
        for name in names | self._columns.keys():
            column = self._columns.setdefault(name, [math.nan] * len(self.steps))
            known = [float(each[name]) for each in self._pending if _is_number(each.get(name))]
            column.append(median(known) if known else math.nan)
        self.steps.append(line["step"])
        images = line.get("images")
        self.batch = images / line["step"] if _is_number(images) else 0.0
        self._pending = []
        for name in PEAKS:
            found = self.last(name, SMOOTH, skip=LAG)
            if found:
                self._peaks[name] = max(self.peak(name), median(found))
        return True

    def peak(self, name: str) -> float:
        """Return the largest median of SMOOTH neighbouring points before the newest LAG; 0 for no points."""
        return self._peaks.get(name, 0.0)

    def last(self, name: str, count: int, skip: int = 0) -> list[float]:
        """Return a column's last `count` points but for the newest `skip`; nothing where one is lacking."""
        column = self._columns.get(name, [])
        end = len(column) - skip
        return _whole(column[max(0, end - count) : max(0, end)], count)

    def first(self, name: str, count: int) -> list[float]:
        """Return a column's first `count` points; nothing where one is lacking."""
        return _whole(self._columns.get(name, [])[:count], count)

    def _score(self, line: Mapping[str, Any]) -> bool:
        """Keep what a metric counted, if this line holds it; return whether it does."""
        for name in line:
            metric, _, what = name.rpartition("/")
            captured, total = line[name], line.get(f"{metric}/total")
            if what == "captured" and _is_number(captured) and _is_number(total):
                good = f"{metric}/quality"
                quality = float(line[good]) if _is_number(line.get(good)) else math.nan
                self.scores.append((line["step"], float(captured), float(total or 0), quality))
                return True
        return False


def median(values: Sequence[float]) -> float:
    """Return the median of at least one number."""
    return quantile(values, 0.5)


def quantile(values: Sequence[float], share: float) -> float:
    """Return a quantile, linear between neighbours: what numpy's does, without its 50 microseconds a call."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def _whole(values: list[float], count: int) -> list[float]:
    return values if len(values) == count and not any(map(math.isnan, values)) else []


def _is_number(value: object) -> bool:
    # A stranger's whole number may be too large for a float.
    return isinstance(value, int | float) and not isinstance(value, bool) and -LARGEST <= value <= LARGEST
