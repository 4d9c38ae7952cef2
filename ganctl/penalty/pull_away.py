"""What keeps a generator's samples apart where the discriminator gives each a code."""

import tensorflow as tf

from ganctl.error import UsageError
from ganctl.game.adversary import Adversary
from ganctl.game.batch import Batch
from ganctl.game.critic import Critic
from ganctl.penalty.charge import Penalty


class PullAway(Penalty):
    """The mean squared cosine between the codes of a batch's fakes, which the generator pays (EBGAN-PT).

    Zhao et al. (2017), section 2.4: weight / (n (n - 1)) * the sum over i != j of cos(S_i, S_j)^2, where S_i
    is the discriminator's code of fake i, its last output. Identical codes give 1, orthogonal ones 0.

    Args:
        weight: at least 0; the paper's is 0.1.
        every: charge it in every n-th step, n times as much.

    Raises:
        UsageError: for a discriminator without a code.
    """

    players = ("generator",)

    def __init__(self, weight: float = 0.1, every: int = 1) -> None:
        super().__init__(weight, every)

    def join(self, adversary: Adversary) -> None:
        last = adversary.network.outputs[-1]
        if len(adversary.network.outputs) < 2 or len(last.shape) != 2:
            raise UsageError(
                f"{self.name}: expected a discriminator that gives each image a code; type model=ebgan."
            )

    def term(self, critic: Critic, real: tf.Tensor, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        return pull_away(critic.outputs(fake)[-1])


def pull_away(codes: tf.Tensor) -> tf.Tensor:
    """Return the mean squared cosine between different rows of codes (n, d), float32; 0 for one row."""
    codes = tf.cast(codes, tf.float32)
    unit = codes * tf.math.rsqrt(tf.reduce_sum(tf.square(codes), axis=1, keepdims=True) + 1e-12)
    among = tf.square(tf.matmul(unit, unit, transpose_b=True))
    count = codes.shape[0]
    return (tf.reduce_sum(among) - tf.linalg.trace(among)) / max(count * (count - 1), 1)
