"""Given pictures found again among what a trained generator can make: inversion by gradient descent."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ganctl.error import UsageError, suggest
from ganctl.game.batch import Batch
from ganctl.game.keys import PROJECT
from ganctl.training.sampler import Sampler

RATE = 0.05  # of Adam in the first steps; it falls to 0 on a cosine
FRAMES = 40  # pictures of a film
SCALES = 3  # the distance is of pictures, of their halves, and of halves of these


@dataclass
class Found:
    """What a search found.

    Args:
        codes: of each picture, (n, d).
        images: that the generator makes of them, (n, height, width, channels) in [-1, 1].
        distances: mean squared differences over all scales, (n,); pixels are in [-1, 1].
        begun: what they were before the first step.
        film: images on the way, (n, frames, height, width, channels).
    """

    codes: np.ndarray
    images: np.ndarray
    distances: np.ndarray
    begun: np.ndarray
    film: np.ndarray


class Inversion:
    """Searches for codes of pictures, as many at a time as there are.

    The start is the nearest of `tries` drawn codes; then Adam moves the code, for the distance's gradient
    alone (Abdal et al., 2019; Karras et al., 2020, appendix D, whose network of photographs' features a
    pyramid of pixels replaces, and whose noise is one draw that stays).

    Args:
        sampler: of a trained game.
        space: the name of one of the game's spaces; "" for its best.
        averaged: whether averaged weights make the images, where there are any.
        seed: of the starts and the noise.

    Raises:
        UsageError: for a game or a space in which nothing can be searched for.
    """

    def __init__(self, sampler: Sampler, *, space: str = "", averaged: bool = True, seed: int = 0) -> None:
        self.sampler, self.average = sampler, sampler.average if averaged else None
        spaces = sampler.game.spaces()
        if not spaces:
            raise UsageError(
                "project: this run's samples are not made of latents; nothing can be searched for."
            )
        if space and space not in spaces:
            known = ", ".join(spaces)
            raise UsageError(f"space: expected one of {known}, got '{space}'.{suggest(space, spaces)}")
        self.name = space or next(iter(spaces))
        self.space, self.key = spaces[self.name], tf.constant([seed, PROJECT])
        self.known = self.average.estimate(sampler.seed) if self.average else []

    def search(
        self,
        pictures: np.ndarray,
        *,
        steps: int,
        tries: int = 256,
        labels: np.ndarray | None = None,
        advance: Callable[[int], None] = lambda steps: None,
    ) -> Found:
        """Search for pictures, float32 (n, height, width, channels) in [-1, 1].

        Args:
            steps: of Adam.
            tries: drawn codes, of which the nearest is each picture's start.
            labels: of the pictures, integers (n,), where the game has any.
            advance: is told of steps that were made.
        """
        target = tf.constant(pictures, tf.float32)
        code = tf.Variable(self._starts(target, tries, labels))
        optimizer = keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(RATE, max(1, steps)), beta_1=0.9
        )
        batch = self._batch(len(pictures), labels)

        @tf.function(autograph=False)
        def move() -> Any:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(code)
                image, away = self._seen(code, batch, target)
            return tape.gradient(away, code), image, away

        shown, frames = set(np.linspace(0, steps, FRAMES).astype(int)), []
        best_code, best = code.numpy(), np.full(len(pictures), np.inf)
        begun = best.copy()
        for step in range(steps + 1):
            gradient, image, away = move()
            begun = begun if step else away.numpy()
            nearer = away.numpy() < best
            best, best_code[nearer] = np.minimum(best, away.numpy()), code.numpy()[nearer]
            if step in shown:
                frames.append(image.numpy())
            if step < steps:
                optimizer.apply([gradient], [code])
                code.assign(self.space.keep(code))
                advance(1)
        code.assign(best_code)
        _, image, _ = move()
        return Found(best_code, image.numpy(), best, begun, np.stack(frames, axis=1))

    def _starts(self, target: tf.Tensor, tries: int, labels: np.ndarray | None) -> tf.Tensor:
        """Return the code nearest to each picture among those that are drawn."""
        found = []
        for index in range(target.shape[0]):
            alike = None if labels is None else np.full(tries, labels[index])
            batch = self._batch(tries, alike)
            with self._weights():
                codes = self.space.draw(batch)
                away = distance(self.space.make(codes, batch), target[index : index + 1])
            found.append(codes[tf.argmin(away)])
        return tf.stack(found)

    def _seen(self, code: tf.Variable, batch: Batch, target: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with self._weights():
            image = self.space.make(tf.convert_to_tensor(code), batch)
        return image, distance(image, target)

    def _batch(self, size: int, labels: np.ndarray | None) -> Batch:
        conditions = self.sampler.game.conditions(tf.range(size))
        if labels is not None:
            conditions["label"] = tf.constant(labels, tf.int32)
        return Batch(conditions, size=size, key=self.key, **self.sampler.moment())

    def _weights(self) -> AbstractContextManager[None]:
        return self.average.applied(self.known) if self.average else nullcontext()


def distance(image: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Return the mean squared difference of pictures at several scales, float32 (n,)."""
    total = 0.0
    for scale in range(SCALES):
        total += tf.reduce_mean(tf.square(image - target), axis=(1, 2, 3))
        if scale < SCALES - 1 and min(image.shape[1:3]) > 1:
            image, target = (tf.nn.avg_pool2d(each, 2, 2, "SAME") for each in (image, target))
    return total / SCALES
