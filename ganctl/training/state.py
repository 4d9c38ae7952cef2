"""Everything that training changes, by a name that no other run changes: what a checkpoint holds."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ganctl.error import RunError
from ganctl.game.game import Game
from ganctl.training.average import ExponentialAverage

OF_TRAINING = "optimizer/"  # what only goes on training, and drawing does without


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

    def variables(self) -> dict[str, Any]:
        """Return every variable by name."""
        found: dict[str, Any] = {"step": self.step}
        for player, networks in self.game.players.items():
            for place, network in enumerate(networks):
                for index, variable in enumerate(network.variables):
                    found[f"network/{player}.{place}/{index:03d}.{variable.name}"] = variable.value
        for player, optimizer in self.optimizers.items():
            for index, variable in enumerate(optimizer.variables):
                found[f"{OF_TRAINING}{player}/{index:03d}.{variable.name}"] = variable.value
        found |= {f"game/{name}": variable for name, variable in self.game.state().items()}
        if self.average:
            found |= {f"average/{name}": shadow for name, shadow in self.average.state().items()}
        return found

    def values(self) -> dict[str, np.ndarray]:
        """Return a copy of all variables as arrays."""
        return {name: variable.numpy() for name, variable in self.variables().items()}

    def restore(self, tensors: Mapping[str, np.ndarray]) -> None:
        """Set every variable from a checkpoint.

        Raises:
            RunError: when names or shapes are not this run's; nothing has been changed then.
        """
        state = self.variables()
        if not self.optimizers:
            tensors = {name: t for name, t in tensors.items() if not name.startswith(OF_TRAINING)}
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
