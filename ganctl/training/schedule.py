"""Schedules of learning rates that Keras does not have."""

import keras
import tensorflow as tf

from ganctl.check import expect_number


class Paced(keras.optimizers.schedules.LearningRateSchedule):
    """Another schedule, for a player whose optimizer moves more often in a round than its own turns say.

    Args:
        schedule: made for the player's own turns.
        pace: how many of these there are for each update, above 0.
    """

    def __init__(self, schedule: keras.optimizers.schedules.LearningRateSchedule, pace: float) -> None:
        self.schedule, self.pace = schedule, pace

    def __call__(self, step):
        return self.schedule(tf.cast(step, tf.float32) * self.pace)

    def get_config(self) -> dict[str, object]:
        return {"schedule": self.schedule, "pace": self.pace}


class FlatThenLinear(keras.optimizers.schedules.LearningRateSchedule):
    """The learning rate stays as it is, and then falls on a straight line.

    Args:
        initial_learning_rate: where it starts.
        decay_steps: updates until the end is reached.
        flat: share of them in which nothing falls, in [0, 1).
        end_learning_rate: where it ends, and stays.

    Raises:
        UsageError: for a share outside its range.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        flat: float = 0.5,
        end_learning_rate: float = 0.0,
    ) -> None:
        expect_number("schedule.flat", flat, below=1.0)
        self.start, self.steps, self.flat, self.end = (
            initial_learning_rate,
            decay_steps,
            flat,
            end_learning_rate,
        )

    def __call__(self, step):
        passed = tf.cast(step, tf.float32) / float(max(self.steps, 1))
        share = tf.clip_by_value((passed - self.flat) / (1.0 - self.flat), 0.0, 1.0)
        return self.start + (self.end - self.start) * share

    def get_config(self) -> dict[str, float]:
        names = ("initial_learning_rate", "decay_steps", "flat", "end_learning_rate")
        return dict(zip(names, (self.start, self.steps, self.flat, self.end), strict=True))


class Halving(keras.optimizers.schedules.LearningRateSchedule):
    """The learning rate is halved at once, again and again, as long as it is above its end.

    Args:
        initial_learning_rate: where it starts.
        decay_steps: updates between two halvings.
        end_learning_rate: what it does not fall below.
    """

    def __init__(
        self, initial_learning_rate: float, decay_steps: int = 100_000, end_learning_rate: float = 0.0
    ) -> None:
        self.start, self.steps, self.end = initial_learning_rate, decay_steps, end_learning_rate

    def __call__(self, step):
        halvings = tf.floor(tf.cast(step, tf.float32) / float(max(self.steps, 1)))
        return tf.maximum(self.start * tf.pow(0.5, halvings), min(self.end, self.start))

    def get_config(self) -> dict[str, float]:
        names = ("initial_learning_rate", "decay_steps", "end_learning_rate")
        return dict(zip(names, (self.start, self.steps, self.end), strict=True))
