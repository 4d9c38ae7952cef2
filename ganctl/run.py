"""One run folder: its paths, config, record, lock, logs, pictures and checkpoints."""

import json
import shlex
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from ganctl import atomic, checkpoint, image, metrics_log, plain, record
from ganctl.display import Display, Meter, say
from ganctl.error import RunError, UsageError, suggest

PARTS = ("dataset", "model", "network", "loss", "optimizer", "trainer")  # what every config has
STATUSES = ("running", "finished", "stopped", "failed", "interrupted")


class Folder:
    """A run folder as anybody may read it.

    Args:
        path: the folder, existing or not.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoints, self.samples = path / "checkpoints", path / "samples"

    @property
    def typed(self) -> str:
        """The path as it is typed in a shell."""
        return shlex.quote(str(self.path))

    @property
    def exists(self) -> bool:
        try:
            return (self.path / "config.yaml").is_file()
        except OSError as error:
            raise RunError(f"{self.path} cannot be read: {error.strerror or error}.") from error

    def config(self) -> dict[str, Any]:
        """Return the resolved config of this run, plain data.

        Raises:
            RunError: when the file is damaged.
        """
        config = plain.yaml_data(self.path / "config.yaml")
        parts = config if isinstance(config, dict) else {}
        lacking = [part for part in PARTS if not isinstance(parts.get(part), dict)]
        if lacking:
            raise RunError(
                f"{self.path / 'config.yaml'} is damaged: it lacks {', '.join(lacking[:3])}; "
                "put it back, or train under another name=..."
            )
        return parts

    def record(self) -> dict[str, Any]:
        """Return run.json; empty when there is none, and RunError when it cannot be read."""
        return record.read(self.path / "run.json")

    def data(self) -> dict[str, Any]:
        """Return what run.json says of the data; empty when it says nothing."""
        return self.record().get("data") or {}

    def log_lines(self) -> metrics_log.Log:
        """Return what metrics.jsonl holds, and what of it is damaged.

        Raises:
            RunError: when it cannot be read.
        """
        return metrics_log.read(self.path / "metrics.jsonl")

    def metrics(self) -> list[dict[str, Any]]:
        """Return the log lines of metrics.jsonl, oldest first, without the damaged; errors as `log_lines`."""
        return self.log_lines().lines

    @property
    def step(self) -> int:
        """The newest checkpoint's step, 0 when there is none."""
        return max([0, *checkpoint.steps(self.checkpoints)])

    def touched(self) -> float:
        """Return when the run last wrote something, in seconds since the epoch."""
        times = [0.0]
        for name in ("config.yaml", "run.json", "metrics.jsonl"):
            with suppress(OSError):  # of many runs one may be damaged, or gone by now
                times.append((self.path / name).stat().st_mtime)
        return max(times)

    def status(self) -> str:
        """Return one of STATUSES; "interrupted" is a run that died without a word."""
        status = self.record().get("status", "interrupted")
        if status == "running" and not self._locked():
            return "interrupted"
        return status if status in STATUSES else "interrupted"

    def _locked(self) -> bool:
        # Opening a lock empties it, and a stranger's may be a link.
        if not (self.path / "lock").is_file() or (self.path / "lock").is_symlink():
            return False
        try:
            with FileLock(self.path / "lock").acquire(timeout=0):
                return False
        except Timeout:
            return True
        except OSError:
            return False


class Run(Folder):
    """A run folder as the training process writes it; `stopping` turns true when it is asked to stop."""

    stopping = False
    caught = 0  # the signal that asked

    def open(self, display: Display, *, step: int) -> None:
        """Start to show and to log from a step on; log lines after it, of a life that was lost, go."""
        self.display, self.meter = display, Meter(step)
        self.samples.mkdir(parents=True, exist_ok=True)
        for folder in (self.path, self.samples):
            atomic.clear(folder)
        log = self.log_lines()
        metrics_log.set_aside(log)
        kept = [line for line in log.lines if line["step"] <= step]
        text = "".join(json.dumps(line) + "\n" for line in kept)
        atomic.write(self.path / "metrics.jsonl", text.encode())
        self.seconds = kept[-1]["seconds"] if kept else 0.0
        import tensorflow as tf  # late: whoever only reads a run folder does not pay for TensorFlow

        self.board = tf.summary.create_file_writer(str(self.path / "tensorboard"))
        display.start(step)

    def close(self) -> None:
        self.display.stop()
        self.board.close()
        pictures = sorted(self.samples.glob("step-*.png"))
        if pictures:
            with suppress(OSError):  # a full disk must not hide why the run ended; the pictures are there
                image.save_gif(self.path / "progress.gif", pictures)

    def log(self, step: int, values: Mapping[str, float], findings: Sequence[str] = ()) -> None:
        """Write one line of metrics, with what was found at it, and the numbers to TensorBoard."""
        seconds, rate = self.meter.read(step, self.display.images_per_step)
        self.seconds += seconds
        facts = {
            "step": step,
            "images": step * self.display.images_per_step,
            "seconds": round(self.seconds, 3),
            "images_per_second": round(rate, 1),
        }
        found = {"findings": list(findings)} if findings else {}
        line = json.dumps(facts | dict(values) | found) + "\n"
        atomic.append(self.path / "metrics.jsonl", line, sync=True)
        self.say(self.display.line(step, rate, values), quiet=self.display.live)
        import tensorflow as tf

        with self.board.as_default(step=step):
            for name, value in values.items():
                tf.summary.scalar(name, value)
            tf.summary.scalar("images_per_second", rate)

    def show(self, step: int, picture: np.ndarray) -> None:
        """Write a sample picture, uint8 (height, width, 1 or 3), and the same to TensorBoard."""
        image.save_png(self.samples / f"step-{step:06d}.png", picture)
        import tensorflow as tf

        with self.board.as_default(step=step):
            tf.summary.image("samples", picture[None])

    def save(self, step: int, tensors: Mapping[str, np.ndarray], *, best: bool = False) -> None:
        """Write a checkpoint, then forget the oldest; or one in place of the best so far.

        Raises:
            RunError: when it cannot be written; older checkpoints are intact.
        """
        try:
            path = checkpoint.path_of(self.checkpoints, step)
            checkpoint.write(self.checkpoints / checkpoint.BEST if best else path, tensors, step=step)
            if not best:
                checkpoint.prune(self.checkpoints, keep=self.keep)
                self.note(step=step)
        except OSError as error:
            last = None
            with suppress(RunError):
                last = max(checkpoint.steps(self.checkpoints), default=None)
            kept = (
                "there is no checkpoint yet" if last is None else f"the checkpoint of step {last} is intact"
            )
            reason = error.strerror or error
            raise RunError(
                f"The checkpoint of step {step} could not be written ({reason}); {kept}."
            ) from error

    keep = 3  # newest checkpoints that `save` leaves

    def advance(self, step: int, terms: Mapping[str, float]) -> None:
        """Show that a step was reached."""
        self.display.advance(step, terms)

    def say(self, text: str, *, quiet: bool = False) -> None:
        """Print a line and keep it in log.txt; a quiet one is only kept."""
        if not quiet:
            say(text)
        atomic.append(self.path / "log.txt", text + "\n")

    def create(self, config: str) -> None:
        """Make the folder with its resolved config (YAML text)."""
        atomic.write(self.path / "config.yaml", config.encode())

    def note(self, **facts: Any) -> None:
        """Add facts to run.json."""
        told = self.record() | facts | {"updated": time.strftime("%Y-%m-%dT%H:%M:%S%z")}
        text = json.dumps(told, indent=2) + "\n"
        atomic.write(self.path / "run.json", text.encode())

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run; the operating system lets go when the process dies.

        A folder in which nothing was begun goes again.

        Raises:
            UsageError: when another process trains it, or its lock is a link.
            OSError: when the folder cannot be made or written.
        """
        atomic.refuse_link(self.path / "lock")
        process: Any = "?"
        made = [folder for folder in (self.path, *self.path.parents) if not folder.exists()]
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            # Whoever lists runs tries the lock for an instant; wait that long.
            with FileLock(self.path / "lock").acquire(timeout=1):
                try:
                    yield
                finally:
                    if not self.exists:
                        self._vanish(made)
        except Timeout:
            with suppress(RunError):
                process = self.record().get("process", "?")
            raise UsageError(
                f"{self.path} is being trained by another process ({process}); wait for it, stop it, "
                "or train under another name=..."
            ) from None

    def _vanish(self, made: Sequence[Path]) -> None:
        """Remove the lock and the folders that were made for a run that never began."""
        (self.path / "lock").unlink(missing_ok=True)
        for folder in made:
            with suppress(OSError):  # somebody else has put something into it
                folder.rmdir()

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Turn SIGINT and SIGTERM into `stopping`; a second SIGINT ends the process at once."""

        def ask(caught: int, _frame: Any) -> None:
            self.stopping, self.caught = True, caught
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            say("Stopping after this step and saving; press Ctrl-C again to quit at once.")

        before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def find(name: str, outputs: Path) -> Folder:
    """Return the run that a user means by a folder, its name under outputs, or "latest".

    Raises:
        UsageError: when there is no such run.
    """
    runs = all_runs(outputs)
    if name == "latest":
        if not runs:
            raise UsageError(f"There is no run in {outputs}/ yet; start one: ganctl train")
        return max(runs, key=lambda run: run.touched())
    for path in (Path(name), outputs / name):
        if Folder(path).exists:
            return Folder(path)
    names = [str(run.path.relative_to(outputs)) for run in runs]
    hint = suggest(Path(name).name, names) or " See: ganctl runs"
    raise UsageError(f"RUN: expected a run folder (with a config.yaml) or 'latest', got '{name}'.{hint}")


def all_runs(outputs: Path) -> list[Folder]:
    """Return every run below a folder, sorted by name."""
    return [Folder(file.parent) for file in sorted(outputs.rglob("config.yaml"))]
