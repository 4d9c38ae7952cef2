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
           error, diagnosis, best, and the last line of metrics.jsonl
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ganctl.config.words import option, read
from ganctl.error import UsageError, printable

if TYPE_CHECKING:
    from ganctl.run.listing import Row

COLOURS = {
    "running": "cyan",
    "finished": "green",
    "stopped": "yellow",
    "interrupted": "yellow",
    "failed": "red",
    "damaged": "bold red",
}
ERRORS_SHOWN = 3


@dataclass
class Options:
    """What a user asked for."""

    folder: str = ""
    as_json: bool = option(False, flags=("--json",))


def run(words: list[str]) -> int:
    """Print the runs of a folder; return the exit code."""
    options = read(words, Options, "runs", first="folder")
    folder = Path(options.folder or "outputs")
    if options.folder and not folder.is_dir():
        raise UsageError(f"Expected a folder with runs, got '{folder}'; type: ganctl runs outputs")
    from ganctl.run.console import complain
    from ganctl.run.folder import all_runs
    from ganctl.run.listing import finite, row

    found = [row(each, folder) for each in all_runs(folder)]
    found.sort(key=lambda each: each.updated, reverse=True)
    if options.as_json:
        for each in found:
            print(json.dumps(finite(asdict(each))))
    elif found:
        _show(found, folder)
    if not found:
        complain(f"There is no run in {folder}/ yet; start one: ganctl train")
    return 0


def _show(found: "list[Row]", folder: Path) -> None:
    from ganctl.run.console import console
    from ganctl.run.listing import cells
    from ganctl.run.table import aligned

    lines = [cells(each) for each in found]
    if console.is_terminal:
        _table(lines, console.width)
    else:
        print(*aligned(lines), sep="\n")
    for each in [each for each in found if each.error][:ERRORS_SHOWN]:
        text = printable(f"{each.name}: {each.error}")
        console.print(text, markup=False, soft_wrap=not console.is_terminal)
    waiting = next((each for each in found if each.status in ("stopped", "interrupted", "failed")), None)
    if waiting and console.is_terminal:
        name = waiting.name if folder == Path("outputs") else waiting.path
        console.print(f"\nGo on with a run: ganctl resume {name}", markup=False)


def _table(lines: list[tuple[str, ...]], width: int) -> None:
    """Print a table; a narrow terminal loses losses, then the diagnosis, then ages."""
    from rich.text import Text

    from ganctl.run.listing import HEADINGS, SHOWN
    from ganctl.run.table import show

    shown = next(columns for least, columns in SHOWN.items() if width >= least)
    rows = [
        [Text(line[1], style=COLOURS[line[1]]) if at == 1 else line[at] for at in shown] for line in lines
    ]
    show([HEADINGS[at] for at in shown], rows, right=("step", "updated"))
