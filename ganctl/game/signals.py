"""What the diagnosis watches in a batch, beside losses: how sure the critic is, how varied the fakes are."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

SURE = ("right_real", "right_fake", "auc")  # of a critic that gives reals the larger logits
VARIED = ("spread", "coverage", "density")
MOST = 256  # examples of a batch that are compared with each other
SIDE, WIDTH = 8, 64  # images are shrunk to this side, then projected to so many numbers
NEIGHBOUR = 5  # whose distance is a real example's radius, as in the paper


def watched(ordered: bool, count: int) -> tuple[str, ...]:
    """Return the names of what `signals` gives of so many examples.

    What few examples cover, or how they vary, says nothing: there are no five neighbours.
    """
    return (SURE if ordered else ()) + (VARIED if count > NEIGHBOUR else ())


def signals(
    real, fake, real_logits, fake_logits, boundary: float = 0.0, names: Sequence[str] = SURE + VARIED
) -> list[tf.Tensor]:
    """Return float32 scalars in the order of the names, of those that `watched` gives.

    Logits are one for each image (`per_image`), or pack of images.

    `right_real`, `right_fake`: shares of each that the critic puts on the right side of its boundary.
    `auc`: share of all pairs of a real and a fake in which the real has the larger logit: 1 where they are
    told apart, 0.5 by chance, whatever the loss makes of logits (the area under the ROC curve).
    `spread`: mean distance between fakes over that between reals, 1 for equal variety.
    `coverage`: share of reals with a fake nearer than their fifth nearest real, 0.97 for equal distributions;
    `density`: how many reals' radii a fake lies in, over five, 1 for equal ones (Naeem et al., 2020).
    """
    found: list[tf.Tensor] = []
    if SURE[0] in names:
        found += [
            tf.reduce_mean(tf.cast(real_logits > boundary, tf.float32)),
            tf.reduce_mean(tf.cast(fake_logits < boundary, tf.float32)),
            auc(real_logits, fake_logits),
        ]
    if VARIED[0] in names:
        coverage, density, spread = covered(real[:MOST], fake[:MOST])
        found += [spread, coverage, density]
    return found


def per_image(logits: tf.Tensor) -> tf.Tensor:
    """Return the mean logit of each image, (n, 1): a map of logits would make a billion pairs."""
    return tf.reduce_mean(tf.reshape(logits, (logits.shape[0], -1)), axis=1, keepdims=True)


def covered(real: tf.Tensor, fake: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return coverage, density and spread, as `signals` has them, of all these examples."""
    reals, fakes = features(real), features(fake)
    among, between = distances(reals, reals), distances(reals, fakes)
    nearest = min(NEIGHBOUR, reals.shape[0] - 1)
    radius = -tf.math.top_k(-among, nearest + 1).values[:, -1:]
    inside = tf.cast(between <= radius, tf.float32)
    return (
        tf.reduce_mean(tf.reduce_max(inside, axis=1)),
        tf.reduce_mean(tf.reduce_sum(inside, axis=0)) / max(nearest, 1),
        tf.math.divide_no_nan(tf.reduce_mean(distances(fakes, fakes)), tf.reduce_mean(among)),
    )


def unrecorded(*tensors: tf.Tensor) -> list[tf.Tensor]:
    """Return what no tape records: a condition's gradients are slow to trace, and nobody asks for these."""
    return [tf.stop_gradient(tensor) for tensor in tensors]


def auc(higher: tf.Tensor, lower: tf.Tensor) -> tf.Tensor:
    """Return the share of pairs, float32 in [0, 1], in which the first logit is larger; a tie counts half."""
    differences = tf.reshape(higher, (-1, 1)) - tf.reshape(lower, (1, -1))
    return 0.5 + 0.5 * tf.reduce_mean(tf.sign(tf.cast(differences, tf.float32)))


def features(samples: tf.Tensor) -> tf.Tensor:
    """Return (n, d) numbers whose distances follow those of the samples: points stay, images are shrunk."""
    if samples.shape.rank == 5:  # of a clip, the frame in the middle stands for all
        samples = samples[:, samples.shape[1] // 2]
    if samples.shape.rank == 4:  # a batch of images
        height, width = (max(1, side // SIDE) for side in samples.shape[1:3])
        samples = tf.nn.avg_pool2d(samples, (height, width), (height, width), "VALID")
    flat = tf.reshape(samples, (samples.shape[0], -1))
    size = flat.shape[1]
    if size <= WIDTH:
        return flat
    # A random projection keeps distances (Johnson and Lindenstrauss, 1984); this one is always the same.
    projection = np.random.default_rng(0).normal(size=(size, WIDTH)) / np.sqrt(WIDTH)
    return flat @ tf.constant(projection, tf.float32)


def distances(these: tf.Tensor, those: tf.Tensor) -> tf.Tensor:
    """Return Euclidean distances of shape (n, m) between points of shape (n, d) and (m, d)."""
    squares = tf.reduce_sum(tf.square(these[:, None, :] - those[None, :, :]), axis=2)
    return tf.sqrt(tf.maximum(squares, 0.0))
