"""Turns and phases: the words in which a family says who moves when, and how it grows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ganctl.check import expect_number, expect_whole


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


def grown(
    levels: int,
    *,
    images: int,
    fading: int,
    batch_sizes: Sequence[int] = (),
    rates: Sequence[float] = (),
    reset: bool = False,
) -> tuple[Phase, ...]:
    """Return the phases of a game that grows level by level, each of which fades in and is then trained.

    Args:
        levels: how many there are.
        images: real images shown at each level once it has faded in; the last lasts until the end.
        fading: real images shown while a level fades in.
        batch_sizes: of each level, from the first; the last number holds for those that are left, and
            `trainer.batch_size` for all where there is none.
        rates: of each level, what learning rates are multiplied with; likewise, 1 where there is none.
        reset: whether the optimizers forget their moments wherever a phase begins.

    Raises:
        UsageError: for a number outside its range.
    """
    expect_whole("model.images", images, 1)
    expect_whole("model.fading", fading, 1)
    for index, size in enumerate(batch_sizes):
        expect_whole(f"model.batch_sizes[{index}]", size, 1)
    for index, rate in enumerate(rates):
        expect_number(f"model.rates[{index}]", rate)

    def of(numbers: Sequence, level: int, otherwise: Any) -> Any:
        return numbers[min(level, len(numbers) - 1)] if numbers else otherwise

    def phase(level: int, *, fade: bool) -> Phase:
        return Phase(
            images=fading if fade else images,
            level=level,
            fading=fade,
            batch_size=of(batch_sizes, level, 0),
            rate=float(of(rates, level, 1.0)),
            reset=reset,
        )

    later = [phase(level, fade=fade) for level in range(1, levels) for fade in (True, False)]
    return phase(0, fade=False), *later
