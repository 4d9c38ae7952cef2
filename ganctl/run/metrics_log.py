"""The log of a run, metrics.jsonl: read line by line, what is damaged set aside and the rest kept."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ganctl.files import atomic
from ganctl.files.plain import content
from ganctl.run.console import complain

BYTES = 1_000_000_000  # of a log
NAMED = 5  # damaged lines that a warning names


@dataclass
class Log:
    """What a log holds.

    Args:
        path: of the file.
        lines: those that can be read, oldest first.
        damaged: (number, bytes) of those that cannot.
    """

    path: Path
    lines: list[dict[str, Any]] = field(default_factory=list)
    damaged: list[tuple[int, bytes]] = field(default_factory=list)

    @property
    def damage(self) -> str:
        """Which lines cannot be read, in words; "" for none."""
        if not self.damaged:
            return ""
        numbers = ", ".join(str(number) for number, _ in self.damaged[:NAMED])
        more = f" and {len(self.damaged) - NAMED} more" if len(self.damaged) > NAMED else ""
        return f"{self.path}: line {numbers}{more} cannot be read"


def read(path: Path) -> Log:
    """Return a log; an empty one where there is no file.

    A last line that a crash cut off was never written, and is no damage.

    Raises:
        RunError: when there is a file and it cannot be read.
    """
    log = Log(path)
    try:
        *lines, last = content(path, BYTES).split(b"\n")
    except FileNotFoundError:
        return log
    for number, line in enumerate([*lines, last], start=1):
        facts = _facts(line)
        if facts is not None:
            log.lines.append(facts)
        elif line.strip() and number <= len(lines):
            log.damaged.append((number, line))
    return log


def set_aside(log: Log) -> None:
    """Keep the damaged lines of a log in a file beside it, and say so: the log may then be written anew.

    Raises:
        OSError: when they cannot be kept.
    """
    if log.damaged:
        place = atomic.aside(log.path)
        atomic.write(place, b"".join(line + b"\n" for _, line in log.damaged))
        complain(f"WARNING: {log.damage}; kept in {place}, and the run goes on without.")


def _facts(line: bytes) -> dict[str, Any] | None:
    """Return a line's object, None when it is damaged: it is none, or has no step or no time."""
    try:
        facts = json.loads(line)
        step, seconds = facts["step"], float(facts["seconds"])
    except (ValueError, TypeError, LookupError, RecursionError, OverflowError):
        return None
    whole = type(step) is int and 0 <= step < 2**63 and math.isfinite(seconds)
    return {**renamed(facts), "seconds": seconds} if whole else None


def renamed(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line whose numbers have the names of today, whatever version wrote it."""
    return {re.sub(r"^(discriminator/(?:.+/)?)told$", r"\1auc", str(name)): v for name, v in facts.items()}
