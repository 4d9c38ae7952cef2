"""The doctor as a user meets it, and what a training does about a finding: warn, stop, or go back."""

import json
import math

import numpy as np
import pytest
import yaml
from builders import SMALL, TINY, python
from logs import SICK, logged

from ganctl import cli
from ganctl.dataset.images.digits import digits
from ganctl.dataset.images.selection import Selection
from ganctl.diagnosis import plot
from ganctl.diagnosis.curves import sparkline
from ganctl.diagnosis.finding import Finding
from ganctl.diagnosis.history import History
from ganctl.diagnosis.verdict import Verdict, verdict
from ganctl.error import UsageError
from ganctl.run import checkpoint
from ganctl.run.folder import Folder
from ganctl.run.writer import Run
from ganctl.training import monitor
from ganctl.training.settings import Settings

PNG = b"\x89PNG\r\n"
CONFIG = {
    "dataset": {},
    "model": {},
    "network": {},
    "loss": {"_target_": "ganctl.loss.cross_entropy.Minimax"},
    "optimizer": {"discriminator": {"learning_rate": 0.001}, "generator": {"learning_rate": 0.001}},
    "trainer": {"steps": 4000},
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Write a run folder with a log, as a finished training leaves it."""
    monkeypatch.chdir(tmp_path)

    def write(lines: list[dict], **record) -> Folder:
        path = tmp_path / "outputs" / "run"
        path.mkdir(parents=True)
        (path / "config.yaml").write_text(yaml.safe_dump(CONFIG))
        (path / "run.json").write_text(json.dumps({"status": "finished"} | record))
        (path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        return Folder(path)

    return write


def test_a_healthy_run_exits_0_with_its_curves(folder, capsys):
    run = folder(logged(4000))
    assert cli.main(["doctor", "run"]) == 0
    text = capsys.readouterr().out
    assert "Healthy" in text and "coverage of data" in text and "Not judged: memorizing" in text
    assert all(len(line) <= 80 for line in text.splitlines())
    assert (run.path / "diagnosis.png").read_bytes().startswith(PNG)


def test_a_short_log_is_not_called_healthy(folder, capsys):
    folder(logged(4000)[:5])
    assert cli.main(["doctor", "run", "out=none"]) == 4
    text = capsys.readouterr().out
    assert "Too early to judge: the log has" in text and "Healthy" not in text
    assert "Not judged: anything, before 8" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [(100.0, "100"), (99.7, "100"), (-2345.6, "-2346"), (0.0123, "0.012"), (5e7, "5e+07"), (math.inf, "inf")],
)
def test_a_curve_s_numbers_are_as_short_as_a_reader_writes_them(value, text):
    assert plot.short(value) == text


@pytest.mark.parametrize("name", [name for name in SICK if name != "non-finite"])
def test_a_sick_run_exits_3_and_says_what_to_try(name, folder, capsys):
    folder(logged(6000, **SICK[name]))
    assert cli.main(["doctor", "latest", "out=none"]) == 3
    text = capsys.readouterr().out
    assert f"Sick: {name}" in text or f", {name}" in text
    assert f"{name}: since step" in text and "  Seen: " in text and "  try: " in text
    assert all(len(line) <= 80 for line in text.splitlines() if "try:" not in line)


def test_what_ended_a_run_before_it_was_logged_is_in_run_json(folder, capsys):
    finding = Finding("non-finite", 19, 19, "generator/adversarial is nan at step 19").facts()
    run = folder([], findings=[finding, {"name": "invented", "step": 1}, 3], status="failed")
    assert cli.main(["doctor", str(run.path)]) == 3
    text = capsys.readouterr().out
    assert "Sick: non-finite." in text and "nan at step 19" in text
    assert not (run.path / "diagnosis.png").exists()


def test_scripts_get_json(folder, capsys):
    run = folder(logged(4000, **SICK["mode collapse"]))
    assert cli.main(["doctor", "run", "--json"]) == 3
    facts = json.loads(capsys.readouterr().out)
    assert facts["healthy"] is False and facts["status"] == "finished" and facts["step"] == 4000
    (finding,) = facts["findings"]
    assert finding["name"] == "mode collapse" and "loss=relativistic penalty=[r1,r2]" in finding["try"]
    assert not (run.path / "diagnosis.png").exists()


def test_the_doctor_needs_no_tensorflow(folder):
    folder(logged(4000))
    code = (
        "import sys; from ganctl import cli; code = cli.main(['doctor', 'run']); "
        "sys.exit(code + 10 * ('tensorflow' in sys.modules))"
    )
    python(code)


def test_damaged_files_give_one_line(folder, capsys):
    run = folder(logged(2000))
    file = run.path / "metrics.jsonl"
    whole = file.read_text()
    half = whole[: len(whole) // 2].count("\n") + 1
    file.write_text(whole[: len(whole) // 2] + "\n" + whole)
    assert cli.main(["doctor", "run", "out=none"]) == 0
    assert f"metrics.jsonl: line {half} cannot be read and left out" in capsys.readouterr().err
    file.write_bytes(b"\xff\x00garbage\n" * 5)
    assert cli.main(["doctor", "run"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    (run.path / "config.yaml").write_text("[]")
    assert cli.main(["doctor", "run"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_what_a_stranger_wrote_cannot_steer_the_terminal(folder, capsys):
    evil = {"name": "non-finite", "step": 1, "evidence": "\x1b[2J gone"}
    folder([], findings=[evil], rollbacks=[{"finding": "\x1b[2J", "from": 2, "to": 1}])
    assert cli.main(["doctor", "run"]) == 3
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("words", [["run", "ot=a.png"], ["run", "out=a.txt"], ["run", "--jsn"], ["nowhere"]])
def test_wrong_commands_are_told(words, folder, capsys):
    folder(logged(100))
    assert cli.main(["doctor", *words]) == 2
    assert capsys.readouterr().err.startswith("ganctl: ")


def test_sparklines():
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8) == "▁▂▃▄▅▆▇█"
    assert sparkline([2.0] * 5, 3) == "▁▁▁" and sparkline([], 5) == ""
    assert sparkline([0, 0, 1, 1], 2) == "▁█"


WORDS = ["train", "model=gan", *TINY["gan"], *SMALL, "trainer.log_every=2", "trainer.sample_every=0"]
WORDS += ["trainer.save_every=4", "trainer.steps=12"]


class Stub:
    """An examiner that calls a step of more than so much sick, from step 5 on."""

    limit = 0.0

    def __init__(self, steps: int, *, countable: bool) -> None:
        self.findings: dict[str, Finding] = {}

    @property
    def verdict(self) -> Verdict:
        return verdict(self.findings.values(), History())

    def see(self, line: dict) -> list[Finding]:
        if line["step"] != 6 or line["generator/update"] <= self.limit or self.findings:
            return []
        self.findings["divergence"] = Finding("divergence", 5, 6, "it moves too far")
        return list(self.findings.values())


@pytest.fixture
def train(tmp_path, monkeypatch):
    """Train in this process with the stub for an examiner; return (exit code, folder)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(monitor, "Examiner", Stub)

    def call(name: str, *words: str):
        return cli.main([*WORDS, f"name={name}", *words]), Run(tmp_path / "outputs" / name)

    return call


def test_a_finding_is_said_once_and_written_where_it_belongs(train, capsys):
    code, run = train("warned")
    text = capsys.readouterr().out
    assert code == 0 and text.count("Found at step 6: divergence (since step 5)") == 1
    assert "Seen: it moves too far." in text and "try: optimizer.discriminator.learning_rate=" in text
    assert "found    divergence (step 5)" in text and "ganctl doctor outputs/warned" in text
    assert [line.get("findings") for line in run.metrics()] == [None, None, ["divergence"], None, None, None]
    assert [each["name"] for each in run.record()["findings"]] == ["divergence"]
    assert "Found at step 6" in (run.path / "log.txt").read_text()


def test_stop_stops_before_anything_bad_is_saved(train, capsys):
    code, run = train("stopped", "trainer.on_sick=stop")
    error = capsys.readouterr().err
    assert code == 3 and "divergence since step 5" in error and "trainer.on_sick=warn" in error
    assert run.status() == "stopped" and run.step == 4
    assert cli.main(["resume", "stopped"]) == 3  # it meets the same again
    assert cli.main(["resume", "stopped", "trainer.on_sick=warn"]) == 0
    assert run.status() == "finished" and run.step == 12


def test_going_back_lowers_the_rates_and_a_run_resumed_after_it_is_the_same(train, capsys, monkeypatch):
    code, free = train("free")
    moved = next(line["generator/update"] for line in free.metrics() if line["step"] == 6)
    monkeypatch.setattr(Stub, "limit", 0.75 * moved)  # half the rate moves half as far
    code, whole = train("whole", "trainer.on_sick=rollback")
    assert code == 0 and whole.step == 12
    text = capsys.readouterr().out
    assert "Back to step 4, for the first time of 3: all learning rates are now 0.5 times" in text
    (entry,) = whole.record()["rollbacks"]
    assert entry == {"finding": "divergence", "from": 6, "to": 4, "factor": 0.5, "done": True}
    assert whole.record()["findings"] == []
    assert [line["step"] for line in whole.metrics()] == [2, 4, 6, 8, 10, 12]
    code, broken = train("broken", "trainer.on_sick=rollback", "trainer.steps=8")
    assert code == 0 and cli.main(["resume", "broken", "trainer.steps=12"]) == 0
    one, other = (checkpoint.newest(run.checkpoints)[1] for run in (whole, broken))
    assert one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)
    now, then = (checkpoint.newest(run.checkpoints)[1] for run in (whole, free))
    (moment,) = [name for name in now if name.startswith("network/generator") and "000.kernel" in name]
    assert not np.array_equal(now[moment], then[moment])


def test_after_the_last_rollback_it_stops(train, capsys):
    code, run = train("always", "trainer.on_sick=rollback", "trainer.rollbacks=2")
    assert code == 3 and len(run.record()["rollbacks"]) == 2 and run.status() == "stopped"
    assert cli.main(["doctor", "always", "out=none"]) == 4  # the short log of the last life
    assert capsys.readouterr().out.count("Went back from step 6 to 4") == 2


def test_a_rollback_that_a_crash_cut_short_is_finished(tmp_path):
    run = Run(tmp_path)
    for step in (0, 4, 8):
        checkpoint.write(checkpoint.path_of(run.checkpoints, step), {"x": np.zeros(1)}, step=step)
    entry = {"finding": "divergence", "from": 9, "to": 4, "factor": 0.5, "done": False}
    run.note(rollbacks=[entry])
    monitor.settle(run)
    assert checkpoint.steps(run.checkpoints) == [0, 4] and run.record()["rollbacks"][0]["done"]
    checkpoint.write(checkpoint.path_of(run.checkpoints, 12), {"x": np.zeros(1)}, step=12)
    monitor.settle(run)
    assert checkpoint.steps(run.checkpoints) == [0, 4, 12]
    assert monitor.factor(run) == 0.5
    lowered = monitor.lowered(run, CONFIG)
    assert lowered["optimizer"]["generator"]["learning_rate"] == 0.0005
    assert CONFIG["optimizer"]["generator"]["learning_rate"] == 0.001


def test_rolling_back_keeps_checkpoints_from_before_anything_can_begin():
    assert monitor.looks_back(Settings()) == 3
    assert monitor.looks_back(Settings(on_sick="rollback")) * 500 >= 2400 + 500
    assert monitor.looks_back(Settings(on_sick="rollback", keep=0)) == 0


def test_a_number_that_is_none_is_named_with_its_remedies_and_known_to_the_doctor(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    words = [*WORDS, "name=nan", "optimizer=sgd", "optimizer.generator.learning_rate=1e14", "loss=minimax"]
    words.append("optimizer.discriminator.learning_rate=1e14")
    assert cli.main(words) == 1
    text = capsys.readouterr()
    assert "non-finite" in text.out and "try: optimizer.discriminator.learning_rate=" in text.out
    assert "the checkpoints before it are intact" in text.err
    assert cli.main(["doctor", "nan", "out=none"]) == 3
    assert "Sick: non-finite." in capsys.readouterr().out


def test_selections_are_disjoint_even_and_part_of_the_fingerprint():
    plain, few = digits(), digits(limit=50)
    assert plain.fingerprint != few.fingerprint and len(few) == 50
    assert few.held(128).shape == (128, 28, 28, 1) and plain.held(128).shape == (0, 28, 28, 1)
    assert len(np.unique(few.labels)) == 10 and few.labels.shape == (50,)
    kept = digits(holdout=97)
    assert len(kept) == 1700 and kept.held(500).shape[0] == 97
    used, held = Selection(limit=3, holdout=2).split(10)
    assert not set(used) & set(held) and len(used) == 3 and len(held) == 7
    known = {image.tobytes() for image in kept.take(1700)}
    assert sum(image.tobytes() in known for image in kept.held(97)) <= 1  # two digits may be alike


@pytest.mark.parametrize("options", [{"limit": 0}, {"limit": 1798}, {"holdout": 1797}, {"holdout": -1}])
def test_selections_that_cannot_be_are_refused(options):
    with pytest.raises(UsageError, match=f"dataset.{next(iter(options))}"):
        digits(**options)


def test_a_discriminator_that_knows_its_images_is_seen_and_one_that_does_not_is_not(make):
    words = ["model=gan", *TINY["gan"], "trainer.batch_size=8", "model.latent=8", "dataset.limit=20"]
    _, dataset, trainer = make(*words)
    facts = trainer.overfitting(dataset, 0)
    assert set(facts) == {"discriminator/training", "discriminator/held_out", "discriminator/recognized"}
    assert 0.3 < facts["discriminator/recognized"] < 0.7
    bright, dark = ({"image": np.full((128, 28, 28, 1), grey, np.float32)} for grey in (0.5, -0.5))
    trainer.overfitting._sets = (bright, dark)
    first = trainer.overfitting(dataset, 0)["discriminator/recognized"]
    trainer.overfitting._sets = (dark, bright)
    assert {first, trainer.overfitting(dataset, 0)["discriminator/recognized"]} == {0.0, 1.0}
    _, plain, _ = make("model=gan", *TINY["gan"], *SMALL)
    trainer.overfitting._sets = None
    assert trainer.overfitting(plain, 0) == {}
