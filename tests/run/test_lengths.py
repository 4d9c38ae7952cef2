"""Averages of any length from a few that were kept: the paper's numbers, and averages made directly."""

import numpy as np
import pytest
from builders import tiny

from ganctl import cli
from ganctl.error import UsageError
from ganctl.run import checkpoint, lengths

WORDS = [
    *tiny("gan"),
    "average=power",
    "trainer.save_every=2",
    "trainer.sample_every=0",
    "trainer.log_every=4",
]


def test_lengths_have_the_paper_s_exponents():
    assert lengths.exponent(0.05) == pytest.approx(16.97, abs=0.005)  # Karras et al. (2024), section 3
    assert lengths.exponent(0.10) == pytest.approx(6.94, abs=0.005)
    assert lengths.exponent(lengths.LONGEST - 1e-9) == pytest.approx(0.0, abs=1e-6)


def direct(weights, power):
    """Return the power average of weights (turns, ...), written out."""
    shares = np.arange(1, len(weights) + 1) ** power - np.arange(len(weights)) ** power
    return (shares[:, None] * weights).sum(0) / shares.sum()


def kept_by_steps(weights, power, every):
    """Return the averages after each `every` turns, updated turn by turn as training does."""
    average, found = np.zeros_like(weights[0]), []
    for turn, weight in enumerate(weights, 1):
        average = average + (1 - (1 - 1 / turn) ** (power + 1)) * (weight - average)
        if turn % every == 0:
            found.append(average)
    return found


@pytest.mark.parametrize("sigma", [0.04, 0.07, 0.15])
def test_what_was_not_kept_is_close_to_what_would_have_been(sigma):
    weights = np.random.default_rng(0).normal(size=(2000, 8)).cumsum(axis=0)
    powers = [lengths.exponent(each) for each in (0.05, 0.10)]
    profiles = [(turn, power) for power in powers for turn in range(100, 2001, 100)]
    kept = np.concatenate([kept_by_steps(weights, power, 100) for power in powers])
    wanted = lengths.exponent(sigma)
    shares, distance = lengths.mixture(profiles, (2000, wanted))
    exact = kept_by_steps(weights, wanted, 2000)[0]
    spread = np.abs(kept[-1] - kept[len(kept) // 2 - 1]).mean()  # what two lengths differ by
    assert np.abs(shares @ kept - exact).mean() < 0.1 * spread and distance < 0.1
    np.testing.assert_allclose(exact, direct(weights, wanted + 1), rtol=1e-6)
    # Of one that was kept nothing else counts.
    shares, distance = lengths.mixture(profiles, profiles[-1])
    assert shares[-1] == pytest.approx(1, abs=1e-3) and distance < 1e-4


def test_a_run_s_averages_are_made_measured_and_kept_apart(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["train", *WORDS, "trainer.steps=8", "trainer.keep=1", "name=a"]) == 0
    run = tmp_path / "outputs/a"
    assert checkpoint.steps(run / "averages") == [0, 2, 4, 6, 8] and checkpoint.steps(
        run / "checkpoints"
    ) == [8]
    capsys.readouterr()
    assert cli.main(["average", "a", "sigma=0.05,0.1,0.07"]) == 0
    said = capsys.readouterr().out
    assert "ganctl sample outputs/a checkpoint=sigma-0.07" in said and "0.00% off" in said
    _, last = checkpoint.read(checkpoint.path_of(run / "checkpoints", 8))
    for sigma, mark in ((0.05, ""), (0.1, "@0.1")):  # what was kept comes out as it was
        _, made = checkpoint.read(run / "checkpoints" / checkpoint.of_length(sigma))
        for name in [n for n in last if n.startswith("average/generator/") and not n.endswith("turns")]:
            there = name.replace("generator/", f"generator{mark}/")
            np.testing.assert_allclose(made[name], last[there], atol=1e-5, err_msg=name)
        assert all(np.array_equal(made[n], last[n]) for n in last if n.startswith("network/"))
    assert cli.main(["sample", "a", "checkpoint=sigma-0.07", "n=4", "out=x.npy"]) == 0
    assert cli.main(["sample", "a", "checkpoint=sigma-0.9", "n=4"]) == 2
    assert "sigma-0.07" in capsys.readouterr().err
    (run / "away").symlink_to(tmp_path)
    assert cli.main(["average", "a", "sigma=0.07"]) == 2 and "is a link" in capsys.readouterr().err
    (run / "away").unlink()
    # What a lost life kept after the checkpoint goes, as its log lines do.
    checkpoint.write(checkpoint.path_of(run / "averages", 9), {"x": np.zeros(1)}, step=9)
    assert cli.main(["resume", "a", "trainer.steps=10"]) == 0
    assert checkpoint.steps(run / "averages") == [0, 2, 4, 6, 8, 10]


def test_the_first_average_follows_equation_3(make):
    _, dataset, trainer = make(*WORDS, "average.sigmas=[0.1,0.2]")
    batches, seen = trainer.batches(dataset), []
    weight, shadow = trainer.average.shadows["generator"][0]
    for _ in range(5):
        trainer.train(batches)
        seen.append(weight.numpy().ravel())
    for sigma, found in ((0.1, shadow), (0.2, trainer.average.more[0.2]["generator"][0][1])):
        wanted = kept_by_steps(np.array(seen), lengths.exponent(sigma), 5)[0]
        np.testing.assert_allclose(found.numpy().ravel(), wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["sigma=0.5"], "sigma: expected numbers above 0 and below 0.29, got '0.5'"),
        (["sigma="], "sigma: expected"),
        (["sigma=0.1"], "kept no averages of several lengths; train with average=power"),
    ],
)
def test_wrong_words_are_told_in_one_line(words, told, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    average = ["average=ema"] if words == ["sigma=0.1"] else ["average=power"]
    assert cli.main(["train", *tiny("gan"), *average, "trainer.steps=1", "name=a"]) == 0
    assert cli.main(["average", "a", *words]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("word", "told"), [("[0.5]", r"sigmas\[0\]: expected"), ("[0.1,0.1]", "different"), ("[]", "different")]
)
def test_lengths_that_cannot_be_are_refused(word, told, make):
    with pytest.raises(UsageError, match=told):
        make(*WORDS, f"average.sigmas={word}")
