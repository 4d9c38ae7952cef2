"""From the words of a command line to a config: Hydra's grammar, with errors that help."""

import hashlib
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ganctl.catalogue import CONFIGS, choices, groups
from ganctl.error import UsageError, suggest

PER_PLAYER = ("optimizer", "schedule")  # groups chosen for each player
# What may differ between the lives of one run, and does not name a run.
VOLATILE = {
    "name",
    "outputs",
    "dataset.path",
    "dataset.cache",
    "dataset.verify",
    "trainer.steps",
    "trainer.epochs",
    "trainer.log_every",
    "trainer.sample_every",
    "trainer.save_every",
    "trainer.keep",
    "trainer.samples",
    "trainer.jit",
    "trainer.devices",
}


@dataclass
class Composition:
    """A composed config, and what was asked for to get it."""

    config: DictConfig
    overrides: list[Override]

    def plain(self) -> dict[str, Any]:
        """Return the config resolved, as plain data."""
        try:
            return OmegaConf.to_container(self.config, resolve=True, throw_on_missing=True)  # type: ignore[return-value]
        except OmegaConfBaseException as error:
            raise UsageError(f"The config cannot be resolved: {_first_line(error)}") from error


def parse(words: Sequence[str], config_dir: Path | None = None) -> list[Override]:
    """Read overrides, after `optimizer=x` and `optimizer.player=x` became Hydra's own spelling.

    Raises:
        UsageError: for words that are no overrides, or name no group, choice or key.
    """
    parser = OverridesParser.create()
    found = []
    for word in itertools.chain.from_iterable(_spell(given, config_dir) for given in words):
        try:
            found.append(_parse_one(parser, word))
        except HydraException as error:
            hint = suggest(word, groups(config_dir)) if "=" not in word else ""
            raise UsageError(f"Expected key=value or group=choice, got '{word}'.{hint}") from error
    return found


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
    overrides = parse(words, config_dir)
    for override in overrides:
        if override.is_sweep_override():
            raise UsageError(
                f"'{override.input_line}' gives several values; add -m to train one run for each."
            )
        _check_choice(override, config_dir)
    chosen = [override for override in overrides if _is_group(override, config_dir)]
    base = _compose([str(override.input_line) for override in chosen], config_dir)
    values = [_typed(override, base) for override in overrides if override not in chosen]
    config = _compose([*(str(override.input_line) for override in chosen), *values], config_dir)
    return Composition(config, overrides)


def run_name(composition: Composition, config_dir: Path | None = None) -> str:
    """Return the folder name that the same command always gives: <dataset>-<model>-<what else differs>."""
    if composition.config.name:
        return str(composition.config.name)
    words = {o.get_key_element(): o for o in composition.overrides}
    chosen = {key: str(o.value()) for key, o in words.items() if _is_group(o, config_dir)}
    data = chosen.pop("dataset", "digits")
    if data == "image_folder" and composition.config.dataset.get("path"):
        data = Path(str(composition.config.dataset.path)).stem
    parts = [chosen.pop("experiment")] if "experiment" in chosen else [data, chosen.pop("model", "dcgan")]
    for key in sorted(words):
        if key.lstrip("+~") in VOLATILE or key in ("dataset", "model", "experiment"):
            continue
        parts.append(f"{short_key(key)}={words[key].get_value_string()}")
    return file_name("-".join(parts))


def short_key(key: str) -> str:
    """Return a key without its group: network.generator.filters is generator.filters."""
    return key.split("@")[-1].lstrip("+~").split(".", 1)[-1]


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return "key: old -> new" for everything that makes two configs different experiments."""
    before, after = dict(leaves(old)), dict(leaves(new))
    keys = [key for key in sorted(before.keys() | after.keys()) if key not in VOLATILE]
    missing = object()
    return [
        f"{key}: {_shown(before, key)} -> {_shown(after, key)}"
        for key in keys
        if before.get(key, missing) != after.get(key, missing)
    ]


def leaves(node: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted key, value) of all values in nested mappings and lists."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from leaves(value, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from leaves(value, f"{prefix}.{index}")
    else:
        yield prefix, node


def _shown(values: Mapping[str, Any], key: str) -> str:
    return str(values[key]) if key in values else "(absent)"


def _spell(word: str, config_dir: Path | None) -> list[str]:
    key, sign, value = word.partition("=")
    head, _, player = key.partition(".")
    if not sign or head not in PER_PLAYER or "." in player or value not in choices(head, config_dir):
        # `optimizer=a,b` sweeps both players together.
        several = value.split(",")
        if sign and key in PER_PLAYER and len(several) > 1:
            raise UsageError(f"Sweep one player at a time: {key}@{key}.generator={value}.")
        if sign and key in PER_PLAYER:
            raise UsageError(_no_choice(key, value, config_dir))
        return [word]
    players = [player] if player else ["discriminator", "generator"]
    return [f"{head}@{head}.{name}={value}" for name in players]


def _check_choice(override: Override, config_dir: Path | None) -> None:
    """Refuse an unknown choice or group before Hydra does, in one line."""
    group = override.key_or_group
    if group in groups(config_dir):
        given = override.value()
        for choice in given if isinstance(given, list) else [given]:
            if choice is not None and str(choice) not in choices(group, config_dir):
                raise UsageError(_no_choice(group, str(choice), config_dir))


def _no_choice(group: str, choice: str, config_dir: Path | None) -> str:
    known = choices(group, config_dir)
    hint = suggest(choice, known) or f" It has {', '.join(known)}."
    return f"{group}: there is no '{choice}'.{hint}"


def _is_group(override: Override, config_dir: Path | None) -> bool:
    return override.key_or_group in groups(config_dir)


def _typed(override: Override, base: DictConfig) -> str:
    """Return the override as text, a whole float made an integer where one is expected.

    Raises:
        UsageError: when the value is of another type than the default it replaces.
    """
    line = str(override.input_line)
    if override.is_delete() or override.is_add() or override.is_force_add():
        return line
    key = override.key_or_group
    try:
        known = OmegaConf.to_container(base, resolve=True)
    except OmegaConfBaseException:
        known = OmegaConf.to_container(base, resolve=False)
    present, default = _look_up(known, key)
    if not present:
        raise UsageError(_no_key(key, base))
    value = override.value()
    if (
        isinstance(default, int)
        and not isinstance(default, bool)
        and isinstance(value, float)
        and value.is_integer()
    ):
        return f"{key}={int(value)}"
    expected = _expected(default, value)
    if expected:
        raise UsageError(
            f"{key}: expected {expected} (such as {default}), got '{override.get_value_string()}'."
        )
    return line


def _expected(default: Any, value: Any) -> str:
    """Return what a value should have been, "" when it fits its default."""
    if default is None or value is None or (isinstance(value, str) and "${" in value):
        return ""
    if isinstance(default, bool):
        return "" if isinstance(value, bool) else "true or false"
    if isinstance(default, int):
        return "" if isinstance(value, int) and not isinstance(value, bool) else "a whole number"
    if isinstance(default, float):
        return "" if isinstance(value, int | float) and not isinstance(value, bool) else "a number"
    if isinstance(default, list):
        return "" if isinstance(value, list) else "a list"
    if isinstance(default, dict):
        return "" if isinstance(value, dict) else "keys and values"
    return ""


def _look_up(node: Any, key: str) -> tuple[bool, Any]:
    for part in key.split("."):
        if isinstance(node, Mapping) and part in node:
            node = node[part]
        elif isinstance(node, list) and part.isdigit() and int(part) < len(node):
            node = node[int(part)]
        else:
            return False, None
    return True, node


def _no_key(key: str, base: DictConfig) -> str:
    known = [
        leaf for leaf, _ in leaves(OmegaConf.to_container(base, resolve=False)) if "_target_" not in leaf
    ]
    ends = {leaf.split(".")[-1]: leaf for leaf in known}
    hint = suggest(key, [*known, *groups()])
    if not hint and key.split(".")[-1] in ends:
        hint = f" Did you mean '{ends[key.split('.')[-1]]}'?"
    return f"There is no key or group '{key}'.{hint or ' See: ganctl train --cfg job'}"


def _compose(lines: Sequence[str], config_dir: Path | None) -> DictConfig:
    path = [f"hydra.searchpath=[file://{config_dir.resolve()}]"] if config_dir else []
    with initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS), job_name="ganctl"):
        try:
            return hydra_compose("train", overrides=[*path, *lines])
        except (HydraException, OmegaConfBaseException) as error:
            raise UsageError(f"The config cannot be composed: {_first_line(error)}") from error


def _updates(*_: Any, _root_: DictConfig, _parent_: DictConfig) -> int:
    """Resolve ${updates:}: how often the player whose schedule this is will be updated."""
    turns = _root_.trainer.turns.get(_parent_._key(), 1)
    return int(_root_.trainer.steps) * int(turns)


OmegaConf.register_new_resolver("updates", _updates, replace=True)


def file_name(text: str) -> str:
    """Make a text safe as one folder name, short enough for every file system, and still its own."""
    bare = re.sub(r"[\[\]{}'\"]", "", text)  # brackets and quotes mean something to shells
    safe = re.sub(r"[^\w.,=+@-]+", "_", bare).strip("._") or "run"
    if len(safe) <= 150:
        return safe
    return f"{safe[:140]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:2]) if lines else type(error).__name__
