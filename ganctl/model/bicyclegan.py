"""BicycleGAN: from one picture to many others, each by a latent of its own, learnt from pairs."""

from collections.abc import Mapping

import keras
import tensorflow as tf

from ganctl.check import expect_number, expect_whole
from ganctl.error import UsageError
from ganctl.game.adversary import Adversary
from ganctl.game.batch import Batch, Terms
from ganctl.game.field import Fields
from ganctl.game.game import Game
from ganctl.game.turn import Turn
from ganctl.model.pictures import expect_pictures, tiles

STYLES = 4  # that a grid shows of each input
COLUMNS = 7  # styles of a row of `view=styles`


class BicycleGAN(Game):
    """One input has many outputs: a latent says which (Zhu et al., 2017b, equation 9).

    Two cycles keep the latent from being ignored. A picture is encoded, and must come out again of its latent
    and its input (cVAE-GAN, equation 5); a latent is drawn, and must be read again from what is made of it
    (cLR-GAN, equation 8), for which the generator alone is moved. Each way has discriminators of its own, at
    two scales, which do not see the input. The first half of a batch are pairs; of the second half, the
    second way's discriminators see the pictures as reals, as in the authors' release.
    """

    block = 8  # no more are made than there are inputs
    accepts = ("image",)  # the truth, to be shown beside
    makes: Mapping[str, tuple[str, ...]] = {"image": ("input",)}

    def __init__(
        self,
        network,
        fields: Fields,
        *,
        latent: int = 8,
        reconstruction: float = 10.0,
        divergence: float = 0.01,
        recovery: float = 0.5,
        adversarial: float = 2.0,
        scales: int = 2,
        **parts,
    ):
        """Build the generator, the encoder and the discriminators.

        Args:
            network: has `generator(source, shape, latent)`, `encoder(shape, latent)` and
                `discriminator(shape)`, which return Keras models.
            fields: of the data, with the images "input" and "image".
            latent: numbers of a latent, at least 1.
            reconstruction: weight of the mean absolute distance of an encoded picture made again; 0 leaves it
                out.
            divergence: weight of the divergence of encoded latents from the normal distribution, summed over
                the latent and averaged over pictures; 0 leaves it out.
            recovery: weight of the mean absolute distance between a latent and what is read of it from what
                was made; 0 leaves its turn out.
            adversarial: weight of both players' adversarial terms; in the release squares are not halved:
                2 with the halves of `LeastSquares`.
            scales: of the discriminators, each half of the size before.

        Raises:
            UsageError: for data without the two images, a value outside its range, or a network without an
                encoder.
        """
        super().__init__(fields, **parts)
        expect_pictures("bicyclegan", fields, "dataset=paired dataset.path=FOLDER")
        expect_whole("model.latent", latent, 1)
        expect_whole("model.scales", scales, 1)
        weights = {"reconstruction": reconstruction, "divergence": divergence, "recovery": recovery}
        for name, weight in (weights | {"adversarial": adversarial}).items():
            expect_number(f"model.{name}", weight)
        if not hasattr(network, "encoder"):
            raise UsageError("model=bicyclegan: expected a network with an encoder; type network=bicyclegan.")
        self.latent, self.adversarial, self.scales = latent, adversarial, scales
        self.reconstruction, self.divergence, self.recovery = reconstruction, divergence, recovery
        source, shape = tuple(fields["input"].shape), tuple(fields["image"].shape)
        self.generator: keras.Model = network.generator(source, shape, latent)
        self.encoder: keras.Model = network.encoder(shape, latent)
        self.ways: dict[str, list[Adversary]] = {
            way: [self._adversary(network, way, scale) for scale in range(scales)]
            for way in ("encoded", "random")
        }
        judges = [adversary.network for adversary in self.adversaries.values()]
        self.players = {"discriminator": judges, "generator": [self.generator, self.encoder]}
        self.views = {"styles": self._styles}
        self.join()

    def turns(self, counts: Mapping[str, int]) -> list[Turn]:
        """Return a round's turns: after each of the generator's and encoder's, one of the generator alone."""
        found = []
        for turn in super().turns(counts):
            found.append(turn)
            if turn.player == "generator" and self.recovery:
                found.append(Turn(player="generator", loss="recovery", networks=(self.generator,)))
        return found

    def discriminator_loss(self, batch: Batch) -> Terms:
        fakes = {"encoded": self._encoded(batch), "random": self._random(batch)}
        terms: Terms = {}
        for way, fake in fakes.items():
            for scale, adversary in enumerate(self.ways[way]):
                found = adversary.discriminator(batch, smaller(fake, scale))
                terms |= found | self._weighed(adversary, found)
        return terms

    def generator_loss(self, batch: Batch) -> Terms:
        fakes = {"encoded": self._encoded(batch), "random": self._random(batch)}
        terms: Terms = {}
        for way, fake in fakes.items():
            for scale, adversary in enumerate(self.ways[way]):
                found = adversary.generator(batch, smaller(fake, scale))
                terms |= found | self._weighed(adversary, found)
        if self.reconstruction:
            distance = tf.reduce_mean(tf.abs(fakes["encoded"] - first(batch["image"])))
            terms["reconstruction"] = self.reconstruction * distance
        if self.divergence:
            terms["divergence"] = self.divergence * divergence(*self._read(batch))
        return terms

    def recovery_loss(self, batch: Batch) -> Terms:
        read, _ = self.encoder(self._random(batch), training=True)
        return {"recovery": self.recovery * tf.reduce_mean(tf.abs(read - self._noise(batch)))}

    def generate(self, batch: Batch) -> tf.Tensor:
        return self._random(batch)

    def sample(self, batch: Batch, make: str = "image") -> tf.Tensor:
        return self.generator([batch["input"], batch.normal(self.latent)], training=False)

    def show(self, batch: Batch) -> tf.Tensor:
        """Return of each example the input, some pictures made of it, and the truth where that is known."""
        shown = [batch["input"], *(self.sample(batch) for _ in range(STYLES))]
        if "image" in batch and (not batch.given or "image" in batch.given):
            shown.append(batch["image"])
        return tiles(*shown)

    def _adversary(self, network, way: str, scale: int) -> Adversary:
        half = first if way == "encoded" else second
        height, width, channels = self.fields["image"].shape
        shape = (-(-height // 2**scale), -(-width // 2**scale), channels)
        name = "" if not self.adversaries else way + ("_half" * scale)
        return Adversary(
            self,
            network.discriminator,
            name=name,
            shape=shape,
            reals=lambda batch: smaller(half(batch["image"]), scale),
        )

    def _weighed(self, adversary: Adversary, found: Terms) -> Terms:
        (name,) = adversary.named({"adversarial": found})
        return {name: self.adversarial * found[name]}

    def _read(self, batch: Batch) -> tuple[tf.Tensor, tf.Tensor]:
        """Return what is read from the first half's pictures: means and logarithms of variances."""
        return batch.once("read", lambda: tuple(self.encoder(first(batch["image"]), training=True)))

    def _encoded(self, batch: Batch) -> tf.Tensor:
        """Return the first half's pictures, made again of what is read from them."""

        def made() -> tf.Tensor:
            mean, log_variance = self._read(batch)
            latent = mean + first(batch.normal(self.latent)) * tf.exp(0.5 * log_variance)
            return self.generator([first(batch["input"]), latent], training=True)

        return batch.once("encoded", made)

    def _noise(self, batch: Batch) -> tf.Tensor:
        return batch.once("noise", lambda: first(batch.normal(self.latent)))

    def _random(self, batch: Batch) -> tf.Tensor:
        """Return what is made of the first half's inputs and drawn latents."""

        def made() -> tf.Tensor:
            return self.generator([first(batch["input"]), self._noise(batch)], training=True)

        return batch.once("random", made)

    def _styles(self, batch: Batch) -> tf.Tensor:
        """Return a row for each input: itself, and pictures made of it, of one latent in each column."""
        latents, given = batch.normal(self.latent), batch["input"]
        rows = [tiles(given, given)[:, 0]]
        for column in range(COLUMNS):
            latent = tf.repeat(latents[column : column + 1], batch.size, axis=0)
            rows.append(tiles(self.generator([given, latent], training=False), given)[:, 0])
        return tf.stack(rows, axis=1)


def first(values: tf.Tensor) -> tf.Tensor:
    """Return the first half of a batch.

    Raises:
        UsageError: for a batch without two halves.
    """
    if values.shape[0] % 2:
        raise UsageError(f"trainer.batch_size: expected an even number, got {values.shape[0]}.")
    return values[: values.shape[0] // 2]


def second(values: tf.Tensor) -> tf.Tensor:
    """Return the second half of a batch."""
    return values[values.shape[0] // 2 :]


def smaller(images: tf.Tensor, scale: int) -> tf.Tensor:
    """Return images halved so many times, by the mean of 3x3 pixels within the picture, as released."""
    for _ in range(scale):
        ones = tf.ones_like(images[:1, :, :, :1])
        total = tf.nn.avg_pool2d(tf.pad(images, [(0, 0), (1, 1), (1, 1), (0, 0)]), 3, 2, "VALID")
        share = tf.nn.avg_pool2d(tf.pad(ones, [(0, 0), (1, 1), (1, 1), (0, 0)]), 3, 2, "VALID")
        images = total / share
    return images


def divergence(mean: tf.Tensor, log_variance: tf.Tensor) -> tf.Tensor:
    """Return the mean over rows of the divergence of normal distributions (n, d) from the standard one."""
    of_each = 0.5 * tf.reduce_sum(tf.square(mean) + tf.exp(log_variance) - 1.0 - log_variance, axis=1)
    return tf.reduce_mean(of_each)
