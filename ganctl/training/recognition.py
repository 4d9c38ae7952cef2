"""Whether a discriminator recognises the images it was trained on, asked at log points."""

from typing import Any

import numpy as np
import tensorflow as tf

from ganctl.game.batch import Batch
from ganctl.game.game import Game
from ganctl.game.signals import told

MOST = 128  # images of each kind: pairs are then told apart by chance in 50 +- 4 % of all cases
KEY = -4  # the "step" of its random key, which training never uses


class Recognition:
    """Compares what the discriminator says of training images and of images that were held out.

    Args:
        game: of which the discriminator is asked, in inference mode, through all that its parts do to images.
        size: images of one call: the batch's, which the parts were made for.
        seed: of the parts' noise.
    """

    def __init__(self, game: Game, *, size: int, seed: int) -> None:
        self.game, self.size, self.seed = game, size, seed
        self._sets: tuple[np.ndarray, np.ndarray] | None = None
        self._judge = tf.function(self._logits, autograph=False)

    def __call__(self, dataset: Any, step: int) -> dict[str, float]:
        """Return the mean logits of both, and the share of pairs in which the training image looks more real.

        Nothing where no image is held out, or the game has no critic of images alone.
        """
        if self._sets is None:
            self._sets = self._choose(dataset)
        if not len(self._sets[1]):
            return {}
        known, unknown = (self._ask(images, step) for images in self._sets)
        return {
            "discriminator/training": float(known.mean()),
            "discriminator/held_out": float(unknown.mean()),
            "discriminator/recognized": float(told(known, unknown)),
        }

    def _choose(self, dataset: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the same training and held-out images for the whole run, whole batches of each."""
        nothing = np.zeros((0,), np.float32)
        if not hasattr(self.game, "critic") or not hasattr(dataset, "held") or self.game.asked(0):
            return (
                nothing,
                nothing,
            )  # held-out images have no labels, which a critic may want
        count = max(1, MOST // self.size) * self.size
        held = dataset.held(count)
        if not len(held):
            return nothing, nothing
        sets = (dataset.take(count), held)
        # A small set is repeated until it fills the batch.
        return tuple(images[np.arange(count) % len(images)] for images in sets)  # type: ignore[return-value]

    def _ask(self, images: np.ndarray, step: int) -> np.ndarray:
        """Return the logits of all images, in one row."""
        parts = np.split(images, len(images) // self.size)
        now = tf.constant(step, tf.int64)
        found = [self._judge(tf.constant(part), now).numpy().ravel() for part in parts]
        return np.concatenate(found).astype(np.float64)

    def _logits(self, image: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        batch = Batch({}, size=self.size, key=tf.constant([self.seed, KEY]), step=step)
        critic = self.game.critic(batch)  # type: ignore[attr-defined]
        return critic.network(critic.prepare(image), training=False)
