"""Show the runs in a folder, newest first; or delete some.

usage: ganctl runs [FOLDER] [--json]
       ganctl runs --delete RUN ... [--yes]

  ganctl runs                           those in outputs/
  ganctl runs outputs/digits-sweep      those of one sweep
  ganctl runs --json | jq .status       one JSON object a line
  ganctl runs --delete mnist-dcgan      asks first, with the size

  running       a process trains it now
  finished      it reached its last step
  stopped       somebody asked it to stop; it saved first
  interrupted   it died without a word
  failed        an error ended it
  damaged       run.json, config.yaml or metrics.jsonl cannot be read

A run that is not finished goes on with: ganctl resume RUN
The step is what is saved; of a running run, the last that was logged.

Every command takes a run by its folder, its name, or how its name begins;
--delete wants the whole of it.

options:
  --delete   remove the folders of runs that nobody trains
  --yes      do not ask
  --json   name, path, status, step, steps, updated (seconds since 1970),
           error, diagnosis, best, and the last line of metrics.jsonl
"""

import json
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ganctl.config.words import option, read
from ganctl.error import RunError, UsageError, printable

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

    words: list[str] = field(default_factory=list)
    as_json: bool = option(False, flags=("--json",))
    delete: bool = option(False, flags=("--delete",))
    yes: bool = option(False, flags=("--yes",))


def run(words: list[str]) -> int:
    """Print the runs of a folder; return the exit code."""
    options = read(words, Options, "runs", rest="words", of_rest=_is_place)
    if options.delete:
        return _delete(options.words, sure=options.yes)
    if len(options.words) > 1:
        raise UsageError(f"Expected one folder with runs, got '{' '.join(options.words)}'.")
    folder = Path(options.words[0] if options.words else "outputs")
    if options.words and not folder.is_dir():
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


def _is_place(word: str) -> bool:
    """Return whether a word is a folder or a run: that of a sweep has its values in its name."""
    return "=" not in word or Path(word).exists() or Path("outputs", word).exists()


def _delete(names: list[str], *, sure: bool) -> int:
    """Remove runs' folders, once somebody said yes; return the exit code."""
    import shutil

    from ganctl.run.console import say
    from ganctl.run.folder import find

    if not names:
        raise UsageError("--delete: expected runs; type: ganctl runs --delete RUN")
    found = {}
    for name in names:
        each = find(name, Path("outputs"))
        if each.path not in (Path(name), Path("outputs", name)):  # a slip shall not cost another run
            raise UsageError(f"--delete: expected a run's whole name, got '{name}'; type {each.typed}")
        found[each.path.resolve()] = each
    for place, each in found.items():
        if each.path.is_symlink():
            raise UsageError(f"{each.path} is a link; delete what it leads to by its own name: {place}")
        with suppress(RunError):  # a damaged record is no reason to keep a run
            if each.status() == "running":
                raise UsageError(f"{each.path} is being trained; stop it first.")
    if not sure:
        for place, each in found.items():
            files = [file for file in place.rglob("*") if file.is_file() and not file.is_symlink()]
            size = sum(file.stat().st_size for file in files) / 2**20
            say(f"{each.path}: {len(files)} files, {size:.1f} MiB")
        if not sys.stdin or not sys.stdin.isatty():
            raise UsageError("Nothing was deleted: nobody is there to ask; type --yes")
        if input("Delete them? Type yes: ").strip().lower() != "yes":
            say("Nothing was deleted.")
            return 1
    for place, each in found.items():
        shutil.rmtree(place)
        say(f"Deleted {each.path}.")
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
