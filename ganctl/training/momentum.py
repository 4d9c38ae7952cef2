"""Stochastic gradient descent whose momentum grows, which Keras does not have."""

import keras
from keras import ops

from ganctl.check import expect_number, expect_whole


class RampedSGD(keras.optimizers.SGD):
    """SGD with a momentum that grows on a straight line and then stays.

    As `MomentumAdjustor` of the release of Goodfellow et al. (2014) has it, by updates in place of epochs.

    Args:
        learning_rate: step size, or a schedule.
        momentum: at the first update, in (0, 1).
        final_momentum: after `ramp` updates, in [0, 1).
        ramp: updates over which it grows, at least 1.
        clipnorm, clipvalue, global_clipnorm: of `keras.optimizers.SGD`.

    Raises:
        UsageError: for a number outside its range.
    """

    def __init__(
        self,
        learning_rate=0.1,
        momentum: float = 0.5,
        final_momentum: float = 0.7,
        ramp: int = 125_000,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
    ) -> None:
        expect_number("optimizer.<player>.momentum", momentum, 1e-9, below=1.0)
        expect_number("optimizer.<player>.final_momentum", final_momentum, below=1.0)
        expect_whole("optimizer.<player>.ramp", ramp, 1)
        super().__init__(
            learning_rate=learning_rate,
            momentum=momentum,
            clipnorm=clipnorm,
            clipvalue=clipvalue,
            global_clipnorm=global_clipnorm,
        )
        self.final_momentum, self.ramp = final_momentum, ramp

    def update_step(self, gradient, variable, learning_rate):
        share = ops.minimum(ops.cast(self.iterations, "float32") / self.ramp, 1.0)
        momentum = self.momentum + (self.final_momentum - self.momentum) * share
        kept = self.momentums[self._get_variable_index(variable)]
        step = ops.cast(learning_rate, variable.dtype) * ops.cast(gradient, variable.dtype)
        self.assign(kept, kept * ops.cast(momentum, variable.dtype) - step)
        self.assign_add(variable, kept)

    def get_config(self):
        return {**super().get_config(), "final_momentum": self.final_momentum, "ramp": self.ramp}
