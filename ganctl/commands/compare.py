"""Compare runs: a table, the best first, and their curves in one picture.

usage: ganctl compare RUN ... [by=METRIC] [from=evaluation|training] [out=PATH]
                      [--json]

  ganctl compare digits-sweep-loss-seed              every run of a sweep
  ganctl compare outputs/mnist-dcgan mnist-sngan by=kid
  ganctl compare 'outputs/mnist-*' by=precision_recall/recall
  ganctl compare digits-sweep-loss-seed --json | jq '.rows[0]'

RUN is a run's folder or its name under outputs/, a sweep's folder, a pattern,
or `latest`. Runs that differ in their seed only are one row: the mean over n
seeds ± their sample standard deviation. The columns before the numbers are what
the rows differ in.

  by       a metric (fid), or one number of it (precision_recall/recall);
           default: fid, or else the first metric that the runs have in common
  from     evaluation: what `ganctl evaluate` measured (preferred); training:
           what was measured at every trainer.evaluate_every steps
  out      where the picture goes; default: compare.png, none = nowhere
  --json   one JSON object instead of text, and no picture unless out is given

Numbers that were measured differently (other data, another count of samples,
another extractor ...) are not ranked: the difference is named instead.

exit codes: 0 done, 1 a run is damaged, 2 a wrong command, or numbers that
cannot be ranked
"""

import json
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ganctl.config.words import option, read
from ganctl.error import UsageError, printable

WIDTH = 80
PICTURE = "compare.png"
ORIGINS = ("evaluation", "training")


@dataclass
class Options:
    """What a user asked for."""

    names: list[str] = field(default_factory=list)
    by: str = option("", example="fid")
    origin: str = option("", key="from", among=ORIGINS)
    out: str = option("", ends=(".png",), words=("none",), example=PICTURE)
    as_json: bool = option(False, flags=("--json",))


def run(words: list[str]) -> int:
    """Print the comparison and draw its curves; return the exit code."""
    from ganctl.comparison.entry import entries
    from ganctl.comparison.ranking import ranked
    from ganctl.comparison.row import rows
    from ganctl.comparison.table import facts

    options = read(words, Options, "compare", rest="names")
    if not options.names:
        raise UsageError("Expected runs to compare; type: ganctl compare 'outputs/*'")
    found = entries(options.names, Path("outputs"))
    ranking = ranked(found, options.by, options.origin)
    table = rows(ranking)
    if options.as_json:
        print(json.dumps(facts(ranking, table)))
    else:
        _show(ranking, table)
    out = options.out or ("none" if options.as_json else PICTURE)
    if out != "none":
        _draw(ranking, table, Path(out), quiet=options.as_json)
    return 1 if any(entry.damage for entry in found) else 0


def _show(ranking: Any, table: Sequence[Any]) -> None:
    """Print what is ranked and how it was measured, the table, and what is not in it."""
    from ganctl.comparison.row import notes
    from ganctl.comparison.table import columns, laid_out
    from ganctl.config.value import shown
    from ganctl.run.console import console, say

    several = "; mean ± sd over seeds" if any(len(row.entries) > 1 for row in table) else ""
    origins = sorted({source.origin for source in ranking.sources})
    say(f"{ranking.name}, {ranking.goal} is better{several}; from={'/'.join(origins)}")
    terms = [source.terms(ranking.name) for source in ranking.sources]
    alike = {key: value for key, value in terms[0].items() if all(each.get(key) == value for each in terms)}
    told = [f"{key} {shown(value)[:24]}" for key, value in alike.items()]
    say(textwrap.fill(f"Measured with {', '.join(told)}.", WIDTH))
    say("")
    lines = laid_out(columns(table), console.width if console.is_terminal else 10**6)
    for number, line in enumerate(lines):
        console.print(printable(line), markup=False, style="bold" if number == 0 else None)
    for text in [*notes(table), *([ranking.note] if ranking.note else [])]:
        first, *commands = text.split("\n")  # a command that is broken into lines cannot be copied
        first = f"Note: {first}{'' if commands else '.'}"
        say(textwrap.fill(first, WIDTH, break_long_words=False, break_on_hyphens=False))
        for command in commands:
            say(command)
    if ranking.left_out:
        say("\nLeft out:")
    for entry, reason in ranking.left_out:
        say(f"  {entry.name}: {reason}")


def _draw(ranking: Any, table: Sequence[Any], path: Path, *, quiet: bool) -> None:
    """Write the picture; a folder that takes none is no reason to fail."""
    from ganctl.comparison.picture import picture
    from ganctl.files.atomic import write
    from ganctl.run.console import complain, say

    try:
        write(path, picture(ranking, table))
    except OSError as error:
        complain(f"WARNING: {path} could not be written ({error.strerror or error}).")
        return
    if not quiet:
        say(f"\nPicture: {path}")
