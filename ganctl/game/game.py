"""The contract between a family of GANs and the one loop that trains them all."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from ganctl.error import UsageError
from ganctl.game.adversary import Adversary
from ganctl.game.batch import Batch, Terms
from ganctl.game.field import Field, Fields
from ganctl.game.part import Loss, Own, Part
from ganctl.game.space import Space
from ganctl.game.turn import Phase, Turn


class Game:
    """Named players taking turns, each training its own networks on its own loss.

    A family fills `players`, in order of play, and writes one pure `<player>_loss(batch)` for each: a
    dict of named scalar terms, whose sum that player's turn minimises, and `sample(batch)`. It never
    sees a tape or an optimizer: the trainer's tape watches the weights of the player whose turn it is,
    so no family stops a gradient.

    Args:
        fields: what an example of the data has; "image" is what is learnt.
        loss: turns logits into the players' adversarial terms (`ganctl.loss`).
        penalties: by name, parts called with (critic, real, fake, batch), whose scalar joins the terms of
            the players that they name; None joins nothing.
        augmentations: by name, parts that change, in this order, all that a critic sees.
        remedies: by name, parts with any of the other hooks.

    Attributes:
        makes: what can be made, by the name of the field it is like, and the data that each is made of.
        shows: names of data that a run's grids show beside samples that are made of none.
        accepts: names of fields that a user may give for samples and that are drawn otherwise, codes or a
            mask; `sample` takes them from the batch where they are in it.
        shifts: those of `accepts` that change what batch statistics are: they are estimated anew for them.
        views: by name, batch -> a whole picture of a trained game: images in [-1, 1] of shape (rows, columns,
            height, width, channels), or points (rows, n, 2), a figure a row. A game with `latents` has
            "interpolation" besides.
        latents: whether samples are made of latents alone, by `draw` and `make`.
        own_loss: whether the family brings its own adversarial terms, so that `loss=own` is the only choice.
        block: samples that are drawn at once; the random numbers of each depend on it.
        players, adversaries: filled by the family.
        phases: of a growing game; one endless phase for ().
        columns: of a grid of samples; as square as it can be for None.
    """

    makes: Mapping[str, tuple[str, ...]] = {"image": ()}
    shows: tuple[str, ...] = ()
    shifts: tuple[str, ...] = ()
    accepts: tuple[str, ...] = ()
    views: Mapping[str, Callable[[Batch], tf.Tensor]] = {}
    block = 64
    has_latents = False
    own_loss = False

    def __init__(
        self,
        fields: Fields | None = None,
        *,
        loss: Loss | None = None,
        penalties: Mapping[str, Any] | None = None,
        augmentations: Mapping[str, Part] | None = None,
        remedies: Mapping[str, Part] | None = None,
    ) -> None:
        self.fields: dict[str, Field] = dict(fields or {})
        self.loss, self.penalties = loss, dict(penalties or {})
        self.augmentations, self.remedies = dict(augmentations or {}), dict(remedies or {})
        self.players: dict[str, list[keras.Model]] = {}
        self.adversaries: dict[str, Adversary] = {}
        self.phases: tuple[Phase, ...] = ()
        self.columns: int | None = None
        self.warnings: list[str] = []
        self.frozen: set[int] = set()
        if loss is not None and isinstance(loss, Own) != self.own_loss:
            wanted = "loss=own" if self.own_loss else "another loss, such as loss=nonsaturating"
            raise UsageError(f"model {type(self).__name__}: expected {wanted}, got {type(loss).__name__}.")

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the labels; empty for data without."""
        return self.fields["label"].classes if "label" in self.fields else ()

    def losses(self, name: str, batch: Batch) -> Terms:
        """Return the terms that a turn minimises, float32 scalars by name: a player's, or another loss's."""
        return getattr(self, f"{name}_loss")(batch)

    def turns(self, counts: Mapping[str, int]) -> list[Turn]:
        """Return a round's turns, in order.

        Args:
            counts: by player, how often it moves in a round; once where nothing is said.
        """
        return [Turn(player=player) for player in self.players for _ in range(counts.get(player, 1))]

    def sample(self, batch: Batch, make: str = "image") -> tf.Tensor:
        """Return `batch.size` samples in inference mode, float32, images in [-1, 1].

        Args:
            batch: holds `conditions`, and what `makes[make]` says that samples are made of.
            make: one of `makes`.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say how to sample.")

    def show(self, batch: Batch) -> tf.Tensor:
        """Return what a grid shows of a batch: samples, or (size, tiles, height, width, channels).

        Where samples are made of data, the batch holds all that the examples have; data that the user gave
        are named in `batch.given`, and nothing else of the batch belongs to them. Where they are not, it
        holds the data of `shows` in the run's own grids, and none otherwise.
        """
        return self.sample(batch)

    def conditions(self, index: Any) -> dict[str, Any]:
        """Return the labels and codes of the samples of these numbers, integers (n,)."""
        return {}

    def generate(self, batch: Batch) -> tf.Tensor:
        """Return `batch.size` samples in training mode, once for a batch."""
        raise NotImplementedError(f"{type(self).__name__} does not say how to generate.")

    def latents(self, batch: Batch) -> tf.Tensor:
        """Return the batch's latents, (size, d), for a game with `latents`."""
        raise NotImplementedError(f"{type(self).__name__} has no latents.")

    def spaces(self) -> dict[str, Space]:
        """Return by name where images can be searched for, the best first; none where there is none."""
        return {}

    def generate_from(self, latent: tf.Tensor, batch: Batch, *, training: bool) -> tf.Tensor:
        """Return what the generator makes of latents, for a game with `latents`."""
        raise NotImplementedError(f"{type(self).__name__} has no latents.")

    def after(self, player: str, terms: Terms) -> None:
        """Update what no gradient reaches, once a player has moved: clipped weights, BEGAN's k, ADA's p.

        After a turn with a loss of its own name, `player` is that name.
        """
        for adversary in self.adversaries.values():
            adversary.after(player, terms)

    def state(self) -> dict[str, tf.Variable]:
        """Return, by name, what a checkpoint must hold besides the networks."""
        found: dict[str, tf.Variable] = {}
        for adversary in self.adversaries.values():
            found |= adversary.state()
        return found

    def join(self) -> None:
        """Show the adversaries to their parts; called once, when all networks are built."""
        for adversary in self.adversaries.values():
            adversary.join()

    @property
    def parts(self) -> dict[str, Part]:
        """Every part of every adversary, by its name."""
        return {
            f"{name}/{place}" if name else place: part
            for name, adversary in self.adversaries.items()
            for place, part in adversary.parts.items()
        }

    def layers(self, player: str) -> list[keras.Layer]:
        """Return every layer of a player's networks, those inside of others too."""
        return [layer for network in self.players.get(player, ()) for layer in network._flatten_layers()]

    def kinds(self, player: str) -> set[str]:
        """Return the names of the classes of a player's layers."""
        return {type(layer).__name__ for layer in self.layers(player)}

    def weights(self, player: str, networks: Sequence[keras.Model] = ()) -> Sequence[keras.Variable]:
        """Return the trainable variables that a turn moves, each once: some networks', or the player's."""
        found = (w for network in networks or self.players[player] for w in network.trainable_variables)
        return list({id(weight): weight for weight in found if id(weight) not in self.frozen}.values())

    def freeze(self, player: str, count: int) -> None:
        """Let the first layers of a player's first network keep their weights (FreezeD, Mo et al., 2020).

        Args:
            player: whose.
            count: how many layers with weights, from the input on; 0 for none.

        Raises:
            UsageError: when nothing would be left to train.
        """
        if player not in self.players:
            raise UsageError(f"freeze.{player}: there is no such player; expected {', '.join(self.players)}.")
        leaves = [layer for layer in self.players[player][0]._flatten_layers() if not layer._layers]
        layers = [layer for layer in leaves if layer.trainable_variables]
        if count >= len(layers):
            raise UsageError(
                f"freeze.{player}: expected fewer than the {len(layers)} layers with weights, got {count}."
            )
        self.frozen |= {id(weight) for layer in layers[:count] for weight in layer.trainable_variables}
