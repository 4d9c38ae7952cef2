"""Random changes of real images do what they say, and cost nothing when off."""

import numpy as np
import pytest
import tensorflow as tf

from ganctl.dataset.images.augmentation import augment, recolour, rotate, shift, uniform
from ganctl.dataset.options import Augmentation
from ganctl.error import UsageError

ZERO = np.int64(0)  # no tensor: the fixtures configure TensorFlow, and a tensor would start it


def noise(count: int = 64, height: int = 9, width: int = 7) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (count, height, width, 3)).astype(np.float32)


def changed(images: np.ndarray, *, seed: int = 0, first: int = 0, **options) -> np.ndarray:
    return augment(
        tf.constant(images), Augmentation(**options), seed=seed, first=tf.constant(first, tf.int64)
    ).numpy()


def test_nothing_is_done_when_everything_is_off():
    images = tf.constant(noise())
    assert augment(images, Augmentation(), seed=0, first=ZERO) is images


def test_about_half_of_the_images_are_mirrored_and_the_others_untouched():
    images = noise(400)
    flipped = changed(images, flip=True)
    mirrored = (flipped == images[:, :, ::-1]).all(axis=(1, 2, 3))
    same = (flipped == images).all(axis=(1, 2, 3))
    assert (mirrored ^ same).all()
    assert 160 < mirrored.sum() < 240


def test_shifts_reach_every_distance_in_both_directions_and_reflect():
    images = noise(600)
    moved = changed(images, crop=2)
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="reflect")
    found = set()
    for index, image in enumerate(moved):
        for down in range(5):
            for right in range(5):
                if (padded[index, down : down + 9, right : right + 7] == image).all():
                    found.add((down, right))
                    break
    assert len(found) == 25


def test_a_shift_down_by_one_moves_every_row_down():
    images = noise(1)
    moved = shift(tf.constant(images), tf.constant([[1, 0]])).numpy()
    np.testing.assert_array_equal(moved[:, 1:], images[:, :-1])
    np.testing.assert_array_equal(moved[:, 0], images[:, 1])


def test_a_quarter_turn_is_a_quarter_turn_and_a_zero_turn_nothing():
    images = noise(2, 8, 8)
    turned = rotate(tf.constant(images), tf.constant([90.0, 0.0])).numpy()
    quarters = [np.rot90(images[0], times) for times in (1, 3)]
    assert min(np.abs(turned[0] - quarter).max() for quarter in quarters) < 1e-4
    np.testing.assert_allclose(turned[1], images[1], atol=1e-6)


def test_rotations_stay_within_their_degrees():
    images = np.tile(noise(1, 33, 33), (200, 1, 1, 1))
    largest = rotate(tf.constant(images[:1]), tf.constant([10.0])).numpy()
    distance = np.abs(changed(images, rotate=10.0) - images).mean(axis=(1, 2, 3))
    assert distance.max() <= np.abs(largest - images[:1]).mean() * 1.1
    assert distance.std() > 0


def test_colour_changes_brightness_contrast_and_saturation_by_their_formulas():
    images = noise(3) * 0.2
    strengths = tf.constant([[0.5, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, -1.0]])
    brighter, contrasted, grey = recolour(tf.constant(images), strengths).numpy()
    np.testing.assert_allclose(brighter, images[0] + 0.25, atol=1e-6)
    mean = images[1].mean()
    np.testing.assert_allclose(contrasted, mean + 1.5 * (images[1] - mean), atol=1e-6)
    np.testing.assert_allclose(
        grey, np.broadcast_to(images[2].mean(-1, keepdims=True), grey.shape), atol=1e-6
    )


def test_colour_stays_in_the_range_of_images():
    images = changed(noise(), colour=1.0)
    assert images.min() >= -1 and images.max() <= 1
    assert images.shape == noise().shape


def test_what_happens_to_an_image_depends_on_its_position_and_the_seed_alone():
    options = {"flip": True, "crop": 2, "rotate": 20.0, "colour": 0.5}
    images = noise(16)
    whole = changed(images, **options)
    np.testing.assert_allclose(changed(images[6:], first=6, **options), whole[6:], atol=1e-6)
    assert np.abs(changed(images[6:], first=7, **options) - whole[6:]).max() > 0.1
    assert np.abs(changed(images, seed=1, **options) - whole).max() > 0.1


def test_random_numbers_are_uniform_and_unlike_for_neighbours_salts_and_seeds():
    draws = [uniform(4000, seed=seed, first=ZERO, salt=salt).numpy() for seed in (0, 1) for salt in (0, 1)]
    columns = np.concatenate(draws, axis=1)
    assert columns.min() >= 0 and columns.max() < 1
    np.testing.assert_allclose(columns.mean(0), 0.5, atol=0.03)
    columns = np.concatenate([columns[1:], columns[:-1]], axis=1).T
    assert np.abs(np.corrcoef(columns) - np.eye(len(columns))).max() < 0.08


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"flip": "yes"}, r"dataset\.flip is true or false, not 'yes'"),
        ({"crop": -1}, r"dataset\.crop .* not -1"),
        ({"crop": 1.5}, r"dataset\.crop .* not 1\.5"),
        ({"rotate": 181}, r"dataset\.rotate is degrees from 0 \(off\) to 180, not 181"),
        ({"colour": -0.5}, r"dataset\.colour .* not -0\.5"),
        ({"colour": "much"}, r"dataset\.colour .* not 'much'"),
        ({"colour": float("nan")}, r"dataset\.colour .* not nan"),
    ],
)
def test_a_wrong_option_is_told(options, message):
    with pytest.raises(UsageError, match=message):
        Augmentation(**options)
