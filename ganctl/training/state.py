"""Everything that training changes, by a name that no other run changes: what a checkpoint holds."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ganctl.error import RunError, UsageError
from ganctl.game.game import Game
from ganctl.training.average import ExponentialAverage

LASTING = "lasting/"  # what lazy turns last said
OF_GAME = "game/"
NETWORK, AVERAGED = "network/", "average/"
OF_TRAINING = ("optimizer/", LASTING)  # what only goes on training, and drawing does without


class State:
    """The variables of a run.

    Args:
        game: with its networks built.
        average: of its weights, or None.
        optimizers: by player; none where a run is only drawn from.
        step: the rounds finished so far, an int64 scalar variable.
    """

    def __init__(
        self,
        game: Game,
        average: ExponentialAverage | None,
        optimizers: Mapping[str, keras.optimizers.Optimizer],
        step: tf.Variable,
    ) -> None:
        self.game, self.average, self.optimizers, self.step = game, average, optimizers, step
        self._lasting: dict[str, tf.Variable] = {}

    def lasting(self, name: str) -> tf.Variable:
        """Return a float32 scalar that keeps what a lazy turn last said, so that every log line has it."""
        if name not in self._lasting:
            with tf.init_scope():  # not a part of the graph that is being traced
                self._lasting[name] = tf.Variable(0.0, trainable=False)
        return self._lasting[name]

    def variables(self) -> dict[str, Any]:
        """Return every variable by name."""
        found: dict[str, Any] = {"step": self.step}
        for player, networks in self.game.players.items():
            for place, network in enumerate(networks):
                for index, variable in enumerate(network.variables):
                    found[f"{NETWORK}{player}.{place}/{index:03d}.{variable.name}"] = variable.value
        for player, optimizer in self.optimizers.items():
            for index, variable in enumerate(optimizer.variables):
                found[f"optimizer/{player}/{index:03d}.{variable.name}"] = variable.value
        found |= {f"{LASTING}{name}": variable for name, variable in self._lasting.items()}
        found |= {f"{OF_GAME}{name}": variable for name, variable in self.game.state().items()}
        if self.average:
            found |= {f"{AVERAGED}{name}": shadow for name, shadow in self.average.state().items()}
        return found

    def values(self) -> dict[str, np.ndarray]:
        """Return a copy of all variables as arrays."""
        return {name: variable.numpy() for name, variable in self.variables().items()}

    def adopt(self, tensors: Mapping[str, np.ndarray], *, where: str, everything: bool) -> None:
        """Start with the networks of another run's checkpoint.

        Args:
            tensors: by name.
            where: they come from, as the user typed it.
            everything: whether optimizers and all else that both runs have is taken, too, but for the step.

        Raises:
            UsageError: when its networks are not this run's; nothing has been changed then.
        """
        state = {name: v for name, v in self.variables().items() if name != "step"}
        own = {name for name in state if name.startswith(NETWORK)}
        theirs = {name for name in tensors if name.startswith(NETWORK)}
        other = sorted(own ^ theirs)
        other += [name for name in sorted(own & theirs) if tuple(state[name].shape) != tensors[name].shape]
        if other:
            shapes = [tensors[other[0]].shape if other[0] in theirs else "absent"]
            shapes += [tuple(state[other[0]].shape) if other[0] in own else "absent"]
            raise UsageError(
                f"{where}: expected a run of the same networks, got others: {other[0]} is {shapes[0]} there "
                f"and {shapes[1]} here; that run's own words are in its run.json."
            )
        for name in own:
            state[name].assign(tensors[name])
        if self.average:
            self.average.copy()
        rest = {n for n in state if n in tensors and tuple(state[n].shape) == tensors[n].shape} - own
        if not everything:  # averages, but not how long they were averaged: a ramp begins anew
            rest = {name for name in rest if name.startswith(AVERAGED) and not name.endswith("/turns")}
        for name in rest:
            if not name.endswith(".learning_rate"):
                state[name].assign(tensors[name])

    def restore(self, tensors: Mapping[str, np.ndarray], *, of_game: bool = True) -> None:
        """Set every variable from a checkpoint.

        Args:
            tensors: by name.
            of_game: whether what the game keeps besides networks is set as well, which may have the size of
                what it was trained on.

        Raises:
            RunError: when names or shapes are not this run's; nothing has been changed then.
        """
        if not self.optimizers:
            tensors = {name: t for name, t in tensors.items() if not name.startswith(OF_TRAINING)}
        if not of_game:
            tensors = {name: t for name, t in tensors.items() if not name.startswith(OF_GAME)}
        for name in tensors:
            if name.startswith(LASTING):  # made when a turn is traced, which is later
                self.lasting(name.removeprefix(LASTING))
        state = {n: v for n, v in self.variables().items() if of_game or not n.startswith(OF_GAME)}
        # Of a checkpoint from before the first round; then they have said nothing yet.
        silent = {name: np.float32(0) for name in state if name.startswith(LASTING)}
        tensors = {**silent, **tensors}
        missing, foreign = sorted(state.keys() - tensors.keys()), sorted(tensors.keys() - state.keys())
        if missing or foreign:
            raise RunError(
                f"The checkpoint is of another game: it lacks {len(missing)} variables {missing[:2]} "
                f"and brings {len(foreign)} unknown ones {foreign[:2]}."
            )
        for name, variable in state.items():
            if tuple(variable.shape) != tensors[name].shape:
                raise RunError(
                    f"The checkpoint is of another network: {name} has shape {tensors[name].shape}, "
                    f"expected {tuple(variable.shape)}."
                )
        for name, variable in state.items():
            if not name.endswith(".learning_rate"):  # which is the config's, and lower after a rollback
                variable.assign(tensors[name])
