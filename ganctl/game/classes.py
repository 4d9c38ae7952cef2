"""What classifiers pay, and how often they are right: for heads that name what an image is."""

import tensorflow as tf


def surprise(logits: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
    """Return the mean of -log p(label), a float32 scalar, from logits (n, units) and whole numbers (n,)."""
    known = tf.one_hot(label, logits.shape[-1], dtype=tf.float32)
    logs = tf.nn.log_softmax(tf.cast(logits, tf.float32), axis=1)
    return -tf.reduce_mean(tf.reduce_sum(known * logs, axis=1))


def right(logits: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
    """Return the share of rows whose largest logit is their label's, a float32 scalar."""
    likeliest = tf.argmax(logits, axis=1, output_type=tf.int32)
    return tf.reduce_mean(tf.cast(tf.equal(likeliest, tf.cast(label, tf.int32)), tf.float32))


def by_turns(made: list[tf.Tensor], size: int) -> tf.Tensor:
    """Return `size` rows of which the i-th is the next one of the (i modulo k)-th of k tensors."""
    count = len(made)
    order = [index for at in range(count) for index in range(at, size, count)]
    return tf.gather(tf.concat(made, axis=0), sorted(range(size), key=order.__getitem__))
