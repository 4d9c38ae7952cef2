"""Auxiliary classifier GAN: the discriminator names images' classes too, and both players want them right."""

from typing import Any

import keras
import tensorflow as tf
from keras import layers

from ganctl.check import expect_number, expect_one_of
from ganctl.game.adversary import Adversary
from ganctl.game.batch import Batch
from ganctl.game.classes import right, surprise
from ganctl.game.critic import Critic
from ganctl.game.field import Fields
from ganctl.game.part import Part
from ganctl.model.cgan import MIXTURE, WIDEST, code_of, expect_labels, with_mixtures
from ganctl.model.gan import GAN
from ganctl.model.mixing import refuse_mixing
from ganctl.network.heads import headed

FAKES = ("trained", "untrained", "doubled", "extra_class")
GIVEN = ("concatenated", "multiplied")


class AuxiliaryClassifierGAN(GAN):
    """D(x) says source and class of an image, G(z, c) makes one of class c (Odena, Olah and Shlens, 2017).

    Section 3: the discriminator maximises L_S + L_C, the generator L_C - L_S, where L_S is the source's
    log-likelihood and L_C the class's, over real images and fakes. Here both minimise the negative, and
    `loss` says what -L_S is; the generator's is not saturating in the recipe. The label goes to the generator
    alone. A fake has the label of the real image beside it, so classes are as frequent as in the data.

    The discriminator's turn notes `class_real` and `class_fake`, the shares of each whose likeliest class is
    their label.
    """

    def __init__(
        self,
        network,
        fields: Fields,
        *,
        latent: int = 100,
        prior: str = "normal",
        label: str = "concatenated",
        fakes: str = "trained",
        class_weight: float = 1.0,
        **parts,
    ):
        """Build the two networks.

        Args:
            network: see `GAN`; the discriminator is given a head with a number for each class.
            fields: of the data, with a "label" of at least 2 classes.
            latent, prior: see `GAN`.
            label: how the generator is given it: one-hot after the latent ("concatenated"), or as trained
                numbers that the latent is "multiplied" with.
            fakes: what they are to the discriminator's class loss: see `ClassLoss`.
            class_weight: of L_C in both players' turns, at least 0; 0 leaves the game of L_S alone.

        Raises:
            UsageError: for data without labels, a setting outside its range, a discriminator that does not
                end in a dense layer, or a part that mixes images of different labels.
        """
        self.labels = expect_labels("acgan", fields)
        expect_one_of("model.label", label, GIVEN)
        term = ClassLoss(self.labels, fakes, class_weight)
        parts["penalties"] = {"class": term, **(parts.get("penalties") or {})}
        networks = _Networks(network, self.labels, units=term.units, multiplied=label == "multiplied")
        super().__init__(networks, with_mixtures(fields), latent=latent, prior=prior, **parts)
        self.columns = self.labels if self.labels <= WIDEST else None
        self.accepts = (MIXTURE,)

    def conditions(self, index: Any) -> dict[str, Any]:
        """Return the "label" of each sample: one class after the other, so that all are equally many."""
        return {"label": index % self.labels}

    def generate_from(self, latent: tf.Tensor, batch: Batch, *, training: bool) -> tf.Tensor:
        code = code_of(batch, self.labels)
        return self.generator(tf.concat([latent, code], axis=1), training=training)


class ClassLoss(Part):
    """-L_C, the cross entropy of classes, which both players pay beside their adversarial terms.

    It is charged where penalties are, so it knows the discriminator that the generator's turn is played
    against, even one of some steps ahead. The generator pays for fakes that are not taken for their label's.
    To the discriminator, fakes are as `fakes` says:

    - "trained": images of their label, as in the paper (section 3, equation 3).
    - "untrained": nothing; reals alone teach classes ("ACGAN-Mod" of PyTorch-StudioGAN).
    - "doubled": nothing, and reals weigh twice as much (Keras's `mnist_acgan.py`).
    - "extra_class": images of a class of their own, one more than the data have.

    Args:
        labels: classes of the data.
        fakes: one of FAKES.
        weight: at least 0; with 0 the term is 0 and has no gradient, and the accuracies are still noted.

    Attributes:
        units: numbers that the discriminator's class head says of an image.

    Raises:
        UsageError: for a setting outside its range.
    """

    players = ("discriminator", "generator")

    def __init__(self, labels: int, fakes: str, weight: float) -> None:
        expect_one_of("model.fakes", fakes, FAKES)
        expect_number("model.class_weight", weight)
        self.labels, self.fakes, self.weight = labels, fakes, weight
        self.units = labels + (fakes == "extra_class")

    def join(self, adversary: Adversary) -> None:
        refuse_mixing(adversary, "acgan", "labels")

    def __call__(self, critic: Critic, real: tf.Tensor, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        """Return the float32 scalar that the player whose turn it is pays."""
        label, of_fakes = batch["label"], critic.outputs(fake)[1]
        if batch.player == "generator":
            return self._weighted(surprise(of_fakes, label))
        of_reals = critic.outputs(real)[1]
        batch.note(
            class_real=right(of_reals[:, : self.labels], label),
            class_fake=right(of_fakes[:, : self.labels], label),
        )
        return self._weighted(self.discriminator(of_reals, of_fakes, label))

    def discriminator(self, of_reals: tf.Tensor, of_fakes: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
        """Return what the discriminator pays before the weight, from logits (n, units) and labels (n,)."""
        known = surprise(of_reals, label)
        if self.fakes == "trained":
            return known + surprise(of_fakes, label)
        if self.fakes == "extra_class":
            return known + surprise(of_fakes, tf.fill(tf.shape(label), self.labels))
        return 2.0 * known if self.fakes == "doubled" else known

    def _weighted(self, term: tf.Tensor) -> tf.Tensor:
        return self.weight * term if self.weight else tf.constant(0.0)


class _Networks:
    """Builders of a generator that is given one-hot labels after latents, and of a headed discriminator."""

    def __init__(self, network, labels: int, *, units: int, multiplied: bool) -> None:
        self.network, self.labels, self.units, self.multiplied = network, labels, units, multiplied

    def generator(self, latent: int, shape: tuple[int, ...]) -> keras.Model:
        if not self.multiplied:
            return self.network.generator(latent + self.labels, shape)
        given = keras.Input((latent + self.labels,))
        # One-hot, so that the layer's kernel has a row for each class: an embedding, as in `mnist_acgan.py`.
        start = keras.initializers.GlorotNormal()
        embedding = layers.Dense(latent, use_bias=False, kernel_initializer=start, name="embedding")
        product = layers.Multiply()([given[:, :latent], embedding(given[:, latent:])])
        return keras.Model(given, self.network.generator(latent, shape)(product), name="generator")

    def discriminator(self, shape: tuple[int, ...]) -> keras.Model:
        return headed(self.network.discriminator(shape), {"class": self.units})
