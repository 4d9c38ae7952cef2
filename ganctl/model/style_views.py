"""What styles can do, in pictures: drawn to their mean, mixed, moved along the generator's own directions."""

from typing import TYPE_CHECKING

import tensorflow as tf
from keras import layers

from ganctl.game.batch import Batch
from ganctl.layer.equalized import Equalized

if TYPE_CHECKING:
    from ganctl.model.stylegan import StyleGAN

SHARES = (1.0, 0.7, 0.5, 0.0, -0.5, -1.0)
SOURCES = 5
DIRECTIONS = 6
STEPS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)  # in deviations of the styles


def truncation_view(game: "StyleGAN", batch: Batch) -> tf.Tensor:
    """Return a row for each of some latents, truncated by SHARES (Karras et al., 2019, figure 8)."""
    rows = _styles(game, batch)
    shares = tf.constant(SHARES)[None, :, None, None]
    made = game.truncated(rows[:, None], tf.broadcast_to(shares, (SOURCES, len(SHARES), 1, 1)))
    return _rendered(game, batch, made)


def mixing_view(game: "StyleGAN", batch: Batch) -> tf.Tensor:
    """Return the row's sample with the finer half of its styles from the column's (2019, figure 3).

    The samples themselves are the first row and the first column.
    """
    rows = _styles(game, batch)
    count = rows.shape[1]
    fine = (tf.range(count) >= count // 2)[None, None, :, None]
    mixed = tf.where(fine, rows[None, :], rows[:, None])
    images = _rendered(game, batch, tf.concat([rows[:, None], mixed], axis=1))
    corner = -tf.ones_like(images[:1, :1])
    top = tf.concat([corner, tf.reshape(images[:, 0], (1, SOURCES, *images.shape[2:]))], axis=1)
    return tf.concat([top, images], axis=0)


def directions_view(game: "StyleGAN", batch: Batch) -> tf.Tensor:
    """Return a sample moved along the directions that change the first features most, a row each.

    Shen and Zhou (2021), equation 6 (SeFa): the eigenvectors of A^T A, A being the weights that make
    modulations of styles, of all layers. Steps are in deviations of the styles along the direction.
    """
    found = directions(game)[:DIRECTIONS]
    deviation = tf.math.reduce_std(tf.matmul(game.many_styles(), found, transpose_b=True), axis=0)
    moves = tf.constant(STEPS)[None, :, None] * (deviation[:, None] * found)[:, None, :]
    styles = _styles(game, batch)[:1, None] + moves[:, :, None, :]
    return _rendered(game, batch, styles)


def directions(game: "StyleGAN") -> tf.Tensor:
    """Return the directions, float32 (width, width), one a row, the one that changes most first."""
    kernels = [
        layer.kernel(tf.convert_to_tensor(layer.variable.value), training=False)
        for stage in game.generator.stages
        for network in (stage.block, stage.colours)
        for layer in network.layers
        if isinstance(layer, Equalized) and isinstance(layer.layer, layers.Dense)
    ]
    weights = tf.concat([tf.cast(kernel, tf.float32) for kernel in kernels], axis=1)
    _, vectors = tf.linalg.eigh(tf.matmul(weights, weights, transpose_b=True))
    return tf.reverse(tf.transpose(vectors), axis=[0])


def _styles(game: "StyleGAN", batch: Batch) -> tf.Tensor:
    """Return the styles of the first samples."""
    return game.styles(game.latents(batch), batch)[:SOURCES]


def _rendered(game: "StyleGAN", batch: Batch, styles: tf.Tensor) -> tf.Tensor:
    """Return images of styles (rows, columns, ...), all with the same noise."""
    rows, columns, *rest = styles.shape
    noise = tf.repeat(batch.normal(game.generator.pixels)[:1], rows * columns, axis=0)
    made = game.render(tf.reshape(styles, (rows * columns, *rest)), batch, noise=noise)
    return tf.reshape(made, (rows, columns, *made.shape[1:]))
