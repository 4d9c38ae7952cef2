"""A run that is killed, any number of times, equals one that is not: every variable, every logged number."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from builders import tiny

from ganctl import cli
from ganctl.run import board, checkpoint

# Logs and grids are frequent, so that a kill has time to come between two checkpoints.
COMMON = ["trainer.log_every=2", "trainer.sample_every=4", "trainer.save_every=6", "trainer.keep=0"]


BEGUN: list[subprocess.Popen] = []


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder, and this process in it: only what is killed needs one of its own."""
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    while BEGUN:  # what a test that failed left
        with BEGUN.pop() as process:
            process.kill()


def begin(folder: Path, *words: str) -> subprocess.Popen:
    """Start a training process in a folder, with as many threads as this one has (see conftest.py)."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ganctl", *words],
        cwd=folder,
        env=os.environ | {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    BEGUN.append(process)
    return process


def wait_for(process: subprocess.Popen, condition, seconds: float = 120) -> bool:
    """Poll as fast as possible until a condition holds; return whether it came before the process's end."""
    end = time.monotonic() + seconds
    while not condition():
        if process.poll() is not None:
            return False
        assert time.monotonic() < end, "the condition never came"
        time.sleep(0.0005)
    return True


def kill(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def logged(run: Path) -> list[dict]:
    """Return the metrics without the times, which no two runs share."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if not k.startswith(("seconds", "images_per"))} for line in lines]


def shown(run: Path) -> dict[str, list]:
    """Return what TensorBoard shows of a run but for its pace: by tag, the steps and bytes of all events."""
    found: dict[str, list] = {}
    for file in sorted((run / "tensorboard").iterdir()):
        for _, event in board.events(file):
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, value.tensor.SerializeToString()))
    # The settings hold the run's name, and a life that began again at step 0 writes them again.
    gone = ("images_per_second", "config", "_hparams_/session_start_info")
    return {tag: sorted(events) for tag, events in found.items() if tag not in gone}


def assert_same_run(one: Path, other: Path, step: int) -> None:
    first, second = (
        checkpoint.read(checkpoint.path_of(run / "checkpoints", step))[1] for run in (one, other)
    )
    assert first.keys() == second.keys()
    different = [name for name in first if first[name].tobytes() != second[name].tobytes()]
    assert not different
    assert logged(one) == logged(other)
    assert shown(one) == shown(other)
    for picture in sorted((one / "samples").glob("*.png")):
        assert picture.read_bytes() == (other / "samples" / picture.name).read_bytes()


# Every kind of state there is: a pool of fakes, a probability, running means, averaged weights, lazy terms.
STATEFUL = ["average=ema", "remedy=[replay]", "augment=[adaptive]", "augment.adaptive.interval=2"]
STATEFUL += ["penalty=[lecam,historical_averaging,drift]", "penalty.drift.every=3"]


def test_a_run_killed_twice_even_while_it_writes_equals_one_that_was_left_alone(here):
    # Enough weights (28 MB a checkpoint) that one takes a while to write, and one at every step.
    recipe = ["train", "model=gan", "trainer.batch_size=4", "trainer.steps=12", "trainer.save_every=1"]
    recipe += ["trainer.keep=0", "trainer.log_every=1", "trainer.sample_every=4", *STATEFUL]
    recipe += ["network.generator.fourier=2.0"]  # frequencies that nothing trains
    recipe += ["network.generator.hidden=[600,600]", "network.discriminator.hidden=[120,120]"]
    assert cli.main([*recipe, "name=whole"]) == 0
    run, hits = here / "outputs" / "broken", 0
    for number in range(2):
        process = begin(here, *recipe, "name=broken")
        pattern = f"*{checkpoint.path_of(run / 'checkpoints', 3 + 4 * number).name}.*.tmp"

        def partial(pattern: str = pattern) -> list[Path]:
            return list((run / "checkpoints").glob(pattern))

        assert wait_for(process, partial), process.communicate()[0]
        kill(process)
        hits += bool(partial())
        assert checkpoint.steps(run / "checkpoints")[-1] < 12, "it was killed too late to test anything"
    assert hits, "no kill came while a checkpoint was being written"
    assert cli.main(["resume", "broken"]) == 0
    assert not list(run.rglob("*.tmp"))
    assert_same_run(here / "outputs" / "whole", run, step=12)


def test_a_signal_saves_and_says_how_to_go_on_wherever_the_folder_is(here, capsys):
    recipe = ["train", *tiny("gan"), *COMMON, "trainer.sample_every=0", "trainer.steps=1000000", "name=long"]
    run = here / "outputs" / "long"
    for asked in (signal.SIGINT, signal.SIGTERM):
        reached = (checkpoint.steps(run / "checkpoints") or [0])[-1] // 6 * 6 + 12
        process = begin(here, *recipe)
        assert wait_for(process, checkpoint.path_of(run / "checkpoints", reached).exists)
        if asked == signal.SIGTERM:  # the run is its folder: moved, and without its lock, it goes on
            run = run.rename(here / "outputs" / "moved")
            (run / "lock").unlink()
            reached = checkpoint.steps(run / "checkpoints")[-1] + 12
            assert wait_for(process, checkpoint.path_of(run / "checkpoints", reached).exists)
            assert cli.main(["resume", "moved"]) == 2 and "another process" in capsys.readouterr().err
        process.send_signal(asked)
        said = process.communicate(timeout=60)[0]
        assert process.returncode == 128 + asked
        assert f"ganctl resume outputs/{run.name}" in said and "Traceback" not in said
        assert json.loads((run / "run.json").read_text())["status"] == "stopped"
    step = checkpoint.steps(run / "checkpoints")[-1]
    assert "was moved, and is outputs/moved now" in said and not (here / "outputs" / "long").exists()
    assert cli.main(["resume", "moved", f"trainer.steps={step + 5}"]) == 0
    assert cli.main([*recipe[:-2], f"trainer.steps={step + 5}", "name=whole"]) == 0
    last = [checkpoint.path_of(here / "outputs" / n / "checkpoints", step + 5) for n in ("moved", "whole")]
    first, second = (checkpoint.read(path)[1] for path in last)
    assert all(first[name].tobytes() == second[name].tobytes() for name in first)


def test_a_second_process_on_a_run_is_refused(here, capsys):
    recipe = ["train", *tiny("gan"), *COMMON, "trainer.steps=1000000", "name=busy"]
    process = begin(here, *recipe)
    try:
        assert wait_for(process, (here / "outputs/busy/metrics.jsonl").exists)
        assert cli.main(recipe) == 2
        said = capsys.readouterr().err
        assert "another process" in said and str(process.pid) in said
    finally:
        kill(process)


def test_a_damaged_newest_checkpoint_falls_back_loudly_to_the_one_before(here, capsys):
    recipe = ["train", *tiny("gan"), *COMMON, "trainer.steps=12"]
    assert cli.main([*recipe, "name=hurt"]) == 0
    assert cli.main([*recipe, "name=whole", "trainer.steps=18"]) == 0
    newest = checkpoint.path_of(here / "outputs/hurt/checkpoints", 12)
    content = bytearray(newest.read_bytes())
    content[-1] ^= 1
    newest.write_bytes(content)
    capsys.readouterr()
    assert cli.main(["resume", "hurt", "trainer.steps=18"]) == 0
    said = capsys.readouterr().err
    assert "WARNING" in said and "step 6" in said
    assert_same_run(here / "outputs/whole", here / "outputs/hurt", step=18)


# A limit on file sizes, set once the first checkpoint is there, fails writes as a full disk does.
LIMITED = """
import pathlib, resource, sys, threading, time
from ganctl.cli import main
def fill():
    while not list(pathlib.Path("outputs/full/checkpoints").glob("*.safetensors")):
        time.sleep(0.001)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, 4_000_000))
threading.Thread(target=fill, daemon=True).start()
sys.exit(main(sys.argv[1:]))
"""


def test_a_full_disk_stops_the_run_with_the_last_checkpoint_intact(tmp_path):
    words = ["train", "model=gan", "trainer.batch_size=4", "trainer.steps=400", "trainer.save_every=1"]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, *words, "name=full"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "could not be written" in done.stderr and "is intact" in done.stderr
    assert "Traceback" not in done.stderr and done.stderr.count("\n") == 1
    folder = tmp_path / "outputs/full/checkpoints"
    assert not list(folder.glob("*.tmp"))
    step, _, complaints = checkpoint.newest(folder)
    assert step == checkpoint.steps(folder)[-1] and not complaints
    assert json.loads((tmp_path / "outputs/full/run.json").read_text())["status"] == "failed"


def test_state_names_everything_that_training_changes(make):
    _, dataset, trainer = make(*tiny("dcgan"), "average=ema")
    before = trainer.state.values()
    trainer.train(iter(dataset.batches(8, seed=0)))
    after = trainer.state.values()
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    # Dropout's seeds, batch statistics, moments and averages are what other tools forget.
    for part in ("step", "seed_generator_state", "moving_variance", "momentum", "average/"):
        assert any(part in name for name in changed), part


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(make):
    def weights(seed):
        _, dataset, trainer = make(*tiny("dcgan"), f"seed={seed}")
        batches = iter(dataset.batches(8, seed=seed))
        for _ in range(3):
            trainer.train(batches)
        return trainer.state.values()

    first, again, other = weights(1), weights(1), weights(2)
    assert all(first[name].tobytes() == again[name].tobytes() for name in first)
    assert any(first[name].tobytes() != other[name].tobytes() for name in first)


def test_many_rounds_in_one_call_equal_single_rounds(make):
    states = []
    for bundles in ((1, 1, 1, 1, 1, 1), (2, 4)):
        _, dataset, trainer = make(*tiny("dcgan_rmsprop"))
        batches = iter(dataset.batches(8, seed=0))
        reports = [trainer.train(batches, rounds).numpy() for rounds in bundles]
        states.append((reports[-1], trainer.state.values()))
    for report, state in states[1:]:
        assert np.array_equal(report, states[0][0])
        assert all(state[name].tobytes() == states[0][1][name].tobytes() for name in state)


assert os.name == "posix", "these tests kill processes as POSIX does"
