"""pix2pix: from one picture to another, learnt from pairs of them."""

from collections.abc import Mapping

import keras
import tensorflow as tf

from ganctl.check import expect_number
from ganctl.game.adversary import Adversary
from ganctl.game.batch import Batch, Terms
from ganctl.game.field import Fields
from ganctl.game.game import Game
from ganctl.model.pictures import expect_pictures, tiles


class Pix2Pix(Game):
    """A conditional game whose generator also comes close to the truth (Isola et al., 2017, equation 4).

    The discriminator sees every image over its input, as more channels. There is no latent: the generator's
    dropout is the noise (section 2.1). As in the authors' release, samples are drawn as in training, with
    dropout, and normalized by statistics of their own, each image by itself; nothing of that is kept, and a
    sample depends on its input and its seed alone.
    """

    block = 8  # no more are made than there are inputs
    accepts = ("image",)  # the truth, to be shown beside
    makes: Mapping[str, tuple[str, ...]] = {"image": ("input",)}

    def __init__(
        self,
        network,
        fields: Fields,
        *,
        reconstruction: float = 100.0,
        adversarial: float = 1.0,
        discriminator_weight: float = 0.5,
        **parts,
    ):
        """Build the two networks.

        Args:
            network: has `generator(source, shape)` and `discriminator(shape)`, which return Keras models; the
                discriminator is asked for with the input's channels beside the image's.
            fields: of the data, with the images "input" and "image".
            reconstruction: the paper's lambda, weight of the mean absolute distance to the truth; 0 leaves it
                out.
            adversarial: weight of the generator's adversarial term; 0 leaves the distance alone, the paper's
                "L1", and the discriminator plays for nobody.
            discriminator_weight: of the discriminator's adversarial term, halved "while optimizing D, which
                slows down the rate at which D learns" (section 3.3); Adam, which follows no scale, hides it.

        Raises:
            UsageError: for data without the two images; for a negative weight; for a part that moves images,
                or puts them in each other's place.
        """
        super().__init__(fields, **parts)
        expect_pictures("pix2pix", fields, "dataset=paired dataset.path=FOLDER")
        expect_number("model.reconstruction", reconstruction)
        expect_number("model.adversarial", adversarial)
        expect_number("model.discriminator_weight", discriminator_weight)
        self.reconstruction, self.adversarial = reconstruction, adversarial
        self.share = discriminator_weight
        source, shape = fields["input"].shape, fields["image"].shape
        self.generator: keras.Model = network.generator(source, shape)
        self.adversary = Adversary(
            self,
            lambda shape: network.discriminator((*shape[:-1], shape[-1] + source[-1])),
            condition="input",
            see=lambda image, given: tf.concat([given, image], axis=-1),
        )
        self.discriminator = self.adversary.network
        self.players = {"discriminator": [self.discriminator], "generator": [self.generator]}
        self.join()

    def discriminator_loss(self, batch: Batch) -> Terms:
        terms = self.adversary.discriminator(batch, self.generate(batch))
        return terms | {"adversarial": self.share * terms["adversarial"]}

    def generator_loss(self, batch: Batch) -> Terms:
        fake = self.generate(batch)
        terms = self.adversary.generator(batch, fake)
        terms["adversarial"] = self.adversarial * terms["adversarial"]
        if self.reconstruction:
            distance = tf.reduce_mean(tf.abs(fake - batch["image"]))
            terms["reconstruction"] = self.reconstruction * distance
        return terms

    def generate(self, batch: Batch) -> tf.Tensor:
        return batch.once("fake", lambda: self.generator(batch["input"], training=True))

    def sample(self, batch: Batch, make: str = "image") -> tf.Tensor:
        """Return what is made of each input by itself, by dropout of the batch's own seed; see `Game`."""
        # Read here, where the sampler may have put averages in the weights' place.
        weights = [(variable, variable.value) for variable in self.generator.variables]
        seeds = [layer.seed_generator.state for layer in self.layers("generator") if _draws(layer)]

        def one(place: tf.Tensor) -> tf.Tensor:
            key = tf.random.fold_in(batch.key, place)
            drawn = [(seed, tf.random.fold_in(key, index)) for index, seed in enumerate(seeds)]
            # What the call moves, statistics and seeds, ends with the scope.
            with keras.StatelessScope(state_mapping=weights + drawn):
                return self.generator(batch["input"][place][None], training=True)[0]

        made = tf.TensorSpec(self.fields["image"].shape, tf.float32)
        # One at a time: in one batch, each would be normalized by what the others are.
        places = tf.range(batch.size)
        return tf.map_fn(one, places, fn_output_signature=made, parallel_iterations=1)

    def show(self, batch: Batch) -> tf.Tensor:
        """Return of each example the input, what is made of it, and the truth where that is known."""
        shown = [batch["input"], self.sample(batch)]
        if "image" in batch and (not batch.given or "image" in batch.given):
            shown.append(batch["image"])
        return tiles(*shown)


def _draws(layer: keras.layers.Layer) -> bool:
    return getattr(layer, "seed_generator", None) is not None
