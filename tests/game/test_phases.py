"""Phases of a growing game: what is told to it, what optimizers forget, and that no call crosses an edge."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from builders import point_fields
from games import SIZE, Small, trainer_of

from ganctl.dataset.points.points import ring
from ganctl.error import UsageError
from ganctl.game.turn import Phase
from ganctl.training import trainer as loop
from ganctl.training.timeline import Timeline

# Three phases: 5 rounds of 8, 6 rounds of 4 that fade, and all others of 4.
PHASES = (
    Phase(images=33, level=0),
    Phase(images=24, level=1, fading=True, batch_size=4, rate=0.5, reset=True),
    Phase(level=1, batch_size=4, rate=0.25),
)
EDGES = (5, 11)
STEPS = 14


class Growing(Small):
    """A game that notes what it is told; its generator's step is larger by the fade."""

    def __init__(self, phases=PHASES, **parts) -> None:
        super().__init__(point_fields(), **parts)
        self.phases, self.traced = phases, []

    def discriminator_loss(self, batch):
        self.traced.append(batch.phase)
        fade = tf.constant(-1.0) if batch.fade is None else batch.fade
        level, size = (tf.constant(float(number)) for number in (batch.phase.level, batch.size))
        batch.note(level=level, fade=fade, size=size)
        return super().discriminator_loss(batch)


class Run:
    """What `Trainer.fit` reports to; everything is kept."""

    stopping = False

    def __init__(self, trainer, until=None) -> None:
        self.trainer, self.until = trainer, until
        self.steps, self.rates, self.lines, self.saved, self.moments = [], {}, {}, {}, {}

    def advance(self, step, report):
        self.steps.append(step)
        self.lines[step] = report
        self.rates[step] = {player: float(o.learning_rate) for player, o in self.trainer.optimizers.items()}
        self.moments[step] = {player: int(o.iterations) for player, o in self.trainer.optimizers.items()}
        self.stopping = step == self.until

    def log(self, step, facts):
        return False

    def save(self, step, values, best=False):
        self.saved[step] = values

    def show(self, step, picture):
        pass


def played(game=None, until=None, held=None, **rules) -> tuple:
    """Train on the ring; return the trainer and what was reported."""
    rules = {"steps": STEPS, "log_every": 1, "sample_every": 0, "save_every": 0, "evaluate_every": 0} | rules
    trainer = trainer_of(game or Growing(), optimizer=keras.optimizers.Adam, rate=0.01, **rules)
    if held:
        trainer.state.restore(held)
    run = Run(trainer, until)
    trainer.fit(ring(), run)
    return trainer, run


@pytest.fixture(scope="module")
def whole(tensorflow):
    return played()


def test_a_timeline_counts_whole_rounds_until_as_many_images_were_shown():
    timeline = Timeline(PHASES, batch_size=SIZE, batches=1)
    assert [span.start for span in timeline.spans] == [0, *EDGES]
    assert [span.end for span in timeline.spans] == [*EDGES, None]
    shown = [timeline.images(step) for step in (0, 4, 5, 6, 11, 12, 100)]
    assert shown == [0, 32, 40, 44, 64, 68, 64 + 4 * 89]
    # The stream of each batch size goes on where as many images were shown.
    positions = [timeline.at(step).position(step) for step in (4, 5, 10, 11, 12)]
    assert positions == [4, 10, 15, 16, 17]
    twice = Timeline(PHASES, batch_size=SIZE, batches=2)
    assert [span.start for span in twice.spans] == [0, 3, 6] and twice.images(3) == 48
    assert twice.at(4).position(4) == 14
    (endless,) = Timeline((), batch_size=3, batches=1).spans
    assert endless.end is None and endless.images(7) == 21 and endless.fade(tf.constant(7)) is None


def test_level_fade_and_batch_size_follow_the_images_shown(whole):
    lines = whole[1].lines
    assert list(lines) == list(range(1, STEPS + 1))
    assert [lines[step]["discriminator/level"] for step in lines] == [0.0] * 5 + [1.0] * 9
    assert [lines[step]["discriminator/size"] for step in lines] == [8.0] * 5 + [4.0] * 9
    fades = [lines[step]["discriminator/fade"] for step in lines]
    assert fades == pytest.approx([-1.0] * 5 + [index / 6 for index in range(6)] + [-1.0] * 3)


def test_rates_are_each_phase_s_share(whole):
    expected = [0.01] * 5 + [0.005] * 6 + [0.0025] * 3
    for player in ("discriminator", "generator"):
        rates = [whole[1].rates[step][player] for step in range(1, STEPS + 1)]
        assert rates == pytest.approx(expected), player


def test_moments_are_forgotten_once_at_the_edge(whole):
    counts = [whole[1].moments[step]["generator"] for step in range(1, STEPS + 1)]
    assert counts == [*range(1, 6), *range(1, 10)]


@pytest.mark.parametrize("until", [3, 5, 7, 11])
def test_a_run_resumed_anywhere_an_edge_too_equals_one_that_was_left_alone(until, whole):
    _, begun = played(until=until)
    held = begun.saved[until]
    # A checkpoint at the edge is of the phase before: what is forgotten is forgotten after it.
    assert int(held["optimizer/generator/000.iteration"]) == (until if until <= 5 else until - 5)
    trainer, again = played(held=held)
    assert again.moments[STEPS] == whole[1].moments[STEPS] and again.rates[STEPS] == whole[1].rates[STEPS]
    one, other = whole[0].state.values(), trainer.state.values()
    different = [name for name in one if one[name].tobytes() != other[name].tobytes()]
    assert not different


def test_bundled_rounds_never_cross_an_edge(whole, monkeypatch):
    monkeypatch.setattr(loop, "CALL_SECONDS", 1e9)  # as many in a call as there may be
    trainer, run = played(log_every=0)
    # Of each phase the first call traces its graph, and the second tells the pace.
    assert run.steps == [1, 2, 5, 6, 7, 11, 12, 13, 14]
    one, other = whole[0].state.values(), trainer.state.values()
    assert all(one[name].tobytes() == other[name].tobytes() for name in one)


def test_samples_are_of_the_phase_where_the_run_is(whole):
    seen, game = [], whole[0].game

    def sample(batch, make="image"):
        seen.append((batch.phase, batch.fade is None))
        return tf.zeros((batch.size, 2))

    trainer = trainer_of(Growing())
    trainer.game.sample = sample
    for step in (0, 6, 7, 12):
        trainer.step.assign(step)
        trainer.sampler.sample(2, seed=0)
    assert seen == [(PHASES[0], True), (PHASES[1], False), (PHASES[2], True)]  # one graph for each phase
    assert {phase.level for phase in game.traced} == {0, 1}


def test_phases_with_rates_refuse_a_schedule(tensorflow):
    def falling(learning_rate):
        return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, 10))

    with pytest.raises(
        UsageError, match=r"schedule\.discriminator: .* type schedule\.discriminator=constant"
    ):
        trainer_of(Growing(), optimizer=falling)
    trainer_of(Growing((Phase(images=8), Phase(level=1))), optimizer=falling)


def test_a_phase_that_forgets_nothing_keeps_its_moments(tensorflow):
    _, run = played(Growing((Phase(images=16), Phase(level=1))), steps=4)
    assert [run.moments[step]["generator"] for step in (1, 2, 3, 4)] == [1, 2, 3, 4]
    assert np.isfinite(list(run.lines[4].values())).all()
