"""What run.json says of a run: its protocol, its data, what its samples can be given, and where it ran."""

import platform
import shlex
import shutil
import subprocess
import sys
from importlib import metadata
from typing import Any

from ganctl import __version__

PACKAGES = ("tensorflow", "keras", "numpy", "hydra-core", "omegaconf", "pillow", "safetensors")


def protocol(trainer: Any, dataset: Any) -> dict[str, Any]:
    """Return what run.json says of the metrics in the log."""
    measure = trainer.evaluation
    if not measure:
        return {}
    from ganctl.training.sampler import most_of

    samples = min(measure.samples, most_of(trainer.game, dataset) or measure.samples)
    rules = {"seed": trainer.seed, "averaged": bool(trainer.average), "inputs": trainer.game.makes["image"]}
    return {"protocol": measure.protocol(dataset, samples=samples, **rules)}


def asks(game: Any) -> dict[str, Any]:
    """Return what run.json says of what samples can be given: `ganctl.run.folder.Asks`."""
    from ganctl.training.latent_paths import views_of

    made_of = [name for names in game.makes.values() for name in names]
    return {
        "fields": {name: field.facts() for name, field in game.fields.items()},
        "makes": list(game.makes),
        "names": list(dict.fromkeys([*made_of, *game.accepts, *game.conditions(0)])),
        "views": views_of(game),
    }


def facts(dataset: Any) -> dict[str, Any]:
    """Return what run.json says of this life of the run."""
    from ganctl.training import device

    return {
        "command": shlex.join(["ganctl", *sys.argv[1:]]),
        "versions": {"ganctl": __version__, "python": platform.python_version()}
        | {package: metadata.version(package) for package in PACKAGES},
        "host": platform.node(),
        "platform": platform.platform(),
        "device": device.describe(),
        "git": _commit(),
        "data": {
            "name": dataset.name,
            "examples": len(dataset),
            "shape": list(dataset.shape),
            "fields": {name: field.facts() for name, field in dataset.fields.items()},
            "classes": list(dataset.classes),
            "fingerprint": dataset.fingerprint,
            "skipped": dataset.skipped,
        },
    }


def _commit() -> str | None:
    """Return the git commit of the folder we are in, None outside a repository or without git."""
    if not shutil.which("git"):
        return None
    done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or None
