"""Critics that are plain functions, and the examples that they judge."""

import numpy as np

from ganctl.game.batch import Batch
from ganctl.game.critic import Critic

SIZE, WIDTH = 6, 3
NOISE = np.random.default_rng(0)
REAL, FAKE = (NOISE.normal(size=(SIZE, WIDTH)).astype(np.float32) for _ in range(2))
MATRIX = NOISE.normal(size=(WIDTH, WIDTH)).astype(np.float32)
LINE = NOISE.normal(size=(WIDTH, 1)).astype(np.float32)


def at(step=0, *, size=SIZE, seed=0):
    import tensorflow as tf

    return Batch({}, size=size, key=tf.constant([seed, 7]), step=tf.constant(step, "int64"))


def judge(function, batch):
    """Return a critic whose network is a plain function of images."""
    return Critic(lambda image, training: function(image), lambda image: image, batch)


def charge(penalty, function, step=0, real=REAL, fake=FAKE):
    import tensorflow as tf

    batch = at(step, size=len(real))
    return penalty(judge(function, batch), tf.constant(real), tf.constant(fake), batch)


def linear(image):
    return image @ LINE
