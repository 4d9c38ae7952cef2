"""The edges between phases of a growing game: learning rates change, moments are forgotten."""

from collections.abc import Mapping, Sequence

import keras
import tensorflow as tf

from ganctl.error import UsageError
from ganctl.game.turn import Phase
from ganctl.training.timeline import Span


class Edges:
    """Makes optimizers ready for a phase.

    Args:
        phases: of the game; nothing is done without.
        optimizers: by player, built.

    Raises:
        UsageError: for a schedule, where phases have rates of their own or begin anew.
    """

    def __init__(self, phases: Sequence[Phase], optimizers: Mapping[str, keras.optimizers.Optimizer]) -> None:
        # What scales a loss for float16 is around the optimizer that has moments.
        inner = {player: getattr(each, "inner_optimizer", each) for player, each in optimizers.items()}
        self.optimizers, self.own = inner, {}
        own = any(phase.rate != 1.0 for phase in phases)
        if own or any(phase.reset for phase in phases):
            for player, optimizer in inner.items():
                if isinstance(optimizer._learning_rate, keras.optimizers.schedules.LearningRateSchedule):
                    why = "have learning rates of their own" if own else "would begin it anew each time"
                    raise UsageError(
                        f"schedule.{player}: this model's phases {why}; type schedule.{player}=constant."
                    )
                if own:
                    self.own[player] = float(tf.convert_to_tensor(optimizer.learning_rate))

    def enter(self, span: Span, step: int) -> None:
        """Set the rates of a phase, and forget the moments at its first step where the phase says so."""
        for player, rate in self.own.items():
            self.optimizers[player].learning_rate = rate * span.phase.rate
        if span.phase.reset and step == span.start > 0:
            for optimizer in self.optimizers.values():
                for variable in optimizer.variables:
                    if variable is not optimizer._learning_rate:
                        variable.assign(tf.zeros_like(variable.value))
