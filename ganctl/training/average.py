"""A slow copy of a player's networks, which usually samples better than the last weights."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

import keras
import tensorflow as tf

from ganctl.check import expect_one_of, expect_whole
from ganctl.error import UsageError
from ganctl.game.batch import Batch
from ganctl.game.game import Game
from ganctl.game.keys import STATISTICS

Pairs = list[tuple[keras.Variable, tf.Tensor]]
LATENTS = 128  # in a batch that statistics are estimated from


class ExponentialAverage:
    """An exponential moving average of weights, batch statistics included (Yazici et al., 2019).

    Averaged weights with the last weights' batch statistics sample badly. The statistics are either
    averaged too, or estimated anew for the averaged weights, by the generator in training mode, before
    samples are drawn (as "standing statistics" in Brock et al., 2019, section 4.1 and appendix C).

    Args:
        decay: of the average, after each of the player's turns, in [0, 1).
        players: whose networks are averaged.
        ramp: whether the decay grows from 0.1 to its full value, as min(decay, (1 + t) / (10 + t)) after t
            turns, so that the first weights, which know nothing, are soon forgotten.
        start: turns after which averaging, and t, begin; until then the average is the weights.
        statistics: "averaged" or "reestimated".
        batches: of 128 latents each, that statistics are estimated from; at least 1.

    Raises:
        UsageError: for a value outside its range.
    """

    def __init__(
        self,
        decay: float = 0.999,
        players: Sequence[str] = ("generator",),
        ramp: bool = False,
        start: int = 0,
        statistics: str = "averaged",
        batches: int = 16,
    ) -> None:
        if not 0 <= decay < 1:
            raise UsageError(f"average.decay: expected a number in [0, 1), got {decay}.")
        expect_one_of("average.ramp", ramp, (True, False))
        expect_whole("average.start", start, 0)
        expect_one_of("average.statistics", statistics, ("averaged", "reestimated"))
        expect_whole("average.batches", batches, 1)
        self.decay, self.players, self.ramp, self.begin = decay, tuple(players), ramp, start
        self.reestimates, self.batches = statistics == "reestimated", batches
        self.shadows: dict[str, list[tuple[keras.Variable, tf.Variable]]] = {}
        self.turns: dict[str, tf.Variable] = {}
        self.norms: list[keras.layers.BatchNormalization] = []

    def start(self, game: Game) -> None:
        """Copy the players' floating-point variables as they are now."""
        unknown = set(self.players) - set(game.players)
        if unknown:
            raise UsageError(
                f"average.players: expected some of {list(game.players)}, got {sorted(unknown)}."
            )
        self.shadows = {
            player: [
                (weight, tf.Variable(weight.value, trainable=False))
                for network in game.players[player]
                for weight in network.variables
                if weight.dtype.startswith("float")
            ]
            for player in self.players
        }
        if self.ramp or self.begin:
            self.turns = {player: tf.Variable(0, dtype=tf.int64, trainable=False) for player in self.players}
        if self.reestimates:
            self.norms = self._generating(game, self._norms(game))
            self._estimator = tf.function(partial(self._estimate, game), autograph=False)

    def copy(self) -> None:
        """Let the averages be what the weights are now."""
        for shadows in self.shadows.values():
            for weight, shadow in shadows:
                shadow.assign(weight.value)

    def _norms(self, game: Game) -> list[keras.layers.BatchNormalization]:
        """Return the layers whose statistics are estimated."""
        if type(game).generate is Game.generate or any(game.makes.values()):
            raise UsageError(
                "average.statistics=reestimated needs a model that generates from latents alone; "
                "type average.statistics=averaged."
            )
        layers = [
            layer
            for player in self.players
            for layer in game.layers(player)
            if isinstance(layer, keras.layers.BatchNormalization)
        ]
        for layer in layers:
            if layer.momentum >= 1 or layer.renorm:
                raise UsageError(
                    "average.statistics=reestimated needs batch normalization with a momentum below 1 and "
                    "without renormalization; type average.statistics=averaged."
                )
        return layers

    def _generating(self, game: Game, norms: list) -> list[keras.layers.BatchNormalization]:
        """Return the layers that generating passes through; an averaged discriminator's are averaged."""
        found: list[keras.layers.BatchNormalization] = []

        def trace() -> None:
            before = {id(norm): tf.zeros(norm.moving_mean.shape) for norm in norms}
            pairs = [(norm.moving_mean, before[id(norm)]) for norm in norms]
            batch = Batch(game.conditions(tf.range(2)), size=2, key=tf.constant([0, STATISTICS]))
            with keras.StatelessScope(state_mapping=pairs) as scope:
                game.generate(batch)
                found.extend(
                    norm
                    for norm in norms
                    if scope.get_current_value(norm.moving_mean) is not before[id(norm)]
                )

        tf.function(trace, autograph=False).get_concrete_function()  # traced, not run
        return found

    def update(self, player: str) -> None:
        """Move the player's averages towards its weights."""
        step = 1.0 - self.decay_of(player)
        for weight, shadow in self.shadows.get(player, ()):
            shadow.assign_add(tf.cast(step, shadow.dtype) * (weight.value - shadow))
        if player in self.turns:
            self.turns[player].assign_add(1)

    def decay_of(self, player: str) -> float | tf.Tensor:
        """Return the decay that the player's next turn is averaged with."""
        if player not in self.turns:
            return self.decay
        turns = self.turns[player].read_value()
        t = tf.cast(turns - self.begin, tf.float32)
        decay = tf.minimum(self.decay, (1.0 + t) / (10.0 + t)) if self.ramp else tf.constant(self.decay)
        return tf.where(turns < self.begin, 0.0, decay)

    @contextmanager
    def applied(self, statistics: Sequence[tf.Tensor] = ()) -> Iterator[None]:
        """Let networks that are called in this context see averages in place of weights.

        Args:
            statistics: of batch normalization, from `estimate`; averages where there are none.
        """
        pairs = self._averages()
        if statistics:
            pairs += zip(self._statistics(), statistics, strict=True)
        with keras.StatelessScope(state_mapping=pairs):
            yield

    def estimate(self, seed: int, given: Mapping[str, float] | None = None) -> list[tf.Tensor]:
        """Return statistics for `applied`: means of what batches of the averaged networks have.

        They are a function of the averages, the seed and what is given alone, and nothing that training
        changes is changed. The list is empty where statistics are averaged.

        Args:
            seed: of the latents.
            given: numbers that all samples are given, such as the truncation of their latents.
        """
        if not self.norms:
            return []
        numbers = {name: tf.constant(value, tf.float32) for name, value in (given or {}).items()}
        return self._estimator(tf.constant([seed, STATISTICS]), numbers)

    def _estimate(self, game: Game, key: tf.Tensor, given: Mapping[str, tf.Tensor]) -> list[tf.Tensor]:
        statistics = self._statistics()
        share = [1.0 - layer.momentum for layer in self.norms for _ in range(2)]
        pairs = self._averages() + [(variable, tf.zeros(variable.shape)) for variable in statistics]

        def of_batch(index: tf.Tensor) -> list[tf.Tensor]:
            conditions = game.conditions(index * LATENTS + tf.range(LATENTS))
            conditions |= {name: tf.fill((LATENTS,), value) for name, value in given.items()}
            batch = Batch(conditions, size=LATENTS, key=tf.random.fold_in(key, index))
            with keras.StatelessScope(state_mapping=pairs) as scope:
                game.generate(batch)
                found = [scope.get_current_value(variable) for variable in statistics]
            # From 0, Keras has moved by (1 - momentum) times the batch's own.
            return [value / part for value, part in zip(found, share, strict=True)]

        def add(index: tf.Tensor, totals: list[tf.Tensor]):
            return index + 1, [sum(pair) for pair in zip(totals, of_batch(index), strict=True)]

        start = (tf.constant(0), [tf.zeros(variable.shape) for variable in statistics])
        _, totals = tf.while_loop(lambda index, _: index < self.batches, add, start, parallel_iterations=1)
        return [total / self.batches for total in totals]

    def state(self) -> dict[str, tf.Variable]:
        """Return every average by name."""
        averages = {
            f"{player}/{index:03d}.{weight.name}": shadow
            for player, shadows in self.shadows.items()
            for index, (weight, shadow) in enumerate(shadows)
        }
        return averages | {f"{player}/turns": turns for player, turns in self.turns.items()}

    def _averages(self) -> Pairs:
        return [(weight, shadow.value()) for shadows in self.shadows.values() for weight, shadow in shadows]

    def _statistics(self) -> list[keras.Variable]:
        """Return the variables whose values are estimated."""
        return [variable for norm in self.norms for variable in (norm.moving_mean, norm.moving_variance)]
