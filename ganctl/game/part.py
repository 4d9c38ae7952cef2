"""What a game carries besides its networks: a penalty, an augmentation, a remedy."""

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import tensorflow as tf

from ganctl.game.batch import Batch, Terms

if TYPE_CHECKING:
    from ganctl.game.game import Game


class Part:
    """What a game carries besides its networks: a penalty, an augmentation, a remedy. No hook is required."""

    def shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape of what the discriminator judges, from that of one sample."""
        return shape

    def join(self, game: "Game") -> None:
        """See the game once, its networks built: the moment to check it and to make variables."""

    def prepare(self, image: tf.Tensor, batch: Batch) -> tf.Tensor:
        """Return what the discriminator sees in place of images, real or fake."""
        return image

    def shown(self, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        """Return the fakes that the discriminator's own turn sees."""
        return fake

    def counted(self, logits: tf.Tensor, batch: Batch) -> tf.Tensor:
        """Return the fakes' logits that the generator learns from."""
        return logits

    def ahead(self, game: "Game", batch: Batch) -> AbstractContextManager[Batch]:
        """Return a context for the generator's turn, and its batch: networks may have other weights in it."""
        return nullcontext(batch)

    def after(self, player: str, terms: Terms) -> None:
        """Update what no gradient reaches, once a player has moved."""

    def state(self) -> dict[str, tf.Variable]:
        """Return, by name, what a checkpoint must hold."""
        return {}
