"""What growing networks do with pictures: halve them, double them, fade from one size to the next."""

import tensorflow as tf


def halved(image: tf.Tensor) -> tf.Tensor:
    """Return (batch, h, w, c) as (batch, h/2, w/2, c), each pixel the mean of four; sides must be even."""
    _, height, width, channels = image.shape
    return tf.reduce_mean(tf.reshape(image, (-1, height // 2, 2, width // 2, 2, channels)), axis=(2, 4))


def doubled(image: tf.Tensor) -> tf.Tensor:
    """Return (batch, h, w, c) as (batch, 2h, 2w, c), each pixel repeated."""
    _, height, width, channels = image.shape
    apart = tf.reshape(image, (-1, height, 1, width, 1, channels))
    return tf.reshape(tf.tile(apart, (1, 1, 2, 1, 2, 1)), (-1, 2 * height, 2 * width, channels))


def faded(before: tf.Tensor, after: tf.Tensor, fade: tf.Tensor | float | None) -> tf.Tensor:
    """Return (1 - fade) * before + fade * after, of `after`'s dtype: exactly either at 0 and 1.

    Args:
        before, after: of one shape.
        fade: a number in [0, 1]; None is 1.
    """
    if fade is None:
        return after
    fade = tf.cast(fade, after.dtype)
    # Not before + fade * (after - before), which rounds at 1.
    return (1 - fade) * tf.cast(before, after.dtype) + fade * after


def whole(image: tf.Tensor, level: int, levels: int) -> tf.Tensor:
    """Return a level's image as large as the last of so many levels': each pixel repeated."""
    for _ in range(level, levels - 1):
        image = doubled(image)
    return image


def real_at(image: tf.Tensor, level: int, fade: tf.Tensor | float | None = None, *, levels: int) -> tf.Tensor:
    """Return real images as a discriminator of Karras et al. (2018) sees them at a level.

    Halved to the level's side by means of four pixels; while the level fades in, faded like the generator's
    images from their own half size (section 2 and the release's train.py). The release rounds its smaller
    images to bytes; here they are exact.

    Args:
        image: float32 of shape (batch, side, side, channels), the top level's.
        level: from 0 to levels - 1.
        fade: a number in [0, 1], how far the level is faded in; None is 1. Level 0 never fades.
        levels: how many there are.
    """
    for _ in range(levels - 1 - level):
        image = halved(image)
    return faded(doubled(halved(image)), image, fade) if level and fade is not None else image
