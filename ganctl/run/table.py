"""Rows of text in columns: aligned lines for a pipe, a table as wide as the terminal for people."""

import itertools
import re
from collections.abc import Collection, Sequence
from typing import Any

LEAST = 12  # columns that the text which is broken keeps
GAP = 2  # between two columns


def aligned(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> list[str]:
    """Return lines in which the cells stand below each other, those of columns `right` at their end.

    A cell may have several lines.
    """
    split = [[cell.split("\n") for cell in row] for row in rows]
    widths = [max(len(line) for cell in column for line in cell) for column in zip(*split, strict=True)]
    found = []
    for row in split:
        for parts in itertools.zip_longest(*row, fillvalue=""):
            cells = (f"{part:{'>' if at in right else '<'}{widths[at]}}" for at, part in enumerate(parts))
            found.append((" " * GAP).join(cells).rstrip())
    return found


def show(
    headings: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    right: Collection[str] = (),
    broken: int = 0,
) -> None:
    """Print a table that is not wider than the console.

    Args:
        headings: of the columns.
        rows: their cells, texts or rich's.
        right: headings above numbers.
        broken: the column whose texts are broken into lines where that is needed.
    """
    from rich.table import Table  # late: whoever writes into a pipe does not pay for it
    from rich.text import Text

    from ganctl.run.console import console

    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    for at, heading in enumerate(headings):
        justify = "right" if heading in right else "left"
        table.add_column(heading, justify=justify, no_wrap=at != broken, overflow="fold")  # type: ignore[arg-type]
    widths = [max(len(heading), *(len(row[at]) for row in rows)) for at, heading in enumerate(headings)]
    room = max(LEAST, console.width - sum(width + GAP for at, width in enumerate(widths) if at != broken))
    for row in rows:
        cells = [cell if isinstance(cell, Text) else Text(cell) for cell in row]
        if " " not in cells[broken].plain:
            cells[broken] = Text(wrap(cells[broken].plain, room))
        table.add_row(*cells)
    console.print(table, soft_wrap=False)


def wrap(name: str, width: int) -> str:
    """Break a long name into lines, after one of / - , . where that is possible, losing nothing of it."""
    lines = [""]
    for piece in re.findall(r"[^/,.-]*[/,.-]?", name):
        if lines[-1] and len(lines[-1]) + len(piece) > width:
            lines.append("")
        lines[-1] += piece
    return "\n".join(lines)
