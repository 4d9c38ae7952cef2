"""What there is to choose from: the config groups, their choices and their one-line descriptions."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from ganctl.files.plain import leaves

PACKAGED = Path(__file__).parents[1] / "configs"
# In an installed wheel the configs lie inside the package, in a checkout beside it.
CONFIGS = PACKAGED if PACKAGED.is_dir() else Path(__file__).parents[2] / "configs"


@cache
def groups(config_dir: Path | None = None) -> tuple[str, ...]:
    """Return the names of all config groups."""
    roots = [CONFIGS, *([config_dir] if config_dir else [])]
    folders = {file.parent.relative_to(root) for root in roots for file in root.rglob("*.yaml")}
    visible = [folder for folder in folders if folder.parts and not folder.as_posix().startswith(".")]
    return tuple(sorted(folder.as_posix() for folder in visible))


@cache
def choices(group: str, config_dir: Path | None = None) -> tuple[str, ...]:
    """Return the choices of a group; none for an unknown group."""
    roots = [CONFIGS, *([config_dir] if config_dir else [])]
    return tuple(sorted({file.stem for root in roots for file in (root / group).glob("*.yaml") if group}))


def file_of(group: str, choice: str, config_dir: Path | None = None) -> Path:
    """Return the file of a choice.

    Raises:
        FileNotFoundError: when there is no such choice.
    """
    for root in [CONFIGS, *([config_dir] if config_dir else [])]:
        file = root / group / f"{choice}.yaml"
        if file.is_file():
            return file
    raise FileNotFoundError(f"{group}/{choice}.yaml")


@cache
def targets() -> frozenset[str]:
    """Return every `_target_` that ganctl's own configs name."""
    texts = (file.read_text(encoding="utf-8") for file in CONFIGS.rglob("*.yaml"))
    return frozenset(name for text in texts for name in re.findall(r"^\s*_target_: *([\w.]+)", text, re.M))


def describe(group: str, choice: str, config_dir: Path | None = None) -> str:
    """Return the one-line description of a choice: the first comment of its file that is no directive."""
    for line in file_of(group, choice, config_dir).read_text(encoding="utf-8", errors="replace").splitlines():
        text = line.lstrip("#").strip()
        if line.startswith("#") and text and not text.startswith("@"):
            return text
    return ""


def values(group: str, choice: str) -> dict[str, Any]:
    """Return a choice's own values by dotted key; none for one that is not ganctl's."""
    import yaml  # late: whoever only lists choices does not pay for it

    if choice not in choices(group):
        return {}
    return dict(leaves(yaml.safe_load(file_of(group, choice).read_text(encoding="utf-8"))))


@cache
def defaults() -> dict[str, Any]:
    """Return what `train.yaml` chooses, by group or group@key: a choice, a list of choices, or None."""
    import yaml

    entries = yaml.safe_load((CONFIGS / "train.yaml").read_text())["defaults"]
    return {key: choice for entry in entries if isinstance(entry, dict) for key, choice in entry.items()}
