"""How far an image moves with its styles: what StyleGAN2 wants to be the same everywhere."""

from collections.abc import Callable

import tensorflow as tf

SMALLEST = 1e-12  # added under the root, which otherwise has no slope at 0


def path_lengths(
    render: Callable[[tf.Tensor], tf.Tensor], styles: tf.Tensor, direction: tf.Tensor
) -> tf.Tensor:
    """Return |J^T y| of each image, float32 (batch,); Karras et al. (2020), section 3.2.

    J is the derivative of an image by its styles and y a normal image over the root of its pixels, so that
    lengths do not depend on the resolution. As in the release, squares are summed over a style's numbers,
    and their mean is taken over the rows: where all rows are one style, this is not the norm of the sum.

    Args:
        render: styles (batch, rows, width) -> images.
        styles: where the derivative is taken.
        direction: normal numbers of the images' shape.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(styles)
        image = render(styles)
        _, height, width, _ = image.shape
        along = tf.reduce_sum(image * direction) / (height * width) ** 0.5
    slope = tf.cast(tape.gradient(along, styles), tf.float32)
    return tf.sqrt(tf.reduce_mean(tf.reduce_sum(tf.square(slope), axis=2), axis=1) + SMALLEST)
