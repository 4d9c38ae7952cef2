"""Where a generator's pictures can be searched for: latents, or what it makes of them."""

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf

from ganctl.game.batch import Batch


@dataclass(frozen=True)
class Space:
    """A space of codes, each of which a trained generator makes an image of.

    Args:
        draw: batch -> codes that training might have drawn, float32 (size, d).
        make: (codes, batch) -> images (size, height, width, channels) in [-1, 1], as samples are made.
        keep: codes -> the nearest that training might have drawn; codes as they are by default.
    """

    draw: Callable[[Batch], tf.Tensor]
    make: Callable[[tf.Tensor, Batch], tf.Tensor]
    keep: Callable[[tf.Tensor], tf.Tensor] = tf.identity
