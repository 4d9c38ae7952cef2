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
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ganctl.error import UsageError, suggest

FLAGS = ("--rounds", "--seconds", "--json", "--config-dir", "--traceback", "--help")


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
    from ganctl.bench.measure import measure
    from ganctl.bench.table import show
    from ganctl.config.compose import compose

    config = compose(options.overrides, options.config_dir).plain()
    numbers = measure(config, rounds=options.rounds, seconds=options.seconds)
    show(numbers)
    if options.json:
        import json

        from ganctl.files.atomic import write

        write(options.json, (json.dumps(numbers, indent=2) + "\n").encode())
    return 0


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
