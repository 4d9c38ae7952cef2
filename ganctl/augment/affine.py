"""Affine maps of pixels' places and colours, one for each image, exact where they are the identity.

A map of d numbers is a tensor (batch, d + 1, d + 1) in homogeneous coordinates. Products are written as sums,
because a GPU's matrix units would round the numbers of an identity to ten bits.
"""

import functools

import numpy as np
import tensorflow as tf


def identity(dimensions: int, count: int) -> tf.Tensor:
    return tf.eye(dimensions + 1, batch_shape=[count])


def compose(*maps: tf.Tensor) -> tf.Tensor:
    """Return the map that does the last of these first."""
    return functools.reduce(
        lambda outer, inner: tf.reduce_sum(outer[:, :, :, None] * inner[:, None, :, :], axis=2), maps
    )


def scale(*factors: tf.Tensor) -> tf.Tensor:
    """Return the map that multiplies each coordinate with its factor, of shape (batch,)."""
    return tf.linalg.diag(tf.stack([*factors, tf.ones_like(factors[0])], axis=-1))


def translation(*steps: tf.Tensor) -> tf.Tensor:
    """Return the map that adds to each coordinate its step, of shape (batch,)."""
    column = tf.stack([*steps, tf.zeros_like(steps[0])], axis=-1)[:, :, None]
    count, size = column.shape[:2]
    return identity(size - 1, count) + tf.concat([tf.zeros((count, size, size - 1)), column], axis=2)


def rotation(cosine: tf.Tensor, sine: tf.Tensor) -> tf.Tensor:
    """Return the rotation of the plane by an angle that is given by its cosine and sine."""
    nothing, one = tf.zeros_like(cosine), tf.ones_like(cosine)
    rows = [[cosine, -sine, nothing], [sine, cosine, nothing], [nothing, nothing, one]]
    return tf.stack([tf.stack(row, axis=-1) for row in rows], axis=1)


LUMA = np.ones(3, np.float32) / np.sqrt(np.float32(3))  # the axis of greys
ALONG = np.outer(LUMA, LUMA)
AROUND = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], np.float32) * LUMA[0]  # LUMA x colour


def luma_flip(flip: tf.Tensor) -> tf.Tensor:
    """Return the reflection of colours along the luma axis where flip is 1, the identity where it is 0."""
    return _of_colors(np.eye(3, dtype=np.float32) - 2.0 * ALONG * flip[:, None, None])


def hue(angle: tf.Tensor) -> tf.Tensor:
    """Return the rotation of colours about the luma axis (Rodrigues' formula)."""
    cosine, sine = tf.cos(angle)[:, None, None], tf.sin(angle)[:, None, None]
    return _of_colors(cosine * np.eye(3, dtype=np.float32) + sine * AROUND + (1.0 - cosine) * ALONG)


def saturation(factor: tf.Tensor) -> tf.Tensor:
    """Return the map that multiplies colours' distance from the luma axis."""
    factor = factor[:, None, None]
    return _of_colors(factor * np.eye(3, dtype=np.float32) + (1.0 - factor) * ALONG)


def _of_colors(matrix: tf.Tensor) -> tf.Tensor:
    return tf.pad(matrix, [[0, 0], [0, 1], [0, 1]]) + tf.constant(np.diag([0, 0, 0, 1]), tf.float32)


def recolored(image: tf.Tensor, change: tf.Tensor) -> tf.Tensor:
    """Return images (batch, height, width, channels) whose colours went through a map."""
    change = tf.cast(change, image.dtype)
    rows = change[:, None, None, :-1, :]
    return tf.reduce_sum(rows[..., :-1] * image[..., None, :], axis=-1) + rows[..., -1]


def resampled(image: tf.Tensor, where: tf.Tensor) -> tf.Tensor:
    """Return images whose pixel at x, y from the centre is what was at the map of (x, y), in pixels.

    Between pixels it is bilinear, beyond the border the image is reflected about its outermost pixels.
    """
    count, height, width, channels = image.shape
    center_y, center_x = (height - 1) / 2, (width - 1) / 2
    rows, columns = tf.range(height, dtype=tf.float32), tf.range(width, dtype=tf.float32)
    y, x = tf.meshgrid(rows - center_y, columns - center_x, indexing="ij")
    here = tf.stack([x, y, tf.ones_like(x)], axis=-1)[None]  # (1, height, width, 3)
    source_x = tf.reduce_sum(where[:, None, None, 0] * here, axis=-1) + center_x
    source_y = tf.reduce_sum(where[:, None, None, 1] * here, axis=-1) + center_y
    low_x, low_y = tf.floor(source_x), tf.floor(source_y)
    part_x, part_y = (tf.cast(part[..., None], image.dtype) for part in (source_x - low_x, source_y - low_y))
    flat = tf.reshape(image, (count, height * width, channels))

    def at(row: tf.Tensor, column: tf.Tensor) -> tf.Tensor:
        index = reflected(row, height) * width + reflected(column, width)
        found = tf.gather(flat, tf.reshape(index, (count, height * width)), batch_dims=1)
        return tf.reshape(found, image.shape)

    top = at(low_y, low_x) * (1 - part_x) + at(low_y, low_x + 1) * part_x
    bottom = at(low_y + 1, low_x) * (1 - part_x) + at(low_y + 1, low_x + 1) * part_x
    return top * (1 - part_y) + bottom * part_y


def reflected(place: tf.Tensor, side: int) -> tf.Tensor:
    """Return whole places, float32, as int32 places in [0, side), reflected about the outermost ones."""
    if side == 1:
        return tf.zeros_like(place, dtype=tf.int32)
    period = 2 * (side - 1)
    place = tf.math.floormod(tf.cast(place, tf.int32), period)
    return tf.minimum(place, period - place)
