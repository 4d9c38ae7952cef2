"""The original game, which most published recipes only furnish with other networks, losses and parts."""

import keras
import tensorflow as tf

from ganctl.check import expect_one_of, expect_whole
from ganctl.game.batch import Batch, Terms
from ganctl.game.critic import Critic
from ganctl.game.game import Game

PRIORS = ("normal", "uniform", "truncated_normal", "sphere")


class GAN(Game):
    """A discriminator tells real from fake; a generator fools it (Goodfellow et al., 2014)."""

    def __init__(self, network, shape: tuple[int, ...], *, latent: int = 100, prior: str = "normal", **parts):
        """Build the two networks.

        Args:
            network: has `generator(latent, shape)` and `discriminator(shape)`, which return Keras models.
            shape: of one sample, without the batch.
            latent: numbers that the generator starts from, at least 1.
            prior: their distribution: "normal" (mean 0, deviation 1), "uniform" (in [-1, 1)),
                "truncated_normal" (drawn again beyond 2), or "sphere" (uniform on radius sqrt(latent)).

        Raises:
            UsageError: for a latent below 1 or an unknown prior.
        """
        super().__init__(**parts)
        expect_whole("model.latent", latent, 1)
        expect_one_of("model.prior", prior, PRIORS)
        self.latent, self.prior = latent, prior
        self.generator: keras.Model = network.generator(latent, shape)
        self.discriminator: keras.Model = network.discriminator(self.judged(shape))
        self.players = {"discriminator": [self.discriminator], "generator": [self.generator]}
        self.join()

    def discriminator_loss(self, batch: Batch) -> Terms:
        critic, real, fake = self.critic(batch), batch["image"], self.shown(self.generate(batch), batch)
        real_logits, fake_logits = critic.logits(real), critic.logits(fake)
        self.watch(batch, real, fake, real_logits, fake_logits)
        return {
            "adversarial": self.loss.discriminator(real_logits, fake_logits),
            **self.penalize(critic, real, fake, batch),
        }

    def generator_loss(self, batch: Batch) -> Terms:
        fake = self.generate(batch)
        with self.ahead(batch) as ahead:
            critic, real = self.critic(ahead), batch["image"]
            # Ahead, even the logits of reals depend on what the generator does now.
            real_logits = critic.logits(real) if self.loss.relative or ahead is not batch else None
            return {
                "adversarial": self.loss.generator(self.counted(critic.logits(fake), ahead), real_logits),
                **self.penalize(critic, real, fake, ahead, "generator"),
            }

    def generate(self, batch: Batch) -> tf.Tensor:
        """Return fakes made in training mode."""
        return batch.once("fake", lambda: self.make(self.draw(batch), batch, training=True))

    def sample(self, batch: Batch) -> tf.Tensor:
        return self.make(self.draw(batch), batch, training=False)

    def make(self, latent: tf.Tensor, batch: Batch, *, training: bool) -> tf.Tensor:
        """Return what the generator makes of latents of shape (size, latent), for this batch."""
        return self.generator(latent, training=training)

    def critic(self, batch: Batch) -> Critic:
        """Return the discriminator as a function of the image alone, which is all that penalties see."""
        return self.judge(self.discriminator, batch)

    def draw(self, batch: Batch) -> tf.Tensor:
        """Return the batch's latents, of shape (size, latent), from the prior."""
        return batch.once("latent", lambda: draw(batch, self.prior, self.latent))


def draw(batch: Batch, prior: str, latent: int) -> tf.Tensor:
    """Return latents of shape (size, latent) from one of PRIORS."""
    if prior == "uniform":
        return batch.uniform(latent, low=-1.0, high=1.0)
    if prior == "truncated_normal":
        return batch.truncated_normal(latent)
    normal = batch.normal(latent)
    if prior == "sphere":
        return normal * tf.math.rsqrt(tf.reduce_mean(tf.square(normal), axis=1, keepdims=True))
    return normal
