"""Averages whose length is chosen after the training: two are kept on the way, others follow from them."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from ganctl.error import UsageError
from ganctl.game.game import Game
from ganctl.run.lengths import LONGEST, exponent
from ganctl.training.average import ExponentialAverage


class PowerAverage(ExponentialAverage):
    """Averages of weights by powers of time, of several lengths (Karras et al., 2024, section 3).

    After t turns a weight of turn s counts as s^g (equation 3): the average covers the same share of the
    training however long that was, and the first weights, which know nothing, fade away. Its length is the
    deviation of that distribution over the length of the training, sigma. Each checkpoint's averages are
    kept in the run's folder `averages`, from which `ganctl average RUN sigma=...` makes those of any length.

    Args:
        sigmas: lengths, each in (0, 0.28); the first one's average draws samples.
        players: whose networks are averaged.
        statistics, batches: see `ExponentialAverage`.

    Raises:
        UsageError: for a value outside its range.
    """

    def __init__(
        self,
        sigmas: Sequence[float] = (0.05, 0.10),
        players: Sequence[str] = ("generator",),
        statistics: str = "averaged",
        batches: int = 16,
    ) -> None:
        super().__init__(players=players, ramp=True, statistics=statistics, batches=batches)
        for index, sigma in enumerate(sigmas):
            if isinstance(sigma, bool) or not 0 < sigma < LONGEST:
                raise UsageError(
                    f"average.sigmas[{index}]: expected a number above 0 and below {LONGEST:g}, got {sigma}."
                )
        if len(set(sigmas)) < len(sigmas) or not sigmas:
            raise UsageError(f"average.sigmas: expected different numbers, got {list(sigmas)}.")
        self.sigmas = tuple(float(sigma) for sigma in sigmas)
        self.more: dict[float, dict[str, list[tuple[keras.Variable, tf.Variable]]]] = {}

    def start(self, game: Game) -> None:
        super().start(game)
        self.more = {
            sigma: {
                player: [(weight, tf.Variable(weight.value, trainable=False)) for weight, _ in pairs]
                for player, pairs in self.shadows.items()
            }
            for sigma in self.sigmas[1:]
        }

    def copy(self) -> None:
        super().copy()
        for shadows in self.more.values():
            for weight, shadow in (pair for pairs in shadows.values() for pair in pairs):
                shadow.assign(weight.value)

    def update(self, player: str) -> None:
        if player not in self.shadows:
            return
        self.turns[player].assign_add(1)
        turns = tf.cast(self.turns[player].read_value(), tf.float32)
        for sigma, shadows in ((self.sigmas[0], self.shadows), *self.more.items()):
            # 1 - (1 - 1/t)^(g + 1), to all digits; 1 in the first turn.
            step = -tf.math.expm1((exponent(sigma) + 1.0) * tf.math.log1p(-1.0 / turns))
            for weight, shadow in shadows[player]:
                shadow.assign_add(tf.cast(step, shadow.dtype) * (weight.value - shadow))

    def state(self) -> dict[str, tf.Variable]:
        more = {
            f"{player}@{sigma:g}/{index:03d}.{weight.name}": shadow
            for sigma, shadows in self.more.items()
            for player, pairs in shadows.items()
            for index, (weight, shadow) in enumerate(pairs)
        }
        return super().state() | more
