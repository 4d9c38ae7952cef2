"""Several devices: the same numbers as one, and checkpoints that either can read."""

import numpy as np
import pytest
from builders import tiny

from ganctl import cli
from ganctl.error import UsageError
from ganctl.game.signals import watched
from ganctl.run.writer import Run

WATCHED = watched(ordered=True, count=8)
# Without dropout (whose masks are drawn per device) and with one batch's statistics the numbers must agree.
EXACT = ["network.discriminator.dropout=0", "optimizer.generator=sgd", "optimizer.discriminator=sgd"]


def train(make, *words, devices, rounds=3):
    _, dataset, trainer = make(*words, f"trainer.devices={devices}")
    batches = trainer.batches(dataset)
    reports = [trainer.train(batches).numpy() for _ in range(rounds)]
    return trainer, reports


def test_two_devices_make_the_steps_of_one(make):
    # With labels, which must go where their images go.
    words = [*tiny("cgan"), *EXACT, "norm.generator=none", "optimizer.generator.clipvalue=1e-4"]
    one, reports = train(make, *words, devices=1)
    two, split = train(make, *words, devices=2)
    assert two.strategy.num_replicas_in_sync == 2 and one.rounds.terms == two.rounds.terms
    # Neighbours are compared within a device's part of the batch; all else must agree.
    same = [name.split("/")[1] not in WATCHED for name in one.rounds.terms]
    np.testing.assert_allclose(np.array(split)[:, same], np.array(reports)[:, same], rtol=1e-5, atol=1e-6)
    values = two.state.values()
    for name, value in one.state.values().items():
        np.testing.assert_allclose(values[name], value, rtol=1e-4, atol=1e-6, err_msg=name)


def test_batch_statistics_are_averaged_over_devices(make):
    one, _ = train(make, *tiny("dcgan"), devices=1, rounds=1)
    two, _ = train(make, *tiny("dcgan"), devices=2, rounds=1)
    first_mean = next(name for name in two.state.variables() if "moving_mean" in name)
    # The first layer sees the same latents, and the mean of two halves is the mean of the whole.
    np.testing.assert_allclose(
        two.state.values()[first_mean], one.state.values()[first_mean], rtol=1e-4, atol=1e-7
    )
    for name, variable in two.state.variables().items():
        copies = [copy.numpy() for copy in variable.values]
        assert np.array_equal(*copies), f"{name} is not the same on both devices"


def test_a_whole_run_on_two_devices_ends_and_one_goes_on_with_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = [*tiny("gan"), "average=ema", "trainer.log_every=1", "name=x"]
    assert cli.main(["train", *words, "trainer.devices=2", "trainer.steps=2"]) == 0
    rates = [line["generator/learning_rate"] for line in Run(tmp_path / "outputs/x").metrics()]
    assert rates == pytest.approx([0.1] * 2, rel=0.1)
    assert cli.main(["resume", "x", "trainer.steps=3", "trainer.devices=1"]) == 0
    assert len(Run(tmp_path / "outputs/x").metrics()) == 3


@pytest.mark.parametrize(("first", "then"), [(1, 2), (2, 1)])
def test_a_checkpoint_of_one_number_of_devices_continues_on_another(first, then, make):
    words = [*tiny("dcgan_rmsprop"), "average=ema"]
    one, _ = train(make, *words, devices=first)
    saved = one.state.values()
    _, dataset, other = make(*words, f"trainer.devices={then}")
    other.state.restore(saved)
    assert all(np.array_equal(value, saved[name]) for name, value in other.state.values().items())
    np.testing.assert_allclose(other.sampler.sample(4, seed=0), one.sampler.sample(4, seed=0), atol=1e-6)
    assert np.isfinite(other.train(other.batches(dataset)).numpy()).all()


def test_accumulated_gradients_are_those_of_the_whole_batch(make):
    words = [*tiny("cgan"), *EXACT, "norm.generator=none"]
    whole, reports = train(make, *words, devices=1)
    parts, split = train(make, *words, "trainer.accumulate=4", devices=1)
    same = [name.split("/")[1] not in WATCHED for name in whole.rounds.terms]
    np.testing.assert_allclose(np.array(split)[:, same], np.array(reports)[:, same], rtol=1e-5, atol=1e-6)
    values = parts.state.values()
    for name, value in whole.state.values().items():
        np.testing.assert_allclose(values[name], value, rtol=1e-4, atol=1e-6, err_msg=name)


def test_what_several_devices_cannot_do_is_refused(make):
    with pytest.raises(UsageError, match=r"multiple of trainer\.devices=2"):
        make(*tiny("gan"), "trainer.devices=2", "trainer.batch_size=7")
    with pytest.raises(UsageError, match="bfloat16"):
        make(*tiny("gan"), "trainer.devices=2", "trainer.precision=float16")
