"""InfoGAN: the generator is given codes that the discriminator has to find in the image again."""

import math
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from ganctl.check import expect_number, expect_whole
from ganctl.error import UsageError
from ganctl.game.adversary import Adversary
from ganctl.game.batch import Batch
from ganctl.game.classes import surprise
from ganctl.game.critic import Critic
from ganctl.game.field import Field, Fields
from ganctl.game.part import Part
from ganctl.model.cgan import WIDEST
from ganctl.model.gan import GAN
from ganctl.model.mixing import refuse_mixing
from ganctl.network.infogan import queried

LONGEST = 10  # steps of a traversal


class InfoGAN(GAN):
    """Beside its noise the generator is given codes, whose mutual information with images is maximised.

    Chen et al. (2016), equation 6: min over G and Q, max over D of V(D, G) - weight * L(G, Q), where L is a
    lower bound of the mutual information between codes and G(z, c), and Q stands on the discriminator's
    trunk. As in the authors' release the discriminator's turn, which moves the trunk and Q, pays it too.

    Codes: `category` with equally likely values, and `c1`, `c2` ... uniform in [-1, 1), of which Q says the
    mean of a normal distribution of deviation 1 (the release's `fix_std`). Logged are `mutual_information` of
    the category, in nats, and `error`, the mean squared error of the other codes.
    """

    def __init__(
        self,
        network,
        fields: Fields,
        *,
        latent: int = 62,
        prior: str = "uniform",
        categories: int = 10,
        codes: int = 2,
        weight: float = 1.0,
        query: int = 128,
        **parts,
    ):
        """Build the two networks.

        Args:
            network: see `GAN`; the generator's builder is asked for as many more latents as codes.
            fields: of the data.
            latent, prior: of the noise, see `GAN`.
            categories: values of the category, at least 2; 0 for no category.
            codes: how many continuous codes there are.
            weight: the paper's lambda, at least 0; 0 leaves the original game.
            query: units of Q's hidden layer; 0 for none.

        Raises:
            UsageError: for no code at all, a setting outside its range, or a part that mixes images.
        """
        expect_whole("model.categories", categories, 0)
        expect_whole("model.codes", codes, 0)
        expect_whole("model.query", query, 0)
        if categories + codes < 1 or categories == 1:
            raise UsageError(
                f"model.categories: expected 2 or more, or 0 with model.codes above 0, got {categories}."
            )
        self.categories, self.names = categories, [f"c{index + 1}" for index in range(codes)]
        own = {name: Field(kind="number") for name in self.names}
        if categories:
            names = tuple(map(str, range(categories)))
            own["category"] = Field(kind="label", classes=names)
        self.accepts = tuple(own)
        term = Information(self, weight)
        parts["penalties"] = {"information": term, **(parts.get("penalties") or {})}
        networks = _Networks(network, categories + codes, term.units, query)
        super().__init__(networks, {**fields, **own}, latent=latent, prior=prior, **parts)
        self.columns = categories if 0 < categories <= WIDEST else None
        self.views = {name: partial(self._traversal, name=name) for name in self.names}

    def conditions(self, index: Any) -> dict[str, Any]:
        """Return the "category" of each sample: one value after the other, so that all are equally many."""
        return {"category": index % self.categories} if self.categories else {}

    def codes(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Return the batch's codes: those that it was given, and the others drawn."""

        def drawn() -> dict[str, tf.Tensor]:
            found = {}
            if self.categories:
                uniform = batch.uniform(high=float(self.categories))
                found["category"] = tf.minimum(tf.cast(uniform, tf.int32), self.categories - 1)
            return found | {name: batch.uniform(low=-1.0, high=1.0) for name in self.names}

        return batch.once("codes", lambda: drawn() | {n: batch[n] for n in self.accepts if n in batch})

    def generate_from(self, latent: tf.Tensor, batch: Batch, *, training: bool) -> tf.Tensor:
        return self._made(latent, self.codes(batch), training=training)

    def _made(self, latent: tf.Tensor, codes: dict[str, tf.Tensor], *, training: bool) -> tf.Tensor:
        given = [latent]
        if self.categories:
            given.append(tf.one_hot(codes["category"], self.categories, dtype=latent.dtype))
        given += [tf.cast(codes[name], latent.dtype)[:, None] for name in self.names]
        return self.generator(tf.concat(given, axis=1), training=training)

    def _traversal(self, batch: Batch, name: str) -> tf.Tensor:
        """Return a row for each category of images whose code `name` goes from -2 to 2, all else the same."""
        rows = min(self.categories or LONGEST, WIDEST)
        index = tf.repeat(tf.range(rows), LONGEST)
        noise = self.latents(batch)
        base = {other: values for other, values in self.codes(batch).items()}
        chosen = tf.zeros_like(index) if self.categories else index
        latent = tf.gather(noise, chosen)
        codes = {other: tf.gather(values, chosen) for other, values in base.items()}
        codes["category"] = index
        codes[name] = tf.tile(tf.linspace(-2.0, 2.0, LONGEST), [rows])
        made = self._made(latent, codes, training=False)
        return tf.reshape(made, (rows, LONGEST, *made.shape[1:]))


class Information(Part):
    """-weight * L(G, Q), less its constants: what both players pay for codes that Q does not find.

    The cross entropy of the category, and (c - mean)^2 / 2 of each continuous code: a normal distribution's
    -log likelihood at deviation 1, without log sqrt(2 pi).

    Args:
        game: whose codes they are.
        weight: at least 0; with 0 the term is 0 and has no gradient.

    Attributes:
        units: by code, how many numbers Q says of it.
    """

    players = ("discriminator", "generator")

    def __init__(self, game: InfoGAN, weight: float) -> None:
        expect_number("model.weight", weight)
        self.game, self.weight = game, weight
        self.units = {"category": game.categories} if game.categories else {}
        self.units |= dict.fromkeys(game.names, 1)

    def join(self, adversary: Adversary) -> None:
        refuse_mixing(adversary, "infogan", "codes")

    def __call__(self, critic: Critic, real: tf.Tensor, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        """Return the float32 scalar that the player whose turn it is pays."""
        codes, said = self.game.codes(batch), dict(zip(self.units, critic.outputs(fake)[1:], strict=True))
        terms, facts = [], {}
        if self.game.categories:
            terms.append(surprise(said["category"], codes["category"]))
            facts["mutual_information"] = math.log(self.game.categories) - terms[0]
        if self.game.names:
            errors = [tf.square(codes[name] - said[name][:, 0]) for name in self.game.names]
            terms.append(0.5 * tf.add_n([tf.reduce_mean(error) for error in errors]))
            facts["error"] = tf.reduce_mean(tf.stack(errors))
        if batch.player == "discriminator":
            batch.note(**facts)
        return self.weight * tf.add_n(terms) if self.weight else tf.constant(0.0)


class _Networks:
    """Builders of a generator that is given codes after latents, and of a discriminator with Q on it."""

    def __init__(self, network, codes: int, units: dict[str, int], query: int) -> None:
        self.network, self.units, self.query = network, units, query
        self.room = codes

    def generator(self, latent: int, shape: tuple[int, ...]) -> keras.Model:
        return self.network.generator(latent + self.room, shape)

    def discriminator(self, shape: tuple[int, ...]) -> keras.Model:
        return queried(self.network.discriminator(shape), self.units, self.query)
