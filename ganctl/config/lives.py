"""What may differ between the lives of one run, and in what two configs are different experiments."""

from collections.abc import Mapping
from typing import Any

from ganctl.files.plain import leaves

# These do not name a run either; the help of `ganctl resume` and docs/run-folder.md list them.
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
OFF: tuple[Any, ...] = (None, False, 0, "", [], {})
RESUMABLE = sorted(VOLATILE - {"name", "outputs"})  # what may be typed behind `ganctl resume`


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return "key: old -> new" for everything that makes two configs different experiments.

    A key that is absent in one of them and off in the other is none: older versions did not know it.
    """
    before, after = dict(leaves(old)), dict(leaves(new))
    off = {key for key in before.keys() ^ after.keys() if (before | after)[key] in OFF}
    keys = [key for key in sorted((before.keys() | after.keys()) - off) if key not in VOLATILE]
    missing = object()
    return [
        f"{key}: {_shown(before, key)} -> {_shown(after, key)}"
        for key in keys
        if before.get(key, missing) != after.get(key, missing)
    ]


def _shown(values: Mapping[str, Any], key: str) -> str:
    return str(values[key]) if key in values else "(absent)"
