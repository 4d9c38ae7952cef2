"""One loop for every game: its rounds and its maintenance."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ganctl.dataset.contract import Dataset, check_batch_size
from ganctl.error import Unstable, UsageError
from ganctl.game.game import Game
from ganctl.training.average import ExponentialAverage
from ganctl.training.edges import Edges
from ganctl.training.latent_paths import LatentPaths
from ganctl.training.probes import AverageProbe, OverfittingProbe
from ganctl.training.reporter import Reporter
from ganctl.training.rounds import Rounds
from ganctl.training.sampler import Sampler, inputs_of, samples_of
from ganctl.training.settings import Settings
from ganctl.training.state import State
from ganctl.training.timeline import Timeline
from ganctl.training.update import Update

CALL_SECONDS = 0.1  # rounds are bundled into graph calls of about this length


class Trainer:
    """Plays rounds of a game: every player takes its turns, each moving its own weights only.

    Args:
        game: the family, with its networks built.
        optimizers: a Keras optimizer for each player.
        settings: how long and in what manner.
        average: keeps a slow copy of players' weights, and has started; or None.
        seed: of all noise; with the step it determines every random number.
        strategy: splits batches over several devices, or None for one.
        jit: whether turns are compiled with XLA (on one device only).
        evaluation: measures samples during training: (stream, dataset) -> {name: number}, where
            stream(count) gives samples in parts; or None.
        block: samples drawn at a time, on which the random numbers of each depend.

    Attributes:
        sampler: draws from the game as it is.
        state: what a checkpoint holds.
        timeline: the game's phases in steps.
    """

    def __init__(
        self,
        game: Game,
        optimizers: Mapping[str, keras.optimizers.Optimizer],
        settings: Settings,
        *,
        average: ExponentialAverage | None = None,
        seed: int = 0,
        strategy: tf.distribute.Strategy | None = None,
        jit: bool = False,
        evaluation: Any = None,
        block: int = 64,
    ) -> None:
        self.game, self.optimizers, self.settings = game, dict(optimizers), settings
        self.average, self.seed, self.strategy, self.evaluation = average, seed, strategy, evaluation
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False, name="step")
        for player, optimizer in self.optimizers.items():
            optimizer.build(game.weights(player))
        sizes = {"batch_size": settings.batch_size, "batches": settings.batches_per_step}
        self.timeline = Timeline(game.phases, **sizes)
        parts = settings.devices * settings.accumulate
        for span in self.timeline.spans:
            if span.batch_size % parts:
                raise UsageError(
                    f"{type(game).__name__}: expected batches that are multiples of {parts} (trainer.devices "
                    f"times trainer.accumulate) in all phases, got {span.batch_size}."
                )
        self.sampler = Sampler(game, average, seed=seed, step=self.step, timeline=self.timeline, block=block)
        self.state = State(game, average, self.optimizers, self.step)
        self.overfitting = OverfittingProbe(game, size=settings.batch_size, seed=seed, timeline=self.timeline)
        self.averaging = AverageProbe(self._previewed if average else None)
        self.edges = Edges(game.phases, self.optimizers)
        update = Update(
            game, self.optimizers, accumulate=settings.accumulate, average=average, strategy=strategy
        )
        self.rounds = Rounds(game, update, settings, seed=seed, state=self.state, jit=jit and not strategy)

    @property
    def played(self) -> int:
        """The rounds finished so far."""
        return int(self.step.numpy())

    def train(self, batches: Iterator, rounds: int = 1) -> tf.Tensor:
        """Play rounds of the phase where the game stands; return the last one's scalars, see `Rounds`."""
        return self.rounds(batches, self.timeline.at(self.played), rounds)

    def fit(self, dataset: Dataset, run: Reporter) -> None:
        """Train to the last step, reporting to `run`, which also says when to stop early.

        Maintenance comes before the round, so that the first and the last state are reported too.

        Raises:
            Unstable: when a term or a weight is not a finite number; checkpoints before it are kept.
        """
        for each in self.timeline.spans:
            check_batch_size(dataset, each.batch_size)
        settings, step, begin = self.settings, self.played, self.played
        span = self.timeline.at(step)
        data, report, pace, traced = self.batches(dataset), None, 0.0, False
        while True:
            done = step >= settings.steps
            # A stop logs nothing of its own, so that the log of a run does not tell how often it was stopped.
            facts: dict[str, float] = {}
            if step > begin and (done or due(step, settings.log_every)):
                facts |= (report or {}) | self.rates()
                facts |= self.overfitting(dataset, step) | self.averaging(dataset)
            if step > begin and self.evaluation and (done or due(step, settings.evaluate_every)):
                facts |= self.evaluate(dataset)
            if facts and run.log(step, facts):
                run.save(step, finite(self.state.values(), step), best=True)
            if done or due(step, settings.sample_every):
                run.show(step, self.picture(dataset))
            if done or run.stopping or (step > begin and due(step, settings.save_every)) or step == 0:
                run.save(step, finite(self.state.values(), step))
            if done or run.stopping:
                return
            if self.timeline.at(step) is not span:
                span, data, traced = self.timeline.at(step), self.batches(dataset), False
            self.edges.enter(span, step)
            rounds = self._bundle(step, pace if traced else 0.0)
            start = time.perf_counter()
            values = self.train(data, rounds).numpy().tolist()
            # The first call of each kind traces the graph and says nothing about the pace.
            pace, traced = (time.perf_counter() - start) / rounds if traced else 0.0, True
            step = self.played
            report = finite(dict(zip(self.rounds.terms, values, strict=True)), step)
            run.advance(step, report)

    def rates(self) -> dict[str, float]:
        """Return the players' learning rates as they are now, by log name."""
        rates = {name: each.learning_rate for name, each in self.optimizers.items()}
        # Of several devices each has a copy, of which Keras makes no number.
        return {f"{name}/learning_rate": float(tf.convert_to_tensor(rate)) for name, rate in rates.items()}

    def batches(self, dataset: Dataset) -> Iterator:
        """Return the stream of a phase's batches from the step where the trainer is."""
        span = self.timeline.at(self.played)
        batches = dataset.batches(span.batch_size, seed=self.seed, start=span.position(self.played))
        if self.strategy:
            batches = self.strategy.experimental_distribute_dataset(batches)
        return iter(batches)

    def evaluate(self, dataset: Dataset) -> dict[str, float]:
        """Return what every metric says of the averaged weights' samples, by "metric/number"."""
        samples = samples_of(self.sampler, dataset, self.evaluation.samples, seed=self.seed)
        return self.evaluation(samples, dataset)

    def picture(self, dataset: Dataset) -> np.ndarray:
        """Return what a run shows of its samples: the data set draws them as its kind is best seen."""
        return dataset.picture(LatentPaths(self.sampler, dataset), count=self.settings.samples)

    def _previewed(self, count: int, averaged: bool, dataset: Any) -> np.ndarray:
        return self.sampler.preview(count, averaged, inputs=inputs_of(self.game, dataset))

    def _bundle(self, step: int, pace: float) -> int:
        """Return how many rounds the next graph call plays: up to the next event, about CALL_SECONDS long."""
        settings = self.settings
        intervals = [settings.log_every, settings.sample_every, settings.save_every]
        intervals += [settings.evaluate_every] if self.evaluation else []
        ends = [settings.steps] + [(step // every + 1) * every for every in intervals if every]
        ends += [end for end in [self.timeline.at(step).end] if end]
        wanted = int(CALL_SECONDS / pace) if pace else 1
        return max(1, min(min(ends) - step, wanted))


def finite(values: dict[str, Any], step: int) -> dict[str, Any]:
    """Return the values, numbers or arrays by name, when all of them are finite.

    Raises:
        Unstable: naming the first that is not.
    """
    for name, value in values.items():
        number = np.asarray(value)
        if number.dtype.kind == "f" and not np.isfinite(number).all():
            bad = number[~np.isfinite(number)].flat[0]
            raise Unstable(name, float(bad), step)
    return values


def due(step: int, every: int) -> bool:
    """Return whether something that happens every so many steps (0 = never) happens at this one."""
    return every > 0 and step % every == 0
