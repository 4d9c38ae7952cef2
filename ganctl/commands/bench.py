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

from dataclasses import dataclass, field
from pathlib import Path

from ganctl.config.words import option, read
from ganctl.error import UsageError


@dataclass
class Options:
    """The words of a bench command, sorted."""

    overrides: list[str] = field(default_factory=list)
    rounds: int = option(20, flags=("--rounds",), least=1)
    seconds: float = option(1.5, flags=("--seconds",))
    json: str = option("", flags=("--json",), example="bench.json")
    config_dir: Path | None = option(None, flags=("--config-dir",), folder=True)


def run(words: list[str]) -> int:
    """Measure, print a table; return the exit code."""
    options = read(words, Options, "bench", rest="overrides")
    out = _writable(options.json) if options.json else None
    from ganctl.bench.measure import measure
    from ganctl.bench.table import show
    from ganctl.config.compose import compose

    config = compose(options.overrides, options.config_dir).plain()
    numbers = measure(config, rounds=options.rounds, seconds=options.seconds)
    show(numbers)
    if out:
        import json

        from ganctl.files.atomic import write

        write(out, (json.dumps(numbers, indent=2) + "\n").encode())
    return 0


def _writable(value: str) -> Path:
    """Return the path of a file to write, or raise UsageError before anything is measured."""
    path = Path(value)
    if not value or path.is_dir() or not path.absolute().parent.is_dir():
        raise UsageError(f"--json: expected a file in a folder that exists, got '{value}'.")
    return path
