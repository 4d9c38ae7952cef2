"""What settings must be: a check a line, each with a message that helps."""

import math
from collections.abc import Sequence

from ganctl.error import UsageError, suggest


def expect_one_of(name: str, value: object, choices: Sequence[object]) -> None:
    """Raise UsageError unless `value` is one of `choices`; 1 is not true."""
    if not any(value == choice and type(value) is type(choice) for choice in choices):
        hint = suggest(str(value), (choice for choice in choices if isinstance(choice, str)))
        expected = ", ".join(str(choice).lower() for choice in choices)
        raise UsageError(f"{name}: expected one of {expected}, got '{value}'.{hint}")


def expect_whole(name: str, value: object, least: int) -> None:
    """Raise UsageError unless `value` is a whole number of at least `least`."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise UsageError(f"{name}: expected a whole number of at least {least}, got '{value}'.")


def expect_number(name: str, value: object, least: float = 0.0, below: float = math.inf) -> None:
    """Raise UsageError unless `value` is a number of at least `least`, and less than `below`."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value < below:
        limit = "" if below == math.inf else f" and below {below:g}"
        raise UsageError(f"{name}: expected a number of at least {least:g}{limit}, got '{value}'.")


def expect_share(name: str, value: object) -> None:
    """Raise UsageError unless `value` is a number from 0 to 1."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
        raise UsageError(f"{name}: expected a number from 0 to 1, got '{value}'.")


def expect_switch(name: str, value: object) -> None:
    """Raise UsageError unless `value` is true or false."""
    if not isinstance(value, bool):
        raise UsageError(f"{name}: expected true or false, got '{value}'.")
