"""The contract between a family of GANs, the parts it carries, and the one loop that trains them all."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import partial, reduce
from typing import Any

import keras
import tensorflow as tf

from ganctl.signals import NAMES, signals, unrecorded

Terms = dict[str, tf.Tensor]
JUDGED = "logits of "  # what a batch remembers under such a name holds for the critic's weights of the moment


class Batch(dict):
    """What one turn is played with: data by name, randomness, and what was already computed from it.

    Every random number is a function of (seed, step, turn, draw), so nothing has to be saved to
    repeat it. Players that move together (`trainer.order=simultaneous`) share one batch; `once` is how
    they share a forward pass.

    Args:
        data: tensors of static shape (size, ...), such as "image" in [-1, 1] and "label".
        size: examples in this batch, on this device.
        key: int32 tensor of shape (2,), the batch's own random seed.
        step: int64 scalar tensor, the rounds finished so far.
        replica: (index, count) of the part that this batch is of a whole one: split over devices, or
            taken bit by bit where gradients are accumulated.
        watched: bool scalar, whether this round is reported; `signal` computes in no other.
    """

    def __init__(
        self,
        data: Mapping[str, tf.Tensor],
        *,
        size: int,
        key,
        step=0,
        replica: tuple[Any, int] = (0, 1),
        watched=False,
    ) -> None:
        super().__init__(data)
        self.size, self.key, self.step, self.replica, self.watched = size, key, step, replica, watched
        self.facts: Terms = {}
        self.player = ""  # who pays the penalties that are being asked for
        self.imagined = False  # whether this turn is only thought through, so that nothing may be kept of it
        self._draws = 0
        self._known: dict[str, Any] = {}

    def fork(self, branch: int, *, imagined: bool) -> "Batch":
        """Return this batch for networks with other weights: same data, latents and fakes, nothing judged.

        Each `branch` has randomness of its own. What an `imagined` one notes is forgotten.
        """
        key = tf.random.fold_in(self.key, -1 - branch)  # draws count upwards
        rules = {"step": self.step, "replica": self.replica, "watched": self.watched}
        fork = Batch(self, size=self.size, key=key, **rules)
        fork.imagined, fork.player = imagined or self.imagined, self.player
        fork._known = {name: known for name, known in self._known.items() if not name.startswith(JUDGED)}
        if not imagined:
            fork.facts = self.facts
        return fork

    def once(self, name: str, compute: Callable[[], Any]) -> Any:
        """Return what `compute` gave the first time it was asked for under this name."""
        if name not in self._known:
            self._known[name] = compute()
        return self._known[name]

    def note(self, **facts: tf.Tensor) -> None:
        """Log scalars that are not losses; `Game.after` sees them too."""
        self.facts |= facts

    def signal(self, names: Sequence[str], compute: Callable[[], Sequence[tf.Tensor]]) -> None:
        """Log float32 scalars that only a reported round needs; they are 0 in all others."""
        if self.imagined:
            return
        nothing = [tf.constant(0.0)] * len(names)
        watched = tf.convert_to_tensor(self.watched)
        self.facts |= dict(zip(names, tf.cond(watched, compute, lambda: nothing), strict=True))

    def normal(self, *shape: int) -> tf.Tensor:
        """Draw float32 standard normals of shape (size, *shape)."""
        return self._draw(tf.random.stateless_normal, shape)

    def truncated_normal(self, *shape: int) -> tf.Tensor:
        """Draw float32 standard normals of shape (size, *shape), again where they are beyond 2."""
        return self._draw(tf.random.stateless_truncated_normal, shape)

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> tf.Tensor:
        """Draw float32 numbers of shape (size, *shape), uniform in [low, high)."""
        return self._draw(tf.random.stateless_uniform, shape, minval=low, maxval=high)

    def _draw(self, distribution: Callable[..., tf.Tensor], shape: tuple[int, ...], **rules) -> tf.Tensor:
        self._draws += 1
        index, count = self.replica
        drawn = distribution((self.size * count, *shape), tf.random.fold_in(self.key, self._draws), **rules)
        if count == 1:
            return drawn
        # Each part takes its rows of one draw, so a run sees the same noise however its batches are split.
        return tf.reshape(drawn, (count, self.size, *shape))[index]


class Critic:
    """A discriminator as a function of the image alone, which is all that losses and penalties see.

    Args:
        network: images (batch, ...) -> logits (batch, 1).
        prepare: what is done to images before the network sees them, differentiable.
        batch: the turn's, in which logits are remembered.
    """

    def __init__(self, network, prepare: Callable[[tf.Tensor], tf.Tensor], batch: Batch) -> None:
        self.network, self.prepare, self.batch = network, prepare, batch

    def __call__(self, image: tf.Tensor) -> tf.Tensor:
        return self.network(self.prepare(image), training=True)

    def logits(self, image: tf.Tensor) -> tf.Tensor:
        """Return what the critic says of these images, computed once for each tensor of a batch.

        Inside a tape that watches the images call the critic itself: what is remembered was not watched.
        """
        # The image is remembered too: a living tensor's id is its own.
        return self.batch.once(f"{JUDGED}{id(image)}", lambda: (image, self(image)))[1]


class Part:
    """What a game carries besides its networks: a penalty, an augmentation, a remedy. No hook is required."""

    def shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape of what the discriminator judges, from that of one sample."""
        return shape

    def join(self, game: "Game") -> None:
        """See the game once, its networks built: the moment to check it and to make variables."""

    def prepare(self, image: tf.Tensor, batch: Batch) -> tf.Tensor:
        """Return what the discriminator sees in place of images, real or fake."""
        return image

    def shown(self, fake: tf.Tensor, batch: Batch) -> tf.Tensor:
        """Return the fakes that the discriminator's own turn sees."""
        return fake

    def counted(self, logits: tf.Tensor, batch: Batch) -> tf.Tensor:
        """Return the fakes' logits that the generator learns from."""
        return logits

    def ahead(self, game: "Game", batch: Batch) -> AbstractContextManager[Batch]:
        """Return a context for the generator's turn, and its batch: networks may have other weights in it."""
        return nullcontext(batch)

    def after(self, player: str, terms: Terms) -> None:
        """Update what no gradient reaches, once a player has moved."""

    def state(self) -> dict[str, tf.Variable]:
        """Return, by name, what a checkpoint must hold."""
        return {}


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
