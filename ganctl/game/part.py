"""What an adversary carries besides its network: a loss, a penalty, an augmentation, a remedy."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import tensorflow as tf

from ganctl.game.batch import Batch, Terms

if TYPE_CHECKING:
    from ganctl.game.adversary import Adversary
    from ganctl.game.game import Game


class Part:
    """A loss, a penalty, an augmentation or a remedy. No hook is required.

    Attributes:
        players: who pays it, for a penalty.
        lipschitz: whether it bounds the slope of the critic, as the Wasserstein loss needs.
        scope: "adversary": each adversary of a game has one of its own; "game": it concerns the players as
            they are, and only the game's first adversary has it.
        mixes: whether it puts samples side by side or in each other's place, which means nothing where each
            is judged beside an input or a label of its own.
        geometric: whether it moves or cuts images, which then no longer lie over an image beside them.
    """

    players: Sequence[str] = ()
    lipschitz = False
    scope = "adversary"
    mixes = False
    geometric = False

    def shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape of what the discriminator judges, from that of one sample."""
        return shape

    def join(self, adversary: "Adversary") -> None:
        """See the adversary once, all networks built: the moment to check them and to make variables."""

    def prepare(self, image: tf.Tensor, batch: Batch) -> tf.Tensor:
        """Return what the discriminator sees in place of images, real or fake."""
        return image

    def discriminator_fakes(self, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        """Return the fakes that the discriminator's own turn sees."""
        return fake

    def generator_logits(self, logits: tf.Tensor, batch: Batch) -> tf.Tensor:
        """Return the fakes' logits that the generator learns from."""
        return logits

    def lookahead(self, game: "Game", batch: Batch) -> AbstractContextManager[Batch]:
        """Return a context for the generator's turn, and its batch: networks may have other weights in it."""
        return nullcontext(batch)

    def after(self, player: str, terms: Terms) -> None:
        """Update what no gradient reaches, once a player has moved; terms may be added, to be logged."""

    def state(self) -> dict[str, tf.Variable]:
        """Return, by name, what a checkpoint must hold."""
        return {}


class Loss(Part):
    """From what the discriminator says of real and fake to the two players' adversarial terms.

    Attributes:
        relative: whether the generator's turn needs the logits of reals too.
        boundary: what an undecided discriminator says.
        ordered: whether a discriminator that tells real from fake gives reals the larger logits; the
            diagnosis then knows what a balance is.
    """

    relative = False
    boundary = 0.0
    ordered = True

    def discriminator(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        """Return the discriminator's term, a float32 scalar, a mean over all logits."""
        raise NotImplementedError(f"{type(self).__name__} does not say what the discriminator pays.")

    def generator(self, fake: tf.Tensor, real: tf.Tensor | None = None) -> tf.Tensor:
        """Return the generator's term, a float32 scalar; `real` is None unless the loss is relative."""
        raise NotImplementedError(f"{type(self).__name__} does not say what the generator pays.")


class Own(Loss):
    """The word for families that bring a loss of their own (`loss=own`)."""
