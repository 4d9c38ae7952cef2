"""Games over energies, which a discriminator gives negated in place of logits: EBGAN's and BEGAN's."""

import tensorflow as tf

from ganctl.check import expect_number
from ganctl.game.batch import Terms
from ganctl.loss.logits import OfLogits


class Margin(OfLogits):
    """Low energy for reals, at least a margin for each fake: EBGAN (Zhao et al., 2017, equations 1, 2).

    The discriminator minimises E[energy(x)] + E[max(0, margin - energy(G(z)))], the generator
    E[energy(G(z))]. In equilibrium both sum to the margin (theorem 2), and energies are the same everywhere.

    Args:
        margin: the paper's m, above 0, on the scale of the energy: see `NegativeEnergy`.
        from_logits: see `OfLogits`.

    Raises:
        UsageError: for a margin below 0.
    """

    def __init__(self, margin: float = 10.0, from_logits: bool = True) -> None:
        super().__init__(from_logits)
        expect_number("loss.margin", margin)
        self.margin, self.boundary = float(margin), -margin / 2.0

    def discriminator(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(tf.nn.relu(self.margin + fake)) - tf.reduce_mean(real)

    def generator(self, fake: tf.Tensor, real: tf.Tensor | None = None) -> tf.Tensor:
        return -tf.reduce_mean(fake)


class Equilibrium(OfLogits):
    """Energies of fakes held at a share of those of reals: BEGAN (Berthelot et al., 2017, section 3.4).

    The discriminator minimises E[energy(x)] - k E[energy(G(z))], the generator E[energy(G(z))], and after
    each turn of the discriminator k <- k + rate * (gamma E[energy(x)] - E[energy(G(z))]), kept in [0, 1] as
    in the release. Both are logged as energies, and with them k and the convergence
    M = E[energy(x)] + |gamma E[energy(x)] - E[energy(G(z))]|, which falls as the game converges.

    Args:
        gamma: the diversity ratio, in [0, 1]: less makes sharper and less varied images.
        rate: of k, the paper's lambda.
        from_logits: see `OfLogits`.

    Attributes:
        k: the share of fakes in the discriminator's term, a variable that starts at 0.

    Raises:
        UsageError: for a number outside its range.
    """

    ordered = False  # fakes are rendered better than reals, by design

    def __init__(self, gamma: float = 0.5, rate: float = 0.001, from_logits: bool = True) -> None:
        super().__init__(from_logits)
        expect_number("loss.gamma", gamma, below=1.0 + 1e-9)
        expect_number("loss.rate", rate)
        self.gamma, self.rate = gamma, rate
        self.k = tf.Variable(0.0, trainable=False, name="k")

    def discriminator(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        return self.k * tf.reduce_mean(fake) - tf.reduce_mean(real)

    def generator(self, fake: tf.Tensor, real: tf.Tensor | None = None) -> tf.Tensor:
        return -tf.reduce_mean(fake)

    def after(self, player: str, terms: Terms) -> None:
        if player != "discriminator":
            return
        real, fake = -terms["real"], -terms["fake"]
        balance = self.gamma * real - fake
        self.k.assign(tf.clip_by_value(self.k + self.rate * balance, 0.0, 1.0))
        terms["k"] = self.k.read_value()
        terms["convergence"] = real + tf.abs(balance)

    def state(self) -> dict[str, tf.Variable]:
        return {"k": self.k}
