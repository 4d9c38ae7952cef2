"""What one bench measures, as plain data."""

from collections.abc import Mapping
from typing import Any

from ganctl.bench.race import Race
from ganctl.error import UsageError
from ganctl.training import build, cost, device

LOOPS = ("ganctl", "bare")


def measure(config: Mapping[str, Any], *, rounds: int, seconds: float) -> dict[str, Any]:
    """Return all that one bench measured, as plain data; times in seconds, memory in bytes.

    Raises:
        UsageError: for a game that the bare loop cannot play, several devices, or too large a batch.
    """
    settings, dataset = build.settings(config), build.dataset(config)
    if settings.devices > 1:
        raise UsageError(f"bench measures one device, got trainer.devices={settings.devices}; leave it at 1.")
    if settings.batch_size > len(dataset):
        dataset.batches(settings.batch_size, seed=0)  # says so before TensorFlow is loaded
    trainer = build.trainer(config, dataset.fields)
    race = Race(trainer, rounds=rounds, seconds=seconds)
    upkeep = race.run(config, dataset)
    each_step = sum(task["seconds"] / task["every"] for task in upkeep.values() if task["every"])
    alone, plain = ([turn[who]["seconds"] for turn in race.rounds] for who in LOOPS)
    whole = [own + each_step for own in alone]
    return {
        "model": config["model"]["_target_"],
        "dataset": dataset.name,
        "device": device.describe(),
        "precision": settings.precision,
        "images_per_step": settings.images_per_step,
        "flops_per_step": cost.step_flops(trainer, dataset),
        "matrix_rate": [turn["matrix_rate"] for turn in race.rounds],
        "first_step_seconds": race.first_step,
        "upkeep": upkeep,
        "seconds_per_step": {"ganctl train": whole, "loop alone": alone, "bare loop": plain},
        "steps": {who: sum(turn[who]["steps"] for turn in race.rounds) for who in LOOPS},
        "memory": {who: max(turn[who]["memory"] for turn in race.rounds) for who in LOOPS},
        "ratio": [theirs / ours for ours, theirs in zip(whole, plain, strict=True)],
    }
