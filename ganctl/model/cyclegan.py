"""CycleGAN: from one domain of pictures to another and back, learnt without pairs."""

from collections.abc import Mapping

import keras
import tensorflow as tf

from ganctl.check import expect_number
from ganctl.error import UsageError
from ganctl.game.adversary import Adversary
from ganctl.game.batch import Batch, Terms
from ganctl.game.field import Fields
from ganctl.game.game import Game
from ganctl.model.pictures import expect_pictures, tiles

MADE_OF = {"image": "input", "input": "image"}


class CycleGAN(Game):
    """Two generators, one for each way, and a discriminator for each domain (Zhu et al., 2017, equation 3).

    What is made of a picture must lead back to it: the cycle (equation 2). A generator that is given a
    picture of the domain it makes should leave it as it is: the identity (section 5.2, equation 5.2).
    """

    block = 8  # no more are made than there are inputs
    makes: Mapping[str, tuple[str, ...]] = {make: (source,) for make, source in MADE_OF.items()}

    def __init__(
        self,
        network,
        fields: Fields,
        *,
        cycle: float = 10.0,
        identity: float = 5.0,
        adversarial: float = 2.0,
        **parts,
    ):
        """Build the four networks.

        Args:
            network: has `generator(source, shape)` and `discriminator(shape)`, which return Keras models.
            fields: of the data, with the images "input" and "image".
            cycle: the paper's lambda, weight of the mean absolute distances after the way there and back; 0
                leaves them out.
            identity: weight of the mean absolute distances to what should stay as it is, the paper's 0.5
                lambda; 0 leaves them out.
            adversarial: weight of the generators' adversarial terms. In the release they are (D(x) - 1)^2,
                while both squares of a discriminator are halved: with the halves of `LeastSquares` that is 2.

        Raises:
            UsageError: for data without the two images; for a negative weight; for an identity between
                pictures of different channels.
        """
        super().__init__(fields, **parts)
        expect_pictures("cyclegan", fields, "dataset=unpaired dataset.path=FOLDER")
        for name, weight in (("cycle", cycle), ("identity", identity), ("adversarial", adversarial)):
            expect_number(f"model.{name}", weight)
        self.cycle, self.identity, self.adversarial = cycle, identity, adversarial
        shapes = {name: tuple(fields[name].shape) for name in MADE_OF}
        if identity and shapes["input"] != shapes["image"]:
            raise UsageError(
                f"model.identity: expected inputs of the images' shape {shapes['image']}, "
                f"got {shapes['input']}; type model.identity=0."
            )
        self.generators: dict[str, keras.Model] = {
            make: network.generator(shapes[source], shapes[make]) for make, source in MADE_OF.items()
        }
        Adversary(self, network.discriminator)
        Adversary(self, network.discriminator, name="input", judges="input")
        judges = [adversary.network for adversary in self.adversaries.values()]
        self.players = {"generator": list(self.generators.values()), "discriminator": judges}
        self.join()

    def generator_loss(self, batch: Batch) -> Terms:
        terms: Terms = {}
        for adversary in self.adversaries.values():
            found = adversary.generator(batch, self._made(batch, adversary.judges))
            (name,) = adversary.named({"adversarial": found})
            terms |= found | {name: self.adversarial * found[name]}
        for name in MADE_OF:
            if self.cycle:
                back = self.generators[name](self._made(batch, MADE_OF[name]), training=True)
                terms[f"cycle_{name}"] = self.cycle * _distance(back, batch[name])
            if self.identity:
                same = self.generators[name](batch[name], training=True)
                terms[f"identity_{name}"] = self.identity * _distance(same, batch[name])
        return terms

    def discriminator_loss(self, batch: Batch) -> Terms:
        terms: Terms = {}
        for adversary in self.adversaries.values():
            terms |= adversary.discriminator(batch, self._made(batch, adversary.judges))
        return terms

    def generate(self, batch: Batch) -> tf.Tensor:
        return self._made(batch, "image")

    def sample(self, batch: Batch, make: str = "image") -> tf.Tensor:
        return self.generators[make](batch[MADE_OF[make]], training=False)

    def show(self, batch: Batch) -> tf.Tensor:
        """Return of each example both pictures, each with what is made of it and what leads back.

        Of pictures that were given, these alone.
        """
        shown: list[tf.Tensor] = []
        for source, make in (("input", "image"), ("image", "input")):
            if source in (batch.given or batch):
                made = self.sample(batch, make)
                back = self.generators[source](made, training=False)
                shown += [batch[source], made, back]
        return tiles(*shown)

    def _made(self, batch: Batch, make: str) -> tf.Tensor:
        """Return what a generator makes of the batch in training mode, once for a batch."""
        source = MADE_OF[make]
        return batch.once(f"fake {make}", lambda: self.generators[make](batch[source], training=True))


def _distance(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.abs(one - other))
