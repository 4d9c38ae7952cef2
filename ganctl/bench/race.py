"""Two loops that train copies of the same networks by turns: ganctl's own and a bare one."""

import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from ganctl.bench.bare import Bare, measured
from ganctl.run.console import Display, say
from ganctl.run.writer import Run
from ganctl.training import cost

ENDLESS = 10**9  # steps
WARM_UP = 1.0  # seconds of each loop's first turn, which does not count
PATIENCE = 30.0  # seconds that the rounds may take longer than they should before they are cut short


class Race:
    """Turns of two loops, as a run that `Trainer.fit` reports to.

    Args:
        trainer: of ganctl's loop, not yet trained.
        rounds: turns of each loop.
        seconds: of a turn.

    Attributes:
        rounds: of each round, the loops' turns and the rate of matrix products measured after them.
        first_step: seconds from the start of this process to the first step's end; None when unknown.
    """

    def __init__(self, trainer: Any, *, rounds: int, seconds: float) -> None:
        self.trainer, self.wanted, self.seconds = trainer, rounds, seconds
        self.rounds: list[dict[str, Any]] = []
        self.first_step: float | None = None
        self.stopping = self.warm = False
        self.bare: Bare | None = None

    def run(self, config: Mapping[str, Any], dataset: Any) -> dict[str, dict[str, Any]]:
        """Train in a temporary folder; return what the maintenance costs and how often it comes."""
        trainer, settings = self.trainer, self.trainer.settings
        with tempfile.TemporaryDirectory(prefix="ganctl-bench-") as folder:
            self.record = Run(Path(folder))
            self.record.keep = settings.keep
            self.record.open(_hidden(settings, trainer), step=0)
            # The first step alone, with all that `ganctl train` does before it.
            # A growing game is measured fully grown.
            trainer.step.assign(trainer.timeline.spans[-1].start)
            trainer.settings = replace(settings, steps=trainer.played + 1)
            trainer.fit(dataset, self)
            self.bare = Bare(config, dataset)
            # Maintenance is rare and costs much: a turn would hold all of it or none.
            trainer.settings = replace(settings, steps=ENDLESS, log_every=0, sample_every=0, save_every=0)
            self._begin(trainer.played)
            trainer.fit(dataset, self)
            trainer.settings = settings
            upkeep = self._upkeep(dataset)
            self.record.close()
        return upkeep

    def log(self, step: int, values: Mapping[str, float]) -> None:
        self.record.log(step, values)

    def show(self, step: int, picture: Any) -> None:
        self.record.show(step, picture)

    def save(self, step: int, tensors: Mapping[str, Any], *, best: bool = False) -> None:
        self.record.save(step, tensors, best=best)

    def advance(self, step: int, terms: Mapping[str, float]) -> None:
        """Take note of a step, and let the bare loop play when the turn is over."""
        self.record.advance(step, terms)
        if self.first_step is None:
            self.first_step = _age()
        elapsed = time.perf_counter() - self.since if self.bare else 0.0
        if self.bare and elapsed >= self._length():
            own, bar = measured(elapsed, step - self.first), self.record.display.progress
            bar.stop()  # a bare loop draws none
            bare = self.bare.play(self._length())
            bar.start()
            self._play(own, bare)
            self._begin(step)

    def _length(self) -> float:
        return self.seconds if self.warm else WARM_UP

    def _begin(self, step: int) -> None:
        cost.forget_peak()
        self.first, self.since = step, time.perf_counter()

    def _play(self, own: dict[str, Any], bare: dict[str, Any]) -> None:
        """Take note of a round, the first of which warms up."""
        if not self.warm:
            self.warm, self.started = True, time.perf_counter()
            return
        settings = self.trainer.settings
        rate = cost.matrix_rate("float32" if settings.precision == "auto" else settings.precision, repeats=1)
        self.rounds.append({"ganctl": own, "bare": bare, "matrix_rate": rate})
        pace = f"ganctl {1000 * own['seconds']:.4g}, bare {1000 * bare['seconds']:.4g} ms/step"
        say(f"round {len(self.rounds)} of {self.wanted}: {pace}")
        late = time.perf_counter() - self.started > 2 * self.wanted * self.seconds + PATIENCE
        self.stopping = late or len(self.rounds) == self.wanted

    def _upkeep(self, dataset: Any) -> dict[str, dict[str, Any]]:
        trainer, settings, step = self.trainer, self.trainer.settings, self.trainer.played
        values = dict.fromkeys(trainer.rounds.terms, 0.5)

        def sample() -> None:
            self.show(step, trainer.picture(dataset))

        tasks: dict[str, tuple[int, Callable[[], None]]] = {
            "log line": (settings.log_every, lambda: self.log(step, values)),
            "sample grid": (settings.sample_every, sample),
            "checkpoint": (settings.save_every, lambda: self.save(step, trainer.state.variables())),
        }
        return {name: {"seconds": _time(task), "every": every} for name, (every, task) in tasks.items()}


def _time(task: Callable[[], None]) -> float:
    """Return a task's median time in seconds."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        task()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def _age() -> float | None:
    """Return the seconds since this process began, Python included; None where there is no /proc to tell."""
    try:
        started = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - started / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError, IndexError):
        return None


def _hidden(settings: Any, trainer: Any) -> Display:
    """Return a display that draws its bar as on a terminal, at the same cost, and shows it to nobody."""
    display = Display(steps=settings.steps, images=trainer.timeline.images)
    shown, nowhere = display.progress, Console(file=io.StringIO(), force_terminal=True)
    display.live = True
    display.progress = Progress(
        *shown.columns, console=nowhere, speed_estimate_period=20, refresh_per_second=4
    )
    return display
