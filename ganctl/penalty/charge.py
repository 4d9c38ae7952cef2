"""What all penalties have: a weight, the rounds in which it is charged, and the players who pay."""

import re
from collections.abc import Sequence

import tensorflow as tf

from ganctl.check import expect_number, expect_whole
from ganctl.game.batch import Batch
from ganctl.game.critic import Critic
from ganctl.game.part import Part


class Penalty(Part):
    """A term that its players pay: weight times what `term` says, at every n-th step n times as much.

    Charging it seldom but more (Karras et al., 2020, section 3.1) costs the same on average. A lazy term is
    charged at steps 0, n, 2n ...: what memory it needs is taken in the very first round.

    Args:
        weight: at least 0; with 0 nothing is computed.
        every: n, at least 1; in such a step every turn of its players is charged.

    Raises:
        UsageError: for a number outside its range.
    """

    players: Sequence[str] = ("discriminator",)
    lipschitz = False  # whether it bounds the slope of the critic, as the Wasserstein loss needs

    def __init__(self, weight: float, every: int = 1) -> None:
        expect_number(f"{self.name}.weight", weight)
        expect_whole(f"{self.name}.every", every, 1)
        self.weight, self.every = weight, every

    @property
    def name(self) -> str:
        """What the penalty is called on the command line, "penalty.gradient_penalty"."""
        return "penalty." + re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(self).__name__).lower()

    def __call__(self, critic: Critic, real: tf.Tensor, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        """Return the float32 scalar that joins the terms of the player whose turn it is."""

        def charged() -> tf.Tensor:
            return self.weight * self.every * self.term(critic, real, fake, batch)

        if not self.weight:
            return tf.constant(0.0)
        if self.every == 1:
            return charged()
        return tf.cond(tf.equal(batch.step % self.every, 0), charged, lambda: tf.constant(0.0))

    def term(self, critic: Critic, real: tf.Tensor, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        """Return the penalty itself, float32.

        It may be computed in a branch of the graph, so it takes from `critic.logits` only what the family
        has asked for before: the logits of `real` and of `fake` in the discriminator's turn.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say what it costs.")
