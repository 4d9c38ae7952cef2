"""From the words of a command line to a config: Hydra's grammar, with errors that help."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from ganctl.config import ranges
from ganctl.config.choices import CONFIGS, file_of, groups
from ganctl.config.chosen import ABSENT, RECIPES, Choice, Chosen
from ganctl.config.composed import composed, parts
from ganctl.config.overrides import check_choice, is_group, parse
from ganctl.config.synonyms import key_for
from ganctl.config.trust import allow
from ganctl.config.value import expected, look_up
from ganctl.error import UsageError, closest, in_short, suggest
from ganctl.files.plain import leaves


@dataclass
class Composition:
    """A composed config, and what was asked for to get it."""

    config: DictConfig
    overrides: list[Override]
    chosen: Chosen

    def plain(self) -> dict[str, Any]:
        """Return the config resolved, as plain data; the user named its parts, so they may be built."""
        try:
            found = OmegaConf.to_container(self.config, resolve=True, throw_on_missing=True)
        except OmegaConfBaseException as error:
            raise UsageError(f"The config cannot be resolved: {in_short(error)}") from error
        allow(found)
        ranges.check(found)  # type: ignore[arg-type]
        return found  # type: ignore[return-value]


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
        check_choice(override, config_dir)
    chosen = list({o.get_key_element(): o for o in overrides if is_group(o, config_dir)}.values())
    whole = composed(_lines(chosen), config_dir)
    config = copy.deepcopy(whole.config)
    if "experiment" in config:
        raise UsageError("experiment: its file must begin with the line '# @package _global_'.")
    own = composed(_lines([o for o in chosen if o.key_or_group in RECIPES]), config_dir).choices
    _drop_recipe_values(config, chosen, own, config_dir)
    before = dict(leaves(OmegaConf.to_container(config)))
    for override in overrides:
        if not is_group(override, config_dir):
            _apply(config, override)
    changed = leaves(OmegaConf.to_container(config))
    usual = {key: before.get(key, ABSENT) for key, value in changed if before.get(key, ABSENT) != value}
    instead = {word: own.get(word) for word, choice in whole.choices.items() if own.get(word) != choice}
    return Composition(config, overrides, Chosen(words, whole.choices, instead, usual))


def _lines(overrides: list[Override]) -> tuple[str, ...]:
    return tuple(str(override.input_line) for override in overrides)


def _check_own(config_dir: Path) -> None:
    """Refuse a user's file that would be hidden by one of ganctl's."""
    for file in config_dir.rglob("*.yaml"):
        name = file.relative_to(config_dir)
        if (CONFIGS / name).is_file():
            raise UsageError(f"--config-dir: {name} has the name of one of ganctl's own configs; rename it.")


def _drop_recipe_values(
    config: DictConfig, chosen: list[Override], own: Mapping[str, Choice], config_dir: Path | None
) -> None:
    """Give a part that was chosen against the recipe its own values, not those meant for the recipe's part.

    A recipe's beta_1 is for its Adam; under `optimizer.generator=sgd` it would be an unknown argument.
    """
    for override in chosen:
        key, choice = override.get_key_element().lstrip("~"), override.value()
        if isinstance(choice, list) or override.is_delete():  # what recipes say of parts that were not chosen
            node = OmegaConf.to_container(config).get(key) or {}  # type: ignore[union-attr]
            if parts(node) != node:
                OmegaConf.update(config, key, parts(node), merge=False)
            continue
        word = override.package or override.key_or_group
        if word in RECIPES or word not in own or choice in (None, own[word]):
            continue
        content = OmegaConf.load(file_of(override.key_or_group, str(choice), config_dir))
        if "defaults" not in content:
            OmegaConf.update(config, word, content, merge=False)


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
    if type(default) is int and isinstance(value, float):
        if not ranges.whole(key):  # its default was written without a point
            default = float(default)
        elif value.is_integer():
            value = int(value)
    if type(default) is float and type(value) is int:
        value = float(value)
    wanted = expected(default, value)
    if wanted:
        given = override.get_value_string()
        raise UsageError(f"{key}: expected {wanted} (such as {default}), got '{given}'.")
    OmegaConf.update(config, key, value, force_add=True)


def _no_key(key: str, base: DictConfig) -> str:
    plain = OmegaConf.to_container(base, resolve=False)
    known = [leaf for leaf, _ in leaves(plain) if "_target_" not in leaf]
    known += [f"trainer.turns.{player}" for player in base.optimizer]
    other = key_for(key)
    hint = f" Did you mean '{other}'?" if other else suggest(key, [*known, *groups()])
    if not hint:  # the last word may be enough: `steps` for trainer.steps
        ends = {leaf.split(".")[-1]: leaf for leaf in reversed(known)}
        near = closest(key.split(".")[-1], ends)
        hint = f" Did you mean '{ends[near]}'?" if near else " See: ganctl train --cfg job"
    return f"There is no key or group '{key}'.{hint}"
