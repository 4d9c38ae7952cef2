"""A comparison as lines of text, no wider than the terminal, and as plain data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ganctl.comparison.ranking import Ranking
from ganctl.comparison.row import Row, figure, notes, span
from ganctl.run.table import aligned, wrap

LIMITS = (1000, 24, 16, 12)  # columns of a setting, tried until the table fits
LEAST = 20  # columns of all settings in one


@dataclass
class Column:
    """One column of the table; `more` is for settings, which may be broken into lines."""

    heading: str
    cells: list[str]
    right: bool = False
    more: bool = False


def facts(ranking: Ranking, table: Sequence[Row]) -> dict[str, Any]:
    """Return everything as plain data."""
    return {
        "by": ranking.name,
        "better": ranking.goal,
        "protocol": ranking.sources[0].protocol,
        "rows": [_row(row) for row in table],
        "left_out": [{"run": entry.name, "reason": reason} for entry, reason in ranking.left_out],
        "notes": [*notes(table), *([ranking.note] if ranking.note else [])],
    }


def _row(row: Row) -> dict[str, Any]:
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


def columns(table: Sequence[Row]) -> list[Column]:
    """Return the table's columns: what the rows differ in, then their numbers."""
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
    cells = [
        [wrap(each, limit) if column.more else each for each in (column.heading, *column.cells)]
        for column in found
    ]
    return aligned(list(zip(*cells, strict=True)), [at for at, column in enumerate(found) if column.right])
