"""The contract between a family of GANs and the one loop that trains them all."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial, reduce
from typing import Any

import keras
import tensorflow as tf

from ganctl.game.batch import Batch, Terms
from ganctl.game.critic import Critic
from ganctl.game.part import Part
from ganctl.game.signals import NAMES, signals, unrecorded


class Game:
    """Named players taking turns, each training its own networks on its own loss.

    A family fills `players`, in order of play, and writes one pure `<player>_loss(batch)` for each: a
    dict of named scalar terms, whose sum that player's turn minimises, and `sample(batch)`. It never
    sees a tape or an optimizer: the trainer's tape watches the weights of the player whose turn it is,
    so no family stops a gradient.

    Args:
        loss: turns logits into the players' adversarial terms (`ganctl.loss`); None where a family
            brings its own.
        classes: how many labels the data have, 0 without.
        penalties: by name, parts called with (critic, real, fake, batch), whose scalar joins the terms of
            the players that they name; None joins nothing.
        augmentations: by name, parts that change, in this order, all that a critic sees.
        remedies: by name, parts with any of the other hooks.
    """

    def __init__(
        self,
        *,
        loss=None,
        classes: int = 0,
        penalties: Mapping[str, Any] | None = None,
        augmentations: Mapping[str, Part] | None = None,
        remedies: Mapping[str, Part] | None = None,
    ) -> None:
        self.loss, self.classes, self.penalties = loss, classes, dict(penalties or {})
        self.augmentations, self.remedies = dict(augmentations or {}), dict(remedies or {})
        self.players: dict[str, list[keras.Model]] = {}
        self.columns: int | None = None  # of a grid of samples; as square as it can be without
        self.warnings: list[str] = []

    @property
    def parts(self) -> dict[str, Part]:
        """Every part by group and name, in the order in which their hooks are called."""
        groups = {"penalty": self.penalties, "augment": self.augmentations, "remedy": self.remedies}
        return {
            f"{group}/{name}": part
            for group, parts in groups.items()
            for name, part in parts.items()
            if isinstance(part, Part)
        }

    def losses(self, player: str, batch: Batch) -> Terms:
        """Return the terms that this player's turn minimises, float32 scalars by name."""
        return getattr(self, f"{player}_loss")(batch)

    def sample(self, batch: Batch) -> tf.Tensor:
        """Return `batch.size` samples in inference mode, float32, images in [-1, 1]."""
        raise NotImplementedError(f"{type(self).__name__} does not say how to sample.")

    def asked(self, index: Any) -> dict[str, Any]:
        """Return what the samples of these numbers, integers (n,), are to be, such as their "label"."""
        return {}

    def generate(self, batch: Batch) -> tf.Tensor:
        """Return `batch.size` samples in training mode, once for a batch."""
        raise NotImplementedError(f"{type(self).__name__} does not say how to generate.")

    def after(self, player: str, terms: Terms) -> None:
        """Update what no gradient reaches, once a player has moved: clipped weights, BEGAN's k, ADA's p."""
        for part in self.parts.values():
            part.after(player, terms)

    def state(self) -> dict[str, tf.Variable]:
        """Return, by name, what a checkpoint must hold besides the networks."""
        return {
            f"{place}/{name}": variable
            for place, part in self.parts.items()
            for name, variable in part.state().items()
        }

    def join(self) -> None:
        """Show the game to its loss and its parts; called once, when the networks are built."""
        if hasattr(self.loss, "join"):
            self.loss.join(self)
        for part in self.parts.values():
            part.join(self)

    def judged(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape that a discriminator of samples of this shape is built for."""
        return reduce(lambda shape, part: part.shape(shape), self.parts.values(), shape)

    def judge(self, network: keras.Model, batch: Batch) -> Critic:
        """Return a discriminator as a critic, which sees what the parts make of an image."""
        see = partial(reduce, lambda image, part: part.prepare(image, batch), self.parts.values())
        return Critic(network, see, batch)

    def shown(self, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        """Return the fakes that the discriminator's own turn sees."""
        return reduce(lambda fake, part: part.shown(fake, batch), self.parts.values(), fake)

    def counted(self, logits: tf.Tensor, batch: Batch) -> tf.Tensor:
        """Return the fakes' logits that the generator learns from."""
        return reduce(lambda logits, part: part.counted(logits, batch), self.parts.values(), logits)

    @contextmanager
    def ahead(self, batch: Batch) -> Iterator[Batch]:
        """Enter the contexts in which the parts want the generator's turn to be played; yield its batch."""
        with ExitStack() as stack:
            for part in self.parts.values():
                batch = stack.enter_context(part.ahead(self, batch))
            yield batch

    def penalize(
        self, critic: Critic, real: tf.Tensor, fake: tf.Tensor, batch: Batch, player: str = "discriminator"
    ) -> Terms:
        """Return by name the terms of all penalties that this player pays."""
        batch.player = player
        terms = {
            name: penalty(critic, real, fake, batch)
            for name, penalty in self.penalties.items()
            if player in getattr(penalty, "players", ("discriminator",))
        }
        return {name: term for name, term in terms.items() if term is not None}

    def watch(self, batch: Batch, real, fake, real_logits, fake_logits) -> None:
        """Log what the parts and the diagnosis want to know of a discriminator's turn."""
        boundary = self.loss.boundary
        batch.note(real=tf.reduce_mean(real_logits), fake=tf.reduce_mean(fake_logits))
        batch.note(sign=tf.reduce_mean(tf.sign(real_logits - boundary)))
        real, fake, real_logits, fake_logits = unrecorded(real, fake, real_logits, fake_logits)
        batch.signal(NAMES, lambda: signals(real, fake, real_logits, fake_logits, boundary))

    def layers(self, player: str) -> list[keras.Layer]:
        """Return every layer of a player's networks, those inside of others too."""
        return [layer for network in self.players.get(player, ()) for layer in network._flatten_layers()]

    def kinds(self, player: str) -> set[str]:
        """Return the names of the classes of a player's layers."""
        return {type(layer).__name__ for layer in self.layers(player)}

    def weights(self, player: str) -> Sequence[keras.Variable]:
        """Return the trainable variables that this player's turn moves, each once."""
        found = (weight for network in self.players[player] for weight in network.trainable_variables)
        return list({id(weight): weight for weight in found}.values())
