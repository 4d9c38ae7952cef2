"""What a table of runs shows of each, whatever state its folder is in."""

import json
import math
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ganctl.error import GanctlError, RunError, printable
from ganctl.files.plain import yaml_data
from ganctl.run.console import short, totals
from ganctl.run.folder import Folder

HEADINGS = ("run", "status", "step", "losses", "updated")
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
    )


def last_line(path: Path) -> dict[str, Any] | None:
    """Return the last intact object of a file of JSON lines, read from its end.

    Empty when there is no line yet, None when there is a file and nothing of it can be read.
    """
    try:
        # A pipe without a writer would be waited for.
        with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - TAIL))
            lines = file.read().splitlines()
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
    losses = _losses(each.metrics)
    return printable(each.name), each.status, f"{each.step}/{steps}", losses, age(time.time() - each.updated)
