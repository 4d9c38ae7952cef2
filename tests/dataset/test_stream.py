"""The stream of batches: its order, its labels, and that batch i depends on (seed, i) alone."""

import gc

import numpy as np
import pytest
import tensorflow as tf

from ganctl.dataset.images.image_set import Images, in_memory
from ganctl.dataset.options import Augmentation
from ganctl.dataset.stream import Source, order, stream
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


def storage(count: int, mark: int):
    """Images, image i of which is filled with i and whose last channel is a mark."""
    array = np.arange(count, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 2), np.uint8)
    array[..., 1] = mark
    return in_memory("some", array, None, classes=(), augmentation=Augmentation()).storage


def two_domains(count: int = 4, *, start: int = 0, seed: int = 0, augmentation: Augmentation | None = None):
    """Horses and zebras without pairs, and a label and a mask of each horse."""
    sources = {
        "horse": Source(values=storage(10, 100)),
        "mask": Source(values=storage(10, 200)),
        "label": Source(values=np.arange(10, dtype=np.int32)),
        "zebra": Source(values=storage(7, 50), stream=1),
        "again": Source(values=storage(10, 150), stream=2),
    }
    rules = {"batch_size": 4, "seed": seed, "start": start, "augmentation": augmentation or Augmentation()}
    return list(stream(sources, **rules).take(count).as_numpy_iterator())


def numbers(batches: list, name: str) -> np.ndarray:
    """Return which images came, by what they are filled with."""
    values = np.concatenate([batch[name] for batch in batches])
    return values if values.ndim == 1 else np.rint((values[:, 0, 0, 0] + 1) * 127.5).astype(int)


def test_fields_of_one_stream_come_together_and_those_of_others_have_a_length_and_an_order_of_their_own():
    batches = two_domains(35)
    horses, zebras = numbers(batches, "horse"), numbers(batches, "zebra")
    np.testing.assert_array_equal(horses, numbers(batches, "label"))
    np.testing.assert_array_equal(horses, numbers(batches, "mask"))
    for came, length in ((horses, 10), (zebras, 7), (numbers(batches, "again"), 10)):
        for epoch in came[: len(came) // length * length].reshape(-1, length):
            np.testing.assert_array_equal(np.sort(epoch), np.arange(length))
    assert (horses != numbers(batches, "again")).mean() > 0.5  # as long as the horses, in another order
    pairs = {pair for pair in zip(horses, zebras, strict=True)}
    assert len(pairs) > 35  # of 70: no horse belongs to a zebra
    np.testing.assert_array_equal(
        horses[:40].reshape(4, 10), epoch_orders(10, 4)
    )  # stream 0 is the set's own


def test_batches_of_several_streams_are_a_function_of_seed_and_position():
    whole, tail = two_domains(9, augmentation=EVERYTHING), two_domains(3, start=6, augmentation=EVERYTHING)
    for expected, came in zip(whole[6:], tail, strict=True):
        assert expected.keys() == came.keys() == {"horse", "mask", "label", "zebra", "again"}
        for name in expected:
            np.testing.assert_array_equal(expected[name], came[name])
    other = two_domains(9, seed=1)
    for name in ("horse", "zebra", "again"):
        assert (numbers(two_domains(9), name) != numbers(other, name)).any(), name


def test_images_of_one_stream_are_augmented_alike_and_those_of_another_are_not():
    flips = Augmentation(flip=True, crop=0, rotate=0.0, colour=0.0)
    array = np.arange(8, dtype=np.uint8)[None, None, :, None] * np.ones((12, 8, 1, 1), np.uint8)
    held = in_memory("ramp", array, None, classes=(), augmentation=Augmentation()).storage
    sources = {"a": Source(values=held), "b": Source(values=held), "c": Source(values=held, stream=1)}
    rules = {"batch_size": 12, "seed": 0, "start": 0, "augmentation": flips}
    (batch,) = stream(sources, **rules).take(1).as_numpy_iterator()
    turned = {name: batch[name][:, 0, 0, 0] > batch[name][:, 0, -1, 0] for name in sources}
    assert np.array_equal(turned["a"], turned["b"]) and 0 < turned["a"].sum() < 12
    assert not np.array_equal(turned["a"], turned["c"])
