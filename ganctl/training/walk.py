"""A walk through what a generator can make: a closed way past several of its codes, at an even pace."""

from contextlib import nullcontext

import numpy as np
import tensorflow as tf

from ganctl.error import UsageError
from ganctl.game.batch import Batch
from ganctl.game.keys import PATHS
from ganctl.training.sampler import Sampler

STOPS = 1.5  # seconds from one code to the next
RATE = 20  # pictures a second


def walk(
    sampler: Sampler, *, count: int, seconds: float, seed: int, averaged: bool, rate: int = RATE
) -> np.ndarray:
    """Return the pictures of `count` walks, float32 (count, frames, height, width, channels) in [-1, 1].

    The codes are the game's best: StyleGAN's styles, on straight lines; otherwise latents, brought back to
    where latents lie, which makes arcs of the lines. The last picture leads to the first. Noise beside the
    codes stays the same.

    Raises:
        UsageError: for a game that has no space of codes.
    """
    spaces = sampler.game.spaces()
    if not spaces:
        raise UsageError("view=walk: this run's samples are not made of latents.")
    space = next(iter(spaces.values()))
    average = sampler.average if averaged else None
    known = average.estimate(sampler.seed) if average else []
    stops, frames = max(2, round(seconds / STOPS)), max(2, round(seconds * rate))
    key, moment = tf.constant([seed, PATHS]), sampler.moment()

    def batch(size: int, *, alike: bool) -> Batch:
        conditions = sampler.game.conditions(tf.range(size) % count)
        return Batch(conditions, size=size, key=key, alike=alike, **moment)

    @tf.function(autograph=False)
    def made(codes: tf.Tensor) -> tf.Tensor:
        with average.applied(known) if average else nullcontext():
            return space.make(space.keep(codes), batch(count, alike=True))

    with average.applied(known) if average else nullcontext():
        drawn = space.draw(batch(count * stops, alike=False))
    codes = tf.reshape(drawn, (stops, count, -1))
    pictures = []
    for place in np.arange(frames) * stops / frames:
        first = int(place)
        share = float(place - first)
        between = (1.0 - share) * codes[first] + share * codes[(first + 1) % stops]
        pictures.append(made(between).numpy())
    return np.stack(pictures, axis=1)
