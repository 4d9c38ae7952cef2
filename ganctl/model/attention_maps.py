"""Where a generator's self-attention looks: pictures for a view."""

import keras
import tensorflow as tf

from ganctl.layer.attention import Attention, weights

# Of height and width: the places that are asked, the middle first, then one in each quarter.
PLACES = ((0.5, 0.5), (0.25, 0.25), (0.25, 0.75), (0.75, 0.25), (0.75, 0.75))


def attentive(network: keras.Model) -> Attention | None:
    """Return the first attention in a network, or None."""
    return next((layer for layer in network.layers if isinstance(layer, Attention)), None)


def attention_maps(network: keras.Model, given: tf.Tensor) -> tf.Tensor:
    """Return each image that a generator makes, and for each of PLACES where it takes its features from.

    As figure 5 of Zhang et al. (2019). A map is white where its place looks most and black where it does not
    look; keys are pooled, so its squares are.

    Args:
        network: with an `Attention` whose keys are a picture in the proportions of the image.
        given: its input, (n, ...).

    Returns:
        (n, 1 + places, height, width, channels) in [-1, 1].
    """
    layer = attentive(network)
    query, key, _ = layer.input  # type: ignore[union-attr]
    asked, keys, image = keras.Model(network.input, [query, key, network.output])(given, training=False)
    _, height, width, channels = image.shape
    rows, columns = _sides(asked.shape[1], height, width)
    places = [int(down * rows) * columns + int(right * columns) for down, right in PLACES]
    found = weights(tf.cast(tf.gather(asked, places, axis=1), tf.float32), tf.cast(keys, tf.float32))
    found = 2.0 * found / tf.reduce_max(found, axis=2, keepdims=True) - 1.0
    rows, columns = _sides(keys.shape[1], height, width)
    maps = tf.reshape(found, (-1, rows, columns, 1))
    maps = tf.image.resize(maps, (height, width), method="nearest")
    maps = tf.reshape(tf.repeat(maps, channels, axis=3), (-1, len(PLACES), height, width, channels))
    return tf.concat([image[:, None], maps], axis=1)


def _sides(pixels: int, height: int, width: int) -> tuple[int, int]:
    """Return the sides of a picture of so many pixels in the proportions of a larger one."""
    scale = (pixels / (height * width)) ** 0.5
    return round(height * scale), round(width * scale)
