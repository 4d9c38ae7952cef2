"""What one turn is played with: data, randomness, and what was computed from them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from ganctl.game.turn import Phase

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
        phase: of a growing game.
        fade: share in [0, 1] of the phase's newest layers, a float32 scalar tensor; None where nothing fades.
        given: names of the data that a user gave for a sample.
        alike: whether all rows of a draw are the same, so that samples differ by what they were given alone.
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
        phase: Phase = Phase(),  # noqa: B008 - it is frozen
        fade: tf.Tensor | None = None,
        given: Iterable[str] = (),
        alike: bool = False,
    ) -> None:
        super().__init__(data)
        self.size, self.key, self.step, self.replica, self.watched = size, key, step, replica, watched
        self.phase, self.fade, self.given, self.alike = phase, fade, frozenset(given), alike
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
        kept = ("step", "replica", "watched", "phase", "fade", "given", "alike")
        fork = Batch(self, size=self.size, key=key, **{name: getattr(self, name) for name in kept})
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
        if self.alike:
            return tf.repeat(drawn[:1], self.size, axis=0)
        if count == 1:
            return drawn
        # Each part takes its rows of one draw, so a run sees the same noise however its batches are split.
        return tf.reshape(drawn, (count, self.size, *shape))[index]
