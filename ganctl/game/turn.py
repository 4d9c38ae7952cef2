"""Turns and phases: the words in which a family says who moves when, and how it grows."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Turn:
    """Whose networks move, on which terms, how often.

    Args:
        player: whose optimizer moves weights.
        loss: the terms are what the game's `<loss>_loss(batch)` returns; the player's name for "".
        networks: Keras models among the player's whose weights move; all of the player's for ().
        every: a lazy turn is played in steps 0, n, 2n ..., so that the memory it needs is taken in the very
            first step. Its terms then weigh what the family gives them: n times as much, with rates to match
            (Karras et al., 2020, section 3.1).
    """

    player: str
    loss: str = ""
    networks: tuple[Any, ...] = ()
    every: int = 1

    @property
    def terms(self) -> str:
        """The name of the loss whose terms this turn minimises."""
        return self.loss or self.player


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A stretch of a training, counted in real images shown: what a growing game is in it.

    Args:
        images: how long it lasts; the last phase lasts until the end whatever it says.
        level: how far the networks have grown, a whole number; each level is a graph of its own.
        fading: whether the level's newest layers are mixed in, from 0 at the phase's start to 1 at its end.
        batch_size: real images of one turn; 0 for `trainer.batch_size`.
        rate: what learning rates are multiplied with.
        reset: whether optimizers forget their moments at its start (Karras et al., 2018, appendix A.1).
    """

    images: int = 0
    level: int = 0
    fading: bool = False
    batch_size: int = 0
    rate: float = 1.0
    reset: bool = False
