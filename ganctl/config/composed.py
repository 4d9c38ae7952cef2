"""Hydra's own composition of a config, remembered."""

import functools
from pathlib import Path
from typing import Any

from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from ganctl.config.choices import CONFIGS
from ganctl.error import UsageError, in_short


@functools.lru_cache(maxsize=256)  # a sweep asks the same of every run, and Hydra takes a quarter of a second
def composed(lines: tuple[str, ...], config_dir: Path | None, *, hydra: bool = False) -> DictConfig:
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
