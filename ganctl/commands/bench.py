"""Measure ganctl's training loop against a bare one.

usage: ganctl bench [group=choice ...] [key=value ...] [options]

  ganctl bench                                    handwritten digits, DCGAN
  ganctl bench model=gan trainer.batch_size=256
  ganctl bench trainer.precision=bfloat16 --rounds 4 --seconds 10
  ganctl bench dataset=mnist --json bench.json

The bare loop is the one of TensorFlow's DCGAN tutorial: gradient tapes in a
tf.function, images from tf.data's slices, shuffle and batch, and nothing else:
no averages, logs, samples or checkpoints, not deterministic, not compiled with
XLA. ganctl's loop does all that `ganctl train` does. Both train copies of the
same networks in one process, by turns, so that noise of the machine hits both.

  ganctl train   the loop, and its logs, sample grids and checkpoints: each is
                 timed, and its time is spread over the steps between two
  loop alone     the same without them
  share          GFLOP/s, of those of 2048x2048 matrix products measured here
  memory         the most in use during the loop's turns; on a CPU it is that
                 of the process, which holds both copies

options:
  --rounds N        turns of each loop (20); fewer where a step takes seconds
  --seconds S       length of a turn (1.5)
  --json PATH       write all numbers to a file, too
  --config-dir DIR  a folder of your own configs, added to ganctl's
  --traceback       show where in the code an error arose
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ganctl.error import UsageError, suggest

FLAGS = ("--rounds", "--seconds", "--json", "--config-dir", "--traceback", "--help")
LOOPS = ("ganctl", "bare")


@dataclass
class Options:
    """The words of a bench command, sorted."""

    overrides: list[str] = field(default_factory=list)
    rounds: int = 20
    seconds: float = 1.5
    json: Path | None = None
    config_dir: Path | None = None


def read(words: Sequence[str]) -> Options:
    """Sort the words of the command into options and overrides.

    Raises:
        UsageError: for an unknown option, or one whose value is missing or wrong.
    """
    options, left = Options(), list(words)
    while left:
        word = left.pop(0)
        option, _, value = word.partition("=")
        if not word.startswith("-"):
            options.overrides.append(word)
            continue
        if option not in FLAGS:
            raise UsageError(
                f"There is no option '{word}'.{suggest(word, FLAGS) or ' See: ganctl bench --help'}"
            )
        value = value or (left.pop(0) if left else "")
        if option == "--rounds":
            options.rounds = int(_number(option, value, whole=True))
        elif option == "--seconds":
            options.seconds = _number(option, value)
        elif option == "--json":
            options.json = _writable(value)
        elif not Path(value).is_dir():
            raise UsageError(f"--config-dir: expected a folder, got '{value}'.")
        else:
            options.config_dir = Path(value)
    return options


def run(words: list[str]) -> int:
    """Measure, print a table; return the exit code."""
    options = read(words)
    from ganctl.config.compose import compose

    numbers = measure(compose(options.overrides, options.config_dir).plain(), options)
    show(numbers)
    if options.json:
        import json

        from ganctl.files.atomic import write

        write(options.json, (json.dumps(numbers, indent=2) + "\n").encode())
    return 0


def measure(config: Mapping[str, Any], options: Options) -> dict[str, Any]:
    """Return all that one bench measured, as plain data; times in seconds, memory in bytes.

    Raises:
        UsageError: for a game that the bare loop cannot play, several devices, or too large a batch.
    """
    from ganctl.bench.race import Race
    from ganctl.training import build, cost, device

    settings, dataset = build.settings(config), build.dataset(config)
    if settings.devices > 1:
        raise UsageError(f"bench measures one device, got trainer.devices={settings.devices}; leave it at 1.")
    if settings.batch_size > len(dataset):
        dataset.batches(settings.batch_size, seed=0)  # says so before TensorFlow is loaded
    trainer = build.trainer(config, dataset.fields)
    race = Race(trainer, rounds=options.rounds, seconds=options.seconds)
    upkeep = race.run(config, dataset)
    each_step = sum(task["seconds"] / task["every"] for task in upkeep.values() if task["every"])
    alone, plain = ([turn[who]["seconds"] for turn in race.rounds] for who in LOOPS)
    whole = [seconds + each_step for seconds in alone]
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


def show(numbers: Mapping[str, Any]) -> None:
    """Print the table of a bench, and what it means."""
    from rich import box
    from rich.table import Table

    from ganctl.run.console import console, say
    from ganctl.training.cost import in_bytes

    images, flops = numbers["images_per_step"], numbers["flops_per_step"]
    top = statistics.median(numbers["matrix_rate"])
    table = Table(box=box.SIMPLE_HEAD, padding=0, pad_edge=False)
    for name in ("", "ms/step", "images/s", "GFLOP/step", "GFLOP/s", "share", "memory"):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    for name, seconds in numbers["seconds_per_step"].items():
        rate = flops / statistics.median(seconds)
        memory = numbers["memory"]["bare" if name == "bare loop" else "ganctl"]
        table.add_row(
            name,
            _spread([1000 * second for second in seconds], "\n"),
            _spread([images / second for second in seconds], "\n"),
            f"{flops / 1e9:.3g}",
            f"{rate / 1e9:.3g}",
            f"{rate / top:.0%}",
            in_bytes(memory),
        )
    console.print(table, soft_wrap=False)
    for name, task in numbers["upkeep"].items():
        often = f"every {task['every']} steps" if task["every"] else "never"
        say(f"one {name}: {1000 * task['seconds']:.3g} ms, {often}")
    say(f"2048x2048 products: {_spread([rate / 1e9 for rate in numbers['matrix_rate']])} GFLOP/s")
    if numbers["first_step_seconds"]:
        say(f"first step: done {numbers['first_step_seconds']:.1f} s after the command began")
    rounds = f"{len(numbers['ratio'])} rounds" if len(numbers["ratio"]) > 1 else "1 round"
    say(f"ganctl train / bare loop: {_spread(numbers['ratio'])} times the images/s, in {rounds}")


def _spread(values: Sequence[float], between: str = " ") -> str:
    """Return the median and, where there are several values, the least and the most: "12.3 (12.1-12.9)"."""
    median, least, most = (_short(value) for value in (statistics.median(values), min(values), max(values)))
    return f"{median}{between}({least}-{most})" if len(values) > 1 else median


def _short(value: float) -> str:
    """Return three digits, and no exponent."""
    return f"{value:.{max(0, 2 - math.floor(math.log10(value)))}f}" if value > 0 else "0"


def _number(option: str, value: str, *, whole: bool = False) -> float:
    """Return a positive number, or raise UsageError."""
    try:
        number = float(int(value) if whole else float(value))
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        kind = "a whole number of at least 1" if whole else "a number of seconds above 0"
        raise UsageError(f"{option}: expected {kind}, got '{value}'.")
    return number


def _writable(value: str) -> Path:
    """Return the path of a file to write, or raise UsageError before anything is measured."""
    path = Path(value)
    if not value or path.is_dir() or not path.absolute().parent.is_dir():
        raise UsageError(f"--json: expected a file in a folder that exists, got '{value}'.")
    return path
