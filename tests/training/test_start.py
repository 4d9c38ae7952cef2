"""Runs that start from another run's weights, and layers that stay as they are."""

import json

import numpy as np
import pytest
from builders import tiny

from ganctl import cli
from ganctl.commands.train import inherited
from ganctl.error import UsageError
from ganctl.run import checkpoint

WORDS = [*tiny("dcgan"), "average=ema", "trainer.log_every=2", "trainer.sample_every=0"]


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A finished run, and the folder that it is in."""
    folder = tmp_path_factory.mktemp("first")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert cli.main(["train", *WORDS, "trainer.steps=3", "name=first"]) == 0
    return folder


def tensors(folder, name, step):
    return checkpoint.read(checkpoint.path_of(folder / "outputs" / name / "checkpoints", step))[1]


@pytest.mark.parametrize("kept", [False, True])
def test_networks_and_averages_are_the_other_run_s_and_the_rest_where_it_is_asked_for(
    kept, first, monkeypatch
):
    monkeypatch.chdir(first)
    name = f"second-{kept}"
    words = [
        f"name={name}",
        "trainer.steps=2",
        "freeze.discriminator=1",
        f"keep_optimizer={str(kept).lower()}",
    ]
    assert cli.main(["train", "from=first", *words]) == 0
    before, begun, after = tensors(first, "first", 3), tensors(first, name, 0), tensors(first, name, 2)
    for key, tensor in before.items():
        if key.startswith("optimizer/discriminator") and key not in begun:
            continue  # of weights that stay as they are
        same = np.array_equal(tensor, begun[key])
        if key.endswith("/turns"):
            assert begun[key] == (tensor if kept else 0)
        elif key.startswith(("network/", "average/")):
            assert same, key
        elif key == "step":
            assert begun[key] == 0
        elif key.endswith("iteration"):
            assert same == kept and (kept or begun[key] == 0)
    moved = {key: not np.array_equal(begun[key], after[key]) for key in begun if key.endswith("kernel")}
    frozen = [key for key in moved if key.startswith("network/discriminator") and not moved[key]]
    assert [key.split("/")[2] for key in frozen] == ["000.kernel"]
    assert all(moved[key] for key in moved if key.startswith("network/generator"))
    told = json.loads((first / "outputs" / name / "run.json").read_text())
    assert told["started_from"] == {
        "run": "outputs/first",
        "step": 3,
        "optimizer": "kept" if kept else "fresh",
    }
    # Stopped and resumed, it goes on from its own checkpoint.
    assert cli.main(["resume", name, "trainer.steps=4"]) == 0
    if not kept:
        assert cli.main(["train", "from=first", *words[2:], "trainer.steps=4", "name=whole"]) == 0
        once, twice = tensors(first, "whole", 4), tensors(first, name, 4)
        assert all(np.array_equal(once[key], twice[key]) for key in once)


def test_other_networks_and_too_many_frozen_layers_are_refused(first, monkeypatch, capsys):
    monkeypatch.chdir(first)
    for words, told in (
        (["network.generator.filters=[8,8,8]"], "from=first: expected a run of the same networks"),
        (["freeze.generator=9"], "freeze.generator: expected fewer than the"),
        (["freeze.generator=-1"], "freeze.generator: expected a whole number of at least 0"),
    ):
        assert cli.main(["train", "from=first", *words, "trainer.steps=2", "name=third"]) == 2
        said = capsys.readouterr().err
        assert told in said and not (first / "outputs/third").exists()
    assert cli.main(["train", "from=nothing"]) == 2
    assert "expected a run folder" in capsys.readouterr().err


def test_the_other_run_s_words_hold_unless_others_are_typed(first, monkeypatch):
    monkeypatch.chdir(first)
    assert inherited(["from=first", "seed=1"]) == [*WORDS, "from=first", "seed=1"]
    changed = inherited(["from=first", "average=null", "dataset=mnist"])
    assert changed == [
        *(word for word in WORDS if word != "average=ema"),
        "from=first",
        "average=null",
        "dataset=mnist",
    ]
    assert inherited(["from=first", "model=gan"]) == ["from=first", "model=gan"]
    assert inherited(["model=gan"]) == ["model=gan"] and inherited(["from=null"]) == ["from=null"]


def test_a_player_that_is_not_there_freezes_nothing(make):
    with pytest.raises(UsageError, match=r"freeze\.judge: there is no such player; expected discriminator"):
        make(*tiny("gan"), "+freeze.judge=1")
