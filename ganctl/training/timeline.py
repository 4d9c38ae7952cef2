"""Where a step lies: its phase, the images shown before it, how far new layers have faded in."""

from collections.abc import Sequence
from dataclasses import dataclass

import tensorflow as tf

from ganctl.game.turn import Phase


@dataclass(frozen=True, kw_only=True)
class Span:
    """A phase in steps.

    Args:
        phase: what the game is in it.
        start, end: its first step, and the first one after it; None for the last phase.
        shown: real images shown before it.
        batch_size: real images of one turn.
        batches: of them in a round.
    """

    phase: Phase
    start: int
    end: int | None
    shown: int
    batch_size: int
    batches: int

    @property
    def images_per_step(self) -> int:
        return self.batch_size * self.batches

    def images(self, step: int) -> int:
        """Return the real images shown before one of its steps."""
        return self.shown + (step - self.start) * self.images_per_step

    def position(self, step: int) -> int:
        """Return the number of the step's first batch in the stream of batches of its size."""
        return -(-self.shown // self.batch_size) + (step - self.start) * self.batches

    def fade(self, step: tf.Tensor) -> tf.Tensor | None:
        """Return the share of the newest layers, a float32 scalar in [0, 1); None where nothing fades."""
        if not self.phase.fading or self.end is None:
            return None
        passed = tf.cast(step - self.start, tf.float32) / float(self.end - self.start)
        return tf.clip_by_value(passed, 0.0, 1.0)


class Timeline:
    """The phases of a game in steps: a pure function of images shown, so that nothing of it is saved.

    Args:
        phases: of the game; one endless phase for none.
        batch_size: of phases that say nothing of it.
        batches: in a round.
    """

    def __init__(self, phases: Sequence[Phase], *, batch_size: int, batches: int) -> None:
        self.spans: list[Span] = []
        start = shown = 0
        for index, phase in enumerate(phases or [Phase()]):
            size = phase.batch_size or batch_size
            steps = max(1, -(-phase.images // (size * batches)))
            last = index + 1 >= len(phases)
            end = None if last else start + steps
            span = Span(phase=phase, start=start, end=end, shown=shown, batch_size=size, batches=batches)
            self.spans.append(span)
            start, shown = start + steps, shown + steps * span.images_per_step

    def at(self, step: int) -> Span:
        """Return the span in which a step lies."""
        return next(span for span in reversed(self.spans) if span.start <= step)

    def images(self, step: int) -> int:
        """Return the real images shown before a step."""
        return self.at(step).images(step)
