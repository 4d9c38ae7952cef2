"""Show the runs in a folder, newest first.

usage: ganctl runs [FOLDER] [--json]

  ganctl runs                           those in outputs/
  ganctl runs outputs/digits-sweep      those of one sweep
  ganctl runs --json | jq .status       one JSON object a line

  running       a process trains it now
  finished      it reached its last step
  stopped       somebody asked it to stop; it saved first
  interrupted   it died without a word
  failed        an error ended it
  damaged       run.json, config.yaml or metrics.jsonl cannot be read

A run that is not finished goes on with: ganctl resume RUN
The step is what is saved; of a running run, the last that was logged.

options:
  --json   name, path, status, step, steps, updated (seconds since 1970),
           error, and the last line of metrics.jsonl
"""

import json
import math
import os
import re
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ganctl.error import GanctlError, RunError, UsageError, printable, suggest

COLOURS = {
    "running": "cyan",
    "finished": "green",
    "stopped": "yellow",
    "interrupted": "yellow",
    "failed": "red",
    "damaged": "bold red",
}
TAIL = 65_536  # bytes read from the end of metrics.jsonl; a line has a few hundred
ERRORS_SHOWN = 3


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


def run(words: list[str]) -> int:
    """Print the runs of a folder; return the exit code."""
    folder, as_json = read(words)
    from ganctl.run.console import complain
    from ganctl.run.folder import all_runs

    found = [row(each, folder) for each in all_runs(folder)]
    found.sort(key=lambda each: each.updated, reverse=True)
    if as_json:
        for each in found:
            print(json.dumps(_finite(asdict(each))))
    elif found:
        _show(found, folder)
    if not found:
        complain(f"There is no run in {folder}/ yet; start one: ganctl train")
    return 0


def read(words: list[str]) -> tuple[Path, bool]:
    """Return (folder, whether to print JSON).

    Raises:
        UsageError: for an unknown option, a second folder, or one that does not exist.
    """
    names = [word for word in words if not word.startswith("-")]
    unknown = [word for word in words if word.startswith("-") and word != "--json"]
    if unknown:
        hint = suggest(unknown[0], ["--json"]) or " See: ganctl runs --help"
        raise UsageError(f"There is no option '{unknown[0]}'.{hint}")
    if len(names) > 1:
        raise UsageError(f"Expected one FOLDER, got {len(names)}; type: ganctl runs outputs")
    if names and not Path(names[0]).is_dir():
        raise UsageError(f"Expected a folder with runs, got '{names[0]}'; type: ganctl runs outputs")
    return Path(names[0] if names else "outputs"), "--json" in words


def row(folder: Any, outputs: Path) -> Row:
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


def wrap(name: str, width: int) -> str:
    """Break a long name into lines, after one of / - , . where that is possible, losing nothing of it."""
    lines = [""]
    for piece in re.findall(r"[^/,.-]*[/,.-]?", name):
        if lines[-1] and len(lines[-1]) + len(piece) > width:
            lines.append("")
        lines[-1] += piece
    return "\n".join(lines)


def _steps(path: Path) -> int | None:
    """Return the last step a run is to reach; None when its config cannot be read."""
    from ganctl.files.plain import yaml_data

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
    from ganctl.run.console import short, totals

    return short(totals({key: value for key, value in metrics.items() if isinstance(value, int | float)}))


def _finite(value: Any) -> Any:
    """Return plain data that strict JSON can hold: what is not a finite number becomes null."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _cells(each: Row) -> tuple[str, ...]:
    steps = "?" if each.steps is None else each.steps
    losses = _losses(each.metrics)
    return printable(each.name), each.status, f"{each.step}/{steps}", losses, age(time.time() - each.updated)


def _show(found: list[Row], folder: Path) -> None:
    from ganctl.run.console import console

    cells = [_cells(each) for each in found]
    if console.is_terminal:
        console.print(_table(cells, console.width))
    else:
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        for line in cells:
            print("  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip())
    for each in [each for each in found if each.error][:ERRORS_SHOWN]:
        text = printable(f"{each.name}: {each.error}")
        console.print(text, markup=False, soft_wrap=not console.is_terminal)
    waiting = next((each for each in found if each.status in ("stopped", "interrupted", "failed")), None)
    if waiting and console.is_terminal:
        name = waiting.name if folder == Path("outputs") else waiting.path
        console.print(f"\nGo on with a run: ganctl resume {name}", markup=False)


def _table(cells: list[tuple[str, ...]], width: int) -> Any:
    """Return a rich table that is not wider than the terminal; a narrow one loses losses, then ages."""
    from rich.table import Table
    from rich.text import Text

    headings = ["run", "status", "step", "losses", "updated"]
    shown = [0, 1, 2, 3, 4] if width >= 75 else [0, 1, 2, 4] if width >= 55 else [0, 1, 2]
    widths = [max(len(headings[at]), *(len(line[at]) for line in cells)) for at in range(5)]
    left = max(12, width - sum(widths[at] + 2 for at in shown[1:]))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for at in shown:
        right = headings[at] in ("step", "updated")
        table.add_column(headings[at], justify="right" if right else "left", no_wrap=at > 0, overflow="fold")
    for line in cells:
        whole = (wrap(line[0], left), *line[1:])
        table.add_row(*(Text(whole[at], style=COLOURS[line[1]] if at == 1 else "") for at in shown))
    return table
