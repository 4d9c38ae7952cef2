"""Everything that training changes, by a name that no other run changes: what a checkpoint holds."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ganctl.error import RunError
from ganctl.game.game import Game
from ganctl.training.average import ExponentialAverage

LASTING = "lasting/"  # what lazy turns last said
OF_GAME = "game/"
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
                    found[f"network/{player}.{place}/{index:03d}.{variable.name}"] = variable.value
        for player, optimizer in self.optimizers.items():
            for index, variable in enumerate(optimizer.variables):
                found[f"optimizer/{player}/{index:03d}.{variable.name}"] = variable.value
        found |= {f"{LASTING}{name}": variable for name, variable in self._lasting.items()}
        found |= {f"{OF_GAME}{name}": variable for name, variable in self.game.state().items()}
        if self.average:
            found |= {f"average/{name}": shadow for name, shadow in self.average.state().items()}
        return found

    def values(self) -> dict[str, np.ndarray]:
        """Return a copy of all variables as arrays."""
        return {name: variable.numpy() for name, variable in self.variables().items()}

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
