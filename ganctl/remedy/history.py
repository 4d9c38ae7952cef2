"""Historical averaging: players are drawn to the mean of where they have been, which damps their circling."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from ganctl.check import expect_number
from ganctl.error import UsageError
from ganctl.game.adversary import Adversary
from ganctl.game.batch import Batch, Terms
from ganctl.game.critic import Critic
from ganctl.game.part import Part


class HistoricalAveraging(Part):
    """The squared distance of a player's weights from their mean so far, ||theta - 1/t sum theta[i]||^2.

    Salimans et al. (2016), section 3.2. The first of the past weights are the initial ones; each turn of
    the player adds its weights after the turn. The paper gives no weight: at 1 a perceptron on the ring
    hardly leaves where it began.

    Args:
        weight: of the term, at least 0.
        players: who pays it.

    Raises:
        UsageError: for a weight below 0 or players that the game does not have.
    """

    scope = "game"

    def __init__(self, weight: float = 0.01, players: Sequence[str] = ("discriminator", "generator")) -> None:
        expect_number("penalty.historical_averaging.weight", weight)
        self.weight, self.players = weight, tuple(players)

    def join(self, adversary: Adversary) -> None:
        unknown = [player for player in self.players if player not in adversary.players]
        if unknown:
            raise UsageError(
                f"penalty.historical_averaging.players: expected some of {', '.join(adversary.players)}, "
                f"got '{unknown[0]}'."
            )
        self.means: dict[str, list[tuple[keras.Variable, tf.Variable]]] = {
            player: [
                (weight, tf.Variable(weight.value, trainable=False)) for weight in adversary.weights(player)
            ]
            for player in self.players
        }
        self.counts = {player: tf.Variable(1.0, trainable=False) for player in self.players}

    def __call__(self, critic: Critic, real: tf.Tensor, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        pairs = self.means[batch.player]
        return self.weight * tf.add_n([tf.reduce_sum(tf.square(w.value - mean)) for w, mean in pairs])

    def after(self, player: str, terms: Terms) -> None:
        if player not in self.players:
            return
        count = self.counts[player]
        count.assign_add(1.0)
        for weight, mean in self.means[player]:
            mean.assign_add((weight.value - mean) / count)

    def state(self) -> dict[str, tf.Variable]:
        means = {
            f"{player}/{index:03d}.{weight.name}": mean
            for player, pairs in self.means.items()
            for index, (weight, mean) in enumerate(pairs)
        }
        return means | {f"{player}/turns": count for player, count in self.counts.items()}
