"""`ganctl runs` shows every run, whatever state its folder is in."""

import json
import os
import re
import shutil
import time
from types import SimpleNamespace

import pytest
import yaml
from filelock import FileLock
from rich.console import Console

from ganctl import cli
from ganctl.run import listing


def make(outputs, name, status="finished", *, step=30, steps=30, ago=0.0, error=None, losses=(0.5, 1.5)):
    """Write a run folder as training leaves it; return its path."""
    path = outputs / name
    (path / "checkpoints").mkdir(parents=True)
    (path / "checkpoints" / f"step-{step:06d}.safetensors").touch()
    (path / "config.yaml").write_text(yaml.safe_dump({"trainer": {"steps": steps}}))
    terms = {"discriminator/adversarial": losses[0], "generator/adversarial": losses[1]}
    (path / "metrics.jsonl").write_text(json.dumps({"step": step, **terms}) + "\n")
    (path / "run.json").write_text(json.dumps({"status": status, "error": error}))
    for file in ("metrics.jsonl", "run.json"):
        os.utime(path / file, (time.time() - ago, time.time() - ago))
    return path


def shown(capsys, *words):
    """Return the lines that `ganctl runs` prints, after it succeeded."""
    assert cli.main(["runs", *map(str, words)]) == 0
    return capsys.readouterr().out.splitlines()


def terminal(monkeypatch, width):
    """Let the console be a colourless terminal."""
    wide = Console(force_terminal=True, color_system=None, width=width, highlight=False, soft_wrap=True)
    monkeypatch.setattr("ganctl.run.console.console", wide)


def test_a_run_is_one_line_with_status_progress_losses_and_age(capsys, tmp_path):
    make(tmp_path, "digits-dcgan", "stopped", step=12, steps=30, ago=185)
    line = "digits-dcgan  stopped  -  12/30  -  D 0.500 G 1.500  3 min ago"
    assert shown(capsys, tmp_path) == [line]


def test_a_run_shows_what_the_diagnosis_says_and_its_best_number(capsys, tmp_path):
    record = tmp_path / "a/run.json"
    make(tmp_path, "a")
    for facts, told in (
        ({"verdict": "too early to judge"}, ["too early", "-"]),
        (
            {"verdict": "healthy", "best": {"name": "fid/fid", "value": 2.034, "step": 5}},
            ["healthy", "fid 2.034"],
        ),
        ({"verdict": "sick", "findings": [{"name": "mode collapse", "until": None}]}, ["mode collapse", "-"]),
        ({"verdict": "sick", "findings": [3, {"name": "x\x1b[2J"}]}, ["x", "-"]),
        ({"verdict": "\x1b]0;x", "best": {"name": 5, "value": 1e999}}, ["", "-"]),
    ):
        record.write_text(json.dumps(json.loads(record.read_text()) | {"best": None, "findings": []} | facts))
        cells = re.split("  +", shown(capsys, tmp_path)[0])
        assert cells[2].startswith(told[0]) and cells[4] == told[1] and "\x1b" not in cells[2]


def test_the_newest_run_comes_first(capsys, tmp_path):
    for name, ago in (("b", 50), ("a", 100), ("c", 10)):
        make(tmp_path, name, ago=ago)
    assert [line.split()[0] for line in shown(capsys, tmp_path)] == ["c", "b", "a"]


def test_the_folder_is_outputs_unless_another_is_named(capsys, tmp_path, monkeypatch):
    make(tmp_path / "outputs", "sweep/loss=hinge,seed=0")
    monkeypatch.chdir(tmp_path)
    assert shown(capsys)[0].startswith("sweep/loss=hinge,seed=0  ")
    assert shown(capsys, "outputs/sweep")[0].startswith("loss=hinge,seed=0  ")
    assert shown(capsys, "outputs/sweep/loss=hinge,seed=0")[0].startswith("loss=hinge,seed=0  ")


def test_without_runs_it_says_how_to_start_one(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert shown(capsys) == []
    cli.main(["runs"])
    assert "start one: ganctl train" in capsys.readouterr().err


def test_a_run_is_running_only_while_its_process_lives(capsys, tmp_path):
    path = make(tmp_path, "celeba", "running", step=500, steps=1000)
    (path / "metrics.jsonl").write_text('{"step": 550}\n')
    with FileLock(path / "lock"):
        assert shown(capsys, tmp_path)[0].split()[1:4] == ["running", "-", "550/1000"]
    # What was logged after the last checkpoint is lost: a resumed run starts at 500.
    assert shown(capsys, tmp_path)[0].split()[1:4] == ["interrupted", "-", "500/1000"]


@pytest.mark.parametrize("file", ["run.json", "config.yaml", "metrics.jsonl"])
@pytest.mark.parametrize("content", [b"\x00\xff{[", b"[1, 2]", b"a: [", b"3\n"])
def test_a_damaged_file_makes_a_damaged_run_and_no_error(capsys, tmp_path, file, content):
    (make(tmp_path, "broken") / file).write_bytes(content)
    make(tmp_path, "whole")
    status = {line.split()[0]: line.split()[1] for line in shown(capsys, tmp_path)[:2]}
    assert status == {"broken": "damaged", "whole": "finished"}
    assert len(shown(capsys, tmp_path, "--json")) == 2


def test_an_empty_or_missing_metrics_file_is_no_damage(capsys, tmp_path):
    (make(tmp_path, "a") / "metrics.jsonl").write_bytes(b"")
    (make(tmp_path, "b") / "metrics.jsonl").unlink()
    assert [line.split()[1] for line in shown(capsys, tmp_path)] == ["finished", "finished"]


def test_a_log_line_that_a_crash_cut_off_is_passed_over(tmp_path):
    file = tmp_path / "metrics.jsonl"
    file.write_text('{"step": 1}\n{"step": 2}\n{"step": 3, "gener')
    assert listing.last_line(file) == {"step": 2}


def test_only_the_end_of_a_big_log_is_read(tmp_path):
    file = tmp_path / "metrics.jsonl"
    with file.open("wb") as stream:
        stream.seek(2**31)  # a hole: reading all of it would take seconds and gigabytes
        stream.write(b'\n{"step": 7}\n')
    started = time.perf_counter()
    assert listing.last_line(file) == {"step": 7}
    assert time.perf_counter() - started < 0.5


def test_json_lines_are_strict_json_even_with_a_loss_that_is_none(capsys, tmp_path):
    make(tmp_path, "nan", "failed", error="RunError: not finite", losses=(float("nan"), 2.0))
    (line,) = shown(capsys, tmp_path, "--json")
    found = json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert found["status"] == "failed" and found["error"] == "RunError: not finite"
    assert found["metrics"]["discriminator/adversarial"] is None
    assert (found["step"], found["steps"], found["name"]) == (30, 30, "nan")


def test_the_errors_of_failed_runs_are_told(capsys, tmp_path):
    make(tmp_path, "bad", "failed", error="RunError: the disk is full")
    assert shown(capsys, tmp_path)[-1] == "bad: RunError: the disk is full"


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_the_table_fits_the_terminal_and_loses_nothing_of_a_long_name(capsys, tmp_path, monkeypatch, width):
    name = "digits-dcgan-sweep-loss-seed/loss=nonsaturating,optimizer.generator.learning_rate=0.0001"
    make(tmp_path, name, "interrupted", step=123456, steps=1000000)
    terminal(monkeypatch, width)
    lines = shown(capsys, tmp_path)
    table = lines[: lines.index("")]
    column = table[0].index("status")
    assert max(map(len, table)) <= width
    assert "".join(line[:column].strip() for line in table[1:]) == name
    assert lines[-1].startswith("Go on with a run: ganctl resume ")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "just now"),
        (3, "just now"),
        (59, "59 s ago"),
        (60, "1 min ago"),
        (7300, "2 h ago"),
        (1e6, "11 d ago"),
    ],
)
def test_ages_are_told_in_the_largest_unit_that_fits(seconds, text):
    assert listing.age(seconds) == text


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--jsn"], "Did you mean '--json'?"),
        (["a", "b"], "Expected one folder with runs, got 'a b'"),
        (["nowhere"], "Expected a folder with runs, got 'nowhere'"),
    ],
)
def test_a_wrong_command_is_explained(capsys, tmp_path, monkeypatch, words, text):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["runs", *words]) == 2
    assert text in capsys.readouterr().err


@pytest.mark.parametrize("file", ["config.yaml", "run.json", "metrics.jsonl", "evaluation.json"])
def test_a_file_without_an_end_hides_no_other_run(file, capsys, tmp_path, monkeypatch):
    """A pipe waits for ever, and /dev/zero fills the memory: each folder is read by itself, in bounds."""
    monkeypatch.chdir(tmp_path)
    outputs = tmp_path / "outputs"
    make(outputs, "whole")
    for name, plant in (("pipe", os.mkfifo), ("zero", lambda path: os.symlink("/dev/zero", path))):
        path = make(outputs, name) / file
        path.unlink(missing_ok=True)
        plant(path)
    lines = shown(capsys, outputs)
    assert any(line.startswith("whole  finished") for line in lines)
    if file in ("run.json", "metrics.jsonl"):
        assert [line.split()[1] for line in lines if line.split()[0] in ("pipe", "zero")] == ["damaged"] * 2
    if file == "evaluation.json":
        for name in ("pipe", "zero"):
            assert cli.main(["compare", name, "whole"]) in (1, 2)
            assert "Traceback" not in capsys.readouterr().err


def test_runs_are_deleted_only_when_somebody_says_so(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outputs = tmp_path / "outputs"
    first, second = make(outputs, "first"), make(outputs, "second")
    (first / "run.json").write_text("{")  # a damaged one too
    assert cli.main(["runs", "--delete", "first"]) == 2
    said = capsys.readouterr()
    assert "outputs/first: 4 files, 0.0 MiB" in said.out and "type --yes" in said.err and first.exists()
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    for answer, gone in (("y", False), ("yes", True)):
        monkeypatch.setattr("builtins.input", lambda _, answer=answer: answer)
        assert cli.main(["runs", "--delete", "first"]) == (0 if gone else 1)
        assert first.exists() != gone and second.exists()
    assert cli.main(["runs", "--delete", "second", "--yes"]) == 0 and not second.exists()
    for name in ("fir", "latest", "sec"):
        make(outputs, "first2")
        assert cli.main(["runs", "--delete", name, "--yes"]) == 2 and (outputs / "first2").exists()
        shutil.rmtree(outputs / "first2")
    third = make(outputs, "sweep/loss=hinge,seed=0")
    assert cli.main(["runs", "--delete", "sweep/loss=hinge,seed=0", "--yes"]) == 0 and not third.exists()


def test_no_run_is_deleted_that_is_trained_or_lies_behind_a_link(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outputs, other = tmp_path / "outputs", make(tmp_path / "elsewhere", "other")
    busy = make(outputs, "busy", "running")
    (outputs / "link").symlink_to(other)
    with FileLock(busy / "lock").acquire():
        assert cli.main(["runs", "--delete", "busy", "--yes"]) == 2
    assert cli.main(["runs", "--delete", "outputs/link", "--yes"]) == 2
    assert cli.main(["runs", "--delete"]) == 2 and cli.main(["runs", "--delete", "none", "--yes"]) == 2
    assert busy.exists() and (other / "run.json").exists()
    said = capsys.readouterr().err
    assert "is being trained" in said and "is a link" in said
