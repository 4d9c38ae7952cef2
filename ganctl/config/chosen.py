"""What the words of a command chose, as run.json notes it: the choices, and the keys changed beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ganctl.files.plain import leaves

RECIPES = ("experiment", "model")  # groups whose choices say what other groups choose
ABSENT = "(absent)"  # in the place of the usual value of a key that only the words brought
NOTE = "chosen"  # in run.json
SCALARS = (str, int, float, type(None))

Choice = str | list[str] | None


@dataclass(frozen=True)
class Chosen:
    """What was asked for.

    Args:
        words: as they were typed behind `ganctl train`, and later behind `ganctl resume`.
        choices: by word (`loss`, `optimizer.generator`), the choice; a list for groups that take several.
        instead: by word, what the model or the experiment would have chosen, where another was.
        usual: by dotted key, what the choices alone would give, where a word changed it.
    """

    words: Sequence[str] = ()
    choices: Mapping[str, Choice] = field(default_factory=dict)
    instead: Mapping[str, Choice] = field(default_factory=dict)
    usual: Mapping[str, Any] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """Return what run.json says of it, which `noted` reads."""
        parts = {name: dict(getattr(self, name)) for name in ("choices", "instead", "usual")}
        return {NOTE: {"words": list(self.words), **parts}}

    def changes(self, config: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
        """Return key -> (value, what the choices alone give) of all that was changed beside them."""
        found = dict(leaves(config))
        return {
            key: (found[key], usual)
            for key, usual in self.usual.items()
            if key in found and found[key] != usual
        }

    def later(self, words: Sequence[str], before: Mapping[str, Any]) -> "Chosen":
        """Return what holds after `ganctl resume` changed single keys of a config, `before`."""
        old, keys = dict(leaves(before)), [key_of(word) for word in words]
        gone = {*keys, *(["trainer.epochs"] if "trainer.steps" in keys else [])}
        kept = [word for word in self.words if key_of(word) not in gone]
        fresh = {key: old.get(key, ABSENT) for key in keys}
        return Chosen([*kept, *words], self.choices, self.instead, fresh | dict(self.usual))


def noted(record: Mapping[str, Any]) -> Chosen | None:
    """Return what run.json, perhaps a stranger's, says was chosen; None when it does not say it."""
    note = record.get(NOTE)
    told = note if isinstance(note, Mapping) else {}
    words, choices, instead, usual = (told.get(name) for name in ("words", "choices", "instead", "usual"))
    if not isinstance(words, list) or not _all_text(words):
        return None
    if not all(isinstance(part, Mapping) for part in (choices, instead, usual)):
        return None
    return Chosen(words, _choices(choices), _choices(instead), _kept(usual))


def key_of(word: str) -> str:
    """Return the key or group of a word: `optimizer.generator` of `+optimizer@optimizer.generator=sgd`."""
    key = word.partition("=")[0].lstrip("+~")
    return key.partition("@")[2] or key


def _all_text(values: list[Any]) -> bool:
    return all(type(each) is str for each in values)


def _choices(part: Any) -> dict[str, Choice]:
    return {
        word: choice
        for word, choice in _kept(part).items()
        if choice is None or type(choice) is str or (isinstance(choice, list) and _all_text(choice))
    }


def _kept(part: Any) -> dict[str, Any]:
    """Return the values of a mapping that a command line could have given: no tree of somebody's."""
    return {
        str(key): value
        for key, value in part.items()
        if isinstance(value, SCALARS)
        or (isinstance(value, list) and all(isinstance(each, SCALARS) for each in value))
    }
