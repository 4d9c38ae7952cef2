"""The original game, which most published recipes only furnish with other networks and losses."""

from collections.abc import Callable

import tensorflow as tf

from ganctl.game import Batch, Game, Terms
from ganctl.settings import expect_one_of, expect_whole

PRIORS = ("normal", "uniform")


class GAN(Game):
    """A discriminator tells real from fake; a generator fools it (Goodfellow et al., 2014)."""

    def __init__(self, network, shape: tuple[int, ...], *, latent: int = 100, prior: str = "normal", **rules):
        """Build the two networks.

        Args:
            network: has `generator(latent, shape)` and `discriminator(shape)`, which return Keras models.
            shape: of one sample, without the batch.
            latent: numbers that the generator starts from, at least 1.
            prior: their distribution: "normal" (mean 0, deviation 1) or "uniform" (in [-1, 1)).

        Raises:
            UsageError: for a latent below 1 or an unknown prior.
        """
        super().__init__(**rules)
        expect_whole("model.latent", latent, 1)
        expect_one_of("model.prior", prior, PRIORS)
        self.latent, self.prior = latent, prior
        self.generator = network.generator(latent, shape)
        self.discriminator = network.discriminator(shape)
        self.players = {"discriminator": [self.discriminator], "generator": [self.generator]}

    def discriminator_loss(self, batch: Batch) -> Terms:
        critic, real, fake = self.critic(batch), batch["image"], self.generate(batch)
        real_logits = batch.once("real_logits", lambda: critic(real))
        fake_logits = batch.once("fake_logits", lambda: critic(fake))
        batch.note(real=tf.reduce_mean(real_logits), fake=tf.reduce_mean(fake_logits))
        return {
            "adversarial": self.loss.discriminator(real_logits, fake_logits),
            **self.penalize(critic, real, fake, batch),
        }

    def generator_loss(self, batch: Batch) -> Terms:
        fake_logits = batch.once("fake_logits", lambda: self.critic(batch)(self.generate(batch)))
        return {"adversarial": self.loss.generator(fake_logits)}

    def generate(self, batch: Batch) -> tf.Tensor:
        """Return fakes made in training mode."""
        return batch.once("fake", lambda: self.generator(self.draw(batch), training=True))

    def sample(self, batch: Batch) -> tf.Tensor:
        return self.generator(self.draw(batch), training=False)

    def critic(self, batch: Batch) -> Callable[[tf.Tensor], tf.Tensor]:
        """Return the discriminator as a function of the image alone, which is all that penalties see."""
        return lambda image: self.discriminator(self.augment(image), training=True)

    def draw(self, batch: Batch) -> tf.Tensor:
        """Return latents of shape (size, latent) from the prior."""
        if self.prior == "uniform":
            return batch.uniform(self.latent, low=-1.0, high=1.0)
        return batch.normal(self.latent)
