"""The name that a command gives its run."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganctl.config.compose import Composition
from ganctl.config.lives import VOLATILE
from ganctl.config.overrides import is_group
from ganctl.error import UsageError

OWN = ("image_folder", "paired", "unpaired")  # data sets that are named by where they lie


def run_name(composition: Composition, config_dir: Path | None = None) -> str:
    """Return the folder name that the same command always gives: <dataset>-<model>-<what else differs>."""
    if composition.config.name is not None:
        return checked_name(composition.config.name)
    words = {o.get_key_element(): o for o in composition.overrides}
    chosen = {key: str(o.value()) for key, o in words.items() if is_group(o, config_dir) and o.value()}
    data = chosen.pop("dataset", "") or str(composition.chosen.choices.get("dataset"))
    if data in OWN:
        node = composition.config.dataset
        places = [node.get(key) for key in ("path", "a", "b") if node.get(key)]
        data = "-".join(Path(str(place)).stem for place in places) or data
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


def file_name(text: str) -> str:
    """Make a text safe as one folder name, short enough for every file system, and still its own."""
    bare = re.sub(r"[\[\]{}'\"]", "", text)  # brackets and quotes mean something to shells
    safe = re.sub(r"[^\w.,=+@-]+", "_", bare).strip("._") or "run"
    if len(safe) <= 150:
        return safe
    return f"{safe[:140]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
