"""What a picture of points shows of a game besides samples: the critic's field, the way of the latents."""

import math
from contextlib import nullcontext
from typing import Any

import numpy as np
import tensorflow as tf

from ganctl.files.samples import WALK
from ganctl.game.batch import Batch
from ganctl.game.critic import several
from ganctl.game.game import Game
from ganctl.game.keys import PATHS
from ganctl.training.sampler import Sampler, inputs_of, shown_of

BETWEEN = "interpolation"  # the view that every game of images with latents has
CROWD = 4096  # draws of which a one-dimensional latent's quantiles are taken


class LatentPaths:
    """A game as a picture sees it, in inference mode.

    Args:
        sampler: draws from it.
        dataset: whose examples samples are made of, where the game needs any; None where it does not.
    """

    def __init__(self, sampler: Sampler, dataset: Any = None) -> None:
        self.sampler, self.game = sampler, sampler.game
        self.inputs, self.beside = inputs_of(sampler.game, dataset), shown_of(sampler.game, dataset)

    @property
    def columns(self) -> int | None:
        """Tiles in a row of a grid of samples."""
        return self.game.columns

    def samples(self, count: int) -> np.ndarray:
        """Return the samples that every picture of the run shows, float32 of shape (count, ...)."""
        return self.sampler.preview(count, inputs=self.inputs)

    def shown(self, count: int) -> np.ndarray:
        """Return what a grid shows of these samples: themselves, or tiles (count, tiles, ...)."""
        return self.sampler.preview(count, inputs=self.beside, shown=True)

    def field(self, points: np.ndarray) -> tuple[np.ndarray | None, float | None]:
        """Return what the discriminator says at points of shape (m, d), and what an undecided one says.

        Returns:
            float32 of shape (m,), or None for a game without a discriminator of single points (packed ones
            see several); and the boundary, None for a loss that knows differences only.
        """
        adversary = self.game.adversaries.get("")
        if adversary is None or adversary.condition or adversary.network.input_shape[1:] != points.shape[1:]:
            return None, None
        judged = several(adversary.network(tf.constant(points, tf.float32), training=False))[0]
        centre = None if adversary.loss.relative else adversary.loss.boundary
        return np.reshape(judged, [len(points), -1])[:, 0].astype(np.float32), centre

    def walk(self, count: int) -> np.ndarray | None:
        """Return the samples, float32 of shape (count, d), along a path through the latents, or None.

        A latent of one number goes through the quantiles of its prior; a longer one goes along half a circle
        through two draws, each point of which is as likely as a draw where the prior is normal.
        """
        if not self.game.has_latents:
            return None
        crowd = self.game.latents(Batch({}, size=CROWD, key=tf.constant((0, PATHS))))
        if crowd.shape[1] > 1:
            return self._made(arc(crowd[0], crowd[1], count))
        return self._made(tf.sort(crowd, axis=0)[CROWD // (2 * count) :: CROWD // count][:count])

    def between(self, rows: int, count: int, seed: int = 0) -> np.ndarray | None:
        """Return the samples, float32 of shape (rows * count, ...), along `rows` paths of latents, or None.

        Each path leads from one draw of the latent to another along a quarter of a circle; what else a
        sample depends on, such as a label, stays the same on it.
        """
        if not self.game.has_latents:
            return None
        ends = self.game.latents(Batch({}, size=2 * rows, key=tf.constant((seed, PATHS))))
        paths = [arc(ends[2 * row], ends[2 * row + 1], count, math.pi / 2) for row in range(rows)]
        return self._made(tf.concat(paths, axis=0), tf.repeat(tf.range(rows), count))

    def _made(self, latents: tf.Tensor, index: tf.Tensor | None = None) -> np.ndarray:
        """Return what the generator makes of latents, by the averaged weights where there are any."""
        average, count = self.sampler.average, latents.shape[0]
        conditions = self.game.conditions(tf.range(count) if index is None else index)
        batch = Batch(conditions, size=count, key=tf.constant((0, PATHS)), **self.sampler.moment())
        with average.applied(average.estimate(self.sampler.seed)) if average else nullcontext():
            return self.game.generate_from(latents, batch, training=False).numpy()


def arc(one: tf.Tensor, other: tf.Tensor, count: int, end: float = math.pi) -> tf.Tensor:
    """Return `count` latents, (count, d), along a circle's arc from one through or to another, each (d,)."""
    angle = tf.linspace(0.0, end, count)[:, None]
    return tf.cos(angle) * one + tf.sin(angle) * other


def views_of(game: Game) -> list[str]:
    """Return the names of all whole pictures that can be drawn of a game."""
    pictures = game.fields["image"].kind == "image"
    between = [BETWEEN] if game.has_latents and pictures else []
    return list(dict.fromkeys([*game.views, *between, *([WALK] if game.spaces() and pictures else [])]))
