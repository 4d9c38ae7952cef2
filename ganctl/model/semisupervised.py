"""Semi-supervised GAN: the discriminator is a classifier that learns from few labels and many images."""

from collections.abc import Mapping

import keras
import tensorflow as tf

from ganctl.check import expect_number
from ganctl.error import UsageError
from ganctl.game.batch import Batch, Terms
from ganctl.game.classes import right, surprise
from ganctl.game.field import Fields
from ganctl.model.gan import GAN


class SemiSupervisedGAN(GAN):
    """K classes of reals, and a generator that matches features (Salimans et al., 2016, sections 3.1, 5).

    The discriminator minimises the cross entropy of the known labels and, of images without, the adversarial
    term, where the logit of "real" is the log of the sum of all classes' exp. The generator minimises the
    squared distance between mean features of reals and of fakes. What is tested is the classifier:
    `make=class` gives the classes that it finds in images.

    The discriminator's turn notes `known_right`, the share of labelled images whose class it finds.
    """

    makes: Mapping[str, tuple[str, ...]] = {"image": (), "class": ("image",)}

    def __init__(
        self,
        network,
        fields: Fields,
        *,
        latent: int = 100,
        prior: str = "uniform",
        supervised: float = 1.0,
        unlabelled: float = 1.0,
        **parts,
    ):
        """Build the two networks.

        Args:
            network: has `generator(latent, shape)` and `discriminator(shape, labels=)`, which gives [logit,
                class logits, features].
            fields: of the data, with "known" images and their "class".
            latent, prior: see `GAN`.
            supervised: weight of the cross entropy, at least 0.
            unlabelled: weight of the discriminator's adversarial term, at least 0; 0 leaves a classifier that
                knows the labelled images alone.

        Raises:
            UsageError: for data without known labels, or a weight below 0.
        """
        if "known" not in fields or "class" not in fields:
            raise UsageError(
                "model=semisupervised: expected data with a few known labels; type dataset=few_labels."
            )
        expect_number("model.supervised", supervised)
        expect_number("model.unlabelled", unlabelled)
        self.supervised, self.unlabelled = supervised, unlabelled
        labels = len(fields["class"].classes)
        super().__init__(_Networks(network, labels), fields, latent=latent, prior=prior, **parts)

    def discriminator_loss(self, batch: Batch) -> Terms:
        terms = super().discriminator_loss(batch)
        terms["adversarial"] *= self.unlabelled
        logits = self.adversary.critic(batch).outputs(batch["known"])[1]
        batch.note(known_right=right(logits, batch["class"]))
        return terms | {"supervised": self.supervised * surprise(logits, batch["class"])}

    def generator_loss(self, batch: Batch) -> Terms:
        critic, fake, real = self.adversary.critic(batch), self.generate(batch), batch["image"]
        means = [tf.reduce_mean(critic.outputs(image)[2], axis=0) for image in (real, fake)]
        terms = {"adversarial": tf.reduce_mean(tf.square(means[0] - means[1]))}
        return terms | self.adversary.penalize(critic, real, fake, batch, "generator")

    def sample(self, batch: Batch, make: str = "image") -> tf.Tensor:
        if make == "image":
            return super().sample(batch)
        seen = self.adversary.critic(batch).prepare(batch["image"])
        return tf.argmax(self.discriminator(seen, training=False)[1], axis=1, output_type=tf.int32)


class _Networks:
    """Builders of a generator, and of a discriminator that is told how many classes there are."""

    def __init__(self, network, labels: int) -> None:
        self.network, self.labels = network, labels

    def generator(self, latent: int, shape: tuple[int, ...]) -> keras.Model:
        return self.network.generator(latent, shape)

    def discriminator(self, shape: tuple[int, ...]) -> keras.Model:
        return self.network.discriminator(shape, labels=self.labels)
