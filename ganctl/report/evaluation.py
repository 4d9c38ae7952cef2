"""A run's numbers in a page: a table of what was measured when, and how."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ganctl.comparison.entry import Entry
from ganctl.comparison.protocol import results_of
from ganctl.comparison.row import figure
from ganctl.config.value import shown
from ganctl.files.plain import leaves
from ganctl.metric.summary import best, is_number, measured
from ganctl.report.chart import spoken

RESULTS = 8  # the newest that are shown
NUMBERS = 60  # rows
TILES = 3  # numbers at the top of the page
# What a column's head says where columns differ in it; all of it is in the protocol below.
TOLD = ("extractor", "reference", "real", "seed", "averaged")
ERRORS = {"kid/kid": "kid/error", "inception_score/score": "inception_score/deviation"}


@dataclass
class Measurement:
    """One column of the table: what was measured, when, and how.

    Args:
        title: the checkpoint, "last", "best" or "a step", or "training, last".
        note: its step and day.
        values: by "metric/number".
        protocol: how, as it was stored.
        step: None where every number has its own.
        pictures: what evaluation.json names of its own.
    """

    title: str
    note: str
    values: Mapping[str, Any]
    protocol: Mapping[str, Any]
    step: int | None = None
    pictures: Sequence[Any] = ()

    @property
    def source(self) -> str:
        """The checkpoint and its step: "best, step 1,000"."""
        told = {"a step": "", "training, last": "training, "}.get(self.title, f"{self.title}, ")
        return f"{told}step {self.step:,}" if self.step is not None else self.title

    @property
    def samples(self) -> str:
        """How many samples were measured: "n=10,000"; "" where it was not stored."""
        count = self.protocol.get("samples")
        return f"n={count:,}" if type(count) is int else ""


def measurements(entry: Entry, evaluation: Mapping[str, Any]) -> list[Measurement]:
    """Return what was measured of a run, the newest evaluation first, those of the training last."""
    results = sorted(results_of(evaluation), key=lambda each: str(each.get("made", "")))[::-1]
    found, taken = [], set()
    for each in results[:RESULTS]:
        kind = str(each.get("checkpoint", "step"))
        note = f"step {each['step']}" + (f", {str(each['made'])[:10]}" if each.get("made") else "")
        listed = each.get("pictures")
        # Of two results that name a file, the newer has written it last.
        own = [name for name in listed if str(name) not in taken] if isinstance(listed, list) else []
        taken |= {str(name) for name in own}
        title = kind if kind != "step" else "a step"
        found.append(Measurement(title, note, each["values"], each["protocol"], each["step"], own))
    protocol = entry.record.get("protocol")
    protocol = protocol if isinstance(protocol, Mapping) else {}
    points = measured(entry.lines)
    if points:
        step = max(values[-1][0] for values in points.values())
        last = {name: values[-1][1] for name, values in points.items() if values[-1][0] == step}
        found.append(Measurement("training, last", f"step {step}", last, protocol, step))
        found.append(Measurement("training, best", "each at its own step", _best(points), protocol))
    return found


def preferred(found: Sequence[Measurement]) -> list[Measurement]:
    """Return measurements of one step each, those of the last step before older ones."""
    steps = [each.step for each in found if each.step is not None]
    return sorted([each for each in found if each.step is not None], key=lambda each: each.step != max(steps))


def _best(points: Mapping[str, Sequence[tuple[int, float]]]) -> dict[str, float]:
    from ganctl.metric.goal import better

    goals = {name: better(name) for name in points}
    return {name: best(points[name], goal)[1] for name, goal in goals.items() if goal}


def headline(found: Sequence[Measurement]) -> list[tuple[str, str, str]]:
    """Return (name, value, where it is from) of the main numbers of up to three metrics.

    They are of one result as far as it has them: numbers of several steps make no picture of a run.
    """
    from ganctl.metric.goal import GOALS, first

    told: dict[str, tuple[str, str, str]] = {}
    for each in preferred(found):
        for metric in GOALS:
            name = first(metric)
            if metric not in told and len(told) < TILES and is_number(each.values.get(name)):
                total = each.values.get(f"{metric}/total")
                text = figure(float(each.values[name])) + (f" of {total:g}" if is_number(total) else "")
                origin = ", ".join(part for part in (each.source, each.samples) if part)
                told[metric] = spoken(name), text, origin
    return [told[metric] for metric in GOALS if metric in told]


def table(found: Sequence[Measurement]) -> dict[str, Any]:
    """Return the table: a row for each number, a column for each measurement; the best of a row is marked."""
    from ganctl.metric.goal import better

    hidden = {*ERRORS.values(), "modes/total"}
    names = dict.fromkeys(name for each in found for name in each.values if is_number(each.values[name]))
    rows = []
    alike = len({repr(sorted(_told(each.protocol).items(), key=str)) for each in found}) == 1
    for name in [name for name in names if name not in hidden][:NUMBERS]:
        goal = better(str(name))
        numbers = [float(each.values[name]) for each in found if is_number(each.values.get(name))]
        top = (min(numbers) if goal == "lower" else max(numbers)) if goal and alike else None
        cells = [_cell(name, each, top if len(set(numbers)) > 1 else None) for each in found]
        rows.append((spoken(str(name)), goal, cells))
    heads = [(each.title, [each.note, *ways]) for each, ways in zip(found, _ways(found), strict=True)]
    return {"heads": heads, "rows": rows}


def _ways(found: Sequence[Measurement]) -> list[list[str]]:
    """Return for each measurement the number of its samples, and what tells its protocol from the others'."""
    differ = [key for key in TOLD if len({repr(each.protocol.get(key)) for each in found}) > 1]
    return [
        [each.samples or "n not stored"]
        + [f"{key} {shown(each.protocol[key])}" for key in differ if key in each.protocol]
        for each in found
    ]


def _cell(name: str, each: Measurement, top: float | None) -> tuple[str, bool]:
    value: Any = each.values.get(name)
    if not is_number(value):
        return "-", False
    error: Any = each.values.get(ERRORS.get(name, ""))
    return figure(value, error if is_number(error) else None), top == value


def protocols(found: Sequence[Measurement]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return (which measurements, rows of how), once for each protocol."""
    groups: dict[str, tuple[dict[str, str], list[str]]] = {}
    for each in found:
        flat = {key: shown(value) for key, value in leaves(each.protocol)}
        groups.setdefault(repr(sorted(flat.items())), (flat, []))[1].append(f"{each.title} ({each.note})")
    return [("; ".join(titles), list(flat.items())[:100]) for flat, titles in groups.values()]


def _told(protocol: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in leaves(protocol) if not key.startswith("versions")}
