"""Turns: lazy ones, ones that move a part of a player, and gradients that are lists of rows."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from games import LABELS, Small, labelled, report_of, trainer_of

from ganctl.game.turn import Turn
from ganctl.training.average import ExponentialAverage


class Lazy(Small):
    """The generator's path is straightened in every third round."""

    def turns(self, counts):
        return [*super().turns(counts), Turn(player="generator", loss="path", every=3)]

    def path_loss(self, batch):
        batch.note(noted=1.0 + tf.reduce_sum(tf.square(self.generate(batch))))
        return {"path": 0.1 * tf.reduce_sum(tf.square(self.generate(batch)))}


class Partly(Small):
    """Only the generator's late network follows the discriminator."""

    def turns(self, counts):
        return [Turn(player="discriminator"), Turn(player="generator", networks=(self.late,))]


class Embedded(Small):
    """The generator starts from a word for each label."""

    def judges(self):
        self.words = keras.Sequential(
            [keras.Input((), dtype="int32"), keras.layers.Embedding(len(LABELS), 2)]
        )
        return super().judges()

    def generate(self, batch):
        return batch.once("fake", lambda: self.late(self.early(self.words(batch["label"]))))

    def join(self):
        self.players["generator"] = [self.words, self.early, self.late]
        super().join()


@pytest.mark.parametrize("order", ["alternating", "simultaneous"])
def test_a_lazy_turn_is_played_at_steps_0_n_2n_and_its_last_terms_are_told_between(order, tensorflow):
    trainer, batches = trainer_of(Lazy(), order=order, average=ExponentialAverage(0.5)), labelled()
    lines, held = [], None
    for step in range(7):
        lines.append(report_of(trainer, trainer.train(batches)))
        held = trainer.state.values() if step == 3 else held
    for name in ("generator/path", "generator/noted", "generator/path_gradient"):
        said = [line[name] for line in lines]
        new = [before != now for before, now in zip([0.0, *said], said, strict=False)]
        assert new == [True, False, False, True, False, False, True], name
    assert all(line["generator/gradient"] > 0 for line in lines)
    again = trainer_of(Lazy(seed=5), order=order, average=ExponentialAverage(0.5))
    again.state.restore(held)
    last = report_of(again, again.train(labelled(4), 3))  # and in one call as in three
    one, other = trainer.state.values(), again.state.values()
    assert last == lines[-1] and all(one[name].tobytes() == other[name].tobytes() for name in one)


def test_a_lazy_turn_moves_its_player_only_when_it_is_played(tensorflow):
    lazy, plain = trainer_of(Lazy()), trainer_of(Small())
    for step, differs in ((0, True), (1, False), (2, False), (3, True)):
        held = {name: v for name, v in lazy.state.values().items() if not name.startswith("lasting/")}
        plain.state.restore(held)
        for trainer in (lazy, plain):
            trainer.train(labelled(step))
        one, other = lazy.state.values(), plain.state.values()
        moved = {name for name in held if not np.allclose(one[name], other[name], rtol=1e-6)}
        generator = {
            name for name in one if name.startswith(("network/generator", "optimizer/generator/000"))
        }
        assert moved == (generator if differs else set()), step


def test_a_turn_may_move_a_part_of_its_player(tensorflow):
    game = Partly()
    before = [network.get_weights() for network in (game.early, game.late)]
    trainer_of(game).train(labelled(), 3)
    early, late = (
        [(now != was).any() for now, was in zip(network.get_weights(), weights, strict=True)]
        for network, weights in zip((game.early, game.late), before, strict=True)
    )
    assert not any(early) and all(late)


def test_rows_of_an_embedding_are_accumulated_as_any_gradient_is(tensorflow):
    ends = []
    for accumulate in (1, 2):
        game = Embedded()
        start = game.words.get_weights()[0]
        trainer = trainer_of(game, accumulate=accumulate, batch_size=8)
        trainer.train(labelled(), 2)
        ends.append(trainer.state.values())
        assert (game.words.get_weights()[0] != start).any(axis=1).all()
    for name, value in ends[0].items():
        np.testing.assert_allclose(ends[1][name], value, rtol=1e-4, atol=1e-6, err_msg=name)


def test_a_schedule_of_a_player_with_lazy_turns_ends_with_the_training(tensorflow):
    from keras.optimizers.schedules import PolynomialDecay

    from ganctl.training.build import _pace
    from ganctl.training.schedule import Paced
    from ganctl.training.settings import Settings

    game = Lazy()
    pace = _pace(game, "generator", Settings())
    assert pace == pytest.approx(3 / 4)  # a lazy turn in every third round: four updates in three rounds
    assert _pace(game, "discriminator", Settings()) == 1.0
    plain = PolynomialDecay(0.1, 30, end_learning_rate=0.0)
    paced = Paced(plain, pace)
    assert float(paced(40)) == 0.0 and float(paced(20)) == pytest.approx(float(plain(15)))
