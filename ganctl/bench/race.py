"""Two loops that train copies of the same networks by turns: ganctl's own and a bare one."""

import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from ganctl.error import UsageError
from ganctl.run.console import Display, say
from ganctl.run.writer import Run
from ganctl.training import build, cost

ENDLESS = 10**9  # steps
WARM_UP = 1.0  # seconds of each loop's first turn, which does not count
PATIENCE = 30.0  # seconds that the rounds may take longer than they should before they are cut short
MOST_BYTES = 2**30  # of images that the bare loop holds in memory


class Race:
    """Turns of two loops, as a run that `Trainer.fit` reports to.

    Args:
        trainer: of ganctl's loop, not yet trained.
        rounds: turns of each loop.
        seconds: of a turn.

    Attributes:
        rounds: of each round, the loops' turns and the rate of matrix products measured after them.
        first_step: seconds from the start of this process to the first step's end; None when unknown.

    Raises:
        UsageError: for a game that the bare loop cannot play.
    """

    def __init__(self, trainer: Any, *, rounds: int, seconds: float) -> None:
        game = trainer.game
        plain = hasattr(game, "prior") and not game.asked(0)
        if set(game.players) != {"discriminator", "generator"} or not plain:
            raise UsageError(
                "bench knows games of a generator and a discriminator without labels, such as dcgan, not "
                f"{type(game).__name__}."
            )
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
            self.record.open(_hidden(settings), step=0)
            # The first step alone, with all that `ganctl train` does before it.
            trainer.settings = replace(settings, steps=1)
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

    def save(self, step: int, variables: Mapping[str, Any]) -> None:
        self.record.save(step, variables)

    def advance(self, step: int, terms: Mapping[str, float]) -> None:
        """Take note of a step, and let the bare loop play when the turn is over."""
        self.record.advance(step, terms)
        if self.first_step is None:
            self.first_step = _age()
        elapsed = time.perf_counter() - self.since if self.bare else 0.0
        if self.bare and elapsed >= self._length():
            own, bar = _turn(elapsed, step - self.first), self.record.display.progress
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
        values = dict.fromkeys(trainer.terms, 0.5)

        def sample() -> None:
            self.show(step, trainer.picture(dataset))

        tasks: dict[str, tuple[int, Callable[[], None]]] = {
            "log line": (settings.log_every, lambda: self.log(step, values)),
            "sample grid": (settings.sample_every, sample),
            "checkpoint": (settings.save_every, lambda: self.save(step, trainer.state())),
        }
        return {name: {"seconds": _time(task), "every": every} for name, (every, task) in tasks.items()}


class Bare:
    """The loop of TensorFlow's DCGAN tutorial, for a copy of a config's networks, loss and optimizers."""

    def __init__(self, config: Mapping[str, Any], dataset: Any) -> None:
        import tensorflow as tf

        trainer = build.trainer({**config, "average": None}, shape=dataset.shape)
        self.game, self.settings, self.optimizers = trainer.game, trainer.settings, trainer.optimizers
        self.images = self._images(dataset)
        together = self.settings.order == "simultaneous"
        self.step = tf.function(self._together if together else self._alternating, autograph=False)

    def play(self, seconds: float) -> dict[str, Any]:
        """Train so long; return the turn."""
        _determinism(False)
        cost.forget_peak()
        steps, start = 0, time.perf_counter()
        while not steps or time.perf_counter() - start < seconds:
            loss = self.step([next(self.images) for _ in range(self.settings.batches_per_step)])
            steps += 1
        loss.numpy()  # a GPU may still be at work
        turn = _turn(time.perf_counter() - start, steps)
        _determinism(self.settings.deterministic)
        return turn

    def _images(self, dataset: Any) -> Iterator:
        import tensorflow as tf

        images = dataset.take(max(self.settings.batch_size, MOST_BYTES // dataset.take(1).nbytes))
        batches = tf.data.Dataset.from_tensor_slices(images).shuffle(len(images))
        batches = batches.batch(self.settings.batch_size, drop_remainder=True)
        while True:
            yield from batches

    def _together(self, batches: list) -> Any:
        """Move both players from one forward pass, each through its own tape."""
        import tensorflow as tf

        with tf.GradientTape() as first, tf.GradientTape() as second:
            fake = self._generate()
            loss, fake_logits = self._discriminate(batches[0], fake)
            losses = {"discriminator": self.optimizers["discriminator"].scale_loss(loss)}
            loss = self.game.loss.generator(fake_logits)
            losses["generator"] = self.optimizers["generator"].scale_loss(loss)
        self._move("discriminator", first, losses["discriminator"])
        self._move("generator", second, losses["generator"])
        return loss

    def _alternating(self, batches: list) -> Any:
        """Move the discriminator as often as its turns say, then the generator."""
        import tensorflow as tf

        turns = self.settings.turns
        for turn in range(turns.get("discriminator", 1)):
            with tf.GradientTape() as tape:
                loss, _ = self._discriminate(batches[turn], self._generate())
                loss = self.optimizers["discriminator"].scale_loss(loss)
            self._move("discriminator", tape, loss)
        for _ in range(turns.get("generator", 1)):
            with tf.GradientTape() as tape:
                fake_logits = self.game.discriminator(self._generate(), training=True)
                loss = self.optimizers["generator"].scale_loss(self.game.loss.generator(fake_logits))
            self._move("generator", tape, loss)
        return loss

    def _generate(self) -> Any:
        import tensorflow as tf

        shape = (self.settings.batch_size, self.game.latent)
        uniform = self.game.prior == "uniform"
        latents = tf.random.uniform(shape, -1.0, 1.0) if uniform else tf.random.normal(shape)
        return self.game.generator(latents, training=True)

    def _discriminate(self, images: Any, fake: Any) -> tuple[Any, Any]:
        """Return the discriminator's whole loss and the logits of the fakes."""
        import tensorflow as tf

        batch = self._batch(image=images)
        critic = self.game.critic(batch)
        real_logits, fake_logits = critic(images), critic(fake)
        penalties = self.game.penalize(critic, images, fake, batch)
        loss = tf.add_n([self.game.loss.discriminator(real_logits, fake_logits), *penalties.values()])
        return loss, fake_logits

    def _batch(self, **data: Any) -> Any:
        import tensorflow as tf

        from ganctl.game.batch import Batch

        key = tf.random.uniform((2,), maxval=2**31 - 1, dtype=tf.int32)
        step = tf.identity(self.optimizers["discriminator"].iterations.value)
        return Batch(data, size=self.settings.batch_size, key=key, step=tf.cast(step, tf.int64))

    def _move(self, player: str, tape: Any, loss: Any) -> None:
        weights = self.game.weights(player)
        self.optimizers[player].apply(tape.gradient(loss, [weight.value for weight in weights]), weights)


def _determinism(wanted: bool) -> None:
    # TensorFlow exports the switch's one half only.
    from tensorflow.python.framework import config

    config.enable_op_determinism() if wanted else config.disable_op_determinism()


def _turn(seconds: float, steps: int) -> dict[str, Any]:
    return {"seconds": seconds / steps, "steps": steps, "memory": cost.peak_memory()}


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


def _hidden(settings: Any) -> Display:
    """Return a display that draws its bar as on a terminal, at the same cost, and shows it to nobody."""
    display = Display(steps=settings.steps, images_per_step=settings.images_per_step)
    shown, nowhere = display.progress, Console(file=io.StringIO(), force_terminal=True)
    display.live = True
    display.progress = Progress(
        *shown.columns, console=nowhere, speed_estimate_period=20, refresh_per_second=4
    )
    return display
