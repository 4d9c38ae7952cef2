"""What the words of a command mean: one reader for every command.

A command's options are the fields of a dataclass; `option` says what each may be:

    @dataclass
    class Options:
        name: str = "latest"
        out: str = option("", ends=(".png",), words=("none",), example="curves.png")
        as_json: bool = option(False, flags=("--json",))

`read(words, Options, "doctor", first="name")` then takes `RUN out=PATH --json`.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ganctl.check import expect_one_of, expect_whole
from ganctl.config.synonyms import key_for
from ganctl.error import UsageError, suggest


@dataclasses.dataclass(frozen=True)
class Rule:
    """What an option may be; its type is that of its default.

    Args:
        flags: how it is typed, where it is a --flag and no key=value.
        key: the word before "=", where the field cannot have that name.
        among: the only values.
        ends: the endings of a file's name.
        words: values that stand for no file.
        least: of a whole number; a number has to be above 0.
        most: of a whole number.
        folder: whether it is a folder that exists.
        example: a value to type, for messages.
    """

    flags: tuple[str, ...] = ()
    key: str = ""
    among: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    folder: bool = False
    example: str = ""


def option(default: Any, **rule: Any) -> Any:
    """Return a dataclass field whose values follow a `Rule`."""
    return dataclasses.field(default=default, metadata={"rule": Rule(**rule)})


def read(
    words: Sequence[str],
    kind: type,
    command: str,
    *,
    first: str = "",
    rest: str = "",
    of_rest: Callable[[str], bool] = lambda word: True,
) -> Any:
    """Return the options that words ask for.

    Args:
        words: of the command, without its name.
        kind: the dataclass of its options.
        command: its name, for messages.
        first: the field of the first word that is no option, such as a run.
        rest: the list that takes all other words.
        of_rest: which words that list takes; the first word may be one of them, too.

    Raises:
        UsageError: for a word that is nothing of these, or a value that an option cannot have.
    """
    rules = {
        word: (field, field.metadata["rule"])
        for field in dataclasses.fields(kind)
        if "rule" in field.metadata
        for word in field.metadata["rule"].flags or (field.metadata["rule"].key or field.name,)
    }
    options, left, named = kind(), list(words), False
    while left:
        word = left.pop(0)
        key, sign, value = word.partition("=")
        if key in rules and (sign or word.startswith("-")):
            field, rule = rules[key]
            if not rule.flags or not isinstance(field.default, bool):
                value = value if sign else left.pop(0) if left else ""
                setattr(options, field.name, _value(key, value, field.default, rule))
            elif sign:
                raise UsageError(f"{key}: expected no value; type {key}")
            else:
                setattr(options, field.name, True)
        elif rest and not word.startswith("-") and of_rest(word) and key not in rules:
            getattr(options, rest).append(word)
        elif first and not named and not word.startswith("-") and key not in rules:
            setattr(options, first, word)
            named = True
        else:
            raise UsageError(_refusal(word, rules, command))
    return options


def _refusal(word: str, rules: dict[str, Any], command: str) -> str:
    key, sign, _ = word.partition("=")
    if key in rules and not sign:
        return f"Expected {key}=VALUE, got '{word}'. See: ganctl {command} --help"
    other = key_for(key) if command == "train" else ""
    hint = f" Did you mean {other}=...?" if other else suggest(key, rules)
    if not (hint or sign or word.startswith("-")):
        return f"Expected NAME=VALUE, got '{word}'. See: ganctl {command} --help"
    return f"There is no option '{word}'.{hint or f' See: ganctl {command} --help'}"


def _value(key: str, text: str, default: Any, rule: Rule) -> Any:
    """Return what a text stands for, of the default's type."""
    if isinstance(default, bool):
        if text.lower() not in ("true", "false"):
            raise UsageError(f"{key}: expected true or false, got '{text}'.")
        return text.lower() == "true"
    if rule.least is not None:
        number = int(text) if text.lstrip("-").isdecimal() and len(text) < 20 else text
        if rule.most is not None and not (isinstance(number, int) and rule.least <= number <= rule.most):
            raise UsageError(
                f"{key}: expected a whole number from {rule.least} to {rule.most}, got '{text}'."
            )
        expect_whole(key, number, rule.least)
        return number
    if isinstance(default, float):
        return _number(key, text)
    if len(rule.among) == 1 and text not in rule.among:
        raise UsageError(f"{key}: expected {rule.among[0]}, got '{text}'; type {key} {rule.among[0]}")
    if rule.among:
        expect_one_of(key, text, rule.among)
    typed = f"; type {key}={rule.example}" if rule.example else ""
    if rule.ends and text not in rule.words and Path(text).suffix not in rule.ends:
        other = "".join(f" or {word}" for word in rule.words)
        raise UsageError(f"{key}: expected a FILE{rule.ends[0]}{other}, got '{text}'{typed}")
    if rule.folder and not (text and Path(text).is_dir()):
        raise UsageError(f"{key}: expected a folder, got '{text}'.")
    if not text:
        raise UsageError(f"{key}: expected a value{typed}; see: ganctl --help")
    return Path(text) if rule.folder else text


def _number(key: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise UsageError(f"{key}: expected a number above 0, got '{text}'.")
    return number
