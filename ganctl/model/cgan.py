"""Conditional GAN: both players know every image's label, so samples are of the class one asks for."""

from types import SimpleNamespace
from typing import Any

import tensorflow as tf

from ganctl.error import UsageError
from ganctl.game.batch import Batch
from ganctl.game.critic import Critic
from ganctl.game.part import Part
from ganctl.model.gan import GAN

WIDEST = 20  # classes that a grid of samples has a column each for


class ConditionalGAN(GAN):
    """The original game between D(x | y) and G(z | y), where y is the label (Mirza and Osindero, 2014).

    Equation 2, with y "as additional input layer" of both (section 3.2): one-hot, it follows the latent, and
    is to the discriminator as many more channels, each the same number all over the image, as in Radford
    et al. (2016, supplement 8.1). So every network will do. A fake has the label of the real image beside it.
    """

    def __init__(
        self,
        network,
        shape: tuple[int, ...],
        *,
        classes: int = 0,
        latent: int = 100,
        prior: str = "normal",
        **parts,
    ):
        """Build the two networks.

        Args:
            network, shape: see `GAN`; the builders are asked for `classes` more latents and channels.
            classes: of the data, at least 2.
            latent, prior: see `GAN`.

        Raises:
            UsageError: for data without labels; for a part that mixes images of different labels.
        """
        if classes < 2:
            raise UsageError(
                f"model=cgan: expected data with labels of 2 classes or more, got {classes}; "
                "type dataset=mnist, or dataset=image_folder with a folder for each class."
            )
        conditional = SimpleNamespace(
            generator=lambda latent, shape: network.generator(latent + classes, shape),
            discriminator=lambda shape: network.discriminator((*shape[:-1], shape[-1] + classes)),
        )
        super().__init__(conditional, shape, classes=classes, latent=latent, prior=prior, **parts)
        self.columns = classes if classes <= WIDEST else None
        for name, part in self.parts.items():
            if type(part).shape is not Part.shape or type(part).shown is not Part.shown:
                word = name.rpartition("/")[2]
                raise UsageError(f"model=cgan: {word} would mix images of different labels; leave it out.")

    def asked(self, index: Any) -> dict[str, Any]:
        """Return the "label" of each sample: one class after the other, so that all are equally many."""
        return {"label": index % self.classes}

    def make(self, latent: tf.Tensor, batch: Batch, *, training: bool) -> tf.Tensor:
        code = tf.one_hot(batch["label"], self.classes, dtype=latent.dtype)
        return self.generator(tf.concat([latent, code], axis=1), training=training)

    def critic(self, batch: Batch) -> Critic:
        """Return the discriminator as a function of the image alone, whose label is the batch's."""
        critic = super().critic(batch)
        see = critic.prepare

        def prepare(image: tf.Tensor) -> tf.Tensor:
            image = see(image)
            code = tf.one_hot(batch["label"], self.classes, dtype=image.dtype)
            maps = tf.reshape(code, (-1, *[1] * (image.shape.rank - 2), self.classes))
            maps = tf.broadcast_to(maps, (*image.shape[:-1], self.classes))
            return tf.concat([image, maps], axis=-1)

        critic.prepare = prepare
        return critic
