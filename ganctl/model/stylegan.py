"""StyleGAN and StyleGAN2: latents become styles, one a layer, which can be mixed and drawn to their mean."""

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from ganctl.check import expect_number, expect_share, expect_switch, expect_whole
from ganctl.error import UsageError
from ganctl.game.batch import Batch, Terms
from ganctl.game.field import Field, Fields
from ganctl.game.keys import STYLES
from ganctl.game.space import Space
from ganctl.game.turn import Turn, grown
from ganctl.layer.growth import real_at, whole
from ganctl.loss.path_length import path_lengths
from ganctl.model.cgan import MIXTURE, WIDEST, code_of, expect_labels, with_mixtures
from ganctl.model.gan import GAN
from ganctl.model.projection import Labelled
from ganctl.model.style_views import directions_view, mixing_view, truncation_view
from ganctl.network.growing import Growing
from ganctl.network.styled import Styled

MANY = 4096  # latents that the mean style is the mean of


class StyleGAN(GAN):
    """The original game with a generator of styles (Karras et al., 2019, 2020).

    Two terms are lazy, each with a turn of its own (2020, section 3.1): the lengths of paths in the generator
    (section 3.2), whose running mean a checkpoint holds, and the discriminator's penalties. The order of a
    round is the release's: generator, path, discriminator, penalties. For a share of the fakes the styles
    beyond a random layer are those of a second latent (2019, section 3.1).

    Samples may be given `truncation=T`: styles are drawn to their mean, mean + T (w - mean) (2019, appendix
    B). The mean is that of 4,096 latents under the weights that sample, averaged or not; the release keeps a
    running one of the last weights.
    """

    def __init__(
        self,
        network,
        fields: Fields,
        *,
        latent: int = 128,
        prior: str = "normal",
        by_class: bool = False,
        mixing: float = 0.9,
        path: float = 2.0,
        path_every: int = 4,
        path_decay: float = 0.01,
        path_share: int = 2,
        penalties_every: int = 16,
        growth: bool = False,
        images: int = 60_000,
        fading: int = 60_000,
        batch_sizes: Sequence[int] = (),
        rates: Sequence[float] = (),
        **parts,
    ):
        """Build the networks.

        Args:
            network: see `GAN`; the generator is `Styled`.
            fields: of the data.
            latent, prior: see `GAN`.
            by_class: whether both players know the label.
            mixing: share of fakes of two latents, in [0, 1].
            path: weight of the lengths' distance from their running mean; 0 leaves the turn out.
            path_every: the steps between two such turns, whose term weighs as many times as much.
            path_decay: how far the running mean moves with each of them, in [0, 1].
            path_share: the turn sees one fake of so many.
            penalties_every: the steps between two turns of the discriminator's penalties, likewise.
            growth: whether the networks grow level by level, as ProGAN's (2019, section 2).
            images, fading, batch_sizes, rates: of a game that grows; see `ganctl.game.turn.grown`.

        Raises:
            UsageError: for a number outside its range, other networks, labels that are missing, or penalties
                that are lazy by themselves.
        """
        for name, number in {"mixing": mixing, "path_decay": path_decay}.items():
            expect_share(f"model.{name}", number)
        expect_number("model.path", path)
        counts = {"path_every": path_every, "path_share": path_share, "penalties_every": penalties_every}
        for name, count in counts.items():
            expect_whole(f"model.{name}", count, 1)
        for name, switch in {"by_class": by_class, "growth": growth}.items():
            expect_switch(f"model.{name}", switch)
        self.mixing, self.path, self.path_every, self.path_decay = mixing, path, path_every, path_decay
        self.path_share, self.penalties_every, self.grows = path_share, penalties_every, growth
        if by_class and growth:
            raise UsageError(
                "model.growth=true: networks that grow know no labels; type model.by_class=false, or "
                "model=stylegan2."
            )
        self.labels = expect_labels("stylegan2", fields) if by_class else 0
        known = with_mixtures(fields) if by_class else dict(fields)
        own = {"truncation": Field(kind="number")}
        network = Labelled(network, self.labels) if by_class else network
        super().__init__(network, {**known, **own}, latent=latent, prior=prior, **parts)
        self._expect_networks()
        self.path_mean = tf.Variable(0.0, trainable=False, name="path_mean")
        self.accepts = ("truncation", MIXTURE) if by_class else ("truncation",)
        self.columns = self.labels if 0 < self.labels <= WIDEST else None
        self.views = {
            "truncation": lambda batch: truncation_view(self, batch),
            "mixing": lambda batch: mixing_view(self, batch),
            "directions": lambda batch: directions_view(self, batch),
        }
        if growth:
            self.phases = grown(
                self.generator.levels,
                images=images,
                fading=fading,
                batch_sizes=batch_sizes,
                rates=rates,
                reset=True,
            )

    def _expect_networks(self) -> None:
        """Refuse what cannot be played with."""
        if not isinstance(self.generator, Styled):
            raise UsageError("model=stylegan2: expected a generator of styles; type network=stylegan2.")
        if self.grows and not isinstance(self.discriminator, Growing):
            raise UsageError("model.growth=true: expected networks that grow; type network=stylegan.")
        if self.grows and "remedy/replay" in self.parts:
            raise UsageError("model.growth=true: replay keeps fakes of one size; leave it out.")
        lazy = [name for name, each in self.penalties.items() if self._charges(each) and each.every > 1]
        if lazy:
            raise UsageError(
                f"penalty.{lazy[0]}.every: this model's penalties are charged every {self.penalties_every} "
                f"steps; type penalty.{lazy[0]}.every=1, and model.penalties_every=N."
            )

    def _charges(self, penalty: Any) -> bool:
        return "discriminator" in penalty.players

    def judged_by(self) -> dict[str, Any]:
        told: dict[str, Any] = {}
        if self.grows:
            told |= {"reals": self._reals, "rules": self._rules}
        return told | ({"condition": "label", "see": self._see} if self.labels else {})

    def turns(self, counts: Mapping[str, int]) -> list[Turn]:
        """Return a round's turns: the generator's first, each player's lazy one after its own."""
        found = [Turn(player="generator") for _ in range(counts.get("generator", 1))]
        if self.path:
            found.append(Turn(player="generator", loss="path", every=self.path_every))
        found += [Turn(player="discriminator") for _ in range(counts.get("discriminator", 1))]
        if any(self._charges(each) for each in self.penalties.values()):
            found.append(Turn(player="discriminator", loss="penalties", every=self.penalties_every))
        return found

    def conditions(self, index: Any) -> dict[str, Any]:
        """Return the "label" of each sample, where there are any: one class after the other."""
        return {"label": index % self.labels} if self.labels else {}

    def discriminator_loss(self, batch: Batch) -> Terms:
        return self.adversary.discriminator(batch, self.generate(batch), charged=False)

    def penalties_loss(self, batch: Batch) -> Terms:
        terms = self.adversary.charges(batch, self.generate(batch))
        return {name: self.penalties_every * term for name, term in terms.items()}

    def path_loss(self, batch: Batch) -> Terms:
        size = max(1, batch.size // self.path_share)
        styles = self.styles(self.latents(batch), batch, training=True)[:size]
        noise = batch.normal(self.generator.pixels)[:size]

        def render(styles: tf.Tensor) -> tf.Tensor:
            return self.generator([styles, noise], training=True, **self._rules(batch))

        height, width, channels = self.fields["image"].shape
        scale = 2 ** (self.generator.levels - 1 - batch.phase.level) if self.grows else 1
        direction = batch.normal(height // scale, width // scale, channels)[:size]
        lengths = path_lengths(render, styles, direction)
        batch.note(path_length=tf.reduce_mean(lengths))
        distance = tf.reduce_mean(tf.square(lengths - self.path_mean.read_value()))
        return {"path": self.path * self.path_every * distance}

    def after(self, player: str, terms: Terms) -> None:
        super().after(player, terms)
        if player == "path":
            self.path_mean.assign_add(self.path_decay * (terms["path_length"] - self.path_mean))

    def state(self) -> dict[str, tf.Variable]:
        return super().state() | ({"path_mean": self.path_mean} if self.path else {})

    def generate_from(self, latent: tf.Tensor, batch: Batch, *, training: bool) -> tf.Tensor:
        """Return fakes: of the level's size in training, of the whole size and cut to [-1, 1] otherwise."""
        return self.render(self.styles(latent, batch, training=training), batch, training=training)

    def spaces(self) -> dict[str, Space]:
        """Return the space of styles, one for all layers, and that of latents."""

        def make(style: tf.Tensor, batch: Batch) -> tf.Tensor:
            return self.render(tf.repeat(style[:, None], self.generator.rows, axis=1), batch)

        def draw(batch: Batch) -> tf.Tensor:
            return self.styles(self.latents(batch), batch)[:, 0]

        return {"style": Space(draw, make), **super().spaces()}

    def styles(self, latent: tf.Tensor, batch: Batch, *, training: bool = False) -> tf.Tensor:
        """Return the styles that latents (n, d) become, float32 (n, rows, width): mixed, or truncated."""
        code = code_of(batch, self.labels)[: latent.shape[0]] if self.labels else None
        style = self.mapped(latent, code, training=training)
        rows = tf.repeat(style[:, None], self.generator.rows, axis=1)
        if training and self.mixing:
            used = 2 * (batch.phase.level + 1) if self.grows else self.generator.rows
            other = self.mapped(batch.normal(self.latent), code, training=training)[:, None]
            drawn = batch.uniform(2)
            first = 1.0 + tf.floor(drawn[:, :1] * (used - 1))
            mixed = (drawn[:, 1:] < self.mixing) & (tf.range(float(self.generator.rows))[None] >= first)
            rows = tf.where(mixed[:, :, None], other, rows)
        if not training and "truncation" in batch:
            rows = self.truncated(rows, batch["truncation"][:, None, None])
        return rows

    def mapped(self, latent: tf.Tensor, code: tf.Tensor | None, *, training: bool = False) -> tf.Tensor:
        """Return the style of each latent, float32 (n, width)."""
        given = latent if code is None else [latent, code]
        return tf.cast(self.generator.mapping(given, training=training), tf.float32)

    def many_styles(self) -> tf.Tensor:
        """Return the styles of 4,096 latents, the same at every call, of all classes equally."""
        latent = tf.random.stateless_normal((MANY, self.latent), (0, STYLES))
        code = tf.one_hot(tf.range(MANY) % self.labels, self.labels) if self.labels else None
        return self.mapped(latent, code)

    def truncated(self, styles: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
        """Return styles drawn to their mean: exactly themselves where the share is 1."""
        mean = tf.reduce_mean(self.many_styles(), axis=0)
        return tf.where(share == 1.0, styles, mean + share * (styles - mean))

    def render(
        self, styles: tf.Tensor, batch: Batch, *, training: bool = False, noise: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Return images of styles (n, rows, width), with the batch's noise or one that is given."""
        noise = batch.normal(self.generator.pixels)[: styles.shape[0]] if noise is None else noise
        made = self.generator([styles, noise], training=training, **self._rules(batch))
        if training:
            return made
        made = whole(made, batch.phase.level, self.generator.levels) if self.grows else made
        return tf.clip_by_value(made, -1.0, 1.0)

    def _rules(self, batch: Batch) -> dict[str, Any]:
        return {"level": batch.phase.level, "fade": batch.fade} if self.grows else {}

    def _reals(self, batch: Batch) -> tf.Tensor:
        return real_at(batch["image"], batch.phase.level, batch.fade, levels=self.generator.levels)

    def _see(self, image: tf.Tensor, label: tf.Tensor) -> list[tf.Tensor]:
        return [image, tf.one_hot(label, self.labels, dtype=image.dtype)]
