"""The original game, which most published recipes only furnish with other networks, losses and parts."""

from typing import Any

import keras
import tensorflow as tf

from ganctl.check import expect_one_of, expect_whole
from ganctl.game.adversary import Adversary
from ganctl.game.batch import Batch, Terms
from ganctl.game.critic import Critic
from ganctl.game.field import Fields
from ganctl.game.game import Game
from ganctl.game.space import Space

PRIORS = ("normal", "uniform", "truncated_normal", "sphere")


class GAN(Game):
    """A discriminator tells real from fake; a generator fools it (Goodfellow et al., 2014)."""

    has_latents = True

    def __init__(self, network, fields: Fields, *, latent: int = 100, prior: str = "normal", **parts):
        """Build the two networks.

        Args:
            network: has `generator(latent, shape)` and `discriminator(shape)`, which return Keras models.
            fields: of the data.
            latent: numbers that the generator starts from, at least 1.
            prior: their distribution: "normal" (mean 0, deviation 1), "uniform" (in [-1, 1)),
                "truncated_normal" (drawn again beyond 2), or "sphere" (uniform on radius sqrt(latent)).

        Raises:
            UsageError: for a latent below 1 or an unknown prior.
        """
        super().__init__(fields, **parts)
        expect_whole("model.latent", latent, 1)
        expect_one_of("model.prior", prior, PRIORS)
        self.latent, self.prior = latent, prior
        self.generator: keras.Model = network.generator(*self.made_of())
        self.adversary = Adversary(self, network.discriminator, **self.judged_by())
        self.discriminator = self.adversary.network
        self.players = {"discriminator": [self.discriminator], "generator": [self.generator]}
        self.join()

    def made_of(self) -> tuple[int, tuple[int, ...]]:
        """Return (numbers that the generator starts from, the shape of what it makes)."""
        return self.latent, self.fields["image"].shape

    def judged_by(self) -> dict[str, Any]:
        """Return what the adversary is told of the data: see `Adversary`."""
        return {}

    def discriminator_loss(self, batch: Batch) -> Terms:
        return self.adversary.discriminator(batch, self.generate(batch))

    def generator_loss(self, batch: Batch) -> Terms:
        return self.adversary.generator(batch, self.generate(batch))

    def generate(self, batch: Batch) -> tf.Tensor:
        return batch.once("fake", lambda: self.generate_from(self.latents(batch), batch, training=True))

    def sample(self, batch: Batch, make: str = "image") -> tf.Tensor:
        return self.generate_from(self.latents(batch), batch, training=False)

    def generate_from(self, latent: tf.Tensor, batch: Batch, *, training: bool) -> tf.Tensor:
        return self.generator(latent, training=training)

    def spaces(self) -> dict[str, Space]:
        """Return the space of latents, from which a search does not stray: its radius, or its cube."""

        def keep(latent: tf.Tensor) -> tf.Tensor:
            if self.prior == "uniform":
                return tf.clip_by_value(latent, -1.0, 1.0)
            return on_sphere(latent)

        def make(latent: tf.Tensor, batch: Batch) -> tf.Tensor:
            return self.generate_from(latent, batch, training=False)

        return {"latent": Space(self.latents, make, keep)}

    def critic(self, batch: Batch) -> Critic:
        """Return the discriminator as a function of the image alone, which is all that penalties see."""
        return self.adversary.critic(batch)

    def latents(self, batch: Batch) -> tf.Tensor:
        return batch.once("latent", lambda: draw(batch, self.prior, self.latent))


def draw(batch: Batch, prior: str, latent: int) -> tf.Tensor:
    """Return latents of shape (size, latent) from one of PRIORS."""
    if prior == "uniform":
        return batch.uniform(latent, low=-1.0, high=1.0)
    if prior == "truncated_normal":
        return batch.truncated_normal(latent)
    normal = batch.normal(latent)
    return on_sphere(normal) if prior == "sphere" else normal


def on_sphere(latent: tf.Tensor) -> tf.Tensor:
    """Return latents (n, d) on the sphere of radius sqrt(d)."""
    return latent * tf.math.rsqrt(tf.reduce_mean(tf.square(latent), axis=1, keepdims=True))
