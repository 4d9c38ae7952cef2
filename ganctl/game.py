"""The contract between a family of GANs and the one loop that trains them all."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

Terms = dict[str, tf.Tensor]


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
        replica: (index, count) of the device among those that split the batch.
    """

    def __init__(self, data: Mapping[str, tf.Tensor], *, size: int, key, step=0, replica=(0, 1)) -> None:
        super().__init__(data)
        self.size, self.key, self.step, self.replica = size, key, step, replica
        self.facts: Terms = {}
        self._draws = 0
        self._known: dict[str, Any] = {}

    def once(self, name: str, compute: Callable[[], Any]) -> Any:
        """Return what `compute` gave the first time it was asked for under this name."""
        if name not in self._known:
            self._known[name] = compute()
        return self._known[name]

    def note(self, **facts: tf.Tensor) -> None:
        """Log scalars that are not losses; `Game.after` sees them too."""
        self.facts |= facts

    def normal(self, *shape: int) -> tf.Tensor:
        """Draw float32 standard normals of shape (size, *shape)."""
        return self._draw(tf.random.stateless_normal, shape)

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> tf.Tensor:
        """Draw float32 numbers of shape (size, *shape), uniform in [low, high)."""
        return self._draw(tf.random.stateless_uniform, shape, minval=low, maxval=high)

    def _draw(self, distribution: Callable[..., tf.Tensor], shape: tuple[int, ...], **rules) -> tf.Tensor:
        self._draws += 1
        index, count = self.replica
        drawn = distribution((self.size * count, *shape), tf.random.fold_in(self.key, self._draws), **rules)
        if count == 1:
            return drawn
        # Each device takes its rows of one draw, so a run sees the same noise on any number of devices.
        return tf.reshape(drawn, (count, self.size, *shape))[index]


class Game:
    """Named players taking turns, each training its own networks on its own loss.

    A family fills `players`, in order of play, and writes one pure `<player>_loss(batch)` for each: a
    dict of named scalar terms, whose sum that player's turn minimises, and `sample(batch)`. It never
    sees a tape or an optimizer: the trainer's tape watches the weights of the player whose turn it is,
    so no family stops a gradient.

    Args:
        loss: turns logits into the players' adversarial terms (`ganctl.loss`); None where a family
            brings its own.
        penalties: by name, functions of (critic, real, fake, batch) added to the discriminator's terms.
        augment: a differentiable map of images, applied to all that a critic sees.
    """

    def __init__(self, *, loss=None, penalties: Mapping[str, Callable] | None = None, augment=None) -> None:
        self.loss = loss
        self.penalties = dict(penalties or {})
        self.augment: Callable[[tf.Tensor], tf.Tensor] = augment or (lambda image: image)
        self.players: dict[str, list[keras.Model]] = {}

    def losses(self, player: str, batch: Batch) -> Terms:
        """Return the terms that this player's turn minimises, float32 scalars by name."""
        return getattr(self, f"{player}_loss")(batch)

    def sample(self, batch: Batch) -> tf.Tensor:
        """Return `batch.size` samples in inference mode, float32, images in [-1, 1]."""
        raise NotImplementedError(f"{type(self).__name__} does not say how to sample.")

    def after(self, player: str, terms: Terms) -> None:
        """Update what no gradient reaches: clipped weights, BEGAN's k, ADA's p."""

    def state(self) -> dict[str, tf.Variable]:
        """Return, by name, what a checkpoint must hold besides the networks."""
        return {}

    def penalize(self, critic: Callable, real: tf.Tensor, fake: tf.Tensor, batch: Batch) -> Terms:
        """Return each penalty's term by its name."""
        return {name: penalty(critic, real, fake, batch) for name, penalty in self.penalties.items()}

    def weights(self, player: str) -> Sequence[keras.Variable]:
        """Return the trainable variables that this player's turn moves, each once."""
        found = (weight for network in self.players[player] for weight in network.trainable_variables)
        return list({id(weight): weight for weight in found}.values())
