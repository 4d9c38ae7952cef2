"""What a user is told when something is wrong: one line, and an exit code.

Every message says what was expected, what came, and what to type instead.

    GanctlError
    ├── UsageError    a wrong command, config or data set, found before training: exit code 2
    └── RunError      a run that failed or cannot go on: exit code 1
        └── Unstable  because a number in it is none any more
"""

import difflib
from collections.abc import Iterable


class GanctlError(Exception):
    """A problem the user can mend; shown without a traceback."""

    exit_code = 1


class UsageError(GanctlError):
    """A wrong command, config or data set."""

    exit_code = 2


class RunError(GanctlError):
    """A run that failed, with everything it had saved still intact."""


class Unstable(RunError):
    """A term or a weight that is no finite number."""

    def __init__(self, name: str, value: float, step: int) -> None:
        super().__init__(
            f"{name} is {value} at step {step}: the run stopped, and the checkpoints before it are intact."
        )
        self.name, self.value, self.step = name, value, step


def printable(text: str) -> str:
    """Return a text without control characters: what a stranger's file says cannot steer the terminal."""
    return "".join(
        char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}" for char in text
    )


def in_short(error: BaseException, most: int = 300) -> str:
    """Return what an error says, in one line."""
    return " ".join(str(error).split())[:most] or type(error).__name__


def closest(word: str, choices: Iterable[str]) -> str:
    """Return the choice that `word` begins, or the most similar one; "" when none is near."""
    known = list(choices)
    begun = [choice for choice in known if len(word) > 2 and choice.startswith(word)]
    return next(iter(begun or difflib.get_close_matches(word, known, n=1, cutoff=0.6)), "")


def suggest(word: str, choices: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the closest of `choices`, or "" when none is near."""
    near = closest(word, choices)
    return f" Did you mean '{near}'?" if near else ""
