"""A training outlives whoever reads what it says: a pipe, a terminal, closed or ASCII streams."""

import os
import signal
import subprocess
import sys
import time

import pytest
from builders import tiny

from ganctl.run.folder import Folder

WORDS = [*tiny("gan"), "trainer.steps=6", "trainer.log_every=1", "trainer.sample_every=0", "name=größe"]

CLOSED = {
    "the reader leaves": "{train} | head -1",
    "no streams at all": "{train} <&- >&- 2>&-",
    "an ASCII stream": "PYTHONIOENCODING=ascii PYTHONUTF8=0 {train}",
}


@pytest.mark.parametrize("line", CLOSED.values(), ids=CLOSED)
def test_a_training_outlives_its_reader(line, tmp_path):
    train = " ".join([sys.executable, "-m", "ganctl", "train", *(f"'{word}'" for word in WORDS)])
    done = subprocess.run(
        ["bash", "-c", line.format(train=train)], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert "Traceback" not in done.stderr and "Error" not in done.stderr
    run = Folder(tmp_path / "outputs/größe")
    assert run.record()["status"] == "finished" and run.step == 6
    assert [line["step"] for line in run.metrics()] == list(range(1, 7))


def test_a_closed_terminal_loses_nothing(tmp_path):
    """SIGHUP is what a training gets when its window is closed; nothing can be printed any more then."""
    words = [*WORDS[:-4], "trainer.steps=1000000", "trainer.log_every=1", "trainer.save_every=0", "name=run"]
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "ganctl", "train", *words],
        cwd=tmp_path,
        stdout=writer,
        stderr=writer,
        # Who runs the tests under nohup would hand its deafness on.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )
    os.close(writer)
    log, end = tmp_path / "outputs/run/metrics.jsonl", time.monotonic() + 120
    while not (log.exists() and log.read_text().count("\n") > 3):
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.01)
    os.close(reader)
    process.send_signal(signal.SIGHUP)
    try:
        assert process.wait(60) == 128 + signal.SIGHUP
    finally:
        process.kill()
    run = Folder(tmp_path / "outputs/run")
    assert run.record()["status"] == "stopped" and run.step >= run.metrics()[-1]["step"] > 3
