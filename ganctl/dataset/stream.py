"""The endless stream of batches: image and augmentation at position p depend on (seed, p) alone."""

from collections.abc import Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where the values of one field come from.

    Args:
        values: images in a storage, or an array of labels or other values, of shape (count, ...).
        stream: sources of one number come in one order, together; every number has its own length and
            order. 0 is the set's own.
        plain: whether what a storage gives is neither scaled nor augmented, as a mask of 0 and 1 is not.
    """

    values: Storage | np.ndarray
    stream: int = 0
    plain: bool = False


def stream(
    sources: Mapping[str, Source], *, batch_size: int, seed: int, start: int, augmentation: Augmentation
) -> tf.data.Dataset:
    """Return batches start, start + 1, ... without end; batch i is a pure function of (seed, i).

    Args:
        sources: by field, each of at least `batch_size` values.
        batch_size, seed, start: images a batch; the seed of order and augmentation; the first batch's number.
        augmentation: what is done to images; those of one stream are changed alike.

    Returns:
        dicts by field: images float32 (batch_size, h, w, c) in [-1, 1], plain ones as float32, others as they
        are.
    """
    numbers = sorted({source.stream for source in sources.values()})

    def own(number: int) -> int:
        return seed + (number << 31)  # seeds are below 2^31, so that each stream's is one that no run has

    def load(batch: tf.Tensor) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        first = batch * batch_size
        element: dict[str, tf.Tensor] = {}
        for number in numbers:
            mine = {name: source.values for name, source in sources.items() if source.stream == number}
            count = len(next(iter(mine.values())))
            indices = order(first + tf.range(batch_size, dtype=tf.int64), count=count, seed=own(number))
            element |= {name: _read(values, indices, batch_size) for name, values in mine.items()}
        return first, element

    def finish(first: tf.Tensor, element: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        for number in numbers:
            mine = [(name, source) for name, source in sources.items() if source.stream == number]
            element |= {
                name: tf.cast(element[name], tf.float32)
                for name, source in mine
                if source.plain and _is_images(source.values)
            }
            names = [name for name, source in mine if not source.plain and _is_images(source.values)]
            if names:
                images = tf.concat([element[name] for name in names], axis=-1)
                images = tf.cast(images, tf.float32) / 127.5 - 1.0
                images = augment(images, augmentation, seed=own(number), first=first)
                widths = [element[name].shape[-1] for name in names]
                element |= dict(zip(names, tf.split(images, widths, axis=-1), strict=True))
        return element

    batches = tf.data.Dataset.counter(start)
    for step in (load, finish):
        # Nothing to convert: reading their source would take a second.
        step = tf.autograph.experimental.do_not_convert(step)
        batches = batches.map(step, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return batches.prefetch(4)


def _read(values: Storage | np.ndarray, indices: tf.Tensor, count: int) -> tf.Tensor:
    if isinstance(values, np.ndarray):
        return tf.gather(values, indices)
    # Reading is a pure function of the indices; told so, tf.data may overlap batches even when
    # tf.config.experimental.enable_op_determinism() makes it run stateful functions one by one.
    images = tf.numpy_function(values.read, [indices], tf.uint8, stateful=False)
    return tf.ensure_shape(images, (count, *values.shape))


def _is_images(values: Storage | np.ndarray) -> bool:
    return not isinstance(values, np.ndarray)
