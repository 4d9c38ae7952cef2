"""What holds for every recipe in configs/model: its terms, its turns, its samples."""

import numpy as np
import pytest
from builders import SQUARE, data, play, tiny

from ganctl.config.choices import choices
from ganctl.training.sampler import inputs_of

MODELS = choices("model")
# What the turns' order, another precision or XLA could make a difference to: one recipe of each kind.
DISTINCT = ("gan", "dcgan", "wgan", "sngan", "r3gan", "unrolled", "points", "cgan")
PRECISE = [("dcgan", "float32"), ("dcgan", "bfloat16"), ("gan", "float16"), ("r3gan", "float16")]
COMPILED = [("dcgan", "false"), ("dcgan", "true")]
NOISELESS = ("cyclegan", "cut", "fastcut", "inpainting")  # what is made depends on the input alone


def snapshot(game, player):
    return [weight.numpy() for network in game.players[player] for weight in network.trainable_variables]


# One has a data set of its own; the other is played compiled by tests/model/test_stylegan.py.
OF_IMAGES = [model for model in MODELS if model not in ("semisupervised", "stylegan2_ada")]


@pytest.mark.parametrize(("model", "channels"), [("dcgan", 1), *((model, 3) for model in OF_IMAGES)])
def test_steps_are_finite_repeatable_from_a_checkpoint_and_samples_look_like_the_data(
    model, channels, make, tmp_path
):
    _, dataset, trainer = make(*tiny(model), *data(model, tmp_path, channels=channels))
    trainer.train(trainer.batches(dataset))
    saved, ends = trainer.state.values(), []
    for _ in range(2):  # what is not in the checkpoint has moved on in between, and would show
        trainer.state.restore(saved)
        assert np.isfinite(trainer.train(trainer.batches(dataset)).numpy()).all()
        ends.append({name: value.tobytes() for name, value in trainer.state.values().items()})
    assert ends[0] == ends[1]
    assert (
        "discriminator/adversarial" in trainer.rounds.terms
        and "generator/adversarial" in trainer.rounds.terms
    )
    inputs = inputs_of(trainer.game, dataset)
    samples = trainer.sampler.sample(5, seed=1, inputs=inputs)
    assert samples.shape == (5, *dataset.fields["image"].shape) and samples.dtype == np.float32
    assert samples.shape[-1] == channels and (samples.shape[1] == samples.shape[2]) == (model in SQUARE)
    assert samples.min() >= -1 and samples.max() <= 1 and samples.std() > 0
    assert np.array_equal(samples, trainer.sampler.sample(5, seed=1, inputs=inputs))
    other = trainer.sampler.sample(5, seed=2, inputs=inputs)
    assert np.array_equal(samples, other) == (model in NOISELESS)


@pytest.mark.parametrize("model", DISTINCT)
def test_each_turn_moves_its_own_weights_and_no_others(model, make, tensorflow):
    _, dataset, trainer = make(*tiny(model), "trainer.order=alternating")
    game, batch = trainer.game, next(iter(dataset.batches(8, seed=0)))
    for weight in [weight for player in game.players for weight in game.weights(player)]:
        if len(weight.shape) > 1 and not weight.numpy().any():
            # A kernel that starts as zero keeps the gradient of all before it at zero for one turn.
            weight.assign(np.random.default_rng(0).normal(size=weight.shape, scale=0.1))
    for mover in game.players:
        before = {player: snapshot(game, player) for player in game.players}
        key, step = tensorflow.constant([1, 2]), tensorflow.constant(0, "int64")
        play(trainer, batch, key, step, tensorflow.constant(True), player=mover)
        for player, weights in before.items():
            moved = [not np.array_equal(a, b) for a, b in zip(weights, snapshot(game, player), strict=True)]
            if type(game.loss).__name__ == "Wasserstein" and player == "discriminator":
                assert not moved.pop()  # what the last bias adds to real and fake cancels
            assert all(moved) if player == mover else not any(moved), (mover, player, moved)


@pytest.mark.parametrize(("model", "precision"), PRECISE)
def test_every_precision_trains_with_float32_weights_and_terms(model, precision, make):
    _, dataset, trainer = make(*tiny(model), f"trainer.precision={precision}")
    batches = iter(dataset.batches(8, seed=0))
    report = trainer.train(batches)
    assert report.dtype == "float32" and np.isfinite(report.numpy()).all()
    assert {str(w.dtype) for w in trainer.game.generator.trainable_variables} == {"float32"}
    assert trainer.sampler.sample(3, seed=0).dtype == np.float32
    if precision != "float32":
        assert trainer.game.generator.layers[0].compute_dtype == precision


@pytest.mark.parametrize(("model", "jit"), COMPILED)
def test_a_turn_compiles_with_xla_or_without_and_need_not_be_deterministic(model, jit, make):
    _, dataset, trainer = make(*tiny(model), f"trainer.jit={jit}", "trainer.deterministic=false")
    assert np.isfinite(trainer.train(iter(dataset.batches(8, seed=0))).numpy()).all()


def test_simultaneous_turns_share_one_forward_pass(make, tensorflow):
    calls = {}
    for order in ("simultaneous", "alternating"):
        _, dataset, trainer = make(*tiny("dcgan"), f"trainer.order={order}")
        network, seen = trainer.game.discriminator, []
        original = network.call
        network.call = lambda *a, original=original, seen=seen, **k: (seen.append(1), original(*a, **k))[1]
        trainer.train(iter(dataset.batches(8, seed=0)))
        calls[order] = len(seen)
    # Real and fake once; the alternating generator looks at its own fakes again.
    assert calls == {"simultaneous": 2, "alternating": 3}


def test_several_turns_use_as_many_batches_either_way_round(make):
    for turns in ({"discriminator": 3, "generator": 1}, {"discriminator": 1, "generator": 2}):
        words = [f"trainer.turns.{player}={count}" for player, count in turns.items()]
        _, dataset, trainer = make(*tiny("gan"), *words)
        trainer.train(iter(dataset.batches(8, seed=0)))
        for player, count in turns.items():
            assert int(trainer.optimizers[player].iterations) == count
        assert trainer.settings.batches_per_step == max(turns.values())


def test_a_recipe_overfits_one_batch(make, tensorflow):
    # A discriminator that trains alone tells four reals from fakes: the gradients point the right way.
    fast = ["network.discriminator.dropout=0", "optimizer.discriminator.learning_rate=0.01"]
    _, dataset, trainer = make(*tiny("dcgan"), "trainer.order=alternating", *fast)
    batch = next(iter(dataset.batches(8, seed=0)))
    losses = []
    for step in range(60):
        key, count = tensorflow.constant([0, 0]), tensorflow.constant(step, "int64")
        report = play(trainer, batch, key, count, tensorflow.constant(True), player="discriminator")
        losses.append(float(report["discriminator/adversarial"]))
    assert losses[-1] < 0.5 * losses[0]


def test_the_average_follows_its_formula_and_is_what_samples_use(make):
    _, dataset, trainer = make(*tiny("dcgan"), "average=ema", "average.decay=0.75", "average.ramp=false")
    (weight, shadow), *_ = trainer.average.shadows["generator"]
    start = weight.numpy()
    trainer.train(iter(dataset.batches(8, seed=0)))
    np.testing.assert_allclose(shadow.numpy(), 0.75 * start + 0.25 * weight.numpy(), rtol=1e-6, atol=1e-7)
    averaged, last = trainer.sampler.sample(4, seed=0), trainer.sampler.sample(4, seed=0, averaged=False)
    assert not np.array_equal(averaged, last)
    kept = {id(w): s.numpy() for w, s in trainer.average.shadows["generator"]}
    for variable in trainer.game.generator.variables:
        if id(variable) in kept:
            variable.assign(kept[id(variable)])
    np.testing.assert_allclose(trainer.sampler.sample(4, seed=0, averaged=False), averaged, atol=1e-6)
