"""What a log line tells beside the turns' own terms: whether averages draw better, what is known by heart."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from ganctl.game.adversary import Adversary
from ganctl.game.batch import Batch
from ganctl.game.game import Game
from ganctl.game.keys import OVERFITTING
from ganctl.game.signals import auc, covered, per_image
from ganctl.training.timeline import Timeline

MOST = 128  # examples of each kind: coverage, and shares of pairs told apart, are then exact to 4 %


class AverageProbe:
    """Compares samples of averaged weights and of the last ones, from the same latents, with the same reals.

    By far better averages are a sign of players that circle.

    Args:
        draw: (count, averaged, data set) -> so many samples, always the same latents'; None where nothing
            is averaged.
    """

    def __init__(self, draw: Callable[[int, bool, Any], np.ndarray] | None) -> None:
        self.draw = draw
        self._reals: np.ndarray | None = None
        self._covered = tf.function(lambda real, fake: covered(real, fake)[0], autograph=False)

    def __call__(self, dataset: Any) -> dict[str, float]:
        """Return what share of the reals each has a sample near; nothing without an average, or with few."""
        if not self.draw:
            return {}
        if self._reals is None:
            self._reals = dataset.examples(np.arange(min(MOST, len(dataset))))["image"]
        if len(self._reals) < MOST:
            return {}
        return {
            name: float(self._covered(self._reals, self.draw(MOST, averaged, dataset)))
            for name, averaged in (("average/coverage", True), ("average/coverage_of_last", False))
        }


class OverfittingProbe:
    """Compares what discriminators say of the images they were trained on and of held-out ones.

    Args:
        game: whose discriminators are asked, in inference mode, through all that their parts do to images.
        size: images of one call: the batch's, which the parts were made for.
        seed: of the parts' noise.
        timeline: the game's phases.
    """

    def __init__(self, game: Game, *, size: int, seed: int, timeline: Timeline) -> None:
        self.game, self.size, self.seed, self.timeline = game, size, seed, timeline
        self._sets: tuple[Mapping[str, np.ndarray], ...] | None = None
        self._judge = tf.function(self._logits, autograph=False)

    def __call__(self, dataset: Any, step: int) -> dict[str, float]:
        """Return the mean logits of both, and the share of pairs in which the training image looks more real.

        Nothing where no image is held out, or what a discriminator sees beside it is not known.
        """
        if self._sets is None:
            self._sets = self._choose(dataset)
        found: dict[str, float] = {}
        for adversary in self.game.adversaries.values() if self._sets else ():
            if {adversary.judges, adversary.condition} - {""} <= self._sets[1].keys():
                found |= self._compare(adversary, step)
        return found

    def _compare(self, adversary: Adversary, step: int) -> dict[str, float]:
        known, unknown = (self._ask(adversary.name, rows, step) for rows in self._sets or ())
        place = "discriminator/" + (f"{adversary.name}/" if adversary.name else "")
        facts = {"training": float(known.mean()), "held_out": float(unknown.mean())}
        if adversary.loss.ordered:
            facts["recognized"] = float(auc(known, unknown))
        return {place + name: value for name, value in facts.items()}

    def _choose(self, dataset: Any) -> tuple[Mapping[str, np.ndarray], ...]:
        """Return the same training and held-out examples for the whole run, whole batches of each."""
        if not dataset.held_out:
            return ()
        # A small set is repeated until it fills whole batches.
        places = np.arange(max(1, MOST // self.size) * self.size)
        return dataset.examples(places), dataset.examples(places, held=True)

    def _ask(self, name: str, rows: Mapping[str, np.ndarray], step: int) -> np.ndarray:
        """Return the logits of all examples, in one row."""
        count, now, found = len(next(iter(rows.values()))), tf.constant(step, tf.int64), []
        span = self.timeline.at(step)
        for start in range(0, count, self.size):
            part = {key: tf.constant(value[start : start + self.size]) for key, value in rows.items()}
            found.append(self._judge(part, now, name=name, span=span).numpy().ravel())
        return np.concatenate(found).astype(np.float64)

    def _logits(self, rows: dict, step: tf.Tensor, *, name: str, span) -> tf.Tensor:
        key = tf.constant([self.seed, OVERFITTING])
        rules = {"phase": span.phase, "fade": span.fade(step)}
        batch, adversary = (
            Batch(rows, size=self.size, key=key, step=step, **rules),
            self.game.adversaries[name],
        )
        return per_image(adversary.critic(batch)(adversary.reals(batch), training=False))
