"""Projection cGAN: the discriminator compares an image's features with its label; SAGAN and BigGAN too."""

import inspect
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from ganctl.game.batch import Batch
from ganctl.game.field import Field, Fields
from ganctl.model.attention_maps import attention_maps, attentive
from ganctl.model.cgan import MIXTURE, WIDEST, code_of, expect_labels, with_mixtures
from ganctl.model.gan import GAN
from ganctl.network.heads import projected

TILES = 8  # of a row between two classes


class ProjectionGAN(GAN):
    """Both players know the label; the discriminator's logit has the label's inner product with features.

    Miyato and Koyama (2018); with attention SAGAN (Zhang et al., 2019), with latents for every block BigGAN
    (Brock et al., 2019). A fake has the label of the real image beside it: labels are as frequent as in the
    data. Samples may be given `truncation=T`: each latent number is then drawn from the normal distribution
    within [-T, T] (BigGAN, section 3.1).
    """

    shifts = ("truncation",)

    def __init__(self, network, fields: Fields, *, latent: int = 128, prior: str = "normal", **parts):
        """Build the two networks.

        Args:
            network: has `generator(latent, shape, labels=)`, given latents with one-hot labels behind, and
                `discriminator(shape, labels=)`, given images and one-hot labels. Of builders that know no
                labels, the generator is asked for as many more latents, and the discriminator is `projected`.
            fields: of the data, with a "label" of at least 2 classes.
            latent, prior: see `GAN`.

        Raises:
            UsageError: for data without labels; for a part that mixes images of different labels.
        """
        self.labels = expect_labels("", fields)
        own = {"truncation": Field(kind="number")}
        super().__init__(
            Labelled(network, self.labels),
            {**with_mixtures(fields), **own},
            latent=latent,
            prior=prior,
            **parts,
        )
        self.columns = self.labels if self.labels <= WIDEST else None
        self.views = {"classes": self._between_classes}
        if attentive(self.generator):
            self.views |= {"attention": self._attention}
        self.accepts = (MIXTURE, "truncation") if prior == "normal" else (MIXTURE,)

    def judged_by(self) -> dict[str, Any]:
        return {"condition": "label", "see": self._see}

    def conditions(self, index: Any) -> dict[str, Any]:
        """Return the "label" of each sample: one class after the other, so that all are equally many."""
        return {"label": index % self.labels}

    def latents(self, batch: Batch) -> tf.Tensor:
        if "truncation" not in batch:
            return super().latents(batch)
        return batch.once("latent", lambda: truncated(batch.uniform(self.latent), batch["truncation"]))

    def generate_from(self, latent: tf.Tensor, batch: Batch, *, training: bool) -> tf.Tensor:
        code = code_of(batch, self.labels)
        return self.generator(tf.concat([latent, code], axis=1), training=training)

    def _see(self, image: tf.Tensor, label: tf.Tensor) -> list[tf.Tensor]:
        return [image, tf.one_hot(label, self.labels, dtype=image.dtype)]

    def _between_classes(self, batch: Batch) -> tf.Tensor:
        """Return a row for each class, of one latent, whose label goes over into the next class's."""
        rows = min(self.labels, WIDEST)
        code = tf.eye(self.labels)[:rows]
        share = tf.linspace(0.0, 1.0, TILES)[None, :, None]
        mixed = (1.0 - share) * code[:, None] + share * tf.roll(tf.eye(self.labels), -1, 0)[:rows, None]
        latent = tf.repeat(self.latents(batch)[:1], rows * TILES, axis=0)
        label = tf.reshape(mixed, (-1, self.labels))
        made = self.generator(tf.concat([latent, label], axis=1), training=False)
        return tf.reshape(made, (rows, TILES, *made.shape[1:]))

    def _attention(self, batch: Batch) -> tf.Tensor:
        """Return a row for each of some samples: it, and where places in it look."""
        latent, code = self.latents(batch), code_of(batch, self.labels)
        return attention_maps(self.generator, tf.concat([latent, code], axis=1)[:TILES])


def truncated(uniform: tf.Tensor, limit: tf.Tensor) -> tf.Tensor:
    """Return normal numbers within [-limit, limit], float32 (n, d), from uniform ones (n, d) in [0, 1).

    By the inverse of the distribution: what drawing again until it lies within gives. Limits are (n,), above
    0.
    """
    uniform = tf.cast(uniform, tf.float64)
    edge = 0.5 * tf.math.erfc(tf.cast(limit, tf.float64) / 2.0**0.5)[:, None]
    return tf.cast(tf.math.ndtri(edge + uniform * (1.0 - 2.0 * edge)), tf.float32)


class Labelled:
    """Builders that are told how many classes there are."""

    def __init__(self, network, labels: int) -> None:
        self.network, self.labels = network, labels

    def generator(self, latent: int, shape: tuple[int, ...]) -> keras.Model:
        if _knows_labels(self.network.generator):
            return self.network.generator(latent, shape, labels=self.labels)
        return self.network.generator(latent + self.labels, shape)

    def discriminator(self, shape: tuple[int, ...]) -> keras.Model:
        if _knows_labels(self.network.discriminator):
            return self.network.discriminator(shape, labels=self.labels)
        return projected(self.network.discriminator(shape), self.labels)


def _knows_labels(builder: Callable) -> bool:
    return "labels" in inspect.signature(builder).parameters
