"""A weighted sum of losses."""

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from ganctl.check import expect_number
from ganctl.error import UsageError, suggest
from ganctl.game.part import Loss


class Mixture(Loss):
    """A weighted sum of losses; one whose weight is 0 is not even made.

    Args:
        parts: by name, what makes each loss when called.
        weights: by name, at least 0, one of them above 0.

    Raises:
        UsageError: for an unknown name, a weight that is no such number, or no weight above 0.
    """

    def __init__(self, parts: Mapping[str, Callable[[], Any]], weights: Mapping[str, float]) -> None:
        for name, weight in weights.items():
            if name not in parts:
                hint = suggest(name, parts) or f" It has {', '.join(parts)}."
                raise UsageError(f"loss.weights: there is no '{name}'.{hint}")
            expect_number(f"loss.weights.{name}", weight)
        self.weighted = [(parts[name](), weight) for name, weight in weights.items() if weight]
        if not self.weighted:
            raise UsageError("loss.weights: expected one above 0, got none; type loss.weights.hinge=1.0.")
        self.relative = any(loss.relative for loss, _ in self.weighted)
        # Halfway between losses that disagree on it, such as least squares (0.5) and hinge (0).
        total = sum(weight for _, weight in self.weighted)
        self.boundary = sum(weight * loss.boundary for loss, weight in self.weighted) / total

    def discriminator(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        return tf.add_n([weight * loss.discriminator(real, fake) for loss, weight in self.weighted])

    def generator(self, fake: tf.Tensor, real: tf.Tensor | None = None) -> tf.Tensor:
        return tf.add_n([weight * loss.generator(fake, real) for loss, weight in self.weighted])

    def join(self, adversary: Any) -> None:
        """Show the game to the parts that want to see it."""
        for loss, _ in self.weighted:
            loss.join(adversary)
