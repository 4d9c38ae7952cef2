"""Draws from a game: samples, what a grid shows of them, and the game's own views."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from ganctl.error import UsageError
from ganctl.game.batch import Batch
from ganctl.game.game import Game
from ganctl.game.keys import EVALUATE, PREVIEW, SAMPLE
from ganctl.metric.samples import Samples
from ganctl.training.average import ExponentialAverage
from ganctl.training.timeline import Timeline

# Numbers of samples, (n,), -> the data that they are made of, by name, n rows each.
Inputs = Callable[[np.ndarray], Mapping[str, np.ndarray]]


class Sampler:
    """Draws from a game as it is at the run's step, by averaged weights where there are any.

    Args:
        game: with its networks built.
        average: of its weights, or None.
        seed: of the run, for the samples that every grid shows.
        step: the rounds finished so far, an int64 scalar variable.
        timeline: the game's phases.
        block: samples drawn at a time, on which the random numbers of each depend.
    """

    def __init__(
        self,
        game: Game,
        average: ExponentialAverage | None,
        *,
        seed: int,
        step: tf.Variable,
        timeline: Timeline,
        block: int = 64,
    ) -> None:
        self.game, self.average, self.seed, self.step = game, average, seed, step
        self.timeline, self.block = timeline, block
        self._graphs: dict[tuple, Any] = {}  # a graph for each kind of sample that was asked for

    def preview(self, count: int, averaged: bool = True, **rules: Any) -> np.ndarray:
        """Return samples of the latents that every grid of this run shows; `rules` are those of `stream`."""
        return self.sample(count, seed=self.seed, key=PREVIEW, averaged=averaged, **rules)

    def sample(self, count: int, **rules: Any) -> np.ndarray:
        """Return `count` samples, float32 of shape (count, ...); `rules` as of `stream`."""
        return np.concatenate(list(self.stream(count, **rules)))

    def stream(
        self,
        count: int,
        *,
        seed: int,
        key: int = SAMPLE,
        averaged: bool = True,
        make: str = "image",
        shown: bool = False,
        inputs: Inputs | None = None,
        given: Iterable[str] = (),
        alike: bool = False,
    ) -> Iterator[np.ndarray]:
        """Yield samples a block at a time; sample i depends on (seed, i) alone, however many are drawn.

        Args:
            count: how many.
            seed, key: of the noise.
            averaged: whether averaged weights draw, where there are any.
            make: what is made, one of the game's `makes`.
            shown: whether to give what a grid shows of each sample (`Game.show`) in place of the sample.
            inputs: gives the data that samples are made of; None for a game that needs none.
            given: names of those that a user gave.
            alike: whether all samples have the first one's noise.
        """
        start = tf.constant([seed, key])
        known = self._statistics(inputs) if averaged else []
        shown = shown and type(self.game).show is not Game.show
        rules = {"averaged": averaged, "make": make, "shown": shown, "given": tuple(given), "alike": alike}
        for block in range(-(-count // self.block)):
            places = np.arange(block * self.block, (block + 1) * self.block)
            rows = {name: tf.constant(value) for name, value in (inputs(places) if inputs else {}).items()}
            yield self._block(start, block, known, rows, **rules)[: count - block * self.block]

    def view(
        self, name: str, *, seed: int, averaged: bool = True, inputs: Inputs | None = None
    ) -> np.ndarray:
        """Return one of the game's own views, float32 (rows, columns, height, width, channels) in [-1, 1]."""
        known = self._statistics(inputs) if averaged else []
        rows = {key: tf.constant(v) for key, v in (inputs(np.arange(self.block)) if inputs else {}).items()}
        start = tf.constant([seed, SAMPLE])
        return self._block(start, 0, known, rows, averaged=averaged, view=name, given=())

    def moment(self) -> dict[str, Any]:
        """Return what a batch of now is told of the run: its step and phase."""
        step = self.step.read_value()
        span = self.timeline.at(int(step))
        return {"step": step, "phase": span.phase, "fade": span.fade(step)}

    def labels(self, count: int) -> np.ndarray | None:
        """Return the labels of the first `count` samples, whatever the seed; None for a game without."""
        return self.game.conditions(np.arange(count)).get("label")

    def codes(self, count: int) -> np.ndarray | None:
        """Return the categories of the first `count` samples; None for a game without."""
        return self.game.conditions(np.arange(count)).get("category")

    def _statistics(self, inputs: Inputs | None) -> list[tf.Tensor]:
        """Return the averaged networks' batch statistics, for what all samples are given."""
        if not self.average:
            return []
        rows = inputs(np.arange(self.block)) if inputs and self.game.shifts else {}
        alike = {name: rows[name] for name in self.game.shifts if name in rows and np.ptp(rows[name]) == 0}
        return self.average.estimate(self.seed, {name: float(values[0]) for name, values in alike.items()})

    def _block(self, start: tf.Tensor, block: int, known: list, rows: dict, **rules: Any) -> np.ndarray:
        step = self.step.read_value()
        span = self.timeline.at(int(step))
        kind = (span.start, *sorted(rules.items()), *sorted(rows))
        if kind not in self._graphs:
            self._graphs[kind] = tf.function(partial(self._drawn, span=span, **rules), autograph=False)
        return self._graphs[kind](start, tf.constant(block), known, rows, step).numpy()

    def _drawn(
        self,
        start,
        block,
        known,
        rows,
        step,
        *,
        span,
        averaged,
        given,
        make="image",
        shown=False,
        view="",
        alike=False,
    ) -> tf.Tensor:
        conditions = self.game.conditions(block * self.block + tf.range(self.block))
        rules = {"phase": span.phase, "fade": span.fade(step), "given": given, "alike": alike}
        key = tf.random.fold_in(start, 0 if alike else block)
        batch = Batch(conditions | rows, size=self.block, key=key, step=step, **rules)

        def draw() -> tf.Tensor:
            if view:
                return self.game.views[view](batch)
            return self.game.show(batch) if shown else self.game.sample(batch, make)

        if self.average and averaged:
            with self.average.applied(known):
                return draw()
        return draw()


def samples_of(sampler: Sampler, dataset: Any, count: int, *, seed: int) -> Samples:
    """Return a game's samples as metrics see them, of which at most `count` are asked for."""
    game = sampler.game

    def made(make: str, count: int, images: np.ndarray | None) -> np.ndarray:
        """Return what is made of samples' latents, or of images in the place of the data's."""
        if make not in game.makes:
            known = ", ".join(game.makes)
            raise UsageError(f"metric: expected a game that makes '{make}', got one that makes {known}.")
        inputs = inputs_of(game, dataset, make)
        if images is not None:
            inputs = partial(_each_of, images, game.makes[make])
        return sampler.sample(count, seed=seed, key=EVALUATE, make=make, inputs=inputs)

    return Samples(
        stream=partial(sampler.stream, seed=seed, key=EVALUATE, inputs=inputs_of(game, dataset)),
        count=most_of(game, dataset),
        labels=sampler.labels(count),
        codes=sampler.codes(count),
        game=made,
    )


def _each_of(images: np.ndarray, names: Iterable[str], places: np.ndarray) -> dict[str, np.ndarray]:
    return {name: images[places % len(images)] for name in names}


def inputs_of(game: Game, dataset: Any, make: str = "image") -> Inputs | None:
    """Return what a game's samples are made of, from held-out examples where there are some.

    None for a game whose samples are made of nothing but noise and labels.
    """
    if not game.makes[make]:
        return None
    held = dataset.held_out > 0
    return lambda places: dataset.examples(places, held=held)


def shown_of(game: Game, dataset: Any) -> Inputs | None:
    """Return what a run's grids show or need, examples as `inputs_of` gives them."""
    if game.makes["image"] or not game.shows or dataset is None:
        return inputs_of(game, dataset)
    held = dataset.held_out > 0

    def examples(places: np.ndarray) -> dict[str, np.ndarray]:
        found = dataset.examples(places, held=held)
        return {name: found[name] for name in game.shows}

    return examples


def most_of(game: Game, dataset: Any, make: str = "image") -> int | None:
    """Return how many samples are made of different examples; None for as many as one likes."""
    return (dataset.held_out or len(dataset)) if game.makes[make] else None
