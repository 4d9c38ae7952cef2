"""Bounds and penalties on weights: clipping and orthogonality."""

import math
from collections.abc import Sequence

import keras
import tensorflow as tf

from ganctl.check import expect_one_of
from ganctl.error import UsageError
from ganctl.game.adversary import Adversary
from ganctl.game.batch import Batch, Terms
from ganctl.game.critic import Critic
from ganctl.game.part import Part
from ganctl.layer.norm import TRANSPOSED
from ganctl.penalty.charge import Penalty
from ganctl.penalty.slope import Slope


class Clip(Part):
    """The critic's weights are kept in [-bound, bound] (WGAN, Arjovsky et al., 2017, algorithm 1).

    All its trainable weights, those of normalizations too, after each of its turns; it is no term.

    Args:
        bound: the paper's c, above 0.

    Raises:
        UsageError: for another bound, beside a penalty on the slope, or with spectral normalization.
    """

    players = ("discriminator",)
    lipschitz = True
    scope = "game"

    def __init__(self, bound: float = 0.01) -> None:
        if not isinstance(bound, int | float) or isinstance(bound, bool) or not 0 < bound < math.inf:
            raise UsageError(f"penalty.clip.bound: expected a number above 0, got '{bound}'.")
        self.bound = bound

    def __call__(self, critic: Critic, real: tf.Tensor, fake: tf.Tensor, batch: Batch) -> None:
        return None

    def join(self, adversary: Adversary) -> None:
        for name, penalty in adversary.penalties.items():
            if isinstance(penalty, Slope) and penalty.weight:
                raise UsageError(
                    f"penalty: expected clip or {name}, got both: clipped weights already bound the slope "
                    f"that {name} is to shape; type penalty=[clip] or penalty=[{name}]."
                )
        if "SpectralNormalization" in adversary.kinds("discriminator"):
            raise UsageError(
                "penalty.clip: expected a discriminator without spectral normalization, got one with it, "
                "which divides clipped kernels by their size; type penalty=[] or norm.discriminator=none."
            )
        self.weights = [weight.value for weight in adversary.weights("discriminator")]

    def after(self, player: str, terms: Terms) -> None:
        if player == "discriminator":
            for weight in self.weights:
                weight.assign(tf.clip_by_value(weight, -self.bound, self.bound))


class Orthogonal(Penalty):
    """The weights of every output point in directions of their own: weight * |W^T W * (1 - I)|^2.

    W of shape (inputs, outputs) is a kernel with its places flattened into the inputs; the squared Frobenius
    norms of all kernels of a player are added.

    Args:
        weight: the paper's beta, at least 0.
        every: charge it in every n-th step, n times as much.
        players: who pay, each for its own kernels.
        kind: "off_diagonal" (BigGAN, Brock et al., 2019, equation 3: lengths are free), or "full",
            |W^T W - I|^2 (its equation 2, after Brock et al., 2017).
    """

    scope = "game"

    def __init__(
        self,
        weight: float = 1e-4,
        every: int = 1,
        players: Sequence[str] = ("generator",),
        kind: str = "off_diagonal",
    ) -> None:
        super().__init__(weight, every)
        expect_one_of(f"{self.name}.kind", kind, ("off_diagonal", "full"))
        self.players, self.kind = tuple(players), kind

    def join(self, adversary: Adversary) -> None:
        unknown = [player for player in self.players if player not in adversary.players]
        if unknown or not self.players:
            raise UsageError(
                f"{self.name}.players: expected some of {', '.join(adversary.players)}, "
                f"got '{', '.join(unknown) or 'none'}'."
            )
        self.kernels = {
            player: list(map(_kernel, filter(_has_kernel, adversary.layers(player))))
            for player in self.players
        }

    def term(self, critic: Critic, real: tf.Tensor, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        return tf.add_n([self.cost(matrix(*kernel)) for kernel in self.kernels[batch.player]])

    def cost(self, weights: tf.Tensor) -> tf.Tensor:
        """Return how far the columns of (inputs, outputs) are from orthogonal, or orthonormal, squared."""
        products = tf.matmul(weights, weights, transpose_a=True)
        unit = tf.eye(weights.shape[1])
        return tf.reduce_sum(tf.square(products - unit if self.kind == "full" else products * (1.0 - unit)))


def matrix(kernel: keras.Variable, axis: int) -> tf.Tensor:
    """Return a kernel as float32 of shape (inputs, outputs), outputs being its given axis."""
    value = tf.convert_to_tensor(kernel.value)
    if axis == -2:
        value = tf.linalg.matrix_transpose(value)
    return tf.reshape(value, (-1, value.shape[-1]))


def _has_kernel(layer: keras.Layer) -> bool:
    return isinstance(getattr(layer, "kernel", None), keras.Variable)


def _kernel(layer: keras.Layer) -> tuple[keras.Variable, int]:
    """Return a layer's kernel and the axis of its outputs."""
    return layer.kernel, -2 if isinstance(layer, TRANSPOSED) else -1
