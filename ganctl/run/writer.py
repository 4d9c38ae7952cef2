"""A run folder as the training process writes it: its lock, logs, pictures and checkpoints."""

import json
import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from filelock import Timeout

from ganctl.error import RunError, UsageError
from ganctl.files import atomic
from ganctl.files.pictures import save_gif, save_png
from ganctl.run import checkpoint, metrics_log, record
from ganctl.run.board import Board
from ganctl.run.console import Display, Meter, say
from ganctl.run.folder import Folder
from ganctl.run.held import Held, lock_file


class Run(Folder):
    """A run folder as the training process writes it; `stopping` turns true when it is asked to stop."""

    stopping = False
    caught = 0  # the signal that asked
    _held: Held | None = None

    @property
    def path(self) -> Path:
        """Where the folder is now: a run that is moved while it is trained goes on where it lies."""
        return self._held.place() if self._held else self._path

    @property
    def _inside(self) -> Path:
        """Where to write: a move between asking for the path and writing would leave half a run behind."""
        return self._held.through() if self._held else self._path

    def record(self) -> dict[str, Any]:
        try:
            return record.read(self._inside / "run.json")
        except RunError:
            return super().record()  # which names the path that a user knows

    def open(self, display: Display, *, step: int) -> None:
        """Start to show and to log from a step on; log lines after it, of a life that was lost, go."""
        self.display, self.meter = display, Meter(display.images(step))
        self.samples.mkdir(parents=True, exist_ok=True)
        for folder in (self.path, self.samples):
            atomic.clear(folder)
        for later in checkpoint.steps(self.path / "averages"):
            if later > step:
                checkpoint.path_of(self.path / "averages", later).unlink()
        log = self.log_lines()
        metrics_log.set_aside(log)
        kept = [line for line in log.lines if line["step"] <= step]
        text = "".join(json.dumps(line) + "\n" for line in kept)
        atomic.write(self.path / "metrics.jsonl", text.encode())
        self.seconds = kept[-1]["seconds"] if kept else 0.0
        # A measurement of the loop opens a folder that has no config.
        self.board = Board(self.path / "tensorboard", step, self.config() if self.exists else {})
        display.start(step)

    def close(self) -> None:
        self.display.stop()
        self.board.close()
        pictures = sorted(self.samples.glob("step-*.png"))
        if pictures:
            with suppress(OSError):  # a full disk must not hide why the run ended; the pictures are there
                save_gif(self.path / "progress.gif", pictures)

    def log(self, step: int, values: Mapping[str, float], findings: Sequence[str] = ()) -> None:
        """Write one line of metrics, with what was found at it, and the numbers to TensorBoard."""
        if self.path != self._path:
            self._path = self.path
            self.say(f"The run's folder was moved, and is {self.path} now.")
        images = self.display.images(step)
        seconds, rate = self.meter.read(images)
        self.seconds += seconds
        facts = {
            "step": step,
            "images": images,
            "seconds": round(self.seconds, 3),
            "images_per_second": round(rate, 1),
        }
        found = {"findings": list(findings)} if findings else {}
        line = json.dumps(facts | dict(values) | found) + "\n"
        atomic.append(self._inside / "metrics.jsonl", line, sync=True)
        self.say(self.display.line(step, rate, values), quiet=self.display.live)
        self.board.numbers(step, {**values, "images_per_second": rate})

    def show(self, step: int, picture: np.ndarray) -> None:
        """Write a sample picture, uint8 (height, width, 1 or 3), and the same to TensorBoard."""
        save_png(self._inside / "samples" / f"step-{step:06d}.png", picture)
        self.board.picture(step, picture)

    def save(self, step: int, tensors: Mapping[str, np.ndarray], *, best: bool = False) -> None:
        """Write a checkpoint, then forget the oldest; or one in place of the best so far.

        Raises:
            RunError: when it cannot be written; older checkpoints are intact.
        """
        try:
            folder = self._inside / "checkpoints"
            path = folder / checkpoint.BEST if best else checkpoint.path_of(folder, step)
            checkpoint.write(path, tensors, step=step)
            if not best:
                checkpoint.prune(folder, keep=self.keep)
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

    def keep_averages(self, step: int, averages: Mapping[str, np.ndarray]) -> None:
        """Write averages that stay when their checkpoint goes; see `ganctl.run.lengths`.

        Raises:
            RunError: when they cannot be written.
        """
        try:
            checkpoint.write(checkpoint.path_of(self._inside / "averages", step), averages, step=step)
        except OSError as error:
            reason = error.strerror or error
            raise RunError(f"The averages of step {step} could not be written ({reason}).") from error

    keep = 3  # newest checkpoints that `save` leaves

    def advance(self, step: int, terms: Mapping[str, float]) -> None:
        """Show that a step was reached."""
        self.display.advance(step, terms)

    def say(self, text: str, *, quiet: bool = False) -> None:
        """Print a line and keep it in log.txt; a quiet one is only kept."""
        if not quiet:
            say(text)
        atomic.append(self._inside / "log.txt", text + "\n")

    def create(self, config: str) -> None:
        """Make the folder with its resolved config (YAML text)."""
        atomic.write(self.path / "config.yaml", config.encode())

    def note(self, **facts: Any) -> None:
        """Add facts to run.json."""
        told = self.record() | facts | {"updated": time.strftime("%Y-%m-%dT%H:%M:%S%z")}
        text = json.dumps(told, indent=2) + "\n"
        atomic.write(self._inside / "run.json", text.encode())

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
            with lock_file(self.path / "lock", patience=1.0):
                self._held = Held(self.path, patience=1.0)
                try:
                    yield
                finally:
                    if not self.exists:
                        self._vanish(made)
                    self._path = self.path
                    self._held.release()
                    self._held = None
        except (Timeout, BlockingIOError):
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
        """Turn SIGINT, SIGTERM and a closed terminal into `stopping`; a second SIGINT ends at once."""

        def ask(caught: int, _frame: Any) -> None:
            self.stopping, self.caught = True, caught
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            # Not by `say`: the signal may have come while a line was being printed.
            with suppress(OSError):
                os.write(1, b"\nStopping after this step and saving; press Ctrl-C again to quit at once.\n")

        numbers = [signal.SIGINT, signal.SIGTERM]
        hangup = getattr(signal, "SIGHUP", None)
        if hangup and signal.getsignal(hangup) is not signal.SIG_IGN:  # as `nohup` has it
            numbers.append(hangup)
        before = {number: signal.signal(number, ask) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
