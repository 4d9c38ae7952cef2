"""Sweeps: one run for each combination; finished ones are skipped, broken ones resumed, failures told."""

import os
import signal
import subprocess
import sys
import time

import pytest
from builders import tiny

from ganctl import cli
from ganctl.commands import sweep
from ganctl.run import checkpoint
from ganctl.run.folder import Folder

QUICK = [*tiny("gan"), "trainer.steps=3", "trainer.save_every=2", "trainer.sample_every=0"]


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Let no run of a sweep be trained; return the words of each."""
    monkeypatch.chdir(tmp_path)
    calls = []

    def note(lines, name, config_dir):
        calls.append([*lines, f"name={name}"])
        return 0, ""

    monkeypatch.setattr(sweep, "_train", note)
    return calls


@pytest.fixture
def in_process(tmp_path, monkeypatch):
    """Let the runs of a sweep be trained in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        sweep, "_train", lambda lines, name, _: (cli.main(["train", *lines, f"name={name}"]), "")
    )


def steps(folder):
    return checkpoint.steps(folder / "checkpoints")[-1:]


def test_a_failing_run_does_not_stop_a_sweep_and_is_told_at_its_end(ganctl, tmp_path):
    done = ganctl("train", "-m", *QUICK, "model.latent=0,4", "name=night/one", check=False)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "latent=0 failed: model.latent: expected a whole number from 1 to 65536, got '0'." in done.stderr
    assert steps(tmp_path / "outputs/night/one/latent=4") == [3]
    assert not (tmp_path / "outputs/night/one/latent=0").exists()


def test_a_sweep_that_is_told_to_stop_lets_its_run_save_and_begins_no_other(tmp_path):
    command = [sys.executable, "-m", "ganctl", "train", "-m", *QUICK, "trainer.steps=1000000", "seed=1,2"]
    process = subprocess.Popen(
        [*command, "name=s"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    end = time.monotonic() + 120
    while not steps(tmp_path / "outputs/s/seed=1"):
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGTERM)
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 143 and "Go on with the same command" in said
    assert not (tmp_path / "outputs/s/seed=2").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells a process of its parent's death")
def test_a_sweep_that_is_killed_leaves_no_run_behind(tmp_path):
    command = [sys.executable, "-m", "ganctl", "train", "-m", *QUICK, "trainer.steps=1000000", "seed=1,2"]
    process = subprocess.Popen(
        [*command, "name=s"], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    run, end = tmp_path / "outputs/s/seed=1", time.monotonic() + 120
    while not steps(run):
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.01)
    process.kill()
    process.wait()
    while Folder(run).status() != "stopped":  # it saved, and gave its folder back
        assert time.monotonic() < end
        time.sleep(0.05)
    assert not (tmp_path / "outputs/s/seed=2").exists()


def test_every_combination_is_a_run_of_its_own_folder(asked):
    assert cli.main(["train", "-m", "model=gan", "seed=range(1,3)", "loss=minimax,nonsaturating"]) == 0
    assert [words[-1] for words in asked] == [
        f"name=digits-gan-sweep-seed-loss/seed={seed},loss={loss}"
        for seed in (1, 2)
        for loss in ("minimax", "nonsaturating")
    ]


def test_a_broken_run_is_resumed_and_the_others_are_skipped(in_process, tmp_path, capsys):
    words = ["train", "-m", *QUICK, "seed=1,2", "name=s"]
    assert cli.main(words) == 0
    broken = tmp_path / "outputs/s/seed=2"
    checkpoint.path_of(broken / "checkpoints", 3).unlink()  # as if it had died before its last checkpoint
    capsys.readouterr()
    assert cli.main(words) == 0
    said = capsys.readouterr().out
    assert "outputs/s/seed=1 is finished" in said and "Resuming outputs/s/seed=2 at step 2" in said
    assert [line.split()[:3] for line in said.splitlines()[-2:]] == [
        ["seed=1", "skipped", "3"],
        ["seed=2", "finished", "3"],
    ]
    assert steps(broken) == [3]


def test_an_interrupted_run_ends_the_sweep_with_its_exit_code(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sweep, "_train", lambda *_: (130, ""))
    assert cli.main(["train", "-m", "seed=1,2,3"]) == 130
    assert "not begun yet: 2." in capsys.readouterr().out


def test_a_mistake_in_any_combination_stops_a_sweep_before_its_first_run(asked, capsys):
    assert cli.main(["train", "-m", *QUICK, "loss=minimax,minimx"]) == 2
    assert "Did you mean 'minimax'?" in capsys.readouterr().err
    assert not asked


def test_a_run_of_a_sweep_gets_the_words_that_it_alone_would_need(asked):
    assert cli.main(["train", "-m", "seed=3", "optimizer.generator=adam,sgd", "name=s"]) == 0
    assert [[word for word in words if word != "name=s"] for words in asked] == [
        ["seed=3", f"optimizer@optimizer.generator={choice}", f"name=s/generator={choice}"]
        for choice in ("adam", "sgd")
    ]
