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

from ganctl.error import UsageError, printable, suggest

WIDTH = 80
PICTURE = "compare.png"
KEYS = ("by", "from", "out")
LIMITS = (1000, 24, 16, 12)  # columns of a setting, tried until the table fits
LEAST = 20  # columns of all settings in one


@dataclass
class Wish:
    """What a user asked for."""

    names: list[str] = field(default_factory=list)
    by: str = ""
    origin: str = ""
    out: str = ""
    as_json: bool = False


@dataclass
class Column:
    """One column of the table; `more` is for settings, which may be broken into lines."""

    heading: str
    cells: list[str]
    right: bool = False
    more: bool = False


def run(words: list[str]) -> int:
    """Print the comparison and draw its curves; return the exit code."""
    from ganctl.comparison.entry import entries
    from ganctl.comparison.ranking import ranked
    from ganctl.comparison.row import rows

    wish = read(words)
    found = entries(wish.names, Path("outputs"))
    ranking = ranked(found, wish.by, wish.origin)
    table = rows(ranking)
    if wish.as_json:
        print(json.dumps(facts(ranking, table)))
    else:
        _show(ranking, table)
    out = wish.out or ("none" if wish.as_json else PICTURE)
    if out != "none":
        _draw(ranking, table, Path(out), quiet=wish.as_json)
    return 1 if any(entry.damage for entry in found) else 0


def read(words: Sequence[str]) -> Wish:
    """Return what the words ask for.

    Raises:
        UsageError: for anything that is not of the usage.
    """
    from ganctl.comparison.ranking import ORIGINS

    wish, left = Wish(), [word for word in words if word != "--json"]
    wish.as_json = len(left) < len(words)
    for word in left:
        key, sign, value = word.partition("=")
        if word.startswith("-"):
            hint = suggest(word, ("--json",)) or " See: ganctl compare --help"
            raise UsageError(f"There is no option '{word}'.{hint}")
        if not sign or key not in KEYS:  # a run's own name may hold a "="
            wish.names.append(word)
        elif key == "from" and value not in ORIGINS:
            raise UsageError(f"from: expected evaluation or training, got '{value}'.")
        elif key == "out" and value != "none" and Path(value).suffix != ".png":
            raise UsageError(f"out: expected a FILE.png or none, got '{value}'; type out={PICTURE}")
        elif not value:
            raise UsageError(f"{key}: expected a value; type by=fid, or see: ganctl compare --help")
        else:
            setattr(wish, {"from": "origin"}.get(key, key), value)
    if not wish.names:
        raise UsageError("Expected runs to compare; type: ganctl compare 'outputs/*'")
    return wish


def facts(ranking: Any, table: Sequence[Any]) -> dict[str, Any]:
    """Return everything as plain data."""
    from ganctl.comparison.row import notes

    return {
        "by": ranking.name,
        "better": ranking.goal,
        "protocol": ranking.sources[0].protocol,
        "rows": [_row(row) for row in table],
        "left_out": [{"run": entry.name, "reason": reason} for entry, reason in ranking.left_out],
        "notes": [*notes(table), *([ranking.note] if ranking.note else [])],
    }


def _row(row: Any) -> dict[str, Any]:
    """Return one row as plain data."""
    (best, best_sd), (last, last_sd) = row.best, row.last
    runs = [
        {
            "run": entry.name,
            "seed": entry.seed,
            "step": entry.step,
            "from": source.origin,
            "best": source.best(row.name, row.goal)[1],
            "best_step": source.best(row.name, row.goal)[0],
            "last": source.last(row.name)[1],
            "last_step": source.last(row.name)[0],
        }
        for entry, source in zip(row.entries, row.sources, strict=True)
    ]
    return {
        "settings": row.settings,
        "n": len(runs),
        "best": {"mean": best, "sd": best_sd, "steps": row.best_steps},
        "last": {"mean": last, "sd": last_sd},
        "steps": row.steps,
        "runs": runs,
    }


def _show(ranking: Any, table: Sequence[Any]) -> None:
    """Print what is ranked and how it was measured, the table, and what is not in it."""
    from ganctl.comparison.row import notes
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


def columns(table: Sequence[Any]) -> list[Column]:
    """Return the table's columns: what the rows differ in, then their numbers."""
    from ganctl.comparison.row import figure, span

    words = list(dict.fromkeys(word for row in table for word in row.settings))
    found = [Column(word, [row.settings.get(word, "-") for row in table], more=True) for word in words]
    if not words:
        found = [Column("run", [row.label for row in table], more=True)]
    found += [
        Column("best", [figure(*row.best) for row in table], right=True),
        Column("at", [span(row.best_steps) for row in table], right=True),
        Column("last", [figure(*row.last) for row in table], right=True),
        Column("n", [str(len(row.entries)) for row in table], right=True),
        Column("steps", [span(row.steps) for row in table], right=True),
    ]
    if len({origin for row in table for origin in row.origins}) > 1:
        found.append(Column("from", ["/".join(row.origins) for row in table]))
    return found


def laid_out(found: Sequence[Column], width: int) -> list[str]:
    """Return a table's lines, its heading in the first, none wider than `width` where that can be.

    Settings are broken into lines first; then `at` and `steps` go; then all settings share one column.
    """
    settings, numbers = [each for each in found if each.more], [each for each in found if not each.more]
    least = [each for each in numbers if each.heading not in ("at", "steps")]
    for limit in LIMITS:
        for kept in (numbers, least) if limit == LIMITS[-1] else (numbers,):
            lines = _lines([*settings, *kept], limit)
            if max(map(len, lines)) <= width:
                return lines
    taken = sum(max(len(each.heading), *map(len, each.cells)) + 2 for each in least)
    texts = [
        packed(
            [f"{each.heading}={each.cells[at]}" for each in settings if each.cells[at] != "-"],
            max(LEAST, width - taken),
        )
        for at in range(len(numbers[0].cells))
    ]
    return _lines([Column("settings", texts), *least], LIMITS[0])


def packed(words: Sequence[str], width: int) -> str:
    """Return words in lines of at most so many columns; a longer one is broken."""
    from ganctl.commands.runs import wrap

    lines = [""]
    for word in words:
        for part in wrap(word, width).splitlines():
            for piece in (part[at : at + width] for at in range(0, len(part), width)):
                room = width - len(lines[-1]) - 1
                if lines[-1] and len(piece) > room:
                    lines.append(piece)
                else:
                    lines[-1] = f"{lines[-1]} {piece}".strip()
    return "\n".join(lines)


def _lines(found: Sequence[Column], limit: int) -> list[str]:
    """Return the lines of a table whose settings are broken at `limit` columns."""
    from ganctl.commands.runs import wrap

    blocks = [
        [(wrap(each, limit) if column.more else each).split("\n") for each in (column.heading, *column.cells)]
        for column in found
    ]
    widths = [max(len(line) for lines in block for line in lines) for block in blocks]
    printed = []
    for place in range(len(found[0].cells) + 1):
        for at in range(max(len(block[place]) for block in blocks)):
            cells = [
                f"{part:>{width}}" if column.right else f"{part:<{width}}"
                for column, block, width in zip(found, blocks, widths, strict=True)
                for part in [block[place][at] if at < len(block[place]) else ""]
            ]
            printed.append("  ".join(cells).rstrip())
    return printed


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
