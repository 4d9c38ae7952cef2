"""Penalties on a critic that changes its mind: about an image slightly changed, or latents slightly moved."""

import tensorflow as tf

from ganctl.check import expect_number, expect_switch, expect_whole
from ganctl.error import UsageError
from ganctl.game.adversary import Adversary
from ganctl.game.batch import Batch
from ganctl.game.critic import Critic
from ganctl.penalty.charge import Penalty


class Change:
    """A slight change that leaves an image what it is: shifted and mirrored images, jittered points.

    Args:
        shift: pixels that an image is moved at most, in each direction; its border is reflected.
        flip: whether half of the images are mirrored left to right.
        jitter: standard deviation of what is added to points, in their own unit.
    """

    def __init__(self, name: str, shift: int, flip: bool, jitter: float) -> None:
        expect_whole(f"{name}.shift", shift, 0)
        expect_number(f"{name}.jitter", jitter)
        expect_switch(f"{name}.flip", flip)
        self.name, self.shift, self.flip, self.jitter = name, shift, flip, jitter

    def __call__(self, image: tf.Tensor, batch: Batch) -> tf.Tensor:
        """Return the changed images or points, of the same shape.

        Raises:
            UsageError: for what is neither points (batch, n) nor images (batch, height, width, channels).
        """
        if image.shape.rank == 2:
            return image + self.jitter * batch.normal(*image.shape[1:])
        if image.shape.rank != 4:
            raise UsageError(f"{self.name}: expected images or points, got data of shape {image.shape[1:]}.")
        if self.shift:
            for axis in (1, 2):
                image = self._moved(image, axis, batch.uniform())
        if self.flip:
            mirrored = batch.uniform(1, 1, 1) < 0.5
            image = tf.where(mirrored, tf.reverse(image, axis=[2]), image)
        return image

    def _moved(self, image: tf.Tensor, axis: int, share: tf.Tensor) -> tf.Tensor:
        """Return images moved along an axis, each by one of -shift .. shift pixels."""
        side = image.shape[axis]
        most = min(self.shift, side - 1)  # a border is reflected once
        moved = tf.cast(tf.floor(share * (2 * most + 1)), tf.int32) - most
        place = tf.abs(tf.range(side)[None, :] + moved[:, None])
        place = side - 1 - tf.abs(side - 1 - place)
        return tf.gather(image, place, axis=axis, batch_dims=1)


class Consistency(Penalty):
    """The critic says the same of a real image and of the same slightly changed (CR-GAN).

    weight * E|D(x) - D(T(x))|^2, Zhang et al. (2020), at the last layer.

    Args:
        weight: the paper's lambda, at least 0.
        every: charge it in every n-th step, n times as much.
        shift, flip, jitter: what T is, see `Change`.
    """

    def __init__(
        self, weight: float = 10.0, every: int = 1, shift: int = 4, flip: bool = False, jitter: float = 0.05
    ) -> None:
        super().__init__(weight, every)
        self.change = Change(self.name, shift, flip, jitter)

    def term(self, critic: Critic, real: tf.Tensor, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        return self._of(critic, real, batch)

    def _of(self, critic: Critic, image: tf.Tensor, batch: Batch) -> tf.Tensor:
        return squared_difference(critic.logits(image), critic(self.change(image, batch)))


class BalancedConsistency(Consistency):
    """Consistency on real images and on fakes (bCR), Zhao et al. (2020), algorithm 1.

    Args:
        weight: the paper's lambda_real, at least 0.
        every: charge it in every n-th step, n times as much.
        shift, flip, jitter: what T is, see `Change`.
        fakes: the weight of fakes relative to that of real images (the paper's lambda_fake / lambda_real).
    """

    def __init__(
        self,
        weight: float = 10.0,
        every: int = 1,
        shift: int = 4,
        flip: bool = False,
        jitter: float = 0.05,
        fakes: float = 1.0,
    ) -> None:
        super().__init__(weight, every, shift, flip, jitter)
        expect_number(f"{self.name}.fakes", fakes)
        self.fakes = fakes

    def term(self, critic: Critic, real: tf.Tensor, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        return self._of(critic, real, batch) + self.fakes * self._of(critic, fake, batch)


class Latent(Penalty):
    """A penalty on what slightly moved latents do, z + N(0, radius^2); Zhao et al. (2020), algorithm 2.

    Args:
        weight: at least 0.
        every: charge it in every n-th step, n times as much.
        radius: standard deviation of how far each latent is moved, the paper's sigma.
    """

    scope = "game"

    def __init__(self, weight: float, every: int = 1, radius: float = 0.05) -> None:
        super().__init__(weight, every)
        expect_number(f"{self.name}.radius", radius)
        self.radius = radius

    def join(self, adversary: Adversary) -> None:
        self.game = adversary.game
        if not self.game.has_latents:
            raise UsageError(
                f"{self.name}: expected a family with one generator of latents alone, got "
                f"{type(self.game).__name__}; type penalty=[balanced_consistency]."
            )

    def moved(self, batch: Batch) -> tf.Tensor:
        """Return what the generator makes of moved latents, in training mode."""
        latent = self.game.latents(batch)
        moved = latent + self.radius * batch.normal(*latent.shape[1:])
        return self.game.generate_from(moved, batch, training=True)


class LatentConsistency(Latent):
    """The critic says the same of fakes from latents close by: weight * E|D(G(z)) - D(G(T(z)))|^2 (zCR)."""

    def __init__(self, weight: float = 5.0, every: int = 1, radius: float = 0.05) -> None:
        super().__init__(weight, every, radius)

    def __call__(self, critic: Critic, real: tf.Tensor, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        # The generator's own fakes, whatever the discriminator is shown; judged here, outside of any branch.
        fake = self.game.generate(batch)
        if self.weight:
            critic.logits(fake)
        return super().__call__(critic, real, fake, batch)

    def term(self, critic: Critic, real: tf.Tensor, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        return squared_difference(critic.logits(fake), critic(self.moved(batch)))


class LatentDiversity(Latent):
    """The generator makes different fakes from latents close by: -weight * E|G(z) - G(T(z))|^2 (zCR).

    A mean over the numbers of an image. It is bounded by images in [-1, 1]; for points, which are not, keep
    the weight small.
    """

    players = ("generator",)

    def __init__(self, weight: float = 0.5, every: int = 1, radius: float = 0.05) -> None:
        super().__init__(weight, every, radius)

    def term(self, critic: Critic, real: tf.Tensor, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        return -squared_difference(fake, self.moved(batch))


def squared_difference(these: tf.Tensor, those: tf.Tensor) -> tf.Tensor:
    """Return the mean of squared differences, a float32 scalar."""
    return tf.reduce_mean(tf.square(tf.cast(these, tf.float32) - tf.cast(those, tf.float32)))
