"""CUT and FastCUT: one way between two domains, held to its input patch by patch."""

from collections.abc import Mapping

import keras
import tensorflow as tf

from ganctl.check import expect_number, expect_switch, expect_whole
from ganctl.error import UsageError
from ganctl.game.adversary import Adversary
from ganctl.game.batch import Batch, Terms
from ganctl.game.field import Fields
from ganctl.game.game import Game
from ganctl.layer.blur import taps
from ganctl.loss.contrastive import contrast
from ganctl.model.pictures import expect_pictures, tiles


class CUT(Game):
    """A generator whose output must tell, place by place, what place of the input it comes from.

    Contrastive unpaired translation (Park et al., 2020, equations 1 to 5): features of the generator's first
    half at a place of what is made are closer to those at the same place of the input than to those at its
    other places. The same holds of what is made of pictures of the target domain (`identity`). The features
    of the input are given: no gradient reaches them.
    """

    block = 8  # no more are made than there are inputs
    accepts = ("image",)  # the truth, to be shown beside
    makes: Mapping[str, tuple[str, ...]] = {"image": ("input",)}

    def __init__(
        self,
        network,
        fields: Fields,
        *,
        contrast: float = 0.5,
        identity: float = 0.5,
        mirrored: bool = False,
        places: int = 256,
        temperature: float = 0.07,
        together: bool = False,
        adversarial: float = 2.0,
        **parts,
    ):
        """Build the three networks.

        Args:
            network: has `generator(source, shape)` with taps (`ganctl.layer.blur.Tap`), `heads(channels)`,
                and `discriminator(shape)`, which return Keras models.
            fields: of the data, with the images "input" and "image".
            contrast: weight of the contrastive term; 0 leaves it out.
            identity: weight of the same for pictures of the target domain, held to themselves; 0 leaves it
                out. In the release both are half of its lambda.
            mirrored: whether half of the inputs are mirrored, features of what is made of them being mirrored
                back: FastCUT's flip equivariance.
            places: of each tap that are compared, at random.
            temperature: likenesses are divided by it, at least 0.001.
            together: whether a place is told from those of all pictures of the batch, for patches of one
                picture a domain.
            adversarial: weight of the generator's adversarial term; 2 with the halves of `LeastSquares`, as
                the release has none in it.

        Raises:
            UsageError: for data without the two images, a number outside its range, a generator without taps,
                or an identity between pictures of different channels.
        """
        super().__init__(fields, **parts)
        expect_pictures("cut", fields, "dataset=unpaired dataset.path=FOLDER")
        expect_number("model.contrast", contrast)
        expect_number("model.adversarial", adversarial)
        expect_number("model.identity", identity)
        expect_switch("model.mirrored", mirrored)
        expect_switch("model.together", together)
        expect_number("model.temperature", temperature, 0.001)
        expect_whole("model.places", places, 1)
        source, shape = tuple(fields["input"].shape), tuple(fields["image"].shape)
        if identity and source != shape:
            raise UsageError(
                f"model.identity: expected inputs of the images' shape {shape}, got {source}; "
                "type model.identity=0."
            )
        self.contrast, self.identity, self.mirrored = contrast, identity, mirrored
        self.places, self.temperature, self.adversarial = places, temperature, adversarial
        self.together = together
        self.generator: keras.Model = network.generator(source, shape)
        features = taps(self.generator)
        if not features or not hasattr(network, "heads"):
            raise UsageError("model: expected a generator whose features can be compared; type network=cut.")
        self.encoder = keras.Model(self.generator.input, features, name="encoder")
        self.heads: keras.Model = network.heads([tap.shape[-1] for tap in features])
        self.adversary = Adversary(self, network.discriminator)
        self.discriminator = self.adversary.network
        self.players = {"discriminator": [self.discriminator], "generator": [self.generator, self.heads]}
        self.join()

    def discriminator_loss(self, batch: Batch) -> Terms:
        return self.adversary.discriminator(batch, self.generate(batch))

    def generator_loss(self, batch: Batch) -> Terms:
        fake = self.generate(batch)
        terms = self.adversary.generator(batch, fake)
        terms["adversarial"] = self.adversarial * terms["adversarial"]
        if self.contrast:
            back = self._coin(batch) if self.mirrored else None
            terms["contrast"] = self.contrast * self._contrast(batch["input"], fake, batch, back)
        if self.identity:
            same = self.generator(batch["image"], training=True)
            terms["contrast_image"] = self.identity * self._contrast(batch["image"], same, batch)
        return terms

    def generate(self, batch: Batch) -> tf.Tensor:
        def made() -> tf.Tensor:
            given = batch["input"]
            if self.mirrored:
                given = _mirrored(given, self._coin(batch))
            return self.generator(given, training=True)

        return batch.once("fake", made)

    def sample(self, batch: Batch, make: str = "image") -> tf.Tensor:
        return self.generator(batch["input"], training=False)

    def show(self, batch: Batch) -> tf.Tensor:
        """Return of each example the input and what is made of it, and the truth where that was given."""
        shown = [batch["input"], self.sample(batch)]
        return tiles(*shown, *([batch["image"]] if "image" in batch.given else []))

    def _contrast(self, source: tf.Tensor, made: tf.Tensor, batch: Batch, back=None) -> tf.Tensor:
        """Return the mean over taps of what a made picture's places pay for being taken for others."""
        keys = self.encoder(source, training=True)
        queries = self.encoder(made, training=True)
        if back is not None:
            queries = [_mirrored(each, back) for each in queries]
        pairs = [self._chosen(*each, batch) for each in zip(queries, keys, strict=True)]
        queries, keys = self.heads([one for one, _ in pairs]), self.heads([other for _, other in pairs])
        found = [
            contrast(query, key, self.temperature, together=self.together)
            for query, key in zip(queries, keys, strict=True)
        ]
        return tf.add_n(found) / len(found)

    def _chosen(self, query: tf.Tensor, key: tf.Tensor, batch: Batch) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the features (size, places, c) of the same random places of two maps (size, h, w, c)."""
        _, height, width, channels = query.shape
        count = height * width
        order = tf.math.top_k(batch.uniform(count), k=min(self.places, count)).indices
        flat = (tf.reshape(each, (-1, count, channels)) for each in (query, key))
        one, other = (tf.gather(each, order, batch_dims=1) for each in flat)
        return one, other

    def _coin(self, batch: Batch) -> tf.Tensor:
        """Return of each example whether it is mirrored, bool (size, 1, 1, 1)."""
        return batch.once("coin", lambda: batch.uniform(1, 1, 1) < 0.5)


def _mirrored(images: tf.Tensor, coin: tf.Tensor) -> tf.Tensor:
    """Return pictures or maps of features, mirrored left to right where the coin says so."""
    return tf.where(coin, tf.reverse(images, axis=[2]), images)
