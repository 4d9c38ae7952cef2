"""The pool of single fakes: filled first, then each fake is swapped or not."""

from types import SimpleNamespace

import numpy as np
import pytest

from ganctl.game.batch import Batch
from ganctl.remedy.pool import Pool


def pool_of(size):
    pool = Pool(size)
    pool.join(SimpleNamespace(sample_shape=(1,)))
    return pool


def shown(pool, values, step=0, imagined=False):
    import tensorflow as tf

    batch = Batch({}, size=len(values), key=tf.constant([5, step]))
    batch.imagined = imagined
    return pool.discriminator_fakes(tf.constant(values, tf.float32)[:, None], batch).numpy()[:, 0].tolist()


def test_a_pool_is_filled_first_and_then_swaps_half_of_the_fakes(tensorflow):
    pool = pool_of(4)
    assert shown(pool, [1, 2, 3]) == [1, 2, 3] and int(pool.filled) == 3
    held, swaps, total = {1.0, 2.0, 3.0}, 0, 0
    for step in range(1, 200):
        news = [float(10 * step), float(10 * step + 1)]
        for new, seen in zip(news, shown(pool, news, step), strict=True):
            total += 1
            if len(held) < 4:
                assert seen == new
                held.add(new)
            elif seen != new:
                assert seen in held  # what an earlier fake of the same batch has left there, too
                held = held - {seen} | {new}
                swaps += 1
        assert held == set(pool.pool.numpy()[:, 0].tolist())
    assert abs(swaps / total - 0.5) < 0.1


def test_an_imagined_turn_keeps_nothing_and_the_same_key_repeats(tensorflow):
    pool = pool_of(2)
    shown(pool, [1, 2])
    before = pool.pool.numpy()
    first = [shown(pool, [3, 4, 5], imagined=True) for _ in range(2)]
    assert first[0] == first[1] and np.array_equal(pool.pool.numpy(), before)


@pytest.mark.parametrize("jit", [False, True])
def test_of_a_full_pool_and_new_fakes_each_is_seen_or_kept_in_a_graph_too(jit, tensorflow):
    pool = pool_of(3)
    shown(pool, [1, 2, 3])

    @tensorflow.function(jit_compile=jit)
    def seen(values, key):
        return pool.discriminator_fakes(values[:, None], Batch({}, size=3, key=key))[:, 0]

    swaps = 0
    for step in range(30):
        news = [float(10 * step + index) for index in range(4, 7)]
        before = pool.pool.numpy()[:, 0].tolist()
        found = seen(tensorflow.constant(news), tensorflow.constant([5, step])).numpy().tolist()
        assert sorted(before + news) == sorted(pool.pool.numpy()[:, 0].tolist() + found)
        swaps += sum(a != b for a, b in zip(news, found, strict=True))
    assert 30 < swaps < 60


def test_a_pool_of_nothing_draws_nothing_and_keeps_nothing(tensorflow):
    pool, batch = pool_of(0), Batch({}, size=2, key=tensorflow.constant([1, 2]))
    fake = tensorflow.ones((2, 1))
    assert pool.discriminator_fakes(fake, batch) is fake and pool.state() == {}
    first = Batch({}, size=2, key=tensorflow.constant([1, 2])).uniform(1)
    assert np.array_equal(batch.uniform(1), first)
