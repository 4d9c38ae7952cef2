"""Energy-based GAN and BEGAN: the discriminator is an autoencoder, and reals are what it renders well."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import tensorflow as tf

from ganctl.error import UsageError
from ganctl.game.batch import Batch
from ganctl.game.field import Fields
from ganctl.model.gan import GAN


class EnergyGAN(GAN):
    """The original game's players, between which an energy stands in place of a probability.

    Energy-based GAN (Zhao, Mathieu and LeCun, 2017) with `loss=margin`, BEGAN (Berthelot, Schumm and Metz,
    2017) with `loss=equilibrium`. What a discriminator says of an image is -energy, so that real images have
    the larger numbers, and every loss, penalty and augmentation applies. It also renders images:
    `make=reconstruction`. A run's grids show a sample, a real image, and what is rendered of that.
    """

    shows = ("image",)

    makes: Mapping[str, tuple[str, ...]] = {"image": (), "reconstruction": ("image",)}

    def __init__(self, network, fields: Fields, *, latent: int = 100, prior: str = "normal", **parts):
        """Build the two networks.

        Args:
            network: see `GAN`; its discriminator gives [-energy, rendered image, code].
            fields: of the data.
            latent, prior: see `GAN`.

        Raises:
            UsageError: for a discriminator that renders nothing.
        """
        super().__init__(network, fields, latent=latent, prior=prior, **parts)
        self.fields["reconstruction"] = replace(self.fields["image"])
        shapes = [tuple(output.shape[1:]) for output in self.discriminator.outputs]
        if len(shapes) < 3 or shapes[1] != tuple(self.discriminator.inputs[0].shape[1:]):
            raise UsageError(
                "model: expected a discriminator that is an autoencoder; type network=ebgan or network=began."
            )

    def sample(self, batch: Batch, make: str = "image") -> tf.Tensor:
        if make == "image":
            return super().sample(batch)
        return self.rendered(batch["image"], batch)

    def show(self, batch: Batch) -> tf.Tensor:
        made = self.sample(batch)
        if "image" not in batch:
            return made
        return tf.stack([made, batch["image"], self.rendered(batch["image"], batch)], axis=1)

    def rendered(self, image: tf.Tensor, batch: Batch) -> tf.Tensor:
        """Return what the discriminator's autoencoder makes of images, of their shape."""
        seen: Any = self.adversary.critic(batch).prepare(image)
        return self.discriminator(seen, training=False)[1]
