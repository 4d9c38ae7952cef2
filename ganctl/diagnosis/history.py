"""A run's log lines, condensed to points of equal weight, so that findings do not depend on log_every."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ganctl.run.metrics_log import renamed

# Steps of one point. The default log_every; lines that come more often share a point by their median.
POINT = 50
LARGEST = 1e300  # beyond which a number is taken for none
SMOOTH = 3  # points whose median counts as a level that was reached
LAG = 8  # newest points that are compared with a level, and do not make it
PEAKS = re.compile(
    r"generator/gradient|discriminator/(?:[\w-]+/)?spread"
)  # whose highest level is remembered
ADVERSARY = re.compile(r"discriminator/([\w-]{1,40})/adversarial")  # a second one; the first has no name
PLAYER = re.compile(r"(\w{1,40})/(?:adversarial|update)")
MOST_MODES = 0.9  # share of the modes from which a few missing ones are no collapse: they come late
MOST = 16  # adversaries and players of a log, which may be a stranger's
OF_PLAYERS = ("gradient", "update", "weights")  # numbers of a player, whichever adversary it faces


class History:
    """Numbers by name, a column each, oldest first; rows are points of at least POINT steps.

    Attributes:
        steps: the last step of each point.
        scores: (step, modes captured, modes there are, share of samples on them or nan), wherever a metric
            counted modes.
        ended: whether the last step was reached, after which nothing gets better by itself.
    """

    batch = 0.0  # real images of a step
    ended = False

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.scores: list[tuple[int, float, float, float]] = []
        self.adversaries, self.players = adversaries(()), players(())
        self._columns: dict[str, list[float]] = {}
        self._pending: list[Mapping[str, Any]] = []
        self._peaks: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self.steps)

    def add(self, line: Mapping[str, Any]) -> bool:
        """Take a log line, and return whether there is something new to judge: a point, or a score."""
        line = renamed(line)
        scored = self._score(line)
        # Lines between two log points hold metrics alone.
        if any(name.endswith(("/adversarial", "/update")) for name in line):
            self._pending.append(line)
        last = self.steps[-1] if self.steps else 0
        if not self._pending or line["step"] // POINT <= last // POINT:
            return scored
        names = {name for each in self._pending for name in each if "/" in name}
        if names - self._columns.keys():
            every = names | self._columns.keys()
            self.adversaries, self.players = adversaries(every), players(every)
        for name in names | self._columns.keys():
            column = self._columns.setdefault(name, [math.nan] * len(self.steps))
            known = [float(each[name]) for each in self._pending if _is_number(each.get(name))]
            column.append(median(known) if known else math.nan)
        self.steps.append(line["step"])
        images = line.get("images")
        self.batch = images / line["step"] if _is_number(images) else 0.0
        self._pending = []
        for name in filter(PEAKS.fullmatch, self._columns):
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

    @property
    def lacks(self) -> tuple[float, float] | None:
        """(modes captured, modes there are) at the last count, where it missed a tenth of them or more."""
        if not self.scores:
            return None
        _, captured, total, _ = self.scores[-1]
        return (captured, total) if captured <= MOST_MODES * total else None

    def of(self, adversary: str) -> "History":
        """Return this history as a rule sees it that asks for one adversary's numbers."""
        return Side(self, adversary) if adversary else self

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


class Side(History):
    """One adversary's view of a history: what a rule knows as `discriminator/auc` is what it has of its own.

    Metrics measure the samples of the whole game, and are the first adversary's.
    """

    def __init__(self, whole: History, adversary: str) -> None:
        super().__init__()
        self.whole, self.adversary, self.steps, self.batch = whole, adversary, whole.steps, whole.batch
        self.adversaries, self.players = whole.adversaries, whole.players

    def peak(self, name: str) -> float:
        """Return what a history does, of this adversary's number."""
        return self.whole.peak(self._named(name))

    def last(self, name: str, count: int, skip: int = 0) -> list[float]:
        """Return what a history does, of this adversary's number."""
        return self.whole.last(self._named(name), count, skip)

    def first(self, name: str, count: int) -> list[float]:
        """Return what a history does, of this adversary's number."""
        return self.whole.first(self._named(name), count)

    def _named(self, name: str) -> str:
        player, _, number = name.partition("/")
        return name if number in OF_PLAYERS else f"{player}/{self.adversary}/{number}"


def adversaries(names: Iterable[str]) -> list[str]:
    """Return the names of the adversaries that log names tell of, after "" for the first."""
    return ["", *_found(ADVERSARY, names)][:MOST]


def players(names: Iterable[str]) -> list[str]:
    """Return the names of the players that log names tell of, after the two that most games have."""
    return list(dict.fromkeys(["discriminator", "generator", *_found(PLAYER, names)]))[:MOST]


def _found(pattern: re.Pattern, names: Iterable[str]) -> list[str]:
    """Return, sorted, what a pattern finds in names that it matches."""
    return sorted({found[1] for name in names if (found := pattern.fullmatch(name))})


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
