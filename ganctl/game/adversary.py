"""One discriminator against one kind of sample, with all that is carried by it: loss, penalties, remedies."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from functools import reduce
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from ganctl.error import UsageError
from ganctl.game.batch import Batch, Terms
from ganctl.game.critic import Critic
from ganctl.game.part import Loss, Part
from ganctl.game.signals import per_image, signals, unrecorded, watched

if TYPE_CHECKING:
    from ganctl.game.game import Game


class Adversary:
    """A discriminator and what decides how it and the generator against it are trained.

    A family with several discriminators has one of these for each: every one has parts of its own, and what
    a named one logs and keeps stands under its name ("discriminator/<name>/adversarial").

    Args:
        game: whose sample it judges, and whose parts it takes (the first) or copies (all others).
        build: shape -> the discriminator for samples of this shape, as the parts show them.
        name: "" for the game's first adversary.
        judges: name of the data that its samples are like.
        shape: of one sample; that of these data for None.
        reals: batch -> the real samples as this discriminator sees them; the data as they are for None.
        condition: name of the data that is judged beside an image, such as "label"; "" for none.
        see: (image, condition) -> what the network is called with; the image alone for None. The parts
            have changed the image before.
        rules: batch -> further arguments of the network's call.

    Attributes:
        network: the discriminator.
        loss, penalties, augmentations, remedies: its own.
    """

    def __init__(
        self,
        game: "Game",
        build: Callable[[tuple[int, ...]], keras.Model],
        *,
        name: str = "",
        judges: str = "image",
        shape: tuple[int, ...] | None = None,
        reals: Callable[[Batch], tf.Tensor] | None = None,
        condition: str = "",
        see: Callable[[tf.Tensor, tf.Tensor], Any] | None = None,
        rules: Callable[[Batch], dict[str, Any]] = lambda batch: {},
    ) -> None:
        if game.loss is None:
            raise UsageError(f"model {type(game).__name__}: expected a loss, got none.")
        if name in game.adversaries or bool(name) != bool(game.adversaries):
            raise ValueError(f"{type(game).__name__}: the first adversary has no name, others one each.")
        self.game, self.name, self.condition, self.see, self.rules = game, name, condition, see, rules
        self.reals = reals or (lambda batch: batch[judges])
        self.judges, self.sample_shape = judges, tuple(shape or game.fields[judges].shape)
        self.loss: Loss = deepcopy(game.loss) if name else game.loss
        groups = (game.penalties, game.augmentations, game.remedies)
        self.penalties, self.augmentations, self.remedies = map(self._own, groups)
        self._refuse()
        self.network = build(reduce(lambda shape, part: part.shape(shape), self._all(), self.sample_shape))
        game.adversaries[name] = self

    def critic(self, batch: Batch, beside: tf.Tensor | None = None) -> Critic:
        """Return the discriminator as a function of the image alone, which sees what the parts make of it.

        Args:
            batch: whose data stand beside the images.
            beside: in place of the batch's, such as another image's caption.
        """
        if self.condition and beside is None:
            beside = batch[self.condition]

        def prepare(image: tf.Tensor) -> Any:
            image = reduce(lambda image, part: part.prepare(image, batch), self._all(), image)
            return self.see(image, beside) if self.see else image

        rules = self.rules(batch)
        return Critic(self.network, prepare, batch, name=self.name, beside=beside, rules=rules)

    def discriminator(
        self,
        batch: Batch,
        fake: tf.Tensor,
        real: tf.Tensor | None = None,
        beside: tf.Tensor | None = None,
        *,
        charged: bool = True,
    ) -> Terms:
        """Return the terms of the discriminator's turn by name.

        Args:
            batch, beside: as in `critic`.
            fake: samples as they were generated.
            real: in place of the batch's.
            charged: whether penalties are among them; a family that charges them in a turn of their own
                (`charges`) leaves them out.
        """
        critic, real = self.critic(batch, beside), self.reals(batch) if real is None else real
        fake = reduce(lambda fake, part: part.discriminator_fakes(fake, batch), self._all(), fake)
        real_logits, fake_logits = critic.logits(real), critic.logits(fake)
        self._watch(batch, real, fake, real_logits, fake_logits)
        terms = {"adversarial": self.loss.discriminator(real_logits, fake_logits)}
        return self.named(terms | (self.penalize(critic, real, fake, batch) if charged else {}))

    def charges(self, batch: Batch, fake: tf.Tensor) -> Terms:
        """Return what the discriminator's penalties cost by name, for a turn that has no other terms."""
        return self.named(self.penalize(self.critic(batch), self.reals(batch), fake, batch))

    def generator(
        self, batch: Batch, fake: tf.Tensor, real: tf.Tensor | None = None, beside: tf.Tensor | None = None
    ) -> Terms:
        """Return the terms of the generator's turn by name, from the same arguments as `discriminator`."""
        real = self.reals(batch) if real is None else real
        with self._lookahead(batch) as ahead:
            critic = self.critic(ahead, beside)
            # Ahead, even the logits of reals depend on what the generator does now.
            real_logits = critic.logits(real) if self.loss.relative or ahead is not batch else None
            logits = reduce(
                lambda these, part: part.generator_logits(these, ahead), self._all(), critic.logits(fake)
            )
            terms = {"adversarial": self.loss.generator(logits, real_logits)}
            return self.named(terms | self.penalize(critic, real, fake, ahead, "generator"))

    def penalize(
        self, critic: Critic, real: tf.Tensor, fake: tf.Tensor, batch: Batch, player: str = "discriminator"
    ) -> Terms:
        """Return by name the terms of all penalties that this player pays."""
        batch.player = player
        terms = {
            name: penalty(critic, real, fake, batch)
            for name, penalty in self.penalties.items()
            if player in penalty.players
        }
        return {name: term for name, term in terms.items() if term is not None}

    def named(self, facts: Terms) -> Terms:
        """Return facts under this adversary's name."""
        return {self._prefix + name: fact for name, fact in facts.items()}

    @property
    def parts(self) -> dict[str, Part]:
        """Every part by group and name, in the order in which their hooks are called; the loss is last."""
        groups = {"penalty": self.penalties, "augment": self.augmentations, "remedy": self.remedies}
        found = {f"{group}/{name}": part for group, parts in groups.items() for name, part in parts.items()}
        return found | ({"loss": self.loss} if isinstance(self.loss, Part) else {})

    def join(self) -> None:
        """Show itself to its loss and its parts; called once, when all networks are built."""
        for part in sorted(self.parts.values(), key=lambda part: not isinstance(part, Loss)):
            part.join(self)

    def after(self, player: str, terms: Terms) -> None:
        """Let the parts update what no gradient reaches; what they add to the terms is logged."""
        start = len(self._prefix)
        mine = {name[start:]: term for name, term in terms.items() if name.startswith(self._prefix)}
        before = set(mine)
        for part in self._all():
            part.after(player, mine)
        terms |= self.named({name: term for name, term in mine.items() if name not in before})

    def state(self) -> dict[str, tf.Variable]:
        """Return, by name, what a checkpoint must hold of its parts."""
        kept = {place: part.state() for place, part in self.parts.items()}
        return self.named(
            {f"{place}/{name}": v for place, found in kept.items() for name, v in found.items()}
        )

    @property
    def players(self) -> dict[str, list[keras.Model]]:
        """The game's, for parts that concern a player's networks."""
        return self.game.players

    @property
    def warnings(self) -> list[str]:
        """The game's, to be added to."""
        return self.game.warnings

    def weights(self, player: str) -> Sequence[keras.Variable]:
        """Return the trainable variables that this player's turn moves, each once."""
        return self.game.weights(player)

    def layers(self, player: str) -> list[keras.Layer]:
        """Return every layer of a player's networks; of a named adversary, of its own discriminator."""
        if self.name and player == "discriminator":
            return list(self.network._flatten_layers())
        return self.game.layers(player)

    def kinds(self, player: str) -> set[str]:
        """Return the names of the classes of `layers`."""
        return {type(layer).__name__ for layer in self.layers(player)}

    @property
    def _prefix(self) -> str:
        return f"{self.name}/" if self.name else ""

    def _all(self) -> list[Part]:
        return list(self.parts.values())

    def _own(self, parts: dict[str, Any]) -> dict[str, Any]:
        """Return the parts of a group that are this adversary's."""
        if not self.name:
            return parts
        return {name: deepcopy(p) for name, p in parts.items() if p.scope != "game"}

    def _refuse(self) -> None:
        """Refuse what means nothing where every image is judged beside something of its own."""
        for name, part in self.parts.items() if self.condition else ():
            if part.mixes:
                word = name.rpartition("/")[2]
                raise UsageError(
                    f"{word} would mix samples, and this model's discriminator judges each beside its own "
                    f"{self.condition}; leave {word} out."
                )
            field = self.game.fields[self.condition]
            if part.geometric and field.kind in ("image", "mask", "clip"):
                word = name.rpartition("/")[2]
                raise UsageError(
                    f"{word} would move images, and this model's discriminator sees them over their own "
                    f"{self.condition}; leave {word} out, or type augment=[instance_noise]."
                )

    @contextmanager
    def _lookahead(self, batch: Batch) -> Iterator[Batch]:
        """Enter the contexts in which the parts want the generator's turn to be played; yield its batch."""
        with ExitStack() as stack:
            for part in self._all():
                batch = stack.enter_context(part.lookahead(self.game, batch))
            yield batch

    def _watch(self, batch: Batch, real, fake, real_logits, fake_logits) -> None:
        """Log what the parts and the diagnosis want to know of a discriminator's turn."""
        loss = self.loss
        facts = {"real": tf.reduce_mean(real_logits), "fake": tf.reduce_mean(fake_logits)}
        if loss.ordered:
            facts["sign"] = tf.reduce_mean(tf.sign(real_logits - loss.boundary))
        batch.note(**self.named(facts))
        said = per_image(real_logits), per_image(fake_logits)
        real, fake, real_logits, fake_logits = unrecorded(real, fake, *said)
        names = watched(loss.ordered, batch.size * batch.replica[1])
        logits = real_logits, fake_logits
        batch.signal(
            [self._prefix + name for name in names],
            lambda: signals(real, fake, *logits, loss.boundary, names),
        )
