"""DiffAugment: colours, places and holes are changed at random before the critic looks."""

from collections.abc import Callable, Sequence

import tensorflow as tf

from ganctl.check import expect_one_of
from ganctl.error import UsageError
from ganctl.game.batch import Batch
from ganctl.game.part import Part

POLICIES = ("color", "translation", "cutout")


class DiffAugment(Part):
    """Random changes of real and fake images alike, in both players' turns, through which gradients flow.

    Zhao et al. (2020), section 4; ranges as in the authors' code. "color": brightness + U(-0.5, 0.5),
    then saturation * U(0, 2) about each pixel's mean over channels, then contrast * U(0.5, 1.5) about the
    image's mean; "translation": by whole pixels up to 1/8 of each side, zeros (grey) come in; "cutout":
    a rectangle of half of each side, centred anywhere, becomes zeros.

    Args:
        policy: which of these, in this order.

    Raises:
        UsageError: for an unknown policy, or data that are no images.
    """

    geometric = True

    def __init__(self, policy: Sequence[str] = POLICIES) -> None:
        for name in policy:
            expect_one_of("augment.diffaugment.policy", name, POLICIES)
        self.policy = tuple(policy)

    def shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        if len(shape) != 3:
            raise UsageError(
                f"augment=[diffaugment] changes images, and these data are points of shape {shape}; "
                "type augment=[instance_noise]."
            )
        return shape

    def prepare(self, image: tf.Tensor, batch: Batch) -> tf.Tensor:
        for name in self.policy:
            image = CHANGES[name](image, *draws(name, batch))
        return image


def draws(name: str, batch: Batch) -> tuple[tf.Tensor, ...]:
    """Return a policy's random numbers, each uniform in [0, 1) and of shape (size,)."""
    return tuple(tf.unstack(batch.uniform(3 if name == "color" else 2), axis=1))


def color(image: tf.Tensor, brightness: tf.Tensor, saturation: tf.Tensor, contrast: tf.Tensor) -> tf.Tensor:
    """Return images with another brightness, saturation and contrast; the numbers are in [0, 1)."""
    brightness, saturation, contrast = (
        tf.cast(number, image.dtype)[:, None, None, None] for number in (brightness, saturation, contrast)
    )
    image = image + (brightness - 0.5)
    gray = tf.reduce_mean(image, axis=3, keepdims=True)
    image = (image - gray) * (saturation * 2.0) + gray
    mean = tf.reduce_mean(image, axis=[1, 2, 3], keepdims=True)
    return (image - mean) * (contrast + 0.5) + mean


def translation(image: tf.Tensor, down: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """Return images moved by whole pixels; the numbers in [0, 1) choose from -side // 8 to side // 8."""
    height, width = image.shape[1:3]
    image = _moved(image, _whole(down, -(height // 8), height // 8 + 1))
    image = _moved(tf.transpose(image, (0, 2, 1, 3)), _whole(right, -(width // 8), width // 8 + 1))
    return tf.transpose(image, (0, 2, 1, 3))


def cutout(image: tf.Tensor, down: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """Return images with a hole of half of each side; the numbers in [0, 1) choose its centre."""
    inside = []
    for chance, side in ((down, image.shape[1]), (right, image.shape[2])):
        size = side // 2
        start = _whole(chance, 0, side + 1 - size % 2) - size // 2
        place = tf.range(side)[None, :]
        inside.append((place >= start[:, None]) & (place < start[:, None] + size))
    hole = inside[0][:, :, None] & inside[1][:, None, :]
    return image * tf.cast(~hole, image.dtype)[..., None]


def _whole(chance: tf.Tensor, low: int, high: int) -> tf.Tensor:
    """Return whole numbers from low to high - 1, int32, from numbers in [0, 1)."""
    drawn = tf.cast(tf.floor(chance * float(high - low)), tf.int32)
    return low + tf.minimum(drawn, high - low - 1)


def _moved(image: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    """Return images whose rows, the second axis, come from so many places further on, zeros beyond."""
    side = image.shape[1]
    source = tf.clip_by_value(tf.range(side)[None, :] + places[:, None] + 1, 0, side + 1)
    return tf.gather(tf.pad(image, [[0, 0], [1, 1], [0, 0], [0, 0]]), source, batch_dims=1)


CHANGES: dict[str, Callable[..., tf.Tensor]] = {
    "color": color,
    "translation": translation,
    "cutout": cutout,
}
