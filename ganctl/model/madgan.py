"""MAD-GAN: several generators, and a discriminator that also says which of them made an image."""

from typing import Any

import keras
import tensorflow as tf

from ganctl.check import expect_whole
from ganctl.game.adversary import Adversary
from ganctl.game.batch import Batch
from ganctl.game.classes import by_turns, right, surprise
from ganctl.game.critic import Critic
from ganctl.game.field import Field, Fields
from ganctl.game.part import Part
from ganctl.model.cgan import WIDEST
from ganctl.model.gan import GAN
from ganctl.model.mixing import refuse_mixing
from ganctl.network.many import naming, sharing

TILES = 10  # latents of the view of all generators


class ManyGenerators(GAN):
    """k generators that share their first layers; the discriminator names the maker of each fake.

    Ghosh et al. (2018), section 4: to be told apart, the generators move to different modes. The
    discriminator minimises the cross entropy over "real, first, second ...", the generators -log p(real). A
    batch's fakes are made by one generator after the other, each from latents of its own; all k are equally
    frequent.

    The discriminator's turn notes `makers_right`, the share of fakes whose generator it names, of those that
    it takes for no reals: 1 / k where all generators make the same.
    """

    accepts = ("generator",)

    def __init__(
        self,
        network,
        fields: Fields,
        *,
        latent: int = 64,
        prior: str = "uniform",
        generators: int = 4,
        own: int = 1,
        **parts,
    ):
        """Build the networks.

        Args:
            network: see `GAN`; its generator is layers in a row, its discriminator ends in a dense layer.
            fields: of the data.
            latent, prior: see `GAN`.
            generators: the paper's k, at least 1.
            own: how many of the last layers with weights each generator has for itself; 0 shares nothing.

        Raises:
            UsageError: for a setting outside its range, networks that cannot share, or a part that mixes
                images.
        """
        expect_whole("model.generators", generators, 1)
        self.many, self.own = generators, own
        parts["penalties"] = {"maker": Maker(generators), **(parts.get("penalties") or {})}
        names = tuple(map(str, range(generators)))
        fields = {**fields, "generator": Field(kind="label", classes=names)}
        super().__init__(_Networks(network, generators), fields, latent=latent, prior=prior, **parts)
        rest = [network.generator(*self.made_of()) for _ in range(generators - 1)]
        self.generators = sharing([self.generator, *rest], own)
        self.players = {"discriminator": [self.discriminator], "generator": self.generators}
        self.columns = generators if generators <= WIDEST else None
        self.views = {"generators": self._all}

    def conditions(self, index: Any) -> dict[str, Any]:
        """Return the "generator" of each sample: one after the other, so that all are equally many."""
        return {"generator": index % self.many}

    def generate_from(self, latent: tf.Tensor, batch: Batch, *, training: bool) -> tf.Tensor:
        if training:
            size = latent.shape[0]
            playing = self.generators[:size]
            made = [g(latent[at :: self.many], training=True) for at, g in enumerate(playing)]
            return by_turns(made, size)
        chosen = tf.one_hot(batch["generator"], self.many, axis=0, dtype=tf.float32)
        made = tf.stack([generator(latent, training=False) for generator in self.generators])
        return tf.reduce_sum(made * tf.reshape(chosen, (*chosen.shape, *[1] * (made.shape.rank - 2))), axis=0)

    def _all(self, batch: Batch) -> tf.Tensor:
        """Return a row for each generator, and a latent for each column; of points, all latents."""
        latent = self.latents(batch)
        if self.fields["image"].kind == "image":
            latent = latent[:TILES]
        return tf.stack([generator(latent, training=False) for generator in self.generators])


class Maker(Part):
    """The cross entropy of which generator made a fake, given that it is none of the reals.

    With `loss=one_against_many` the discriminator's sum is the cross entropy over all k + 1 kinds.

    Args:
        generators: the paper's k.
    """

    players = ("discriminator",)

    def __init__(self, generators: int) -> None:
        self.many = generators

    def join(self, adversary: Adversary) -> None:
        refuse_mixing(adversary, "madgan", "generators")

    def __call__(self, critic: Critic, real: tf.Tensor, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        """Return the float32 scalar that the discriminator pays."""
        logits, maker = critic.outputs(fake)[1][:, 1:], tf.range(fake.shape[0]) % self.many
        batch.note(makers_right=right(logits, maker))
        return self.many / (self.many + 1.0) * surprise(logits, maker)


class _Networks:
    """Builders of a generator like the others, and of a discriminator that names them."""

    def __init__(self, network, generators: int) -> None:
        self.network, self.many = network, generators

    def generator(self, latent: int, shape: tuple[int, ...]) -> keras.Model:
        return self.network.generator(latent, shape)

    def discriminator(self, shape: tuple[int, ...]) -> keras.Model:
        return naming(self.network.discriminator(shape), self.many)
