"""What a command would train, told before anything is written."""

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from ganctl.diagnosis.finding import named
from ganctl.run.console import console
from ganctl.run.folder import Folder
from ganctl.training import build, cost, device

PHASES = 24  # that are told one by one


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
    yield from _networks(trainer.game)
    yield "round", _round(trainer, settings)
    yield "length", _length(trainer, settings, dataset)
    yield from _phases(trainer, settings)
    yield "device", _device(trainer, settings)
    parts = {
        name: size
        for name, size in cost.memory_estimate(trainer, cost.largest_batch(trainer)).items()
        if size
    }
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
    if dataset.about:
        yield "before", dataset.about
    yield "fingerprint", dataset.fingerprint[:12]
    spec = dataset.batches(trainer.timeline.at(0).batch_size, seed=trainer.seed).element_spec
    yield "batch", ", ".join(f"{name} {_by(part.shape)} {part.dtype.name}" for name, part in spec.items())


def _networks(game: Any) -> Iterator[tuple[str, str]]:
    """Yield (name, what it is) of every network, each once; a weight counts where it is first met."""
    known: set[int] = set()
    seen: set[int] = set()
    for name, network in names(game):
        if id(network) not in seen:
            yield name, _network(network, known)
        seen.add(id(network))


def names(game: Any) -> list[tuple[str, Any]]:
    """Return (name, network) of a game's networks, no name twice: the player's, or what tells them apart.

    An adversary's network has its name in brackets, as findings have; others are called what Keras calls
    them, if that is not the name of a class, or are numbered.
    """
    judges = {id(each.network): each.name for each in game.adversaries.values()}
    found: list[tuple[str, Any]] = []
    for player, networks in game.players.items():
        for network in networks:
            generic = network.name in game.players or network.name.startswith(("functional", "sequential"))
            own = player if len(networks) == 1 or generic else f"{player} ({network.name})"
            name = named(player, judges[id(network)]) if id(network) in judges else own
            taken = [known for known, _ in found if known == name or known.startswith(f"{name} ")]
            found.append((f"{name} {len(taken) + 1}" if name in taken else name, network))
    return found


def _network(network: Any, known: set[int]) -> str:
    """Return a network's shapes and sizes, and remember its weights as known."""
    both = getattr(network, "inputs", None), getattr(network, "outputs", None)
    shapes = [" and ".join(_by(each.shape[1:]) for each in side) for side in both if side]
    fresh = [weight for weight in network.trainable_weights if id(weight) not in known]
    fixed = [weight for weight in network.non_trainable_weights if id(weight) not in known]
    shared = len(network.weights) - len(fresh) - len(fixed)
    known.update(id(weight) for weight in network.weights)
    words = [" -> ".join(shapes)] if len(shapes) == 2 else []
    words.append(f"{_count(fresh):,} parameters" + (f" and {_count(fixed):,} statistics" if fixed else ""))
    if shared:
        words.append(f"{_count(network.weights) - _count(fresh) - _count(fixed):,} shared with the above")
    return ", ".join(words)


def _count(weights: Any) -> int:
    return sum(weight.value.shape.num_elements() for weight in weights)


def _round(trainer: Any, settings: Any) -> str:
    """Return a round's turns in words."""
    turns = [turn for together, _ in trainer.rounds.schedule for turn in together]
    together = [turn.player for turn in turns if turn.every == 1]
    if settings.order == "simultaneous":
        lazy = [_turn(turn, 1) for turn in turns if turn.every > 1]
        return ", then ".join([" and ".join(together) + " together, from one forward pass", *lazy])
    return ", then ".join(_turn(turn, len(list(same))) for turn, same in itertools.groupby(turns))


def _turn(turn: Any, count: int) -> str:
    """Return "discriminator 5 times", or "generator (path) every 4" for a lazy turn with its own loss."""
    seldom = f" every {turn.every}" if turn.every > 1 else ""
    return named(turn.player, turn.loss) + (f" {count} times" if count > 1 else "") + seldom


def _length(trainer: Any, settings: Any, dataset: Any) -> str:
    images = trainer.timeline.images(settings.steps)
    return f"{settings.steps:,} steps = {images:,} images = {images / len(dataset):.3g} epochs"


def _phases(trainer: Any, settings: Any) -> Iterator[tuple[str, str]]:
    """Yield a line for each phase of a growing game: its steps, its images, its batch, its level."""
    spans = trainer.timeline.spans if trainer.game.phases else []
    for number, span in enumerate(spans[:PHASES], start=1):
        end = settings.steps if span.end is None else min(span.end, settings.steps)
        if end <= span.start:
            yield f"phase {number}", f"from step {span.start:,}: not reached"
            continue
        phase = span.phase
        words = [
            f"{span.images(end) - span.shown:,} images",
            f"batch {span.batch_size}",
            f"level {phase.level}",
        ]
        words += ["fading in"] if phase.fading else []
        words += [f"rates times {phase.rate:g}"] if phase.rate != 1.0 else []
        words += ["optimizers begin anew"] if phase.reset else []
        yield f"phase {number}", f"steps {span.start:,} to {end:,}: {', '.join(words)}"
    if len(spans) > PHASES:
        yield "phases", f"{len(spans) - PHASES} more"


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
    return "x".join("any" if side is None else str(side) for side in shape) or "scalar"
