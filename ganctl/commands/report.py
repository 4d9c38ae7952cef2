"""Write what is known of a run, or of a sweep, into one HTML file.

usage: ganctl report RUN [out=PATH]

  ganctl report latest
  ganctl report mnist-dcgan out=mnist.html
  ganctl report digits-sweep-loss-seed          a whole sweep, ranked

RUN is a run's folder, its name under outputs/, `latest` (the default), or the
folder of a sweep. The file opens from the disk in any browser, on a phone too,
and needs no network and no other file: send it to whom you like.

A run's has its numbers, its sample grids with a slider, its curves, how it was
evaluated, what the diagnosis found, and its config with what was changed
marked. A sweep's has the table of `ganctl compare` with each run's last grid.

  out       where it goes; default: RUN/report.html

Nothing in the folder is executed; its texts are shown as texts, and only
pictures that are PNG files inside it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganctl.config.words import option, read
from ganctl.error import GanctlError, RunError, UsageError

FILE = "report.html"


@dataclass
class Options:
    """What a user asked for."""

    name: str = "latest"
    out: str = option("", ends=(".html", ".htm"), example=FILE)


def run(words: list[str]) -> int:
    """Write the report; return the exit code."""
    from ganctl.run.console import say
    from ganctl.run.folder import Folder, all_runs, find

    options = read(words, Options, "report", first="name")
    name = options.name
    outputs = Path("outputs")
    sweeps = [path for path in (Path(name), outputs / name) if path.is_dir() and not Folder(path).exists]
    folder = next((path for path in sweeps if all_runs(path)), None)
    if folder and not any(Folder(path).exists for path in (Path(name), outputs / name)):
        text = _sweep(folder)
    else:
        folder = find(name, outputs).path
        text = _single(folder)
    path = Path(options.out) if options.out else folder / FILE
    _write(path, text, folder)
    say(str(path))
    return 0


def _single(folder: Path) -> str:
    from ganctl.comparison.entry import read as known
    from ganctl.diagnosis.chart import examined, unjudged
    from ganctl.report.single import check, report
    from ganctl.run.folder import Folder

    entry = known(Folder(folder), folder.name)
    check(entry)
    if entry.damage:
        raise RunError(entry.damage)
    chart = examined(entry.folder)
    return report(entry, chart, unjudged(chart))


def _sweep(folder: Path) -> str:
    from ganctl.comparison.entry import entries
    from ganctl.comparison.row import rows
    from ganctl.report.sweep import members, report

    found, verdicts, remarks = [], [], []
    for entry in entries([str(folder)], folder):
        try:
            verdicts.append(_verdict(entry))
            found.append(entry)
        except GanctlError as error:
            remarks.append(f"{entry.name} is left out: {error}")
    if not found:
        raise RunError(remarks[0])
    ranking, table = _ranked(found, remarks)
    return report(folder, members(found, verdicts), ranking, rows(ranking) if ranking else table, remarks)


def _verdict(entry: Any) -> Any:
    """Return what the diagnosis says of a run.

    Raises:
        RunError: when it cannot be read.
    """
    from ganctl.diagnosis.chart import examined
    from ganctl.report.single import check

    check(entry)
    if entry.damage:
        raise RunError(entry.damage)
    return examined(entry.folder).verdict


def _ranked(found: list[Any], remarks: list[str]) -> tuple[Any, list[Any]]:
    """Return the ranking of runs; None, with a remark, where there is none."""
    from ganctl.comparison.ranking import ranked

    try:
        ranking = ranked(found)
    except UsageError as error:
        remarks.append(str(error))
        return None, []
    remarks += [f"{entry.name} is not ranked: {reason}" for entry, reason in ranking.left_out]
    return ranking, []


def _write(path: Path, text: str, folder: Path) -> None:
    """Write the page, through no link of the folder it is about."""
    from ganctl.files.atomic import refuse_link, write

    refuse_link(path, folder)
    write(path, text.encode())
