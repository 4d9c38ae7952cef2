"""A slow copy of a player's networks, which usually samples better than the last weights."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import keras
import tensorflow as tf

from ganctl.error import UsageError
from ganctl.game import Game


class ExponentialAverage:
    """An exponential moving average of weights, batch statistics included (Yazici et al., 2019).

    The statistics of batch normalization are averaged too: averaged weights with the last weights'
    statistics sample badly.

    Args:
        decay: of the average, after each of the player's turns, in [0, 1).
        players: whose networks are averaged.
    """

    def __init__(self, decay: float = 0.999, players: Sequence[str] = ("generator",)) -> None:
        if not 0 <= decay < 1:
            raise UsageError(f"average.decay: expected a number in [0, 1), got {decay}.")
        self.decay, self.players = decay, tuple(players)
        self.shadows: dict[str, list[tuple[keras.Variable, tf.Variable]]] = {}

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

    def update(self, player: str) -> None:
        """Move the player's averages towards its weights."""
        for weight, shadow in self.shadows.get(player, ()):
            shadow.assign_add((1.0 - self.decay) * (weight.value - shadow))

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Let networks that are called in this context see averages in place of weights."""
        pairs = [(weight, shadow.value()) for shadows in self.shadows.values() for weight, shadow in shadows]
        with keras.StatelessScope(state_mapping=pairs):
            yield

    def state(self) -> dict[str, tf.Variable]:
        """Return every average by name."""
        return {
            f"{player}/{index:03d}.{weight.name}": shadow
            for player, shadows in self.shadows.items()
            for index, (weight, shadow) in enumerate(shadows)
        }
