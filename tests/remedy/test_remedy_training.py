"""Every remedy and augmentation in training: finite, compiled or not, whole or in parts, resumed exactly."""

import numpy as np
import pytest
from builders import SMALL as SIZES
from builders import tiny

from ganctl.config.choices import choices
from ganctl.error import UsageError

SMALL = {
    "replay": ["remedy.replay.size=12"],
    "unrolled": ["remedy.unrolled.steps=1", "remedy.unrolled.rate=0.01"],
    "top_k": ["remedy.top_k.every=1", "remedy.top_k.decay=0.7"],
    "adaptive": ["augment.adaptive.images=64", "augment.adaptive.interval=2", "augment.adaptive.target=0"],
    "instance_noise": ["augment.instance_noise.steps=5"],
}
GROUPS = {"remedy": choices("remedy"), "augment": choices("augment")}
PENALTIES = ["feature_matching", "historical_averaging"]
WITH_STATE = [("remedy", "replay"), ("remedy", "unrolled"), ("augment", "adaptive")]
WITH_STATE += [("penalty", "historical_averaging")]
AUGMENTED = ["augment=[diffaugment,instance_noise,adaptive]", *SMALL["adaptive"], *SMALL["instance_noise"]]
REMEDIES = [f"remedy=[{','.join(GROUPS['remedy'])}]"]
REMEDIES += [word for name in ("replay", "unrolled", "top_k") for word in SMALL[name]]
ALL = [*REMEDIES, *AUGMENTED]
AVERAGE = ["average=ema", "average.ramp=true", "average.start=1"]


def words(group: str, name: str) -> list[str]:
    return [f"{group}=[{name}]", *SMALL.get(name, ())]


def trained(make, *chosen: str, rounds: int = 3):
    own = any(word.startswith("network=") for word in chosen)
    _, dataset, trainer = make(*(["model=gan", *SIZES] if own else tiny("gan")), *chosen)
    batches = trainer.batches(dataset)
    reports = [trainer.train(batches).numpy() for _ in range(rounds)]
    assert np.isfinite(reports).all()
    trainer.data = dataset
    return trainer, dict(zip(trainer.rounds.terms, reports[-1], strict=True))


def assert_same(one: dict, other: dict) -> None:
    different = [name for name in one if one[name].tobytes() != other[name].tobytes()]
    assert one.keys() == other.keys() and not different, different


@pytest.mark.parametrize(("group", "name"), WITH_STATE)
def test_what_is_saved_is_all_that_matters_for_the_rounds_that_follow(group, name, make):
    # The same trainer again: what is not in its state has moved on, and would show.
    trainer, _ = trained(make, *words(group, name), rounds=2)
    dataset, saved, ends = trainer.data, trainer.state.values(), []
    for _ in range(2):
        trainer.state.restore(saved)
        batches = trainer.batches(dataset)
        for _ in range(2):
            trainer.train(batches)
        ends.append(trainer.state.values())
    assert_same(*ends)


def test_several_with_a_state_resume_bit_for_bit(make):
    chosen = ["remedy=[packing,replay,top_k]", "augment=[adaptive]", f"penalty=[{','.join(PENALTIES)}]"]
    chosen += [*AVERAGE, *SMALL["replay"], *SMALL["top_k"], *SMALL["adaptive"]]
    whole, _ = trained(make, *chosen, rounds=3)
    half = whole.state.values()
    _, dataset, again = make(*tiny("gan"), *chosen)
    again.state.restore(half)
    for trainer in (whole, again):
        batches = trainer.batches(dataset)
        for _ in range(3):
            trainer.train(batches)
    assert_same(whole.state.values(), again.state.values())
    state = set(again.state.variables())
    for name in ("replay/pool", "adaptive/probability", "historical_averaging/generator/turns"):
        assert any(name in place for place in state), name


def test_all_of_them_at_once_play_simultaneous_turns(make):
    _, terms = trained(make, *ALL, "trainer.order=simultaneous", rounds=2)
    assert "discriminator/augmented" in terms


def test_remedies_and_spectral_normalization_compile_with_xla(make):
    points = ["dataset=ring", "network=points", "network.generator.hidden=[8]"]
    points += ["network.discriminator.hidden=[8]", "norm.discriminator=spectral"]
    trained(make, *points, *REMEDIES, "trainer.jit=true", rounds=1)


def test_accumulated_gradients_with_everything_are_finite_and_repeatable(make):
    chosen = ["remedy=[replay,packing]", "augment=[adaptive]", *SMALL["replay"], *SMALL["adaptive"]]
    _, dataset, trainer = make(*tiny("dcgan"), *chosen, "trainer.accumulate=2")
    start, ends = trainer.state.values(), []
    for _ in range(2):
        trainer.state.restore(start)
        batches = trainer.batches(dataset)
        assert np.isfinite([trainer.train(batches).numpy() for _ in range(3)]).all()
        ends.append(trainer.state.values())
    assert_same(*ends)
    assert int(ends[0]["game/remedy/replay/filled"]) == 12  # three rounds of two parts of two fakes
    assert any("moving_variance" in name for name in ends[0])


def test_packing_and_replay_act_on_what_the_discriminator_s_turn_sees(make):
    trainer, _ = trained(make, "remedy=[packing,replay]", "remedy.replay.size=12", rounds=2)
    assert trainer.game.discriminator.input_shape[-1] == 2
    assert int(trainer.state.values()["game/remedy/replay/filled"]) == 8
    with pytest.raises(UsageError, match=r"type trainer\.devices=1"):
        make(*tiny("gan"), "remedy=[replay]", "trainer.devices=2")
    with pytest.raises(UsageError, match=r"trainer\.devices=1 or remedy\.unrolled\.optimizer=sgd"):
        make(*tiny("gan"), "remedy=[unrolled]", "trainer.devices=2")
    with pytest.raises(UsageError, match="divisor of the 8 samples"):
        trained(make, "remedy=[packing]", "remedy.packing.size=3")


def test_several_devices_augment_as_one_does(make):
    # Each device takes its rows of the same random numbers, so the numbers of one device come out.
    chosen = [*AUGMENTED, "network.discriminator.dropout=0", "network.discriminator.input_dropout=0"]
    one, two = (
        trained(make, *chosen, f"trainer.devices={count}", rounds=2)[0].state.values() for count in (1, 2)
    )
    for key, value in one.items():
        np.testing.assert_allclose(two[key], value, rtol=1e-3, atol=1e-5, err_msg=key)


@pytest.mark.parametrize("clipping", ["clipnorm=0.01", "clipvalue=0.001", "global_clipnorm=0.01"])
def test_gradients_are_clipped_from_the_shell(clipping, make):
    key, bound = clipping.split("=")
    sgd = ["optimizer.generator=sgd", "optimizer.generator.momentum=0", "optimizer.generator.learning_rate=1"]
    _, dataset, trainer = make(
        *tiny("dcgan"), *sgd, f"optimizer.generator.{key}={bound}", "schedule.generator=constant"
    )
    weights = trainer.game.weights("generator")
    before = [weight.numpy() for weight in weights]
    trainer.train(trainer.batches(dataset))
    moved = [weight.numpy() - was for weight, was in zip(weights, before, strict=True)]
    norms = {
        "clipnorm": max(np.linalg.norm(move) for move in moved),
        "clipvalue": max(np.abs(move).max() for move in moved),
        "global_clipnorm": np.sqrt(sum((move**2).sum() for move in moved)),
    }
    assert 0.5 * float(bound) < norms[key] <= float(bound) * 1.01


@pytest.mark.parametrize(
    ("schedule", "options", "share"),
    [
        ("cosine", ["decay_steps=4"], 0.5),
        ("linear", [], 0.5),
        ("exponential", ["decay_steps=1", "decay_rate=0.5"], 0.25),
    ],
)
def test_schedules_are_chosen_from_the_shell(schedule, options, share, make):
    chosen = [f"schedule.discriminator={schedule}"]
    chosen += [f"schedule.discriminator.{option}" for option in options]
    _, dataset, trainer = make(*tiny("gan"), *chosen, "trainer.steps=4")
    optimizer = trainer.optimizers["discriminator"]
    start = float(optimizer.learning_rate)
    trainer.train(trainer.batches(dataset))
    trainer.train(trainer.batches(dataset))
    assert float(optimizer.learning_rate) == pytest.approx(share * start, rel=1e-5)
