"""ReACGAN: an auxiliary classifier that compares a batch's images with each other and with their labels."""

import tensorflow as tf

from ganctl.check import expect_number
from ganctl.error import UsageError
from ganctl.game.adversary import Adversary
from ganctl.game.batch import Batch
from ganctl.game.critic import Critic
from ganctl.game.field import Fields
from ganctl.game.part import Part
from ganctl.model.projection import ProjectionGAN


class ReACGAN(ProjectionGAN):
    """ACGAN on embeddings of length 1, by the data-to-data cross entropy (Kang et al., 2021, equation 9).

    The discriminator minimises it on real images, the generator on its fakes, each beside its adversarial
    term, which knows no label.
    """

    def __init__(
        self,
        network,
        fields: Fields,
        *,
        latent: int = 80,
        prior: str = "normal",
        class_weight: float = 0.5,
        temperature: float = 0.5,
        margin: float = 0.98,
        **parts,
    ):
        """Build the two networks.

        Args:
            network: see `ProjectionGAN`; its discriminator gives [logit, image's embedding, label's].
            fields, latent, prior: see `ProjectionGAN`.
            class_weight: the paper's lambda, at least 0.
            temperature: the paper's tau, above 0.
            margin: the paper's m_p, from 0 to 1: embeddings nearer than that to their label's cost nothing;
                those of different labels may have a product of 1 - m_p.

        Raises:
            UsageError: for a setting outside its range, data without labels, or a part that mixes images.
        """
        term = DataToData(class_weight, temperature, margin)
        parts["penalties"] = {"class": term, **(parts.get("penalties") or {})}
        super().__init__(network, fields, latent=latent, prior=prior, **parts)


class DataToData(Part):
    """The data-to-data cross entropy (D2D-CE), which each player pays for its own images.

    Args:
        weight: at least 0.
        temperature: above 0.
        margin: from 0 to 1.

    Raises:
        UsageError: for a number outside its range, or a discriminator without embeddings.
    """

    players = ("discriminator", "generator")

    def __init__(self, weight: float, temperature: float, margin: float) -> None:
        expect_number("model.class_weight", weight)
        expect_number("model.temperature", temperature, 1e-6)
        expect_number("model.margin", margin, below=1.0 + 1e-9)
        self.weight, self.temperature, self.margin = weight, temperature, margin

    def join(self, adversary: Adversary) -> None:
        if len(adversary.network.outputs) < 3:
            raise UsageError("model=reacgan: expected a discriminator with embeddings; type network=reacgan.")

    def __call__(self, critic: Critic, real: tf.Tensor, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        """Return the float32 scalar that the player whose turn it is pays."""
        if not self.weight:
            return tf.constant(0.0)
        _, embedding, proxy = critic.outputs(real if batch.player == "discriminator" else fake)
        rules = {"temperature": self.temperature, "margin": self.margin}
        return self.weight * data_to_data(embedding, proxy, batch["label"], **rules)


def data_to_data(
    embedding: tf.Tensor, proxy: tf.Tensor, label: tf.Tensor, *, temperature: float, margin: float
) -> tf.Tensor:
    """Return the mean of -log(e^-a / (e^-a + sum over other labels of e^b)), a float32 scalar.

    a = max(0, margin - f_i . v_i) / temperature, b = max(0, f_i . f_j - 1 + margin) / temperature.

    Args:
        embedding: of the images, f, (n, d) of length 1.
        proxy: of their labels, v, (n, d) of length 1.
        label: integers (n,).
    """
    near = tf.nn.relu(margin - tf.reduce_sum(embedding * proxy, axis=1)) / temperature
    products = tf.matmul(embedding, embedding, transpose_b=True)
    others = tf.nn.relu(products - 1.0 + margin) / temperature
    differ = tf.not_equal(label[:, None], label[None, :])
    scores = tf.where(differ, others, -1e9)
    return tf.reduce_mean(near + tf.reduce_logsumexp(tf.concat([-near[:, None], scores], axis=1), axis=1))
