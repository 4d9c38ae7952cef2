"""Conditional GAN: both players know every image's label, so samples are of the class one asks for."""

from typing import Any

import tensorflow as tf

from ganctl.error import UsageError
from ganctl.game.batch import Batch
from ganctl.game.field import Field, Fields
from ganctl.model.gan import GAN

MIXTURE = "between"  # the field of mixed classes, as it is typed
WIDEST = 20  # classes that a grid of samples has a column each for


class ConditionalGAN(GAN):
    """The original game between D(x | y) and G(z | y), where y is the label (Mirza and Osindero, 2014).

    Equation 2, with y "as additional input layer" of both (section 3.2): one-hot, it follows the latent, and
    is to the discriminator as many more channels, each the same number all over the image, as in Radford
    et al. (2016, supplement 8.1). So every network will do. A fake has the label of the real image beside it.
    """

    def __init__(self, network, fields: Fields, *, latent: int = 100, prior: str = "normal", **parts):
        """Build the two networks.

        Args:
            network: see `GAN`; the builders are asked for as many more latents and channels as classes.
            fields: of the data, with a "label" of at least 2 classes.
            latent, prior: see `GAN`.

        Raises:
            UsageError: for data without labels; for a part that mixes images of different labels.
        """
        self.labels = expect_labels("cgan", fields)
        super().__init__(
            _Labelled(network, self.labels), with_mixtures(fields), latent=latent, prior=prior, **parts
        )
        self.columns = self.labels if self.labels <= WIDEST else None
        self.accepts = (MIXTURE,)

    def judged_by(self) -> dict[str, Any]:
        return {"condition": "label", "see": self._see}

    def conditions(self, index: Any) -> dict[str, Any]:
        """Return the "label" of each sample: one class after the other, so that all are equally many."""
        return {"label": index % self.labels}

    def generate_from(self, latent: tf.Tensor, batch: Batch, *, training: bool) -> tf.Tensor:
        code = code_of(batch, self.labels)
        return self.generator(tf.concat([latent, code], axis=1), training=training)

    def _see(self, image: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
        """Return images with a channel for each class, 1 in that of the label."""
        code = tf.one_hot(label, self.labels, dtype=image.dtype)
        maps = tf.reshape(code, (-1, *[1] * (image.shape.rank - 2), self.labels))
        maps = tf.broadcast_to(maps, (*image.shape[:-1], self.labels))
        return tf.concat([image, maps], axis=-1)


class _Labelled:
    """Builders that are asked for room for a one-hot label, too."""

    def __init__(self, network, labels: int) -> None:
        self.network, self.labels = network, labels

    def generator(self, latent: int, shape: tuple[int, ...]):
        return self.network.generator(latent + self.labels, shape)

    def discriminator(self, shape: tuple[int, ...]):
        return self.network.discriminator((*shape[:-1], shape[-1] + self.labels))


def with_mixtures(fields: Fields) -> Fields:
    """Return fields with MIXTURE among them: samples may be given shares of classes in place of a label."""
    classes = fields["label"].classes
    return {**fields, MIXTURE: Field(kind="mixture", shape=(len(classes),), classes=classes)}


def code_of(batch: Batch, labels: int) -> tf.Tensor:
    """Return what a generator knows of classes, float32 (size, labels): one-hot labels, or shares of them."""
    return batch[MIXTURE] if MIXTURE in batch else tf.one_hot(batch["label"], labels, dtype=tf.float32)


def expect_labels(model: str, fields: Fields) -> int:
    """Return how many classes the data have.

    Raises:
        UsageError: for fewer than 2.
    """
    classes = len(fields["label"].classes) if "label" in fields else 0
    if classes < 2:
        named = f"model={model}" if model else "model"  # several recipes may share a game
        raise UsageError(
            f"{named}: expected data with labels of 2 classes or more, got {classes}; "
            "type dataset=mnist, or dataset=image_folder with a folder for each class."
        )
    return classes
