"""One turn: from a batch to moved weights. The only room with tapes; devices and accumulation end here."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from ganctl.game.batch import Batch, Terms
from ganctl.game.game import Game
from ganctl.training.average import ExponentialAverage


class Turn:
    """Moves players once: each on its own terms, its own weights only.

    Args:
        game, optimizers: who plays, and how each player's weights follow its gradients.
        batch_size: real images, over all devices.
        accumulate: parts that a device's batch is taken in, one after the other, to save memory.
        average: kept up after each turn, or None.
        strategy: splits batches over several devices, or None for one.
    """

    def __init__(
        self,
        game: Game,
        optimizers: Mapping[str, keras.optimizers.Optimizer],
        *,
        batch_size: int,
        accumulate: int = 1,
        average: ExponentialAverage | None = None,
        strategy: tf.distribute.Strategy | None = None,
    ) -> None:
        self.game, self.optimizers, self.average, self.strategy = game, optimizers, average, strategy
        self.replicas = strategy.num_replicas_in_sync if strategy else 1
        self.accumulate, self.size = accumulate, batch_size // self.replicas // accumulate

    def __call__(self, data: Any, key, step, watched, *, players: Sequence[str]) -> Terms:
        """Move the given players once, from one forward pass; return their terms by "player/name"."""
        terms, gradients = self._differentiate(data, key, step, watched, players)
        for player in players:
            terms[player]["gradient"] = self._norm(player, gradients[player], watched)
            self.optimizers[player].apply(gradients[player], self.game.weights(player))
            self.game.after(player, terms[player])
            if self.average:
                self.average.update(player)
        return {f"{player}/{name}": term for player in players for name, term in terms[player].items()}

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

    def _differentiate(self, data, key, step, watched, players):
        """Return each player's terms and the gradients of its own weights, means over all devices."""

        def on_device(data):
            context = tf.distribute.get_replica_context()
            replica = context.replica_id_in_sync_group if self.replicas > 1 else 0
            return self._accumulated(data, key, step, watched, players, replica)

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

    def _accumulated(self, data, key, step, watched, players, replica):
        """Return the means of terms and gradients over the parts of a device's batch."""
        count = self.replicas * self.accumulate

        def of(rows, place):
            batch = Batch(rows, size=self.size, key=key, step=step, replica=(place, count), watched=watched)
            return self._gradients(batch, players)

        def part(index):
            rows = {
                name: tf.reshape(value, (self.accumulate, self.size, *value.shape[1:]))[index]
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

    def _gradients(self, batch: Batch, players: Sequence[str]):
        """Return ({player: terms}, {player: gradients of its weights})."""
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
        gradients = {
            player: tape.gradient(totals[player], weights[player], unconnected_gradients=zero)
            for player in players
        }
        return terms, gradients
