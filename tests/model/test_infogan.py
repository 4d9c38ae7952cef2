"""InfoGAN: codes that the discriminator finds again, what they cost, and what a user does with them."""

import math

import numpy as np
import pytest
from builders import a_batch, play, tiny

from ganctl.error import UsageError
from ganctl.game.batch import Batch
from ganctl.model.gan import GAN


def test_codes_are_drawn_evenly_and_the_same_in_both_players_turns(make, tensorflow):
    _, _, trainer = make(*tiny("infogan"), "model.codes=3", "model.categories=4")
    game = trainer.game
    batch = Batch({}, size=4000, key=tensorflow.constant([1, 2]), step=tensorflow.constant(0, "int64"))
    codes = {name: value.numpy() for name, value in game.codes(batch).items()}
    assert list(codes) == ["category", "c1", "c2", "c3"]
    assert np.bincount(codes["category"]).min() > 900 and codes["category"].max() == 3
    for name in ("c1", "c2", "c3"):
        assert -1 <= codes[name].min() < -0.99 and 0.99 < codes[name].max() < 1
        assert abs(codes[name].mean()) < 0.05
    assert game.codes(batch) is game.codes(batch)


def test_the_term_is_a_cross_entropy_and_half_a_squared_error(make, tensorflow):
    _, dataset, trainer = make(*tiny("infogan"), "model.weight=0.5")
    game, batch = trainer.game, a_batch(tensorflow, dataset)
    codes = {name: value.numpy() for name, value in game.codes(batch).items()}
    category, first, second = (
        said.numpy().astype("float64") for said in game.discriminator(game.generate(batch), training=True)[1:]
    )
    logs = category - np.log(np.exp(category).sum(axis=1, keepdims=True))
    entropy = -logs[np.arange(8), codes["category"]].mean()
    errors = [np.square(codes[n] - said[:, 0]) for n, said in (("c1", first), ("c2", second))]
    expected = 0.5 * (entropy + 0.5 * sum(error.mean() for error in errors))
    terms, facts = game.losses("discriminator", batch), batch.facts
    assert float(terms["information"]) == pytest.approx(expected, rel=1e-4)
    assert float(facts["mutual_information"]) == pytest.approx(math.log(10) - entropy, rel=1e-3, abs=1e-4)
    assert float(facts["error"]) == pytest.approx(np.mean(errors), rel=1e-4)
    assert float(game.losses("generator", batch)["information"]) == pytest.approx(expected, rel=1e-4)


def test_a_q_that_knows_nothing_says_no_information(make, tensorflow):
    _, dataset, trainer = make(*tiny("infogan"))
    game, batch = trainer.game, a_batch(tensorflow, dataset)
    for weight in game.weights("discriminator"):
        weight.assign(tensorflow.zeros_like(weight))
    game.losses("discriminator", batch)
    assert float(batch.facts["mutual_information"]) == pytest.approx(0.0, abs=1e-6)


def test_both_turns_move_what_is_theirs_and_q_belongs_to_the_discriminator(make, tensorflow):
    _, dataset, trainer = make(*tiny("infogan"))
    game, batch = trainer.game, next(iter(dataset.batches(8, seed=0)))
    assert "query/kernel" in {weight.path for weight in game.weights("discriminator")}
    key, step = tensorflow.constant([1, 2]), tensorflow.constant(0, "int64")
    for mover in game.players:
        before = {player: [w.numpy() for w in game.weights(player)] for player in game.players}
        play(trainer, batch, key, step, tensorflow.constant(True), player=mover)
        for player, weights in before.items():
            moved = [not np.array_equal(a, b) for a, b in zip(weights, game.weights(player), strict=True)]
            # What batch normalization follows forgets an offset, so some biases of a kernel stay.
            assert (np.mean(moved) > 0.6) if player == mover else not any(moved)


def test_without_weight_it_is_the_game_without_codes(make, tensorflow):
    _, dataset, trainer = make(*tiny("infogan"), "model.weight=0", "model.query=0")
    trainer.train(trainer.batches(dataset))
    game, batch = trainer.game, a_batch(tensorflow, dataset)
    plain = GAN.discriminator_loss(game, batch)
    assert float(plain["information"]) == 0.0
    heads = [w for w in game.weights("discriminator") if "_head" in w.path]
    with tensorflow.GradientTape() as tape:
        total = sum(game.losses("generator", a_batch(tensorflow, dataset)).values())
    assert heads and all(g is None for g in tape.gradient(total, [w.value for w in heads]))


def test_a_user_gives_codes_and_views_go_over_one_of_them(make):
    _, _, trainer = make(*tiny("infogan"))
    trainer.train(trainer.batches(make(*tiny("infogan"))[1]))
    sampler = trainer.sampler
    assert sampler.game.accepts == ("c1", "c2", "category")
    seven = sampler.sample(
        6, seed=0, inputs=lambda at: {"category": np.full(len(at), 7, np.int32)}, given=("category",)
    )
    usual = sampler.sample(10, seed=0)
    # Sample 0 was of category 0, all else of it is the same; a seed's sample 7 has another latent.
    assert not np.array_equal(seven[0], usual[0])
    two = [
        sampler.sample(3, seed=0, inputs=lambda at, c=c: {"c1": np.full(len(at), c, np.float32)})
        for c in (-2.0, 2.0)
    ]
    assert not np.array_equal(*two)
    view = sampler.view("c2", seed=0)
    assert view.shape == (10, 10, 28, 28, 1)
    assert not np.array_equal(view[0, 0], view[0, 9]) and not np.array_equal(view[0, 0], view[1, 0])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["model.categories=1"], "expected 2 or more, or 0"),
        (["model.categories=0", "model.codes=0"], "expected 2 or more, or 0"),
        (["model.weight=-1"], "model.weight"),
        (["remedy=[packing]"], "would mix images of different codes"),
    ],
)
def test_what_makes_no_sense_is_told(words, told, make):
    with pytest.raises(UsageError, match=told):
        make(*tiny("infogan"), *words)


def test_samples_of_one_latent_differ_by_what_they_are_given_alone(make):
    _, dataset, trainer = make(*tiny("infogan"))
    trainer.train(trainer.batches(dataset))
    walk = {"c1": np.linspace(-2, 2, 70, dtype=np.float32), "category": np.full(70, 4, np.int32)}
    rules = {"seed": 3, "inputs": lambda at: {name: each[at % 70] for name, each in walk.items()}}
    found = trainer.sampler.sample(70, alike=True, **rules)
    assert np.abs(np.diff(found, axis=0)).reshape(69, -1).max(axis=1).min() > 0  # over a block's edge, too
    walk["c1"][:] = 0.5
    same = trainer.sampler.sample(70, alike=True, **rules)
    others = trainer.sampler.sample(70, **rules)
    assert 100 * np.abs(same - same[:1]).max() < np.abs(others - others[:1]).max()
