"""FastGAN: learns from hundreds of pictures; the discriminator must be able to draw what it saw."""

from typing import Any

import keras
import tensorflow as tf

from ganctl.check import expect_number
from ganctl.error import UsageError
from ganctl.game.adversary import Adversary
from ganctl.game.batch import Batch, Terms
from ganctl.game.field import Fields
from ganctl.layer.growth import halved
from ganctl.model.gan import GAN

QUARTERS = 4


class FastGAN(GAN):
    """The original game at two sizes, with a discriminator that is an encoder, too (Liu et al., 2021).

    The generator makes an image and one of half its size, each judged by a discriminator of its own (the
    release's sizes are the full one and 128). Decoders draw the real images, as the augmentations show them,
    from the discriminators' features: the whole from the last ones of both, a random quarter from the same
    quarter of the features before (section 3.2). Their mean squared distance joins the discriminators' terms;
    the paper leaves the norm open, the release takes LPIPS, a network trained on photographs.
    """

    def __init__(
        self,
        network,
        fields: Fields,
        *,
        latent: int = 256,
        prior: str = "normal",
        reconstruction: float = 1.0,
        **parts,
    ):
        """Build the networks.

        Args:
            network: has `generator(latent, shape)`, `discriminator(shape)` and `decoder(features, shape)`, as
                in `ganctl.network.fastgan`.
            fields: of the data.
            latent, prior: see `GAN`.
            reconstruction: weight of what the decoders miss; 0 leaves them out.

        Raises:
            UsageError: for a weight below 0, or other networks.
        """
        expect_number("model.reconstruction", reconstruction)
        if not hasattr(network, "decoder"):
            raise UsageError("model=fastgan: expected a network with decoders; type network=fastgan.")
        sides = fields["image"].shape[:-1]
        if len(sides) != 2 or min(sides) < 28 or any(side % 4 for side in sides):
            raise UsageError(
                "model=fastgan: expected images with sides of 28 pixels or more that are multiples of 4, got "
                f"{'x'.join(map(str, fields['image'].shape))}; type dataset.size=32 for a folder of pictures."
            )
        self.network, self.reconstruction = network, reconstruction
        super().__init__(network, fields, latent=latent, prior=prior, **parts)

    def join(self) -> None:
        """Build the second discriminator and the decoders, too."""
        height, width, channels = self.fields["image"].shape
        half = (height // 2, width // 2, channels)
        self.small = Adversary(self, self.network.discriminator, name="half", shape=half, reals=self._halved)
        judges, decoders = [self.adversary.network, self.small.network], []
        if self.reconstruction:
            sides = [tuple(part.shape[1:]) for part in judges[0].outputs]
            quarter = (sides[2][0] // 2, sides[2][1] // 2, sides[2][2])
            small = tuple(judges[1].outputs[1].shape[1:])
            decoders = [self.network.decoder(given, half) for given in (sides[1], small, quarter)]
        self.decoders: list[keras.Model] = decoders
        self.players = {"discriminator": [*judges, *decoders], "generator": [self.generator]}
        super().join()

    def discriminator_loss(self, batch: Batch) -> Terms:
        image, small = self._both(batch)
        terms = self.adversary.discriminator(batch, image) | self.small.discriminator(batch, small)
        if self.reconstruction:
            terms["reconstruction"] = self.reconstruction * self._missed(batch)
        return terms

    def generator_loss(self, batch: Batch) -> Terms:
        image, small = self._both(batch)
        return self.adversary.generator(batch, image) | self.small.generator(batch, small)

    def generate(self, batch: Batch) -> tf.Tensor:
        return self._both(batch)[0]

    def generate_from(self, latent: tf.Tensor, batch: Batch, *, training: bool) -> tf.Tensor:
        return self._made(latent, batch, training=training)[0]

    def _both(self, batch: Batch) -> list[tf.Tensor]:
        """Return fakes of the whole and of half the size, once for a batch."""
        return batch.once("both", lambda: self._made(self.latents(batch), batch, training=True))

    def _made(self, latent: tf.Tensor, batch: Batch, *, training: bool) -> list[tf.Tensor]:
        pixels = [each.shape[1] for each in self.generator.inputs[1:]]
        noise = [batch.normal(number)[: latent.shape[0]] for number in pixels]
        return self.generator([latent, *noise], training=training)

    def _halved(self, batch: Batch) -> tf.Tensor:
        return batch.once("half", lambda: halved(batch["image"]))

    def _missed(self, batch: Batch) -> tf.Tensor:
        """Return the mean squared distance of the decoders' images from what the discriminators saw."""
        _, last, before, seen = self.adversary.critic(batch).outputs(self.adversary.reals(batch))
        _, small, _, seen_small = self.small.critic(batch).outputs(self._halved(batch))
        which = tf.cast(batch.uniform(1)[:, 0] * QUARTERS, tf.int32)
        pairs = [
            (last, halved(seen)),
            (small, seen_small),
            (quarter(before, which), quarter(seen, which)),
        ]
        found: list[Any] = [
            tf.reduce_mean(tf.square(decode(given, training=True) - tf.cast(wanted, tf.float32)))
            for decode, (given, wanted) in zip(self.decoders, pairs, strict=True)
        ]
        return tf.add_n(found)


def quarter(image: tf.Tensor, which: tf.Tensor) -> tf.Tensor:
    """Return a quarter of each of some pictures (batch, h, w, c), numbered row by row; sides must be even."""
    _, height, width, channels = image.shape
    apart = tf.reshape(image, (-1, 2, height // 2, 2, width // 2, channels))
    parts = tf.reshape(tf.transpose(apart, (0, 1, 3, 2, 4, 5)), (-1, 4, height // 2, width // 2, channels))
    return tf.gather(parts, which, axis=1, batch_dims=1)
