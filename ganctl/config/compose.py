"""From the words of a command line to a config: Hydra's grammar, with errors that help."""

import copy
import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, IntervalSweep, Override, RangeSweep
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from ganctl.config.choices import CONFIGS, choices, defaults, file_of, groups
from ganctl.config.trust import allow
from ganctl.config.value import expected, leaves, look_up
from ganctl.error import UsageError, closest, in_short, suggest

PER_PLAYER = ("optimizer", "schedule", "norm")  # groups chosen for each player
RECIPE = ("model", "experiment")  # groups that say who plays


@dataclass
class Composition:
    """A composed config, and what was asked for to get it."""

    config: DictConfig
    overrides: list[Override]

    def plain(self) -> dict[str, Any]:
        """Return the config resolved, as plain data; the user named its parts, so they may be built."""
        try:
            found = OmegaConf.to_container(self.config, resolve=True, throw_on_missing=True)
        except OmegaConfBaseException as error:
            raise UsageError(f"The config cannot be resolved: {in_short(error)}") from error
        allow(found)
        return found  # type: ignore[return-value]


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
    try:
        return parser.parse_override(word)
    except HydraException:
        key, sign, value = word.partition("=")
        if not sign:
            raise
        # Paths may hold characters of Hydra's grammar; then the value is taken as it stands.
        quoted = value.replace("\\", "\\\\").replace("'", "\\'")
        return parser.parse_override(f"{key}='{quoted}'")


def compose(words: Sequence[str], config_dir: Path | None = None) -> Composition:
    """Compose `configs/train.yaml` with overrides; a user's config folder adds to ganctl's own.

    Raises:
        UsageError: one line, with "did you mean", for anything misspelt, misplaced or of the wrong type.
    """
    if config_dir:
        _check_own(config_dir)
    overrides = parse(words, config_dir)
    for override in overrides:
        if override.is_sweep_override():
            key, value = override.get_key_element(), override.get_value_string()
            raise UsageError(
                f"'{override.input_line}' gives several values; for a run of each add -m, "
                f"for one that holds a comma quote it twice: \"{key}='{value}'\""
            )
        _check_choice(override, config_dir)
    chosen = list({o.get_key_element(): o for o in overrides if is_group(o, config_dir)}.values())
    config = copy.deepcopy(_composed(tuple(str(override.input_line) for override in chosen), config_dir))
    if "experiment" in config:
        raise UsageError("experiment: its file must begin with the line '# @package _global_'.")
    _drop_recipe_values(config, chosen, config_dir)
    for override in overrides:
        if not is_group(override, config_dir):
            _apply(config, override)
    return Composition(config, overrides)


def _check_own(config_dir: Path) -> None:
    """Refuse a user's file that would be hidden by one of ganctl's."""
    for file in config_dir.rglob("*.yaml"):
        name = file.relative_to(config_dir)
        if (CONFIGS / name).is_file():
            raise UsageError(f"--config-dir: {name} has the name of one of ganctl's own configs; rename it.")


def _drop_recipe_values(config: DictConfig, chosen: list[Override], config_dir: Path | None) -> None:
    """Give a part that was chosen against the recipe its own values, not those meant for the recipe's part.

    A recipe's beta_1 is for its Adam; under `optimizer.generator=sgd` it would be an unknown argument.
    """
    recipe = [o for o in chosen if o.key_or_group in RECIPE]
    if recipe == chosen:
        return
    before = _composed(tuple(str(o.input_line) for o in recipe), config_dir, hydra=True).hydra.runtime.choices
    for override in chosen:
        key, choice = override.get_key_element().lstrip("~"), override.value()
        if isinstance(choice, list) or override.is_delete():  # what recipes say of parts that were not chosen
            parts = OmegaConf.to_container(config).get(key) or {}  # type: ignore[union-attr]
            kept = {name: part for name, part in parts.items() if "_target_" in str(part)}
            if kept != parts:
                OmegaConf.update(config, key, kept, merge=False)
            continue
        if override in recipe or key not in before or choice in (None, before[key]):
            continue
        own = OmegaConf.load(file_of(override.key_or_group, str(choice), config_dir))
        if "defaults" not in own:
            OmegaConf.update(config, override.package or override.key_or_group, own, merge=False)


def _apply(config: DictConfig, override: Override) -> None:
    """Set, add or delete one value.

    Raises:
        UsageError: for a key that is not there, or a value of another type than the one it replaces.
    """
    key, value = override.key_or_group, override.value()
    if override.is_add() or override.is_force_add():
        OmegaConf.update(config, key, value, force_add=True)
        return
    present, default = look_up(OmegaConf.to_container(config), key)
    turns, _, player = key.rpartition(".")
    if not present and turns == "trainer.turns" and player in config.optimizer:
        present, default = True, 1  # only the players that most games have are named there
    if not present:
        raise UsageError(_no_key(key, config))
    if override.is_delete():
        parent, _, leaf = key.rpartition(".")
        with open_dict(config):
            del (OmegaConf.select(config, parent) if parent else config)[leaf]
        return
    if type(default) is int and isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(default) is float and type(value) is int:
        value = float(value)
    wanted = expected(default, value)
    if wanted:
        given = override.get_value_string()
        raise UsageError(f"{key}: expected {wanted} (such as {default}), got '{given}'.")
    OmegaConf.update(config, key, value, force_add=True)


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
        if sign and key in RECIPE:
            override = _parse_one(parser, f"{key}=[]" if value == "null" else word)
            if override.is_sweep_override():
                return None
            _check_choice(override, config_dir)
            found[key] = str(override.input_line)
    return _composed(tuple(found.values()), config_dir, hydra=True)


def _check_choice(override: Override, config_dir: Path | None) -> None:
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


def _no_key(key: str, base: DictConfig) -> str:
    plain = OmegaConf.to_container(base, resolve=False)
    known = [leaf for leaf, _ in leaves(plain) if "_target_" not in leaf]
    known += [f"trainer.turns.{player}" for player in base.optimizer]
    hint = suggest(key, [*known, *groups()])
    if not hint:  # the last word may be enough: `steps` for trainer.steps
        ends = {leaf.split(".")[-1]: leaf for leaf in reversed(known)}
        near = closest(key.split(".")[-1], ends)
        hint = f" Did you mean '{ends[near]}'?" if near else " See: ganctl train --cfg job"
    return f"There is no key or group '{key}'.{hint}"


@functools.lru_cache(maxsize=256)  # a sweep asks the same of every run, and Hydra takes a quarter of a second
def _composed(lines: tuple[str, ...], config_dir: Path | None, *, hydra: bool = False) -> DictConfig:
    path = [f"hydra.searchpath=[file://{config_dir.resolve()}]"] if config_dir else []
    with initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS), job_name="ganctl"):
        try:
            return hydra_compose("train", overrides=[*path, *lines], return_hydra_config=hydra)
        except (HydraException, OmegaConfBaseException, YAMLError, ValueError) as error:
            raise UsageError(f"The config cannot be composed: {_uncomposed(error)}") from error


def _uncomposed(error: Exception) -> str:
    """Return what Hydra says of a list of defaults, in one line, and what to write there."""
    text = " ".join(str(error).partition("Config search path")[0].split())
    if "Could not override" in text:
        text += " To add a part that nothing named before, leave out the word 'override'."
    if "is defined before" in text:
        text += ": first the lines without the word 'override'."
    return in_short(ValueError(text), 400)


def _updates(*_: Any, _root_: DictConfig, _parent_: DictConfig) -> int:
    """Resolve ${updates:}: how often the player whose schedule this is will be updated."""
    turns = _root_.trainer.turns.get(_parent_._key(), 1)
    return int(_root_.trainer.steps) * int(turns)


OmegaConf.register_new_resolver("updates", _updates, replace=True)
