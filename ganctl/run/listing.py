"""What a table of runs shows of each, whatever state its folder is in."""

import json
import math
import os
import stat
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ganctl.error import GanctlError, RunError, printable
from ganctl.files.plain import yaml_data
from ganctl.run.console import short, totals
from ganctl.run.folder import Folder

HEADINGS = ("run", "status", "diagnosis", "step", "best", "losses", "updated")
SHOWN = {110: range(7), 75: (0, 1, 2, 3, 6), 55: (0, 1, 3, 6), 0: (0, 1, 3)}  # columns from a width on
TAIL = 65_536  # bytes read from the end of metrics.jsonl; a line has a few hundred


@dataclass
class Row:
    """What is shown of one run."""

    name: str
    path: str
    status: str
    step: int
    steps: int | None
    updated: float
    error: str | None = None
    metrics: dict[str, Any] = field(default_factory=dict)
    diagnosis: str = ""
    best: str = ""


def row(folder: Folder, outputs: Path) -> Row:
    """Return what is shown of a run folder; a damaged file makes it "damaged", never an error."""
    steps, metrics = _steps(folder.path), last_line(folder.path / "metrics.jsonl")
    record, step, status = {}, 0, "damaged"
    try:
        record, step = folder.record(), folder.step
        if record and steps and metrics is not None:
            status = folder.status()
    except (GanctlError, OSError) as error:
        record = {"error": str(error)}
    if status == "running" and isinstance((metrics or {}).get("step"), int):
        step = max(step, metrics["step"])  # type: ignore[index]
    name = folder.path.relative_to(outputs).as_posix()
    return Row(
        name=name if name != "." else folder.path.name,
        path=str(folder.path),
        status=status,
        step=step,
        steps=steps,
        updated=_updated(folder.path),
        error=str(record["error"]) if record.get("error") else None,
        metrics=metrics or {},
        diagnosis=_diagnosis(record),
        best=_best(record.get("best")),
    )


def _diagnosis(record: dict[str, Any]) -> str:
    """Return what the diagnosis last said of a run: the sicknesses, or the verdict."""
    if record.get("verdict") != "sick":
        return str(record.get("verdict", ""))[:20].removesuffix(" to judge")
    findings = [each for each in record.get("findings", []) if isinstance(each, dict)]
    return ", ".join(str(each.get("name"))[:30] for each in findings if each.get("until") is None)[:60]


def _best(best: Any) -> str:
    """Return the number by which the best checkpoint was kept: "fid 2.03"."""
    name, value = (best.get("name"), best.get("value")) if isinstance(best, dict) else ("", None)
    known = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300
    return f"{str(name)[:30].partition('/')[0]} {value:.4g}" if known else ""


def last_line(path: Path) -> dict[str, Any] | None:
    """Return the last intact object of a file of JSON lines, read from its end.

    Empty when there is no line yet, None when there is a file and nothing of it can be read.
    """
    try:
        # A pipe without a writer would be waited for.
        with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):  # a device has no end
                return None
            size = file.seek(0, 2)
            file.seek(max(0, size - TAIL))
            lines = file.read(TAIL).splitlines()
    except FileNotFoundError:
        return {}
    except OSError:
        return None
    for line in reversed(lines):  # a crash may have cut the last one off
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            return found
    return None if lines else {}


def age(seconds: float) -> str:
    """Return how long ago something was, in the largest unit that fits."""
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit} ago"
    return "just now" if seconds < 10 else f"{int(seconds)} s ago"


def _steps(path: Path) -> int | None:
    """Return the last step a run is to reach; None when its config cannot be read."""
    try:
        steps = yaml_data(path / "config.yaml")["trainer"]["steps"]
    except (RunError, LookupError, TypeError):
        return None
    return steps if isinstance(steps, int) else None


def _updated(path: Path) -> float:
    times = [0.0]
    for name in ("run.json", "metrics.jsonl"):
        try:
            times.append((path / name).stat().st_mtime)
        except OSError:
            continue
    return max(times)


def _losses(metrics: dict[str, Any]) -> str:
    return short(totals({key: value for key, value in metrics.items() if isinstance(value, int | float)}))


def finite(value: Any) -> Any:
    """Return plain data that strict JSON can hold: what is not a finite number becomes null."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def cells(each: Row) -> tuple[str, ...]:
    """Return what a table shows of a run, below HEADINGS."""
    steps = "?" if each.steps is None else each.steps
    told = (
        printable(text) or "-"
        for text in (each.diagnosis, f"{each.step}/{steps}", each.best, _losses(each.metrics))
    )
    return printable(each.name), each.status, *told, age(time.time() - each.updated)
