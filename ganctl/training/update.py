"""One update: from a batch to moved weights. Here alone are tapes; devices and accumulation end here."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from ganctl.game.batch import Batch, Terms
from ganctl.game.game import Game
from ganctl.game.turn import Turn
from ganctl.training.average import ExponentialAverage
from ganctl.training.timeline import Span


class Update:
    """Moves players once: each on the terms of its turn, and the turn's weights only.

    Args:
        game, optimizers: who plays, and how each player's weights follow its gradients.
        accumulate: parts that a device's batch is taken in, one after the other, to save memory.
        average: kept up after each turn, or None.
        strategy: splits batches over several devices, or None for one.
    """

    def __init__(
        self,
        game: Game,
        optimizers: Mapping[str, keras.optimizers.Optimizer],
        *,
        accumulate: int = 1,
        average: ExponentialAverage | None = None,
        strategy: tf.distribute.Strategy | None = None,
    ) -> None:
        self.game, self.optimizers, self.average, self.strategy = game, optimizers, average, strategy
        self.replicas = strategy.num_replicas_in_sync if strategy else 1
        self.accumulate = accumulate

    def __call__(self, data: Any, key, step, watched, *, turns: Sequence[Turn], span: Span) -> Terms:
        """Play the given turns from one forward pass; return their terms by "player/name"."""
        terms, gradients = self._differentiate(data, key, step, watched, turns, span)
        found: Terms = {}
        for turn in turns:
            player, facts, slopes = turn.player, terms[name_of(turn)], gradients[name_of(turn)]
            facts[f"{turn.loss}_gradient".lstrip("_")] = self._norm(player, slopes, watched)
            self.optimizers[player].apply(slopes, self._weights(turn))
            self.game.after(turn.terms, facts)
            if self.average and not turn.loss:
                self.average.update(player)
            found |= {f"{player}/{name}": term for name, term in facts.items()}
        return found

    def _weights(self, turn: Turn) -> Sequence[keras.Variable]:
        return self.game.weights(turn.player, turn.networks)

    def _norm(self, player: str, gradients: Sequence[tf.Tensor], watched: tf.Tensor) -> tf.Tensor:
        """Return the global norm of a player's gradients; 0 where it is not reported, or nothing moves."""
        scale = getattr(self.optimizers[player], "dynamic_scale", 1.0)  # float16's losses are scaled

        def norm() -> tf.Tensor:
            found = tf.linalg.global_norm(gradients) / tf.cast(scale, tf.float32)
            if not hasattr(self.optimizers[player], "dynamic_scale"):
                return found
            # Float16 that overflows is no sickness: the optimizer leaves this turn out and halves its scale.
            return tf.where(tf.math.is_finite(found), found, 0.0)

        return tf.cond(watched, norm, lambda: tf.constant(0.0))

    def _differentiate(self, data, key, step, watched, turns, span):
        """Return the terms and gradients of each turn, means over all devices."""

        def on_device(data):
            context = tf.distribute.get_replica_context()
            replica = context.replica_id_in_sync_group if self.replicas > 1 else 0
            return self._accumulated(data, key, step, watched, turns, replica, span)

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

    def _accumulated(self, data, key, step, watched, turns, replica, span):
        """Return the means of terms and gradients over the parts of a device's batch."""
        count = self.replicas * self.accumulate
        size = span.batch_size // count
        rules = {"step": step, "watched": watched, "phase": span.phase, "fade": span.fade(step)}

        def of(rows, place):
            return self._gradients(Batch(rows, size=size, key=key, replica=(place, count), **rules), turns)

        def part(index):
            rows = {
                name: tf.reshape(value, (self.accumulate, size, *value.shape[1:]))[index]
                for name, value in data.items()
            }
            return of(rows, replica * self.accumulate + index)

        if self.accumulate == 1:
            return of(data, replica)
        # One after the other, whatever the graph would allow: the point is to hold one part at a time.
        _, total = tf.while_loop(
            lambda index, _: index < self.accumulate,
            lambda index, total: (index + 1, tf.nest.map_structure(tf.add, total, part(index))),
            (tf.constant(1), part(tf.constant(0))),
            parallel_iterations=1,
        )
        return tf.nest.map_structure(lambda value: value / self.accumulate, total)

    def _gradients(self, batch: Batch, turns: Sequence[Turn]):
        """Return ({turn: terms}, {turn: gradients of its weights}) by `name_of`, all gradients dense."""
        weights = {name_of(turn): [weight.value for weight in self._weights(turn)] for turn in turns}
        # The tape watches the movers alone, so no family ever stops a gradient.
        with tf.GradientTape(watch_accessed_variables=False, persistent=len(turns) > 1) as tape:
            tape.watch(weights)
            terms, totals = {}, {}
            for turn in turns:
                batch.facts = {}
                losses = self.game.losses(turn.terms, batch)
                total = tf.add_n(list(losses.values()))
                totals[name_of(turn)] = self.optimizers[turn.player].scale_loss(total)
                terms[name_of(turn)] = {**losses, **batch.facts}
        rules = {"unconnected_gradients": tf.UnconnectedGradients.ZERO}
        slopes = {name: tape.gradient(totals[name], weights[name], **rules) for name in totals}
        # An embedding's gradient is a list of rows, which can be neither added nor averaged.
        return terms, {name: list(map(tf.convert_to_tensor, found)) for name, found in slopes.items()}


def name_of(turn: Turn) -> str:
    """Return a name that no other turn of a round has: the same loss may move two players."""
    return f"{turn.player}/{turn.terms}"
