"""The endless stream of batches: image and augmentation at position p depend on (seed, p) alone."""

import numpy as np
import tensorflow as tf

from ganctl.dataset.images.augmentation import augment
from ganctl.dataset.images.storage import Storage
from ganctl.dataset.options import Augmentation

# Measured: with 4 rounds the permutations of two epochs of 60,000 still correlate (0.1); with 8 they do not.
ROUNDS = 8


def order(positions: tf.Tensor, *, count: int, seed: int) -> tf.Tensor:
    """Return which image comes at each position: every epoch is a permutation of its own.

    O(1) to start anywhere. A set of a few images costs about a millisecond a batch (the cipher walks a
    16-bit domain), a large one far less.

    Args:
        positions: consecutive int64 of shape (n,), n <= count, so that they touch two epochs at most.
        count: number of images.
        seed: any int64.

    Returns:
        int64 of shape (n,) in [0, count).
    """
    epochs = positions // count
    first = epochs[0]
    # The cipher uses the key's bits as they are, and small numbers make weak keys: epochs 0 and 1 of plain
    # (seed, epoch) keys shuffle 60,000 images nearly alike (correlation 0.78). So keys are random numbers.
    keys = tf.stack([_key(seed, first), _key(seed, first + 1)])
    return tf.raw_ops.RandomIndexShuffle(
        index=positions % count,
        seed=tf.gather(keys, epochs - first),
        max_index=tf.fill(tf.shape(positions), tf.constant(count - 1, tf.int64)),
        rounds=ROUNDS,
    )


def _key(seed: int, epoch: tf.Tensor) -> tf.Tensor:
    pair = tf.stack([tf.constant(seed, tf.int64), epoch])
    return tf.random.stateless_uniform([3], pair, minval=None, maxval=None, dtype=tf.int32, alg="philox")


def stream(
    storage: Storage,
    labels: np.ndarray | None,
    *,
    batch_size: int,
    seed: int,
    start: int,
    augmentation: Augmentation,
) -> tf.data.Dataset:
    """Return batches start, start + 1, ... without end; batch i is a pure function of (seed, i).

    Args:
        storage: at least `batch_size` images.
        labels: int32 of shape (len(storage),), or None.
        batch_size, seed, start: images a batch; the seed of order and augmentation; the first batch's number.
        augmentation: what is done to the images.

    Returns:
        {"image": float32 (batch_size, h, w, c) in [-1, 1]}; with labels also "label": int32 (batch_size,).
    """

    def load(batch: tf.Tensor) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        first = batch * batch_size
        indices = order(first + tf.range(batch_size, dtype=tf.int64), count=len(storage), seed=seed)
        # Reading is a pure function of the indices; told so, tf.data may overlap batches even when
        # tf.config.experimental.enable_op_determinism() makes it run stateful functions one by one.
        images = tf.numpy_function(storage.read, [indices], tf.uint8, stateful=False)
        element = {"image": tf.ensure_shape(images, (batch_size, *storage.shape))}
        if labels is not None:
            element["label"] = tf.gather(labels, indices)
        return first, element

    def finish(first: tf.Tensor, element: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        images = tf.cast(element["image"], tf.float32) / 127.5 - 1.0
        return {**element, "image": augment(images, augmentation, seed=seed, first=first)}

    batches = tf.data.Dataset.counter(start)
    for step in (load, finish):
        # Nothing to convert: reading their source would take a second.
        step = tf.autograph.experimental.do_not_convert(step)
        batches = batches.map(step, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return batches.prefetch(4)
