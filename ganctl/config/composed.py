"""Hydra's own composition of a config, remembered."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from ganctl.config.choices import CONFIGS, defaults
from ganctl.config.chosen import Choice, key_of
from ganctl.error import UsageError, in_short


class Composed(NamedTuple):
    """A config, and by word (`loss`, `optimizer.generator`) the choices that Hydra made it of."""

    config: DictConfig
    choices: dict[str, Choice]


@functools.lru_cache(maxsize=256)  # a sweep asks the same of every run, and Hydra takes a quarter of a second
def composed(lines: tuple[str, ...], config_dir: Path | None) -> Composed:
    """Return what `configs/train.yaml` gives with these choices; nobody may change it."""
    path = [f"hydra.searchpath=[file://{config_dir.resolve()}]"] if config_dir else []
    with initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS), job_name="ganctl"):
        try:
            config = hydra_compose("train", overrides=[*path, *lines], return_hydra_config=True)
        except (HydraException, OmegaConfBaseException, YAMLError, ValueError) as error:
            raise UsageError(f"The config cannot be composed: {_uncomposed(error)}") from error
    runtime = {
        key_of(key): choice
        for key, choice in config.hydra.runtime.choices.items()
        if not key.startswith("hydra/")
    }
    with open_dict(config):
        del config["hydra"]
    found: dict[str, Choice] = dict.fromkeys(map(key_of, defaults()))
    found |= runtime
    for word, usual in defaults().items():
        if isinstance(usual, list):  # Hydra does not say which of several, but each became a part
            found[word] = list(parts(config.get(word)))
    return Composed(config, found)


def parts(node: Any) -> Mapping[str, Any]:
    """Return by name what was built into a group that takes several, without mere values for what was not."""
    return {name: part for name, part in (node or {}).items() if "_target_" in str(part)}


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
