"""CoGAN: two domains that were never seen in pairs, and generators that share what they mean."""

from collections.abc import Mapping

import keras
import tensorflow as tf

from ganctl.check import expect_one_of, expect_whole
from ganctl.game.adversary import Adversary
from ganctl.game.batch import Batch, Terms
from ganctl.game.field import Fields
from ganctl.game.game import Game
from ganctl.model.gan import PRIORS, draw
from ganctl.model.pictures import expect_pictures
from ganctl.network.cogan import coupled
from ganctl.network.many import sharing


class CoupledGAN(Game):
    """A generator and a discriminator for each of two domains, with shared layers where meaning is made.

    Liu and Tuzel (2016), equation 3: the generators share their first layers, at the noise, the
    discriminators their last ones. One latent makes a pair, a picture of each domain, though data hold none.
    The domains are the fields "image" and "input".
    """

    has_latents = True
    makes: Mapping[str, tuple[str, ...]] = {"image": (), "input": ()}

    def __init__(
        self,
        network,
        fields: Fields,
        *,
        latent: int = 100,
        prior: str = "normal",
        own: int = 1,
        own_discriminator: int = 1,
        **parts,
    ):
        """Build the four networks.

        Args:
            network: see `GAN`; its networks are layers in a row.
            fields: of the data, with the images "image" and "input".
            latent, prior: see `GAN`.
            own: how many of the last layers with weights each generator has for itself; 0 shares nothing.
            own_discriminator: how many of the first layers with weights each discriminator has for itself; as
                many as there are share nothing.

        Raises:
            UsageError: for data without the two images, a setting outside its range, or networks that cannot
                share.
        """
        super().__init__(fields, **parts)
        expect_pictures("cogan", fields, "dataset=halves, or dataset=unpaired dataset.path=FOLDER")
        expect_whole("model.latent", latent, 1)
        expect_one_of("model.prior", prior, PRIORS)
        self.latent, self.prior = latent, prior
        made = [network.generator(latent, tuple(self.fields[name].shape)) for name in self.makes]
        self.generators = dict(zip(self.makes, sharing(made, own), strict=True))
        self.generator = self.generators["image"]
        first = Adversary(self, network.discriminator)

        def second(shape: tuple[int, ...]) -> keras.Model:
            return coupled(first.network, network.discriminator(shape), own_discriminator)

        Adversary(self, second, name="input", judges="input")
        critics = [adversary.network for adversary in self.adversaries.values()]
        self.players = {"discriminator": critics, "generator": list(self.generators.values())}
        self.join()

    def discriminator_loss(self, batch: Batch) -> Terms:
        return self._terms(batch, "discriminator")

    def generator_loss(self, batch: Batch) -> Terms:
        return self._terms(batch, "generator")

    def _terms(self, batch: Batch, player: str) -> Terms:
        terms: Terms = {}
        for adversary in self.adversaries.values():
            terms |= getattr(adversary, player)(batch, self.fake(batch, adversary.judges))
        return terms

    def fake(self, batch: Batch, make: str) -> tf.Tensor:
        """Return fakes of one domain, of the latents that both domains share."""
        return batch.once(f"fake {make}", lambda: self.generators[make](self.latents(batch), training=True))

    def generate(self, batch: Batch) -> tf.Tensor:
        return self.fake(batch, "image")

    def sample(self, batch: Batch, make: str = "image") -> tf.Tensor:
        return self.generators[make](self.latents(batch), training=False)

    def show(self, batch: Batch) -> tf.Tensor:
        """Return pairs, (size, 2, height, width, channels): a picture of each domain, of one latent."""
        return tf.stack([self.sample(batch, make) for make in self.makes], axis=1)

    def latents(self, batch: Batch) -> tf.Tensor:
        return batch.once("latent", lambda: draw(batch, self.prior, self.latent))

    def generate_from(self, latent: tf.Tensor, batch: Batch, *, training: bool) -> tf.Tensor:
        return self.generator(latent, training=training)
