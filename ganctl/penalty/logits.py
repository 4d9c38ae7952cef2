"""Penalties on what the critic says, wherever it says it."""

import tensorflow as tf

from ganctl.check import expect_number, expect_switch, expect_whole
from ganctl.game.adversary import Adversary
from ganctl.game.batch import Batch, Terms
from ganctl.game.critic import Critic
from ganctl.penalty.charge import Penalty


class Drift(Penalty):
    """Logits of real images stay near 0: weight * E D(x)^2 (Karras et al., 2018, appendix A.1).

    Args:
        weight: the paper's epsilon_drift, at least 0.
        every: charge it in every n-th step, n times as much.
    """

    def __init__(self, weight: float = 0.001, every: int = 1) -> None:
        super().__init__(weight, every)

    def term(self, critic: Critic, real: tf.Tensor, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        return tf.reduce_mean(tf.square(critic.logits(real)))


class Lecam(Penalty):
    """Logits of each kind are drawn to the slow average of the other kind's (Tseng et al., 2021).

    weight * (E(D(x) - a_fake)^2 + E(D(G(z)) - a_real)^2), where the averages a <- decay a + (1 - decay) E D
    follow every turn of the discriminator. Until `start` of its turns are over they are those of the last
    batch, and nothing is charged, as in the authors' release.

    Args:
        weight: the paper's lambda, at least 0.
        every: charge it in every n-th step, n times as much.
        decay: of the averages, from 0 to below 1.
        start: turns of the discriminator before it is charged.
        one_sided: charge only logits on the far side of the other's average, max(0, D(x) - a_fake) and
            max(0, a_real - D(G(z))), as the authors' release does.
    """

    def __init__(
        self,
        weight: float = 0.3,
        every: int = 1,
        decay: float = 0.99,
        start: int = 1000,
        one_sided: bool = False,
    ) -> None:
        super().__init__(weight, every)
        expect_number(f"{self.name}.decay", decay, below=1.0)
        expect_whole(f"{self.name}.start", start, 0)
        expect_switch(f"{self.name}.one_sided", one_sided)
        self.decay, self.start, self.one_sided = decay, start, one_sided

    def join(self, adversary: Adversary) -> None:
        self.averages = {
            kind: tf.Variable(0.0, trainable=False, name=f"lecam_{kind}") for kind in ("real", "fake")
        }
        self.turns = tf.Variable(0, dtype=tf.int64, trainable=False, name="lecam_turns")

    def term(self, critic: Critic, real: tf.Tensor, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        above = critic.logits(real) - self.averages["fake"]
        below = self.averages["real"] - critic.logits(fake)
        if self.one_sided:
            above, below = tf.nn.relu(above), tf.nn.relu(below)
        begun = tf.cast(self.turns >= max(self.start, 1), tf.float32)
        return begun * (tf.reduce_mean(tf.square(above)) + tf.reduce_mean(tf.square(below)))

    def after(self, player: str, terms: Terms) -> None:
        if player != "discriminator":
            return
        decay = tf.where(self.turns < max(self.start, 1), 0.0, self.decay)
        for kind, average in self.averages.items():
            average.assign(decay * average + (1.0 - decay) * terms[kind])
        self.turns.assign_add(1)

    def state(self) -> dict[str, tf.Variable]:
        return {**self.averages, "turns": self.turns}
