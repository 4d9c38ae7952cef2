"""One loop for every game: tapes, optimizers, averages and checkpoints live only here."""

import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ganctl.average import ExponentialAverage
from ganctl.error import RunError
from ganctl.game import Batch, Game, Terms
from ganctl.settings import Settings

CALL_SECONDS = 0.1  # rounds are bundled into graph calls of about this length
BLOCK = 64  # samples drawn at a time
PREVIEW, SAMPLE = -1, -2  # "steps" of the random keys that training never uses


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
    ) -> None:
        self.game, self.optimizers, self.settings = game, dict(optimizers), settings
        self.average, self.seed, self.strategy = average, seed, strategy
        self.replicas = strategy.num_replicas_in_sync if strategy else 1
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False, name="step")
        for player, optimizer in self.optimizers.items():
            optimizer.build(game.weights(player))
        if average:
            average.start(game)
        self.schedule = self._schedule()
        self.terms: list[str] = []
        self._turn = tf.function(self._play, autograph=False, jit_compile=jit and not strategy)
        self._one_round = tf.function(self._round, autograph=False)
        self._many_rounds = tf.function(self._rounds, autograph=False)
        self._sampler = tf.function(self._sample, autograph=False)

    @property
    def played(self) -> int:
        """The rounds finished so far."""
        return int(self.step.numpy())

    def train(self, batches: Iterator, rounds: int = 1) -> tf.Tensor:
        """Play rounds in one graph call; return the last one's scalars, in the order of `terms`."""
        if rounds == 1:
            return self._one_round(batches)
        return self._many_rounds(batches, tf.constant(rounds))

    def fit(self, dataset: Any, run: Any) -> None:
        """Train to the last step, reporting to `run`, which also says when to stop early.

        Maintenance comes before the round, so that the first and the last state are reported too.

        Raises:
            RunError: when a term is not a finite number; checkpoints before it are kept.
        """
        settings, data = self.settings, self._stream(dataset)
        step, report, pace, begin = self.played, None, 0.0, self.played
        while True:
            last = step >= settings.steps or run.stopping
            # A stop logs nothing of its own, so that the log of a run does not tell how often it was stopped.
            if step > begin and (step >= settings.steps or due(step, settings.log_every)):
                run.log(step, self._finite(report, step))
            if step >= settings.steps or due(step, settings.sample_every):
                run.show(step, dataset.draw(self.preview(settings.samples)))
            if last or (step > begin and due(step, settings.save_every)) or step == 0:
                self._finite(report, step)
                run.save(step, self.values())
            if last:
                return
            rounds = self._bundle(step, pace)
            start = time.perf_counter()
            report = self.train(data, rounds).numpy()
            # The first call of each kind traces the graph and says nothing about the pace.
            pace = (time.perf_counter() - start) / rounds if step > begin else 0.0
            step += rounds
            run.advance(step, dict(zip(self.terms, report, strict=True)))

    def preview(self, count: int) -> np.ndarray:
        """Sample from the latents that every grid of this run shows, averaged weights where there are any."""
        return self.sample(count, seed=self.seed, key=PREVIEW)

    def sample(self, count: int, *, seed: int, key: int = SAMPLE, averaged: bool = True) -> np.ndarray:
        """Return `count` samples, float32 of shape (count, ...), images in [-1, 1].

        Sample i depends on (seed, i) alone, however many are drawn.
        """
        start, blocks = tf.constant([seed, key]), range(-(-count // BLOCK))
        drawn = [self._sampler(start, tf.constant(block), averaged=averaged).numpy() for block in blocks]
        return np.concatenate(drawn)[:count]

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
        batches = dataset.batches(
            settings.batch_size, seed=self.seed, start=self.played * settings.batches_per_step
        )
        if self.strategy:
            batches = self.strategy.experimental_distribute_dataset(batches)
        return iter(batches)

    def _bundle(self, step: int, pace: float) -> int:
        """Return how many rounds the next graph call plays: up to the next event, about CALL_SECONDS long."""
        settings = self.settings
        ends = [settings.steps] + [
            (step // every + 1) * every
            for every in (settings.log_every, settings.sample_every, settings.save_every)
            if every
        ]
        wanted = int(CALL_SECONDS / pace) if pace else 1
        return max(1, min(min(ends) - step, wanted))

    def _rounds(self, batches: Iterator, count: tf.Tensor) -> tf.Tensor:
        first = self._one_round(batches)
        _, last = tf.while_loop(
            lambda index, _: index < count,
            lambda index, _: (index + 1, self._one_round(batches)),
            (tf.constant(1), first),
            parallel_iterations=1,
        )
        return last

    def _round(self, batches: Iterator) -> tf.Tensor:
        data = [next(batches) for _ in range(self.settings.batches_per_step)]
        report: Terms = {}
        for index, (players, which) in enumerate(self.schedule):
            key = tf.random.fold_in(tf.stack([self.seed, index]), tf.cast(self.step, tf.int32))
            report |= self._turn(data[which], key, tf.identity(self.step), players=players)
        self.step.assign_add(1)
        self.terms = list(report)
        return tf.stack(list(report.values()))

    def _play(self, data: Any, key: tf.Tensor, step: tf.Tensor, *, players: Sequence[str]) -> Terms:
        """Move the given players once, from one forward pass."""
        terms, gradients = self._differentiate(data, key, step, players)
        for player in players:
            self.optimizers[player].apply(gradients[player], self.game.weights(player))
            self.game.after(player, terms[player])
            if self.average:
                self.average.update(player)
        return {f"{player}/{name}": term for player in players for name, term in terms[player].items()}

    def _differentiate(self, data, key, step, players) -> tuple[dict[str, Terms], dict[str, list[tf.Tensor]]]:
        """Return each player's terms and the gradients of its own weights, means over all devices."""

        def on_device(data):
            context = tf.distribute.get_replica_context()
            replica = (context.replica_id_in_sync_group if self.replicas > 1 else 0, self.replicas)
            size = self.settings.batch_size // self.replicas
            return self._gradients(Batch(data, size=size, key=key, step=step, replica=replica), players)

        if not self.strategy:
            return on_device(data)
        results = self.strategy.run(on_device, args=(data,))
        self._average_statistics(self.strategy)
        mean = tf.distribute.ReduceOp.MEAN
        return tf.nest.map_structure(lambda value: self.strategy.reduce(mean, value, axis=None), results)

    def _average_statistics(self, strategy: tf.distribute.Strategy) -> None:
        """Give every device the mean of what each noted of its own part of the batch.

        Keras leaves the moving statistics of batch normalization apart, and would save the first device's.
        """
        for network in itertools.chain.from_iterable(self.game.players.values()):
            for variable in network.non_trainable_variables:
                if variable.dtype.startswith("float"):
                    copies = strategy.experimental_local_results(variable.value)
                    variable.value.assign(tf.add_n(copies) / self.replicas)

    def _gradients(self, batch: Batch, players: Sequence[str]):
        weights = {player: [weight.value for weight in self.game.weights(player)] for player in players}
        # The tape watches the movers alone, so no family ever stops a gradient.
        with tf.GradientTape(watch_accessed_variables=False, persistent=len(players) > 1) as tape:
            tape.watch(weights)
            terms, totals = {}, {}
            for player in players:
                batch.facts = {}
                losses = self.game.losses(player, batch)
                totals[player] = self.optimizers[player].scale_loss(tf.add_n(list(losses.values())))
                terms[player] = {**losses, **batch.facts}
        zero = tf.UnconnectedGradients.ZERO
        return terms, {
            player: tape.gradient(totals[player], weights[player], unconnected_gradients=zero)
            for player in players
        }

    def _sample(self, start: tf.Tensor, block: tf.Tensor, *, averaged: bool) -> tf.Tensor:
        batch = Batch({}, size=BLOCK, key=tf.random.fold_in(start, block))
        if self.average and averaged:
            with self.average.applied():
                return self.game.sample(batch)
        return self.game.sample(batch)

    def _finite(self, report: np.ndarray | None, step: int) -> dict[str, float]:
        values = {} if report is None else dict(zip(self.terms, map(float, report), strict=True))
        bad = [name for name, value in values.items() if not np.isfinite(value)]
        if bad:
            raise RunError(
                f"{bad[0]} is {values[bad[0]]} at step {step}: the run stopped, and the checkpoints before "
                "it are intact; try a smaller optimizer.discriminator.learning_rate."
            )
        return values


def due(step: int, every: int) -> bool:
    """Return whether something that happens every so many steps (0 = never) happens at this one."""
    return every > 0 and step % every == 0
