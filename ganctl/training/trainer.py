"""One loop for every game: its rounds, its maintenance, its state."""

import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ganctl.error import RunError, Unstable
from ganctl.game.batch import Batch, Terms
from ganctl.game.game import Game
from ganctl.training.average import ExponentialAverage
from ganctl.training.hindsight import Hindsight
from ganctl.training.latent_paths import Scene
from ganctl.training.recognition import Recognition
from ganctl.training.settings import Settings
from ganctl.training.update import Turn

CALL_SECONDS = 0.1  # rounds are bundled into graph calls of about this length
PREVIEW, SAMPLE, EVALUATE = -1, -2, -3  # "steps" of the random keys that training never uses


class Trainer:
    """Plays rounds of a game: every player takes its turns, each moving its own weights only.

    Args:
        game: the family, with its networks built.
        optimizers: a Keras optimizer for each player.
        settings: how long and in what manner.
        average: keeps a slow copy of players' weights, or None.
        seed: of all noise; with the step it determines every random number.
        strategy: splits batches over several devices, or None for one.
        jit: whether turns are compiled with XLA (on one device only).
        evaluation: measures samples during training: (stream, dataset) -> {name: number}, where
            stream(count) gives samples in parts; or None.
        block: samples drawn at a time, on which the random numbers of each depend.
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
        self.average, self.seed, self.strategy = average, seed, strategy
        self.evaluation, self.block = evaluation, block
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False, name="step")
        for player, optimizer in self.optimizers.items():
            optimizer.build(game.weights(player))
        if average:
            average.start(game)
        self.recognition = Recognition(game, size=settings.batch_size, seed=seed)
        self.hindsight = Hindsight(self.preview if average else None)
        self.schedule = self._schedule()
        self.terms: list[str] = []
        sizes = {"batch_size": settings.batch_size, "accumulate": settings.accumulate}
        self.turn = Turn(game, self.optimizers, average=average, strategy=strategy, **sizes)
        # Repeated turns stay one function: inlined, each would be optimized anew before the first step.
        apart = {"_noinline": True} if len(self.schedule) > len(game.players) else None
        rules = {"jit_compile": jit and not strategy, "experimental_attributes": apart}
        self._turn = tf.function(self.turn.__call__, autograph=False, **rules)
        self._one_round = tf.function(self._round, autograph=False)
        self._many_rounds = tf.function(self._rounds, autograph=False)
        self._sampler = tf.function(self._sample, autograph=False)

    @property
    def played(self) -> int:
        """The rounds finished so far."""
        return int(self.step.numpy())

    def train(self, batches: Iterator, rounds: int = 1) -> tf.Tensor:
        """Play rounds in one graph call; return the last one's scalars, in the order of `terms`.

        A round that ends in a term that is no finite number is the last one.
        """
        if rounds == 1:
            return self._one_round(batches, tf.constant(True))
        return self._many_rounds(batches, tf.constant(rounds))

    def fit(self, dataset: Any, run: Any) -> None:
        """Train to the last step, reporting to `run`, which also says when to stop early.

        Maintenance comes before the round, so that the first and the last state are reported too.

        Raises:
            Unstable: when a term or a weight is not a finite number; checkpoints before it are kept.
        """
        settings, data = self.settings, self._stream(dataset)
        step, report, pace, begin = self.played, None, 0.0, self.played
        while True:
            done = step >= settings.steps
            # A stop logs nothing of its own, so that the log of a run does not tell how often it was stopped.
            facts: dict[str, float] = {}
            if step > begin and (done or due(step, settings.log_every)):
                facts |= (report or {}) | self.recognition(dataset, step) | self.hindsight(dataset)
            if step > begin and self.evaluation and (done or due(step, settings.evaluate_every)):
                facts |= self.evaluate(dataset)
            if facts and run.log(step, facts):
                run.save(step, finite(self.values(), step), best=True)
            if done or due(step, settings.sample_every):
                run.show(step, self.picture(dataset))
            if done or run.stopping or (step > begin and due(step, settings.save_every)) or step == 0:
                run.save(step, finite(self.values(), step))
            if done or run.stopping:
                return
            rounds = self._bundle(step, pace)
            start = time.perf_counter()
            values = self.train(data, rounds).numpy().tolist()
            # The first call of each kind traces the graph and says nothing about the pace.
            pace = (time.perf_counter() - start) / rounds if step > begin else 0.0
            step = self.played
            report = finite(dict(zip(self.terms, values, strict=True)), step)
            run.advance(step, report)

    def evaluate(self, dataset: Any) -> dict[str, float]:
        """Return what every metric says of the averaged weights' samples, by "metric/number"."""
        stream = partial(self.stream, seed=self.seed, key=EVALUATE)
        return self.evaluation(stream, dataset, self.labels(self.evaluation.samples))

    def picture(self, dataset: Any) -> np.ndarray:
        """Return what a run shows of its samples: the data set draws them as its kind is best seen."""
        if hasattr(dataset, "portray"):
            return dataset.portray(Scene(self))
        return dataset.draw(self.preview(self.settings.samples), columns=self.game.columns)

    def preview(self, count: int, averaged: bool = True) -> np.ndarray:
        """Sample from the latents that every grid of this run shows, averaged weights where there are any."""
        return self.sample(count, seed=self.seed, key=PREVIEW, averaged=averaged)

    def sample(self, count: int, *, seed: int, key: int = SAMPLE, averaged: bool = True) -> np.ndarray:
        """Return `count` samples, float32 of shape (count, ...), images in [-1, 1].

        Sample i depends on (seed, i) alone, however many are drawn.
        """
        return np.concatenate(list(self.stream(count, seed=seed, key=key, averaged=averaged)))

    def labels(self, count: int) -> np.ndarray | None:
        """Return the labels of the first `count` samples, whatever the seed; None for a game without."""
        return self.game.asked(np.arange(count)).get("label")

    def stream(
        self, count: int, *, seed: int, key: int = SAMPLE, averaged: bool = True
    ) -> Iterator[np.ndarray]:
        """Yield what `sample` returns, a block at a time."""
        start = tf.constant([seed, key])
        known = self.average.estimate(self.seed) if self.average and averaged else []
        for block in range(-(-count // self.block)):
            some = self._sampler(start, tf.constant(block), known, averaged=averaged).numpy()
            yield some[: count - block * self.block]

    def state(self) -> dict[str, Any]:
        """Return every variable that training changes, by a name that no other run changes."""
        found: dict[str, Any] = {"step": self.step}
        for player, networks in self.game.players.items():
            for place, network in enumerate(networks):
                for index, variable in enumerate(network.variables):
                    found[f"network/{player}.{place}/{index:03d}.{variable.name}"] = variable.value
        for player, optimizer in self.optimizers.items():
            for index, variable in enumerate(optimizer.variables):
                found[f"optimizer/{player}/{index:03d}.{variable.name}"] = variable.value
        found |= {f"game/{name}": variable for name, variable in self.game.state().items()}
        if self.average:
            found |= {f"average/{name}": shadow for name, shadow in self.average.state().items()}
        return found

    def values(self) -> dict[str, np.ndarray]:
        """Return a copy of `state` as arrays."""
        return {name: variable.numpy() for name, variable in self.state().items()}

    def restore(self, tensors: Mapping[str, np.ndarray]) -> None:
        """Set every variable from a checkpoint.

        Raises:
            RunError: when names or shapes are not this trainer's; nothing has been changed then.
        """
        state = self.state()
        missing, foreign = sorted(state.keys() - tensors.keys()), sorted(tensors.keys() - state.keys())
        if missing or foreign:
            raise RunError(
                f"The checkpoint is of another game: it lacks {len(missing)} variables {missing[:2]} "
                f"and brings {len(foreign)} unknown ones {foreign[:2]}."
            )
        for name, variable in state.items():
            if tuple(variable.shape) != tensors[name].shape:
                raise RunError(
                    f"The checkpoint is of another network: {name} has shape {tensors[name].shape}, "
                    f"expected {tuple(variable.shape)}."
                )
        for name, variable in state.items():
            if not name.endswith(".learning_rate"):  # which is the config's, and lower after a rollback
                variable.assign(tensors[name])

    def _schedule(self) -> list[tuple[tuple[str, ...], int]]:
        """Return a round's turns: (who moves, which of the round's batches they see)."""
        players = tuple(self.game.players)
        if self.settings.order == "simultaneous":
            return [(players, 0)]
        turns = self.settings.turns
        return [((player,), turn) for player in players for turn in range(turns.get(player, 1))]

    def _stream(self, dataset: Any) -> Iterator:
        settings = self.settings
        start = self.played * settings.batches_per_step
        batches = dataset.batches(settings.batch_size, seed=self.seed, start=start)
        if self.strategy:
            batches = self.strategy.experimental_distribute_dataset(batches)
        return iter(batches)

    def _bundle(self, step: int, pace: float) -> int:
        """Return how many rounds the next graph call plays: up to the next event, about CALL_SECONDS long."""
        settings = self.settings
        intervals = [settings.log_every, settings.sample_every, settings.save_every]
        intervals += [settings.evaluate_every] if self.evaluation else []
        ends = [settings.steps] + [(step // every + 1) * every for every in intervals if every]
        wanted = int(CALL_SECONDS / pace) if pace else 1
        return max(1, min(min(ends) - step, wanted))

    def _rounds(self, batches: Iterator, count: tf.Tensor) -> tf.Tensor:
        first = self._one_round(batches, tf.constant(False))
        _, last = tf.while_loop(
            lambda index, last: (index < count) & tf.reduce_all(tf.math.is_finite(last)),
            lambda index, _: (index + 1, self._one_round(batches, tf.equal(index, count - 1))),
            (tf.constant(1), first),
            parallel_iterations=1,
        )
        return last

    def _round(self, batches: Iterator, watched: tf.Tensor) -> tf.Tensor:
        data = [next(batches) for _ in range(self.settings.batches_per_step)]
        nothing = [tf.zeros([0])] * len(self.game.players)
        before = tf.cond(watched, self._positions, lambda: nothing)
        report: Terms = {}
        for index, (players, which) in enumerate(self.schedule):
            key = tf.random.fold_in(tf.stack([self.seed, index]), tf.cast(self.step, tf.int32))
            report |= self._turn(data[which], key, tf.identity(self.step), watched, players=players)
        report |= self._moves(before, watched)
        self.step.assign_add(1)
        self.terms = list(report)
        return tf.stack(list(report.values()))

    def _positions(self) -> list[tf.Tensor]:
        """Return each player's weights in one row."""
        return [
            tf.concat([tf.reshape(weight.value, [-1]) for weight in self.game.weights(player)], axis=0)
            for player in self.game.players
        ]

    def _moves(self, before: list[tf.Tensor], watched: tf.Tensor) -> Terms:
        """Return the norm of each player's weights, and how far they moved in this round relative to it."""

        def found() -> list[tf.Tensor]:
            norms = [tf.norm(position) for position in before]
            moved = [tf.norm(now - then) for now, then in zip(self._positions(), before, strict=True)]
            return norms + [tf.math.divide_no_nan(*pair) for pair in zip(moved, norms, strict=True)]

        names = [f"{player}/{name}" for name in ("weights", "update") for player in self.game.players]
        nothing = [tf.constant(0.0)] * len(names)
        return dict(zip(names, tf.cond(watched, found, lambda: nothing), strict=True))

    def _sample(self, start: tf.Tensor, block: tf.Tensor, known: list, *, averaged: bool) -> tf.Tensor:
        asked = self.game.asked(block * self.block + tf.range(self.block))
        batch = Batch(asked, size=self.block, key=tf.random.fold_in(start, block))
        if self.average and averaged:
            with self.average.applied(known):
                return self.game.sample(batch)
        return self.game.sample(batch)


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
