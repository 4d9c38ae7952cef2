"""CycleGAN: two ways between two domains, their cycles, and the pools of its discriminators."""

import numpy as np
import pytest
from builders import blobs, data, play, tiny

from ganctl.error import UsageError
from ganctl.game.batch import Batch
from ganctl.training.sampler import inputs_of


@pytest.fixture
def cyclegan(make, tmp_path):
    """Build a small game on two domains of noise: (dataset, trainer)."""

    def build(*words: str):
        return make(*tiny("cyclegan"), *data("cyclegan", tmp_path), *words)[1:]

    return build


def batch_of(dataset, size=8, **changes):
    return Batch(next(iter(dataset.batches(size, seed=0))), size=size, key=(1, 2), **changes)


def weights(game, player):
    return [weight.numpy() for weight in game.weights(player)]


def played(trainer, dataset, rounds=3):
    """Return what some rounds report, and all that they change."""
    batches = trainer.batches(dataset)
    for _ in range(rounds):
        values = trainer.train(batches).numpy()
    return dict(zip(trainer.rounds.terms, values.tolist(), strict=True)), trainer.state.values()


def test_terms_are_weighed_as_in_the_authors_release(cyclegan):
    dataset, trainer = cyclegan()
    game, batch = trainer.game, batch_of(dataset)
    there, back = game.generators["image"], game.generators["input"]
    image, source = batch["image"].numpy(), batch["input"].numpy()
    made, unmade = there(source, training=True), back(image, training=True)
    judges = {name: adversary.network for name, adversary in game.adversaries.items()}
    assert list(judges) == ["", "input"] and game.adversaries["input"].judges == "input"
    expected = {
        "adversarial": ((judges[""](made) - 1) ** 2).numpy().mean(),
        "input/adversarial": ((judges["input"](unmade) - 1) ** 2).numpy().mean(),
        "cycle_image": 10 * np.abs(there(unmade) - image).mean(),
        "cycle_input": 10 * np.abs(back(made) - source).mean(),
        "identity_image": 5 * np.abs(there(image) - image).mean(),
        "identity_input": 5 * np.abs(back(source) - source).mean(),
    }
    found = game.generator_loss(batch)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-4, err_msg=name)
    half = 0.5 * (((judges[""](image) - 1) ** 2).numpy().mean() + (judges[""](made) ** 2).numpy().mean())
    np.testing.assert_allclose(game.discriminator_loss(batch)["adversarial"], half, rtol=1e-4)


@pytest.mark.parametrize("jit", ["false", "true"])
def test_each_turn_moves_its_own_four_or_two_networks(jit, cyclegan, tensorflow):
    words = ["trainer.order=alternating", f"trainer.jit={jit}", "trainer.batch_size=2"]
    dataset, trainer = cyclegan(*words)
    game, rows = trainer.game, next(iter(dataset.batches(2, seed=0)))
    assert list(game.players) == ["generator", "discriminator"]
    for mover, other in (("generator", "discriminator"), ("discriminator", "generator")):
        before = {player: weights(game, player) for player in game.players}
        key, step = tensorflow.constant([1, 2]), tensorflow.constant(0, "int64")
        play(trainer, rows, key, step, tensorflow.constant(True), player=mover)
        now = {player: weights(game, player) for player in game.players}
        assert all(not np.array_equal(a, b) for a, b in zip(before[mover], now[mover], strict=True))
        assert all(np.array_equal(a, b) for a, b in zip(before[other], now[other], strict=True))


def test_weights_of_nothing_leave_two_games_that_do_not_touch(cyclegan):
    words = ["model.cycle=0", "model.identity=0", "trainer.batch_size=2"]
    dataset, trainer = cyclegan(*words)
    terms, _ = played(trainer, dataset, rounds=1)
    assert not [name for name in terms if "cycle" in name or "identity" in name]
    start = {name: value.copy() for name, value in trainer.state.values().items()}
    # One domain's pictures are others, and the other game plays on bit for bit.
    ends = []
    for swap in (False, True):
        trainer.state.restore(start)
        rows = {name: value.numpy() for name, value in next(iter(dataset.batches(2, seed=3))).items()}
        batch = Batch(rows, size=2, key=(1, 2))
        before = trainer.game.generator_loss(batch)["adversarial"].numpy()
        if swap:
            rows["image"] = -rows["image"]
        ends.append((before, trainer.game.generator_loss(Batch(rows, size=2, key=(1, 2)))))
    assert float(ends[0][1]["adversarial"]) == float(ends[1][1]["adversarial"]) == ends[0][0]
    assert float(ends[0][1]["input/adversarial"]) != float(ends[1][1]["input/adversarial"])


def test_a_pool_of_nothing_is_no_pool_bit_for_bit_and_a_pool_is_restored(cyclegan):
    _, ends = zip(
        *(
            played(trainer, dataset)
            for dataset, trainer in (cyclegan("remedy=[]"), cyclegan("remedy.pool.size=0"))
        ),
        strict=True,
    )
    assert ends[0].keys() == ends[1].keys()
    assert all(ends[0][name].tobytes() == ends[1][name].tobytes() for name in ends[0])
    dataset, trainer = cyclegan("remedy.pool.size=10")
    played(trainer, dataset, rounds=2)
    start = trainer.state.values()
    kept = [name for name in start if name.endswith(("pool/pool", "pool/filled"))]
    assert len(kept) == 4 and {int(start[name]) for name in kept if name.endswith("filled")} == {10}
    ends = []
    for _ in range(2):
        trainer.state.restore(start)
        ends.append({name: value.tobytes() for name, value in played(trainer, dataset)[1].items()})
    assert ends[0] == ends[1] and any(ends[0][name] != start[name].tobytes() for name in kept)


def test_both_ways_are_made_and_shown_whole_or_of_what_was_given(cyclegan):
    dataset, trainer = cyclegan()
    rows = dataset.examples(np.arange(64))
    game, rules = trainer.game, {"seed": 0, "inputs": lambda places: rows}
    shown = trainer.sampler.sample(3, shown=True, **rules)
    assert shown.shape == (3, 6, 16, 24, 3)
    np.testing.assert_array_equal(shown[:, 0], rows["input"][:3])
    np.testing.assert_array_equal(shown[:, 3], rows["image"][:3])
    for index, make in ((1, "image"), (4, "input")):
        made = trainer.sampler.sample(3, make=make, **rules)
        np.testing.assert_allclose(shown[:, index], made, atol=1e-5)
        back = game.generators[{"image": "input", "input": "image"}[make]](made, training=False)
        np.testing.assert_allclose(shown[:, index + 1], back, atol=1e-4)
    given = {"seed": 0, "inputs": lambda places: {"image": rows["image"]}, "given": ("image",)}
    np.testing.assert_allclose(trainer.sampler.sample(3, shown=True, **given), shown[:, 3:], atol=1e-5)
    assert np.array_equal(
        trainer.sampler.sample(3, **rules), trainer.sampler.sample(3, **(rules | {"seed": 7}))
    )
    assert inputs_of(game, dataset)(np.arange(2)).keys() == {"input", "image"}


def test_domains_of_one_kind_are_learnt_to_be_left_alone(cyclegan):
    fast = [f"optimizer.{who}.learning_rate=0.005" for who in ("generator", "discriminator")]
    dataset, trainer = cyclegan(*fast, "dataset.flip=false", "dataset.crop=0", "dataset.limit=8")
    dataset.kinds = dict.fromkeys(("input", "image"), blobs(8))
    first, _ = played(trainer, dataset, rounds=1)
    trainer.train(trainer.batches(dataset), 80)
    last, _ = played(trainer, dataset, rounds=1)
    for name in ("generator/identity_image", "generator/cycle_input"):
        assert last[name] < 0.7 * first[name]


def test_published_counts(tensorflow):
    from functools import partial

    from ganctl.layer.norm import GroupNormalization
    from ganctl.network import patch, translation

    norm = partial(GroupNormalization, groups=-1, affine=False)
    made = translation.generator((256, 256, 3), (256, 256, 3), norm=norm)
    judge = patch.discriminator((256, 256, 3), norm=norm)
    count = [sum(int(np.prod(w.shape)) for w in network.trainable_variables) for network in (made, judge)]
    # The release counts 11.378 and 2.765 with the biases that an instance's mean takes away again.
    biases = [64 + 128 + 256 + 18 * 256 + 128 + 64, 128 + 256 + 512]
    assert [(number + b) / 1e6 for number, b in zip(count, biases, strict=True)] == [11.378179, 2.764737]


def test_rates_stay_and_then_fall_to_nothing(make, tmp_path):
    words = [*tiny("cyclegan"), *data("cyclegan", tmp_path), "trainer.steps=100"]
    _, _, trainer = make(*words)
    for optimizer in trainer.optimizers.values():
        rates = []
        for step in (0, 50, 75, 100, 120):
            optimizer.iterations.assign(step)
            rates.append(float(optimizer.learning_rate))
        np.testing.assert_allclose(rates, [2e-4, 2e-4, 1e-4, 0, 0], atol=1e-9)
    with pytest.raises(UsageError, match=r"flat: expected a number of at least 0 and below 1"):
        make(*words, "schedule.generator.flat=1.0")


def test_what_does_not_fit_is_refused_in_one_line(make, tmp_path):
    words = [*tiny("cyclegan"), *data("cyclegan", tmp_path)]
    told = {
        "model.cycle=-1": "model.cycle: expected a number of at least 0",
        "trainer.batch_size=11": "trainer.batch_size=11 needs as many pictures of each kind",
        "remedy.pool.size=-1": "remedy.pool.size: expected a whole number of at least 0",
    }
    for word, message in told.items():
        with pytest.raises(UsageError, match=message) as refused:
            _, dataset, trainer = make(*words, word)
            trainer.batches(dataset)
        assert "\n" not in str(refused.value)
