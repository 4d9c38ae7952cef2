"""SSGAN: the discriminator also says by how many quarter turns an image was rotated; no labels are needed."""

import tensorflow as tf

from ganctl.check import expect_number
from ganctl.error import UsageError
from ganctl.game.adversary import Adversary
from ganctl.game.batch import Batch
from ganctl.game.classes import by_turns, right, surprise
from ganctl.game.critic import Critic
from ganctl.game.field import Fields
from ganctl.game.part import Part
from ganctl.model.gan import GAN
from ganctl.model.mixing import refuse_mixing
from ganctl.network.heads import headed

TURNS = 4


class SelfSupervisedGAN(GAN):
    """The original game, with a head that names an image's rotation (Chen et al., 2019, equations 3 and 4).

    The discriminator learns rotations from real images alone, the generator wants those of its fakes to be
    recognized. Only upright images are judged real or fake.
    """

    def __init__(
        self,
        network,
        fields: Fields,
        *,
        latent: int = 128,
        prior: str = "normal",
        of_reals: float = 1.0,
        of_fakes: float = 0.2,
        **parts,
    ):
        """Build the two networks.

        Args:
            network: see `GAN`; the discriminator is given a head of four.
            fields: of the data, square images.
            latent, prior: see `GAN`.
            of_reals: weight of the discriminator's term, the paper's beta.
            of_fakes: weight of the generator's term, the paper's alpha; with 0 for both it is the plain game.

        Raises:
            UsageError: for images that are not square, a weight below 0, or a part that mixes images.
        """
        shape = fields["image"].shape
        if len(shape) != 3 or shape[0] != shape[1]:
            raise UsageError(f"model=ssgan: expected square images, which can be turned, got {list(shape)}.")
        term = Rotation(of_reals, of_fakes)
        parts["penalties"] = {"rotation": term, **(parts.get("penalties") or {})}
        super().__init__(_Networks(network), fields, latent=latent, prior=prior, **parts)


class Rotation(Part):
    """The cross entropy of the quarter turns that images were rotated by: each row's number, modulo four.

    Args:
        of_reals: weight in the discriminator's turn, of real images.
        of_fakes: weight in the generator's turn, of fakes.

    Raises:
        UsageError: for a weight below 0.
    """

    players = ("discriminator", "generator")

    def __init__(self, of_reals: float, of_fakes: float) -> None:
        expect_number("model.of_reals", of_reals)
        expect_number("model.of_fakes", of_fakes)
        self.weights = {"discriminator": of_reals, "generator": of_fakes}

    def join(self, adversary: Adversary) -> None:
        refuse_mixing(adversary, "ssgan", "turns")

    def __call__(self, critic: Critic, real: tf.Tensor, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        """Return the float32 scalar that the player whose turn it is pays."""
        weight = self.weights[batch.player]
        if not weight:
            return tf.constant(0.0)
        image = real if batch.player == "discriminator" else fake
        turns = tf.range(image.shape[0]) % TURNS
        said = critic.outputs(batch.once(f"turned {batch.player}", lambda: rotated(image)))[1]
        if batch.player == "discriminator":
            batch.note(turns_right=right(said, turns))
        return weight * surprise(said, turns)


def rotated(image: tf.Tensor) -> tf.Tensor:
    """Return images (n, side, side, channels), the i-th turned by i modulo 4 quarters, counterclockwise."""
    size = image.shape[0]
    return by_turns([tf.image.rot90(image[at::TURNS], at) for at in range(min(TURNS, size))], size)


class _Networks:
    """Builders of a plain generator, and of a discriminator with a head for rotations."""

    def __init__(self, network) -> None:
        self.network = network

    def generator(self, latent: int, shape: tuple[int, ...]):
        return self.network.generator(latent, shape)

    def discriminator(self, shape: tuple[int, ...]):
        return headed(self.network.discriminator(shape), {"rotation": TURNS})
