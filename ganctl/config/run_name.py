"""What makes a run itself: the name its command gives it, and what may not change within it."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganctl.config.compose import Composition
from ganctl.config.overrides import is_group
from ganctl.config.value import leaves
from ganctl.error import UsageError

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
    "trainer.on_sick",
    "trainer.best",
    "trainer.rollbacks",
}


def run_name(composition: Composition, config_dir: Path | None = None) -> str:
    """Return the folder name that the same command always gives: <dataset>-<model>-<what else differs>."""
    if composition.config.name is not None:
        return checked_name(composition.config.name)
    words = {o.get_key_element(): o for o in composition.overrides}
    chosen = {key: str(o.value()) for key, o in words.items() if is_group(o, config_dir) and o.value()}
    data = chosen.pop("dataset", "digits")
    if data == "image_folder" and composition.config.dataset.get("path"):
        data = Path(str(composition.config.dataset.path)).stem
    parts = [chosen.pop("experiment")] if "experiment" in chosen else [data, chosen.pop("model", "dcgan")]
    for key in sorted(words):
        if key.lstrip("+~") in VOLATILE or key in ("dataset", "model", "experiment"):
            continue
        removed = words[key].is_delete()
        parts.append(f"~{short_key(key)}" if removed else f"{short_key(key)}={words[key].get_value_string()}")
    return file_name("-".join(parts))


def checked_name(given: Any) -> str:
    """Return a name that stays inside the outputs folder.

    Raises:
        UsageError: for a name that leads out of it, is no name, or is longer than file systems take.
    """
    name = str(given)
    path = Path(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or not isinstance(given, str | int | float):
        raise UsageError(f"name: expected a folder name inside outputs, got '{name}'; see outputs=FOLDER.")
    if not name.isprintable() or any(len(part.encode()) > 255 for part in path.parts):
        raise UsageError(f"name: expected at most 255 plain characters, got '{name[:30]}...'.")
    return name


def outputs_of(config: Mapping[str, Any]) -> Path:
    """Return the folder that holds all runs of a config."""
    return Path(str(config["outputs"])).expanduser()


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


def _shown(values: Mapping[str, Any], key: str) -> str:
    return str(values[key]) if key in values else "(absent)"


def file_name(text: str) -> str:
    """Make a text safe as one folder name, short enough for every file system, and still its own."""
    bare = re.sub(r"[\[\]{}'\"]", "", text)  # brackets and quotes mean something to shells
    safe = re.sub(r"[^\w.,=+@-]+", "_", bare).strip("._") or "run"
    if len(safe) <= 150:
        return safe
    return f"{safe[:140]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
