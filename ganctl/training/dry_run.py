"""What a command would train, told before anything is written."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from ganctl.run.console import console
from ganctl.run.folder import Folder
from ganctl.training import build, cost, device


def show(config: Mapping[str, Any], dataset: Any, path: Path) -> None:
    """Build the trainer and print what it is: networks, data, device, memory, length and place.

    Args:
        config: resolved, plain data.
        dataset: its data set.
        path: of the run folder, which is not touched.

    Raises:
        UsageError: when parts do not fit each other or the data, or the data are fewer than a batch.
    """
    settings = build.settings(config)
    trainer = build.trainer(config, dataset.fields)
    table = Table(box=box.SIMPLE_HEAD, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in _lines(config, settings, dataset, trainer, path):
        table.add_row(name, text)
    console.print(table, soft_wrap=False, markup=False)


def _lines(config, settings, dataset, trainer, path) -> Iterator[tuple[str, str]]:
    yield "run", f"{path}: {_state(Folder(path))}"
    yield from _data(settings, dataset, trainer)
    for player, networks in trainer.game.players.items():
        for network in networks:
            yield network.name if len(networks) > 1 else player, _network(network)
    yield "round", _round(trainer, settings)
    yield "length", _length(settings, dataset)
    yield "device", _device(trainer, settings)
    parts = {name: size for name, size in cost.memory_estimate(trainer, settings.batch_size).items() if size}
    shown = ", ".join(f"{name} {cost.in_bytes(size)}" for name, size in parts.items())
    yield "memory", f"about {cost.in_bytes(sum(parts.values()))} and what TensorFlow takes ({shown})"
    yield "seed", str(config["seed"])


def _state(folder: Folder) -> str:
    """Return what is in a run folder now."""
    if folder.exists:
        return f"exists, {folder.status()}, saved until step {folder.step}"
    return "new" if not folder.path.exists() else "new, in a folder that exists"


def _data(settings: Any, dataset: Any, trainer: Any) -> Iterator[tuple[str, str]]:
    classes = f", {len(dataset.classes)} classes" if dataset.classes else ""
    skipped = f", {dataset.skipped} bad files skipped" if dataset.skipped else ""
    yield (
        "data",
        f"{dataset.name}: {len(dataset):,} examples of {_by(dataset.shape)}{classes}{skipped}",
    )
    yield "fingerprint", dataset.fingerprint[:12]
    spec = dataset.batches(settings.batch_size, seed=trainer.seed).element_spec
    yield "batch", ", ".join(f"{name} {_by(part.shape)} {part.dtype.name}" for name, part in spec.items())


def _network(network: Any) -> str:
    shapes = " -> ".join(_by(shape[1:]) for shape in (network.input_shape, network.output_shape))
    trained = sum(weight.value.shape.num_elements() for weight in network.trainable_weights)
    fixed = sum(weight.value.shape.num_elements() for weight in network.non_trainable_weights)
    return f"{shapes}, {trained:,} parameters" + (f" and {fixed:,} statistics" if fixed else "")


def _round(trainer: Any, settings: Any) -> str:
    """Return a round's turns in words."""
    players = {player: settings.turns.get(player, 1) for player in trainer.game.players}
    if settings.order == "simultaneous":
        return " and ".join(players) + " together, from one forward pass"
    turns = (player + (f" {count} times" if count > 1 else "") for player, count in players.items())
    return ", then ".join(turns)


def _length(settings: Any, dataset: Any) -> str:
    epochs = settings.steps * settings.images_per_step / len(dataset)
    images = settings.steps * settings.images_per_step
    return f"{settings.steps:,} steps = {images:,} images = {epochs:.3g} epochs"


def _device(trainer: Any, settings: Any) -> str:
    from ganctl.training.build import PRECISIONS

    jit = device.on_gpu() if settings.jit == "auto" else settings.jit
    words = [
        device.describe(),
        PRECISIONS[settings.precision],
        "compiled with XLA" if jit else "without XLA",
    ]
    if settings.devices > 1:
        words.append(f"split over {settings.devices} devices")
    return ", ".join([*words, "deterministic" if settings.deterministic else "not deterministic"])


def _by(shape: Any) -> str:
    return "x".join(map(str, shape)) or "scalar"
