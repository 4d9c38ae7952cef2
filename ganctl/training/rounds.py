"""Rounds in the graph: every turn of a round, one after the other, and many rounds in one call."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import tensorflow as tf

from ganctl.game.batch import Terms
from ganctl.game.game import Game
from ganctl.game.turn import Turn
from ganctl.training.settings import Settings
from ganctl.training.state import State
from ganctl.training.timeline import Span
from ganctl.training.update import Update


class Rounds:
    """Plays rounds of a game, each phase in a graph of its own.

    Args:
        game, update: who plays, and how weights move.
        settings: turns and their order.
        seed: of all noise.
        state: what a checkpoint holds; its step is counted here.
        jit: whether turns are compiled with XLA.

    Attributes:
        schedule: a round's turns: (those that are played together, which of the round's batches they see).
        terms: the names of what a round reports, once one was played.
    """

    def __init__(
        self, game: Game, update: Update, settings: Settings, *, seed: int, state: State, jit: bool
    ) -> None:
        self.game, self.update, self.seed = game, update, seed
        self.state, self.step = state, state.step
        self.batches = settings.batches_per_step
        self.schedule = schedule(game, settings)
        self.terms: list[str] = []
        # Repeated turns stay one function: inlined, each would be optimized anew before the first step.
        apart = {"_noinline": True} if len(self.schedule) > len(game.players) else None
        self.rules = {"autograph": False, "jit_compile": jit, "experimental_attributes": apart}
        self._graphs: dict[Any, Any] = {}

    def __call__(self, batches: Iterator, span: Span, rounds: int = 1) -> tf.Tensor:
        """Play rounds in one graph call; return the last one's scalars, in the order of `terms`.

        A round that ends in a term that is no finite number is the last one.
        """
        if rounds == 1:
            return self._graph(self._round, span)(batches, tf.constant(True))
        return self._graph(self._rounds, span)(batches, tf.constant(rounds))

    def turn(self, turns: tuple[Turn, ...], span: Span) -> Any:
        """Return turns that are played together, as a graph: (data, key, step, watched) -> terms."""
        kind = (turns, span)
        if kind not in self._graphs:
            play = partial(self.update.__call__, turns=turns, span=span)
            self._graphs[kind] = tf.function(play, **self.rules)
        return self._graphs[kind]

    def _graph(self, play: Callable, span: Span) -> Callable[..., tf.Tensor]:
        """Return a method's graph in a phase."""
        kind = (play.__name__, span)
        if kind not in self._graphs:
            self._graphs[kind] = tf.function(partial(play, span=span), autograph=False)
        return self._graphs[kind]

    def _rounds(self, batches: Iterator, count: tf.Tensor, *, span: Span) -> tf.Tensor:
        one = self._graph(self._round, span)
        first = one(batches, tf.constant(False))
        _, last = tf.while_loop(
            lambda index, last: (index < count) & tf.reduce_all(tf.math.is_finite(last)),
            lambda index, _: (index + 1, one(batches, tf.equal(index, count - 1))),
            (tf.constant(1), first),
            parallel_iterations=1,
        )
        return last

    def _round(self, batches: Iterator, watched: tf.Tensor, *, span: Span) -> tf.Tensor:
        data = [next(batches) for _ in range(self.batches)]
        nothing = [tf.zeros([0])] * len(self.game.players)
        before = tf.cond(watched, self._positions, lambda: nothing)
        report: Terms = {}
        for index, (turns, which) in enumerate(self.schedule):
            key = tf.random.fold_in(tf.stack([self.seed, index]), tf.cast(self.step, tf.int32))
            step = tf.identity(self.step)
            terms = self._played(data[which], key, step, watched, turns=turns, span=span)
            if turns[0].loss and report.keys() & terms.keys():
                raise ValueError(f"Two turns report {sorted(report.keys() & terms.keys())}.")
            report |= terms
        report |= self._moves(before, watched)
        self.step.assign_add(1)
        self.terms = list(report)
        return tf.stack(list(report.values()))

    def _played(self, data, key, step, watched, *, turns: tuple[Turn, ...], span: Span) -> Terms:
        """Return the terms of turns that are played together; the last ones where a lazy turn is not due."""
        every, play = turns[0].every, self.turn(turns, span)
        if every == 1:
            return play(data, key, step, watched)
        # It is always watched: a line of the log seldom meets the round in which it is due.
        rules = data, key, step, tf.constant(True)
        names = play.get_concrete_function(*rules).structured_outputs
        lasting = {name: self.state.lasting(name) for name in names}
        found = tf.cond(
            tf.equal(step % every, 0),
            lambda: play(*rules),
            lambda: {name: variable.read_value() for name, variable in lasting.items()},
        )
        for name, variable in lasting.items():
            variable.assign(found[name])
        return found

    def _positions(self) -> list[tf.Tensor]:
        """Return each player's weights in one row."""
        return [
            tf.concat([tf.reshape(weight.value, [-1]) for weight in self.game.weights(player)], axis=0)
            for player in self.game.players
        ]

    def _moves(self, before: list[tf.Tensor], watched: tf.Tensor) -> Terms:
        """Return the norm of each player's weights, and how far they moved in this round relative to it."""

        def found() -> list[tf.Tensor]:
            norms = [tf.norm(position) for position in before]
            moved = [tf.norm(now - then) for now, then in zip(self._positions(), before, strict=True)]
            return norms + [tf.math.divide_no_nan(*pair) for pair in zip(moved, norms, strict=True)]

        names = [f"{player}/{name}" for name in ("weights", "update") for player in self.game.players]
        nothing = [tf.constant(0.0)] * len(names)
        return dict(zip(names, tf.cond(watched, found, lambda: nothing), strict=True))


def schedule(game: Game, settings: Settings) -> list[tuple[tuple[Turn, ...], int]]:
    """Return a round's turns: (those that are played together, which of the round's batches they see).

    The i-th turns of all players see the same batch. Simultaneous players move together; a lazy turn, which
    is not due in every round, is always played by itself.
    """
    turns = game.turns(settings.turns)
    if settings.order == "simultaneous":
        together = tuple(turn for turn in turns if turn.every == 1)
        return [(together, 0), *(((turn,), 0) for turn in turns if turn.every > 1)]
    seen: dict[str, int] = {}
    found: list[tuple[tuple[Turn, ...], int]] = []
    for turn in turns:
        which = 0 if turn.loss else seen.get(turn.player, 0)
        found.append(((turn,), which))
        seen[turn.player] = which + (not turn.loss)
    return found
