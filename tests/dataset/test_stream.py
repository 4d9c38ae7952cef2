"""The stream of batches: its order, its labels, and that batch i depends on (seed, i) alone."""

import gc

import numpy as np
import pytest
import tensorflow as tf

from ganctl.dataset.images.image_set import Images, in_memory
from ganctl.dataset.options import Augmentation
from ganctl.dataset.stream import order
from ganctl.error import UsageError

EVERYTHING = Augmentation(flip=True, crop=2, rotate=15.0, colour=0.5)


def numbered(count: int, augmentation: Augmentation | None = None) -> Images:
    """Return a set whose image i is filled with i and labelled i."""
    array = np.arange(count, dtype=np.uint8)[:, None, None, None] * np.ones((1, 6, 5, 3), np.uint8)
    return in_memory(
        "numbered",
        array,
        np.arange(count),
        classes=tuple(map(str, range(count))),
        augmentation=augmentation or Augmentation(),
    )


def noisy(augmentation: Augmentation = EVERYTHING, count: int = 40) -> Images:
    array = np.random.default_rng(0).integers(0, 256, (count, 12, 10, 3)).astype(np.uint8)
    classes = tuple(map(str, range(count)))
    return in_memory("noisy", array, np.arange(count), classes=classes, augmentation=augmentation)


def first(images: Images, batches: int, batch_size: int = 8, **settings: int) -> list[dict[str, np.ndarray]]:
    settings.setdefault("seed", 0)
    return list(images.batches(batch_size, **settings).take(batches).as_numpy_iterator())


def epoch_orders(count: int, epochs: int, seed: int = 0) -> np.ndarray:
    starts = np.arange(epochs) * count
    return np.stack([order(tf.range(s, s + count, dtype=tf.int64), count=count, seed=seed) for s in starts])


@pytest.mark.parametrize("count", [1, 2, 3, 5, 10, 100, 1797, 60_000])
def test_every_epoch_is_a_permutation(count):
    for epoch in epoch_orders(count, 3):
        np.testing.assert_array_equal(np.sort(epoch), np.arange(count))


def test_epochs_and_seeds_are_as_unlike_as_random_shuffles():
    # The standard deviation of the correlation of two random permutations of 60,000 is 0.004.
    orders = [*epoch_orders(60_000, 3, seed=0), *epoch_orders(60_000, 3, seed=1), np.arange(60_000)]
    correlations = np.corrcoef(np.stack(orders)) - np.eye(len(orders))
    assert np.abs(correlations).max() < 0.025


def test_every_image_comes_first_equally_often_in_a_small_set():
    firsts = [order(tf.constant([5 * epoch], tf.int64), count=5, seed=3)[0].numpy() for epoch in range(400)]
    assert np.bincount(firsts, minlength=5).min() > 50


def test_the_order_at_a_position_far_away_needs_no_walk_there():
    far = order(tf.constant([10**15], tf.int64), count=1797, seed=0)
    assert 0 <= far[0] < 1797


def test_a_batch_across_an_epochs_end_has_the_tail_of_one_and_the_head_of_the_next():
    # 10 images in batches of 4: batch 2 holds positions 8, 9 of epoch 0 and 0, 1 of epoch 1.
    labels = np.concatenate([batch["label"] for batch in first(numbered(10), 5, batch_size=4)])
    np.testing.assert_array_equal(np.sort(labels[:10]), np.arange(10))
    np.testing.assert_array_equal(np.sort(labels[10:]), np.arange(10))
    np.testing.assert_array_equal(labels, epoch_orders(10, 2).ravel())


def test_a_stream_from_batch_k_is_the_stream_from_0_without_its_first_k():
    whole, tail = first(noisy(), 14), first(noisy(), 4, start=10)
    for expected, came in zip(whole[10:], tail, strict=True):
        np.testing.assert_array_equal(expected["label"], came["label"])
        np.testing.assert_array_equal(expected["image"], came["image"])


def test_image_and_augmentation_at_a_position_are_the_same_whatever_the_batch_size():
    small = np.concatenate([batch["image"] for batch in first(noisy(), 6, batch_size=4)])
    large = np.concatenate([batch["image"] for batch in first(noisy(), 2, batch_size=12)])
    np.testing.assert_allclose(small, large, atol=1e-6)


def test_another_seed_gives_another_order_and_another_augmentation():
    zero, one = first(noisy(), 1, seed=0)[0], first(noisy(), 1, seed=1)[0]
    assert (zero["label"] != one["label"]).any()
    still = noisy(count=8)
    zero, one = first(still, 1, seed=0)[0], first(still, 1, seed=1)[0]
    same = [zero["image"][np.argsort(zero["label"])], one["image"][np.argsort(one["label"])]]
    assert np.abs(same[0] - same[1]).max() > 0.1


def test_labels_follow_their_images():
    for batch in first(numbered(50), 10):
        np.testing.assert_array_equal(np.rint((batch["image"][:, 0, 0, 0] + 1) * 127.5), batch["label"])


def test_batches_have_a_static_shape_and_the_types_of_the_contract():
    spec = noisy().batches(8, seed=0).element_spec
    assert spec["image"] == tf.TensorSpec((8, 12, 10, 3), tf.float32)
    assert spec["label"] == tf.TensorSpec((8,), tf.int32)


def test_an_unlabelled_set_has_no_label_key():
    images = noisy()
    images.labels = None
    assert set(images.batches(8, seed=0).element_spec) == {"image"}


def test_black_is_minus_one_and_white_is_one():
    array = np.stack([np.zeros((4, 4, 1), np.uint8), np.full((4, 4, 1), 255, np.uint8)])
    images = in_memory("two", array, np.array([0, 1]), classes=("a", "b"), augmentation=Augmentation())
    batch = first(images, 1, batch_size=2)[0]
    np.testing.assert_array_equal(batch["image"][np.argsort(batch["label"]), 0, 0, 0], [-1.0, 1.0])
    np.testing.assert_array_equal(images.take(5)[:, 0, 0, 0], [-1.0, 1.0])


def test_an_iterator_outlives_its_data_set():
    iterator = iter(noisy().batches(8, seed=0))
    gc.collect()
    assert next(iterator)["image"].shape == (8, 12, 10, 3)
    assert next(iterator)["image"].shape == (8, 12, 10, 3)


def test_a_batch_larger_than_the_set_is_refused_with_both_numbers():
    with pytest.raises(UsageError, match=r"trainer\.batch_size=64 .* has 40"):
        noisy().batches(64, seed=0)


def test_a_failing_read_is_told_with_its_message():
    images = noisy()

    def broken(indices):
        raise OSError("cat/17.png is gone")

    images.storage.read = broken
    with pytest.raises(tf.errors.OpError, match=r"cat/17\.png is gone"):
        first(images, 1)
