"""The words of a command line as overrides: Hydra's grammar, and a player's parts by their short names."""

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, IntervalSweep, Override, RangeSweep
from hydra.errors import HydraException
from omegaconf import DictConfig

from ganctl.config.choices import choices, defaults, groups
from ganctl.config.chosen import RECIPES
from ganctl.config.composed import composed
from ganctl.error import UsageError, suggest

# Keys whose values are names and paths, even where they look like numbers.
TEXT = re.compile(r"\+{0,2}(name|outputs|dataset\.(path|a|b)|extractor\.path)")
NUMBERS = re.compile(r"[\w.+:,-]*\d[\w.+:,-]*|(?i:nan|inf|yes|no|on|off)")
PER_PLAYER = ("optimizer", "schedule", "norm")  # groups chosen for each player


def parse(words: Sequence[str], config_dir: Path | None = None) -> list[Override]:
    """Read overrides, after `optimizer=x` and `optimizer.player=x` became Hydra's own spelling.

    Raises:
        UsageError: for words that are no overrides, or name no group, choice or key.
    """
    parser = OverridesParser.create()
    found = []
    for word in itertools.chain.from_iterable(_spell(given, words, config_dir) for given in words):
        try:
            found.append(_parse_one(parser, word))
        except HydraException as error:
            hint = "" if "=" in word else _meant(word, config_dir)
            raise UsageError(f"Expected key=value or group=choice, got '{word}'.{hint}") from error
    return found


def _meant(word: str, config_dir: Path | None) -> str:
    """Return a hint for a word without a "=": `dcgan` is model=dcgan."""
    known = ("model", *groups(config_dir))
    homes = [group for group in known if word in choices(group, config_dir)]
    return f" Did you mean '{homes[0]}={word}'?" if homes else suggest(word, groups(config_dir))


def _parse_one(parser: OverridesParser, word: str) -> Override:
    key, sign, value = word.partition("=")
    if TEXT.fullmatch(key) and NUMBERS.fullmatch(value):
        # A folder called 2024_11_25, or 0.10: no number, for which Hydra would take it.
        return parser.parse_override(f"{key}={','.join(map(_quoted, value.split(',')))}")
    try:
        return parser.parse_override(word)
    except HydraException:
        if not sign:
            raise
        # Paths may hold characters of Hydra's grammar; then the value is taken as it stands.
        return parser.parse_override(f"{key}={_quoted(value)}")


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _spell(word: str, words: Sequence[str], config_dir: Path | None) -> list[str]:
    """Return a word in Hydra's spelling: `optimizer=sgd` is a choice for each player of the words' recipe."""
    key, sign, value = word.partition("=")
    head, _, player = key.partition(".")
    if value == "null" and not isinstance(defaults().get(key, ""), str):
        return [f"{key}=[]"]  # Hydra's way to choose nothing
    if not sign or head not in PER_PLAYER or "." in player or value.startswith("{"):
        return [word]
    for choice in value.split(","):
        if choice not in choices(head, config_dir):
            raise UsageError(_no_choice(key, choice, config_dir))
    if "," in value and not player:
        raise UsageError(f"Sweep one player at a time: {head}.generator={value}")
    recipe = _recipe(words, config_dir)
    if recipe is None:  # each of a sweep's own players are known when it is composed
        return [word]
    # Whoever is trained may have a schedule; what is normalized is for the recipe's networks to say.
    known = list(recipe.norm if head == "norm" else recipe.optimizer)
    if player and player not in known:
        hint = suggest(player, known) or f" It has {', '.join(known)}."
        raise UsageError(f"{key}: the recipe has no player '{player}' with this.{hint}")
    added = {name: "" if name in recipe[head] else "+" for name in known}
    return [f"{added[name]}{head}@{head}.{name}={value}" for name in ([player] if player else known)]


def _recipe(words: Sequence[str], config_dir: Path | None) -> DictConfig | None:
    """Return the config of the recipe that words choose, with nothing changed; None where it is swept."""
    parser, found = OverridesParser.create(), {}
    for word in words:
        key, sign, value = word.partition("=")
        if sign and key in RECIPES:
            override = _parse_one(parser, f"{key}=[]" if value == "null" else word)
            if override.is_sweep_override():
                return None
            check_choice(override, config_dir)
            found[key] = str(override.input_line)
    return composed(tuple(found.values()), config_dir).config


def check_choice(override: Override, config_dir: Path | None) -> None:
    """Refuse an unknown choice or group before Hydra does, in one line."""
    group = override.key_or_group
    if group in groups(config_dir):
        given = override.value()
        needed = isinstance(defaults().get(override.get_key_element().lstrip("~"), ""), str)
        if override.is_delete():
            given = None if needed else []
        elif needed and isinstance(given, list):
            raise UsageError(_no_choice(group, override.get_value_string(), config_dir))
        for choice in given if isinstance(given, list) else [given]:
            word = "null" if choice is None else str(choice)
            if word not in choices(group, config_dir):
                raise UsageError(_no_choice(group, word, config_dir))


def _no_choice(group: str, choice: str, config_dir: Path | None) -> str:
    known = choices(group.partition(".")[0], config_dir)
    hint = suggest(choice, known) or f" It has {', '.join(known)}."
    return f"{group}: there is no '{choice}'.{hint}"


def swept_values(override: Override, config_dir: Path | None = None) -> list[str]:
    """Return the values of a key=a,b,c, choice(), range() or glob(), each as it would be typed alone.

    Raises:
        UsageError: when there is none, or no end of them.
    """
    given = override.value()
    if isinstance(given, Glob):
        values = given.filter(list(choices(override.key_or_group, config_dir)))
    elif isinstance(given, IntervalSweep):
        raise UsageError(f"'{override.input_line}': expected values one by one, such as range(1,4) or 1,2,3.")
    else:
        empty = isinstance(given, RangeSweep) and not given.range()  # Hydra stumbles over an empty range
        values = [] if empty else list(map(str, override.sweep_string_iterator()))
    if not values:
        raise UsageError(f"'{override.input_line}' gives no values.")
    return values


def is_group(override: Override, config_dir: Path | None) -> bool:
    return override.key_or_group in groups(config_dir)
