"""Inpainting: what is missing of a picture is made, and what is known comes out as it was."""

from collections.abc import Mapping

import keras
import tensorflow as tf

from ganctl.check import expect_number, expect_one_of
from ganctl.error import UsageError
from ganctl.game.adversary import Adversary
from ganctl.game.batch import Batch, Terms
from ganctl.game.critic import several
from ganctl.game.field import Fields
from ganctl.game.game import Game
from ganctl.model.pictures import tiles

DISTANCES = {"l1": tf.abs, "l2": tf.square}
GREY = 0.0  # what stands in a hole before it is filled


class Inpainting(Game):
    """A generator fills holes; the discriminator judges the whole picture, over its mask.

    Context encoders (Pathak et al., 2016, equations 1 to 3) with a U-Net, or gated convolutions (Yu et al.,
    2019) by `network=gated`. The picture that is judged, and that comes out, is the given one with its hole
    filled: known pixels are bit for bit what they were. (The first paper's discriminator sees the filling
    alone, and learns nothing of the seam.)
    """

    block = 8  # no more are made than there are pictures
    makes: Mapping[str, tuple[str, ...]] = {"image": ("image", "mask")}

    def __init__(
        self,
        network,
        fields: Fields,
        *,
        reconstruction: float = 1.0,
        adversarial: float = 0.01,
        distance: str = "l1",
        **parts,
    ):
        """Build the two networks.

        Args:
            network: has `generator(source, shape)`, which is given the picture and its mask as channels, and
                may return coarser images too, and `discriminator(shape)`; both return Keras models.
            fields: of the data, with the image "image" and the mask "mask", 1 in the hole.
            reconstruction: weight of the distance to the truth, over the whole picture as it was made and of
                every image that the generator returns; 0 leaves it out.
            adversarial: weight of the generator's adversarial term; 0 leaves it out, and the discriminator
                plays alone.
            distance: "l1" (Yu et al., 2019) or "l2" (Pathak et al., 2016): mean of absolute differences or of
                squares.

        Raises:
            UsageError: for data without a mask, or a value outside its range.
        """
        super().__init__(fields, **parts)
        if "mask" not in fields or fields["image"].kind != "image":
            there = ", ".join(f"{name} ({field.kind})" for name, field in fields.items())
            raise UsageError(
                f"model=inpainting: expected images with a mask, got {there}; type dataset=masked "
                "dataset.path=FOLDER."
            )
        expect_number("model.reconstruction", reconstruction)
        expect_number("model.adversarial", adversarial)
        expect_one_of("model.distance", distance, tuple(DISTANCES))
        self.reconstruction, self.adversarial, self.distance = reconstruction, adversarial, distance
        shape = tuple(fields["image"].shape)
        both = (*shape[:-1], shape[-1] + 1)
        self.generator: keras.Model = network.generator(both, shape)
        self.adversary = Adversary(
            self,
            lambda shape: network.discriminator((*shape[:-1], shape[-1] + 1)),
            condition="mask",
            see=lambda image, mask: tf.concat([image, mask], axis=-1),
        )
        self.discriminator = self.adversary.network
        self.players = {"discriminator": [self.discriminator], "generator": [self.generator]}
        self.join()

    def discriminator_loss(self, batch: Batch) -> Terms:
        return self.adversary.discriminator(batch, self.generate(batch))

    def generator_loss(self, batch: Batch) -> Terms:
        terms = self.adversary.generator(batch, self.generate(batch))
        terms["adversarial"] = self.adversarial * terms["adversarial"]
        if self.reconstruction:
            distance = DISTANCES[self.distance]
            found = [tf.reduce_mean(distance(made - batch["image"])) for made in self._made(batch)]
            terms["reconstruction"] = self.reconstruction * tf.add_n(found)
        return terms

    def generate(self, batch: Batch) -> tf.Tensor:
        return batch.once("fake", lambda: filled(batch, self._made(batch)[0]))

    def sample(self, batch: Batch, make: str = "image") -> tf.Tensor:
        return filled(batch, several(self.generator(given(batch), training=False))[0])

    def show(self, batch: Batch) -> tf.Tensor:
        """Return of each example the picture with its hole, what is made of it, and the truth where known."""
        holed = tf.where(batch["mask"] > 0, GREY, batch["image"])
        shown = [holed, self.sample(batch)]
        if "image" not in batch.given:
            shown.append(batch["image"])
        return tiles(*shown)

    def _made(self, batch: Batch) -> tuple[tf.Tensor, ...]:
        """Return all images that the generator makes in training mode, the final one first, once a batch."""
        return batch.once("made", lambda: several(self.generator(given(batch), training=True)))


def given(batch: Batch) -> tf.Tensor:
    """Return what the generator sees: the picture, grey in its hole, over the mask."""
    holed = tf.where(batch["mask"] > 0, GREY, batch["image"])
    return tf.concat([holed, batch["mask"]], axis=-1)


def filled(batch: Batch, made: tf.Tensor) -> tf.Tensor:
    """Return the batch's pictures with their holes filled by what was made, and nothing else changed."""
    return tf.where(batch["mask"] > 0, made, batch["image"])
