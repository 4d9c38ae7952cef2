"""What a query pays for not finding its own key among others: CUT's loss of patches."""

import tensorflow as tf

ITSELF = -10.0  # what stands for a place's likeness to itself among the negatives: almost nothing


def contrast(query: tf.Tensor, key: tf.Tensor, temperature: float, *, together: bool = False) -> tf.Tensor:
    """Return the mean cross entropy of finding each query's own key among its picture's.

    Park et al. (2020), equation 2, as released: its own place stands among the negatives once more, as a
    likeness of -10. Keys are given: no gradient reaches them.

    Args:
        query, key: directions (size, places, d); equal places belong together.
        temperature: likenesses are divided by it.
        together: whether the places of all pictures stand among each one's negatives, as where all are
            patches of one (section 4.5).
    """
    if together:
        query, key = (tf.reshape(each, (1, -1, each.shape[-1])) for each in (query, key))
    key = tf.stop_gradient(key)
    likeness = tf.matmul(query, key, transpose_b=True)
    own = tf.reduce_sum(query * key, axis=-1, keepdims=True)
    others = tf.linalg.set_diag(likeness, tf.fill(tf.shape(likeness)[:-1], ITSELF))
    logits = tf.concat([own, others], axis=-1) / temperature
    return tf.reduce_mean(tf.reduce_logsumexp(logits, axis=-1) - logits[..., 0])
