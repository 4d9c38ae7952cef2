"""Unrolling: the generator is judged by the discriminator of a few steps ahead, and by how it got there."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import keras
import tensorflow as tf

from ganctl.check import expect_one_of, expect_whole
from ganctl.error import UsageError
from ganctl.game.adversary import Adversary
from ganctl.game.batch import Batch
from ganctl.game.game import Game
from ganctl.game.part import Part

SMALLEST = 1e-16  # added below Adam's square root, whose slope at 0 is infinite; its own epsilon is the root


class Unrolled(Part):
    """The generator's turn is played against the discriminator after k more of its own steps.

    Metz et al. (2017), equations 9 to 11. The steps are taken on the turn's own batch and fakes, by what
    the discriminator minimises, penalties included; the gradient of the generator goes through all of them,
    second derivatives and all. The discriminator itself is trained as ever: its weights, its statistics
    and its noise do not know of the steps.

    Args:
        steps: the paper's k; 0 is ordinary training.
        rate: of the inner steps, the paper's eta, above 0.
        optimizer: "sgd", the gradient steps of equation 10, or "adam", as in the authors' toy code. Adam's
            second moment is remembered from turn to turn, as the discriminator's own is: fresh, it would make
            every step as long as the rate, whatever the gradient, and looking ahead would teach nothing.
            The first moment starts anew each time.
        beta_1, beta_2: decays of Adam's moments, in [0, 1).

    Raises:
        UsageError: for a number outside its range, a game without these two players, or Adam on several
            devices, which would need moments each.
    """

    scope = "game"

    def __init__(
        self,
        steps: int = 5,
        rate: float = 1e-3,
        optimizer: str = "adam",
        beta_1: float = 0.5,
        beta_2: float = 0.999,
    ) -> None:
        expect_whole("remedy.unrolled.steps", steps, 0)
        expect_one_of("remedy.unrolled.optimizer", optimizer, ("sgd", "adam"))
        if rate <= 0:
            raise UsageError(f"remedy.unrolled.rate: expected a number above 0, got {rate}.")
        for name, number in (("beta_1", beta_1), ("beta_2", beta_2)):
            if not 0 <= number < 1:
                raise UsageError(f"remedy.unrolled.{name}: expected a number in [0, 1), got {number}.")
        self.steps, self.rate, self.optimizer = steps, rate, optimizer
        self.beta_1, self.beta_2 = beta_1, beta_2

    def join(self, adversary: Adversary) -> None:
        if not {"discriminator", "generator"} <= set(adversary.players):
            raise UsageError(
                "remedy=[unrolled] needs the players discriminator and generator, "
                f"got {', '.join(adversary.players)}."
            )
        if self.optimizer == "adam" and tf.distribute.get_strategy().num_replicas_in_sync > 1:
            raise UsageError(
                "remedy=[unrolled] with Adam keeps moments on one device; type trainer.devices=1 or "
                "remedy.unrolled.optimizer=sgd."
            )
        if len(adversary.game.adversaries) > 1:
            raise UsageError("remedy=[unrolled] looks ahead of one discriminator; this model has several.")
        weights = adversary.weights("discriminator") if self.optimizer == "adam" else []
        self.seconds = [tf.Variable(tf.zeros_like(weight.value), trainable=False) for weight in weights]
        self.turns = tf.Variable(0, dtype=tf.int64, trainable=False)

    def state(self) -> dict[str, tf.Variable]:
        seconds = {f"second/{index}": second for index, second in enumerate(self.seconds)}
        return {**seconds, "turns": self.turns} if seconds else {}

    @contextmanager
    def lookahead(self, game: Game, batch: Batch) -> Iterator[Batch]:
        weights = list(game.weights("discriminator"))
        known = {id(weight) for weight in weights}
        others = [
            variable
            for network in game.players["discriminator"]
            for variable in network.variables
            if id(variable) not in known
        ]
        now = [tf.identity(weight.value) for weight in weights]
        noted = [tf.identity(variable.value) for variable in others]
        firsts, seconds = [tf.zeros_like(value) for value in now], [v.read_value() for v in self.seconds]
        for step in range(self.steps):
            pairs = [*zip(weights, now, strict=True), *zip(others, noted, strict=True)]
            gradients, noted = self._inner(game, batch.fork(step, imagined=True), pairs, now, others)
            if self.optimizer == "sgd":
                now = [value - self.rate * slope for value, slope in zip(now, gradients, strict=True)]
            else:
                now, firsts, seconds = self._adam(now, gradients, firsts, seconds, step)
        pairs = [*zip(weights, now, strict=True), *zip(others, noted, strict=True)]
        with keras.StatelessScope(state_mapping=pairs):
            yield batch.fork(self.steps, imagined=False)

    def _inner(self, game: Game, batch: Batch, pairs, now: list, others: list):
        """Return the discriminator's gradients at weights that are tensors, and what its layers noted."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(now)
            with keras.StatelessScope(state_mapping=pairs) as scope:
                total = tf.add_n(list(game.losses("discriminator", batch).values()))
                noted = [scope.get_current_value(variable) for variable in others]
        return tape.gradient(total, now, unconnected_gradients=tf.UnconnectedGradients.ZERO), noted

    def _adam(self, now: Sequence, gradients: Sequence, firsts: Sequence, seconds: Sequence, step: int):
        """Return the weights after one inner step, and both moments; remember the first step's second one."""
        firsts = _mixed(firsts, gradients, self.beta_1)
        seconds = _mixed(seconds, [slope * slope for slope in gradients], self.beta_2)
        if step == 0:
            self.turns.assign_add(1)
            for variable, second in zip(self.seconds, seconds, strict=True):
                variable.assign(second)
        count = tf.cast(self.turns.read_value() + step, seconds[0].dtype)
        ones, twos = 1 - self.beta_1 ** (step + 1), 1 - tf.cast(self.beta_2, count.dtype) ** count
        moved = [
            value - self.rate * (first / ones) / tf.sqrt(second / twos + SMALLEST)
            for value, first, second in zip(now, firsts, seconds, strict=True)
        ]
        return moved, firsts, seconds


def _mixed(old: Sequence, new: Sequence, decay: float) -> list:
    return [decay * before + (1 - decay) * now for before, now in zip(old, new, strict=True)]
