"""A discriminator as losses and penalties see it."""

from collections.abc import Callable

import tensorflow as tf

from ganctl.game.batch import JUDGED, Batch


class Critic:
    """A discriminator as a function of the image alone, which is all that losses and penalties see.

    Args:
        network: images (batch, ...) -> logits (batch, 1).
        prepare: what is done to images before the network sees them, differentiable.
        batch: the turn's, in which logits are remembered.
    """

    def __init__(self, network, prepare: Callable[[tf.Tensor], tf.Tensor], batch: Batch) -> None:
        self.network, self.prepare, self.batch = network, prepare, batch

    def __call__(self, image: tf.Tensor) -> tf.Tensor:
        return self.network(self.prepare(image), training=True)

    def logits(self, image: tf.Tensor) -> tf.Tensor:
        """Return what the critic says of these images, computed once for each tensor of a batch.

        Inside a tape that watches the images call the critic itself: what is remembered was not watched.
        """
        # The image is remembered too: a living tensor's id is its own.
        return self.batch.once(f"{JUDGED}{id(image)}", lambda: (image, self(image)))[1]
