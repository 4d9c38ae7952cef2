"""What a training run shows while it works: a progress bar on a terminal, plain lines elsewhere."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

from ganctl.error import printable


class Stream(Console):
    """A console that tells when nobody reads it any more, in the place of ending the process."""

    def on_broken_pipe(self) -> None:
        raise  # it is called where a BrokenPipeError was caught


console = Stream(highlight=False, soft_wrap=True)
errors = Stream(stderr=True, highlight=False, soft_wrap=True)

SHOWN = 4  # players in a line


class Display:
    """Shows step, images per second, the players' losses and the time that is left.

    Args:
        steps: the last step.
        images: a step -> the real images shown before it.
    """

    def __init__(self, *, steps: int, images: Callable[[int], int]) -> None:
        self.steps, self.images = steps, images
        self.live = console.is_terminal
        self.progress = Progress(
            *_columns(images, console.width),
            console=console,
            disable=not self.live,
            speed_estimate_period=20,
            refresh_per_second=4,
        )
        self.task: TaskID | None = None

    def start(self, step: int) -> None:
        """Show the bar at a step."""
        with _to_whoever_reads():
            self.task = self.progress.add_task("", total=self.steps, completed=step, losses="")
            self.progress.start()

    def stop(self) -> None:
        with _to_whoever_reads():
            self.progress.stop()

    def advance(self, step: int, terms: Mapping[str, float]) -> None:
        """Move the bar to a step, with the players' total losses beside it."""
        if self.live and self.task is not None:
            with _to_whoever_reads():
                self.progress.update(self.task, completed=step, losses=short(totals(terms)))

    def line(self, step: int, rate: float, terms: Mapping[str, float]) -> str:
        """Return the plain line for a log point."""
        left = (self.images(self.steps) - self.images(step)) / rate if rate else 0
        told = "  ".join(text for text in (short(totals(terms)), measured(terms)) if text)
        return f"step {step}/{self.steps}  {rate:.0f} images/s  {told}  ETA {clock(left)}"


def _columns(images: Callable[[int], int], width: int) -> list[ProgressColumn]:
    """Return what the bar's line shows; a narrow terminal loses the bar, then the pace."""
    whole = Column(no_wrap=True)
    bar: list[ProgressColumn] = [BarColumn(bar_width=16, table_column=whole)] if width >= 80 else []
    pace: list[ProgressColumn] = [Pace(images, table_column=whole)] if width >= 60 else []
    return [
        *bar,
        TextColumn("{task.completed:.0f}/{task.total:.0f}", table_column=whole),
        *pace,
        TextColumn("{task.fields[losses]}", table_column=Column(no_wrap=True, overflow="crop")),
        TextColumn("ETA", table_column=whole),
        TimeRemainingColumn(elapsed_when_finished=True, table_column=whole),
    ]


class Pace(ProgressColumn):
    """Images per second."""

    def __init__(self, images: Callable[[int], int], *, table_column: Column | None = None) -> None:
        super().__init__(table_column)
        self.images = images

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        now = int(task.completed)
        each = self.images(now + 1) - self.images(now)
        return Text(f"{speed * each:.0f} img/s" if speed else "- img/s")


def totals(terms: Mapping[str, float]) -> dict[str, float]:
    """Return what each player pays to its adversaries, by player: the sum of its adversarial terms."""
    found: dict[str, float] = {}
    for name, value in terms.items():
        player, _, rest = name.partition("/")
        if rest.split("/")[-1] == "adversarial" and player.isidentifier():  # a log may be a stranger's
            found[player] = found.get(player, 0.0) + value
    return found


def short(losses: Mapping[str, float]) -> str:
    """Return "D 0.693 G 0.693"; more than three players have two digits, more than four are counted."""
    digits, told = 3 if len(losses) <= 3 else 2, list(losses)[:SHOWN]
    taken: list[str] = []
    for player in told:  # the shortest beginning that no other player has
        ends = (player[:end].capitalize() for end in range(1, len(player) + 1))
        taken.append(next((word for word in ends if word not in taken), player))
    texts = [f"{word} {losses[player]:.{digits}f}" for word, player in zip(taken, told, strict=True)]
    return " ".join(texts + ([f"+{len(losses) - SHOWN}"] if len(losses) > SHOWN else []))


def measured(terms: Mapping[str, float]) -> str:
    """Return "fid 12.3" for the metrics that were taken at this step, by the number named like its metric."""
    pairs = [(*name.partition("/")[::2], value) for name, value in terms.items()]
    return "  ".join(f"{metric} {value:.4g}" for metric, number, value in pairs if metric == number)


def clock(seconds: float) -> str:
    """Return h:mm:ss."""
    seconds = int(seconds)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


class Countdown:
    """Shows how far a piece of work is and how long it takes on: a bar, or a line now and then elsewhere.

    Args:
        total: units of work.
        title: what is done.
        quiet: whether nothing is shown.
        every: seconds between two lines where there is no terminal.
    """

    def __init__(self, total: float, title: str, *, quiet: bool = False, every: float = 15.0) -> None:
        self.total, self.title, self.every = total, title, every
        self.live, self.lines = console.is_terminal and not quiet, not console.is_terminal and not quiet
        columns = [*Progress.get_default_columns()[:-1], TimeRemainingColumn()]
        self.progress = Progress(*columns, console=console, disable=not self.live, transient=True)
        self.task = self.progress.add_task(title, total=total)
        self.done, self.began = 0.0, time.perf_counter()
        self.said = self.began

    def __enter__(self) -> "Countdown":
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def advance(self, units: float, title: str = "") -> None:
        """Count units of work as done, and say what comes next."""
        self.done, self.title = self.done + units, title or self.title
        self.progress.update(self.task, completed=self.done, description=self.title)
        now = time.perf_counter()
        if self.lines and now - self.said > self.every and self.done:
            self.said, left = now, (now - self.began) * (self.total / self.done - 1)
            say(f"{self.title}: {self.done / self.total:.0%}  ETA {clock(max(0.0, left))}")


class Meter:
    """Measures images per second between two readings; `images` were shown before the first."""

    def __init__(self, images: int) -> None:
        self.images, self.time = images, time.perf_counter()

    def read(self, images: int) -> tuple[float, float]:
        """Return (seconds, images per second) since the last reading."""
        now = time.perf_counter()
        seconds, shown = now - self.time, images - self.images
        self.images, self.time = images, now
        return seconds, shown / seconds if seconds else 0.0


@contextmanager
def waiting(text: str) -> Iterator[None]:
    """Show on a terminal that something takes seconds; elsewhere nothing."""
    if not console.is_terminal:
        yield
        return
    with console.status(text, spinner="dots"):
        yield


def say(text: str) -> None:
    """Print a line for the user."""
    with _to_whoever_reads():
        console.print(printable(text), markup=False)


def complain(text: str) -> None:
    """Print a problem to the error stream."""
    with _to_whoever_reads():
        sys.stdout.flush()
        # On a terminal the bar has to make room for it, so it goes through the bar's own console.
        shared = console.is_terminal and errors.is_terminal
        (console if shared else errors).print(printable(text), markup=False)


@contextmanager
def outliving() -> Iterator[None]:
    """Let the work in the block go on when its reader or its terminal is gone: `ganctl train | head -3`."""
    global _outlives
    before, _outlives = _outlives, True
    try:
        yield
        with _to_whoever_reads():
            sys.stdout.flush()
    finally:
        _outlives = before


_outlives = False


@contextmanager
def _to_whoever_reads() -> Iterator[None]:
    """Print in the block; where work outlives its readers, nobody is told once they are gone."""
    try:
        yield
    except OSError:
        if not _outlives:
            raise
        nowhere = os.open(os.devnull, os.O_RDWR)
        for place in (1, 2):
            os.dup2(nowhere, place)
        os.close(nowhere)
