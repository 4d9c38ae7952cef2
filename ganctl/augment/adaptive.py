"""Adaptive augmentation: as much of it as keeps the discriminator from knowing its images by heart."""

import math
from collections.abc import Sequence

import tensorflow as tf

from ganctl.augment import affine
from ganctl.check import expect_one_of, expect_whole
from ganctl.error import UsageError
from ganctl.game.adversary import Adversary
from ganctl.game.batch import Batch, Terms
from ganctl.game.part import Part

POLICIES = ("blit", "geometric", "color")
UNIFORMS, NORMALS = 21, 7  # numbers that one image's changes are made from


class Adaptive(Part):
    """Many changes of an image, each with probability p, where p follows the discriminator's overfitting.

    ADA, Karras et al. (2020), section 3 and appendix B; ranges and order as in the authors' code. "blit":
    flip, rotation by quarter turns, translation by whole pixels up to 1/8 of each side; "geometric":
    isotropic scale 2^N(0, 0.2), rotation before and after an anisotropic scale 2^N(0, 0.2), translation by
    N(0, 1/8) of each side; "color": brightness N(0, 0.2), contrast 2^N(0, 0.5), luma flip, hue rotation and
    saturation 2^N(0, 1), the last two for three channels only.

    p moves after every `interval` turns of the discriminator by interval * batch / images, up where
    r_t = E sign(D(x)) over them is above the target, down where it is below (equation 1, and below it).

    Two things differ from the authors' code: pixels are read bilinearly instead of through an upsampling by
    wavelet filters, which blurs a rotated image a little more; and p has an upper limit, beyond which
    augmentations leak into samples (section 2.1).

    Args:
        policy: which of these.
        target: of r_t, in [-1, 1].
        images: real images in which p could go from 0 to 1, at least 1.
        interval: turns between two moves, at least 1.
        initial: p at the start; with a target that is never judged (`images` very large) it stays.
        limit: the largest p, in [0, 1].

    Raises:
        UsageError: for numbers outside their range, or data that are no images of 1 or 3 channels.
    """

    geometric = True

    def __init__(
        self,
        policy: Sequence[str] = POLICIES,
        target: float = 0.6,
        images: int = 500_000,
        interval: int = 4,
        initial: float = 0.0,
        limit: float = 0.8,
    ) -> None:
        for name in policy:
            expect_one_of("augment.adaptive.policy", name, POLICIES)
        for name, number, least in (("target", target, -1), ("limit", limit, 0)):
            if not least <= number <= 1:
                raise UsageError(f"augment.adaptive.{name}: expected from {least} to 1, got {number}.")
        if not 0 <= initial <= limit:
            raise UsageError(f"augment.adaptive.initial: expected from 0 to limit={limit}, got {initial}.")
        expect_whole("augment.adaptive.images", images, 1)
        expect_whole("augment.adaptive.interval", interval, 1)
        self.policy, self.target, self.images = tuple(policy), float(target), images
        self.interval, self.initial, self.limit = interval, float(initial), float(limit)
        self.size = 0

    def shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        if len(shape) != 3 or shape[-1] not in (1, 3):
            raise UsageError(
                "augment=[adaptive] changes images of 1 or 3 channels, and these data have the shape "
                f"{shape}; type augment=[instance_noise]."
            )
        return shape

    def join(self, adversary: Adversary) -> None:
        rules = {"trainable": False, "dtype": tf.float32}
        self.probability = tf.Variable(self.initial, name="probability", **rules)
        self.signs = tf.Variable(0.0, name="signs", **rules)
        self.turns = tf.Variable(0.0, name="turns", **rules)

    def prepare(self, image: tf.Tensor, batch: Batch) -> tf.Tensor:
        self.size = batch.size * batch.replica[1]  # of a whole turn, for `after`
        uniform = tf.unstack(batch.uniform(UNIFORMS), axis=1)
        normal = tf.unstack(batch.normal(NORMALS), axis=1)
        return augmented(image, self.probability.read_value(), uniform, normal, self.policy)

    def after(self, player: str, terms: Terms) -> None:
        if player != "discriminator":
            return
        if "sign" not in terms:
            raise UsageError("augment=[adaptive] needs a model that notes the sign of its real logits.")
        self.turns.assign_add(1.0)
        self.signs.assign_add(terms["sign"])
        due = tf.cast(self.turns >= self.interval, tf.float32)
        above = tf.sign(self.signs / self.turns - self.target)
        step = due * above * (self.interval * self.size / self.images)
        self.probability.assign(tf.clip_by_value(self.probability + step, 0.0, self.limit))
        self.signs.assign(self.signs * (1.0 - due))
        self.turns.assign(self.turns * (1.0 - due))
        terms["augmented"] = self.probability.read_value()

    def state(self) -> dict[str, tf.Variable]:
        return {"probability": self.probability, "signs": self.signs, "turns": self.turns}


def augmented(
    image: tf.Tensor,
    probability: tf.Tensor,
    uniform: Sequence[tf.Tensor],
    normal: Sequence[tf.Tensor],
    policy: Sequence[str] = POLICIES,
) -> tf.Tensor:
    """Return images (batch, height, width, 1 or 3), each changed at random with this probability.

    Args:
        uniform, normal: UNIFORMS and NORMALS of them, of shape (batch,), that say which and how.
    """
    height, width = image.shape[1:3]
    uniform, normal = list(uniform), list(normal)

    def perhaps(changed: tf.Tensor, neutral: float, chance=probability, number=None) -> tf.Tensor:
        drawn = uniform.pop() if number is None else number
        return tf.where(drawn < chance, changed, tf.constant(neutral))

    where = affine.identity(2, image.shape[0])
    if "blit" in policy:
        where = affine.compose(where, _blit(perhaps, uniform, height, width))
    if "geometric" in policy:
        where = affine.compose(where, _geometric(perhaps, uniform, normal, probability, height, width))
    if "blit" in policy or "geometric" in policy:
        image = affine.resampled(image, where)
    if "color" in policy:
        image = _colored(image, perhaps, uniform, normal)
    return image


def _blit(perhaps, uniform: list, height: int, width: int) -> tf.Tensor:
    """Return where a pixel comes from after flips, quarter turns and whole steps, in this order inverted."""
    flip = perhaps(tf.floor(uniform.pop() * 2.0), 0.0)
    turns = tf.cast(perhaps(tf.floor(uniform.pop() * 4.0), 0.0), tf.int32)
    # From tables: the cosine of a rounded right angle is not 0.
    cosine, sine = tf.gather([1.0, 0.0, -1.0, 0.0], turns), tf.gather([0.0, 1.0, 0.0, -1.0], turns)
    chosen = uniform.pop()
    shares = [perhaps((uniform.pop() * 2.0 - 1.0) / 8.0, 0.0, number=chosen) for _ in range(2)]
    right, down = (tf.round(share * side) for share, side in zip(shares, (width, height), strict=True))
    flipped = affine.scale(1.0 - 2.0 * flip, tf.ones_like(flip))
    return affine.compose(flipped, affine.rotation(cosine, sine), affine.translation(-right, -down))


def _geometric(perhaps, uniform: list, normal: list, probability, height: int, width: int) -> tf.Tensor:
    """Return where a pixel comes from after scales, rotations and a fractional step."""
    size = perhaps(tf.pow(2.0, 0.2 * normal.pop()), 1.0)
    ratio = perhaps(tf.pow(2.0, 0.2 * normal.pop()), 1.0)
    # Either rotation, or both, so that an image is rotated with probability p.
    either = 1.0 - tf.sqrt(1.0 - probability)
    angles = [perhaps((uniform.pop() * 2.0 - 1.0) * math.pi, 0.0, either) for _ in range(2)]
    before, after = (affine.rotation(tf.cos(angle), tf.sin(angle)) for angle in angles)
    chosen = uniform.pop()
    right, down = (perhaps(normal.pop() / 8.0, 0.0, number=chosen) * side for side in (width, height))
    stretched = affine.scale(1.0 / ratio, ratio)
    return affine.compose(
        affine.scale(1.0 / size, 1.0 / size), before, stretched, after, affine.translation(-right, -down)
    )


def _colored(image: tf.Tensor, perhaps, uniform: list, normal: list) -> tf.Tensor:
    """Return images whose colours, points in a cube, went through an affine map."""
    brightness = perhaps(0.2 * normal.pop(), 0.0)
    contrast = perhaps(tf.pow(2.0, 0.5 * normal.pop()), 1.0)
    flip = perhaps(tf.floor(uniform.pop() * 2.0), 0.0)
    angle = perhaps((uniform.pop() * 2.0 - 1.0) * math.pi, 0.0)
    saturation = perhaps(tf.pow(2.0, normal.pop()), 1.0)
    if image.shape[-1] == 1:
        # All of a grey image's colours lie on the luma axis: flipping it there changes their sign.
        gain = contrast * (1.0 - 2.0 * flip)
        return image * gain[:, None, None, None] + (gain * brightness)[:, None, None, None]
    change = affine.compose(
        affine.saturation(saturation),
        affine.hue(angle),
        affine.luma_flip(flip),
        affine.scale(contrast, contrast, contrast),
        affine.translation(brightness, brightness, brightness),
    )
    return affine.recolored(image, change)
