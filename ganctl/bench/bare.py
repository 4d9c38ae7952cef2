"""The bare loop: what one would write without ganctl, for a copy of a config's game and optimizers."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from ganctl.training import build, cost

MOST_BYTES = 2**30  # of examples that it holds in memory


class Bare:
    """Gradient tapes in a `tf.function`, examples from tf.data's slices, shuffle and batch, and nothing else.

    The terms are the game's own, so it plays whatever game there is; it keeps no averages, logs, samples or
    checkpoints, and is neither deterministic nor compiled with XLA.

    Args:
        config: resolved, plain data.
        dataset: its data set.
    """

    def __init__(self, config: Mapping[str, Any], dataset: Any) -> None:
        import tensorflow as tf

        trainer = build.trainer({**config, "average": None, "metric": {}}, dataset.fields)
        self.game, self.settings, self.optimizers = trainer.game, trainer.settings, trainer.optimizers
        self.schedule, self.span = trainer.rounds.schedule, trainer.timeline.spans[-1]
        self.examples, self.played = self._examples(dataset), tf.Variable(0, dtype=tf.int64, trainable=False)
        self.step = tf.function(self._round, autograph=False)

    def play(self, seconds: float) -> dict[str, Any]:
        """Train so long; return the turn: seconds a step, steps, the most memory in use."""
        _determinism(False)
        cost.forget_peak()
        steps, start = 0, time.perf_counter()
        while not steps or time.perf_counter() - start < seconds:
            loss = self.step([next(self.examples) for _ in range(self.settings.batches_per_step)])
            steps += 1
        loss.numpy()  # a GPU may still be at work
        turn = measured(time.perf_counter() - start, steps)
        _determinism(self.settings.deterministic)
        return turn

    def _examples(self, dataset: Any) -> Iterator:
        import numpy as np
        import tensorflow as tf

        size, one = self.span.batch_size, dataset.examples(np.arange(1))
        most = MOST_BYTES // sum(value.nbytes for value in one.values())
        rows = dataset.examples(np.arange(max(size, min(most, len(dataset)))))
        batches = tf.data.Dataset.from_tensor_slices(rows).shuffle(len(next(iter(rows.values()))))
        batches = batches.batch(size, drop_remainder=True)
        while True:
            yield from batches

    def _round(self, batches: list) -> Any:
        """Play a round's turns; return the last one's loss."""
        import tensorflow as tf

        loss = tf.constant(0.0)
        for turns, which in self.schedule:
            every = turns[0].every
            if every == 1:
                loss = self._play(batches[which], turns)
                continue
            due = tf.equal(self.played % every, 0)
            loss = tf.cond(due, lambda w=which, t=turns: self._play(batches[w], t), lambda: tf.constant(0.0))
        self.played.assign_add(1)
        return loss

    def _play(self, data: Mapping[str, Any], turns: tuple) -> Any:
        """Move players together, each on its own terms, from one forward pass."""
        import tensorflow as tf

        from ganctl.game.batch import Batch

        key = tf.random.uniform((2,), maxval=2**31 - 1, dtype=tf.int32)
        step = tf.identity(self.played)
        rules = {"phase": self.span.phase, "fade": self.span.fade(step)}
        batch = Batch(data, size=self.span.batch_size, key=key, step=step, **rules)
        moved = {turn: self.game.weights(turn.player, turn.networks) for turn in turns}
        with tf.GradientTape(persistent=len(turns) > 1, watch_accessed_variables=False) as tape:
            tape.watch([[weight.value for weight in weights] for weights in moved.values()])
            facts, totals = {}, {}
            for turn in turns:
                batch.facts = {}
                losses = self.game.losses(turn.terms, batch)
                totals[turn] = self.optimizers[turn.player].scale_loss(tf.add_n(list(losses.values())))
                facts[turn] = losses | batch.facts
        zero = tf.UnconnectedGradients.ZERO
        for turn, weights in moved.items():
            values = [weight.value for weight in weights]
            slopes = tape.gradient(totals[turn], values, unconnected_gradients=zero)
            self.optimizers[turn.player].apply(slopes, weights)
            self.game.after(turn.terms, facts[turn])
        return totals[turns[-1]]


def measured(seconds: float, steps: int) -> dict[str, Any]:
    """Return what is kept of a turn of a loop."""
    return {"seconds": seconds / steps, "steps": steps, "memory": cost.peak_memory()}


def _determinism(wanted: bool) -> None:
    # TensorFlow exports the switch's one half only.
    from tensorflow.python.framework import config

    config.enable_op_determinism() if wanted else config.disable_op_determinism()
