"""The run folder: what lies in it, that it is enough to go on, and what happens when it is damaged."""

import json
import os
import platform
import shutil
from importlib import metadata

import numpy as np
import pytest
from builders import tiny
from PIL import Image

from ganctl import __version__, cli, image
from ganctl.config.compose import compose
from ganctl.error import RunError, UsageError
from ganctl.game.field import from_facts
from ganctl.run import checkpoint
from ganctl.run.folder import Folder, find
from ganctl.run.writer import Run
from ganctl.training import build
from ganctl.training.monitor import Monitor

WORDS = [
    *tiny("gan"),
    "trainer.steps=6",
    "trainer.log_every=2",
    "trainer.sample_every=3",
    "trainer.save_every=2",
]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The outputs folder of a run that has finished six steps; not to be changed."""
    outputs = tmp_path_factory.mktemp("run")
    assert cli.main(["train", *WORDS, "name=run", f"outputs={outputs}"]) == 0
    return outputs


@pytest.fixture
def run(finished, tmp_path, monkeypatch):
    """A copy of the finished run as outputs/run of an empty folder."""
    shutil.copytree(finished / "run", tmp_path / "outputs/run")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "outputs/run"


def last_line(capsys, words, code=0):
    """Return the last line of what a command says."""
    assert cli.main(words) == code
    said = capsys.readouterr()
    return (said.err if code else said.out).splitlines()[-1]


def test_a_run_folder_holds_what_it_promises(finished):
    names = {path.name for path in (finished / "run").iterdir()}
    assert names == {
        "checkpoints",
        "config.yaml",
        "lock",
        "log.txt",
        "metrics.jsonl",
        "progress.gif",
        "run.json",
        "samples",
        "tensorboard",
    }
    assert checkpoint.steps(finished / "run/checkpoints") == [2, 4, 6]
    pictures = sorted(path.name for path in (finished / "run/samples").iterdir())
    assert pictures == ["step-000000.png", "step-000003.png", "step-000006.png"]


def test_config_yaml_is_plain_data_and_rebuilds_the_run(finished):
    config = Folder(finished / "run").config()
    assert config == compose([*WORDS, "name=run", f"outputs={finished}"]).plain()
    trainer = build.trainer(config, from_facts(Folder(finished / "run").data()["fields"], "run.json"))
    step, tensors, _ = checkpoint.newest(finished / "run/checkpoints")
    trainer.state.restore(tensors)
    assert trainer.played == step == 6


def test_run_json_tells_who_made_it_from_what_with_what(finished):
    record = json.loads((finished / "run/run.json").read_text())
    assert record["status"] == "finished" and record["step"] == 6 and record["error"] is None
    assert record["versions"]["ganctl"] == __version__
    assert record["versions"]["tensorflow"] == metadata.version("tensorflow")
    assert record["host"] == platform.node() and record["command"].split()[0] == "ganctl"
    assert record["data"]["examples"] == 1797 and record["data"]["shape"] == [28, 28, 1]
    image = {"kind": "image", "shape": [28, 28, 1], "classes": []}
    assert (
        record["data"]["fields"]["image"] == image and len(record["data"]["fields"]["label"]["classes"]) == 10
    )
    asks = {
        "makes": ["image"],
        "fields": record["data"]["fields"],
        "names": [],
        "views": ["interpolation", "walk"],
    }
    assert record["samples"] == asks
    assert len(record["data"]["fingerprint"]) == 64 and len(record["data"]["classes"]) == 10
    assert {"device", "platform", "git", "process", "updated"} <= record.keys()


def test_metrics_are_one_object_a_log_line(finished):
    lines = [json.loads(line) for line in (finished / "run/metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 4, 6]
    assert [line["images"] for line in lines] == [16, 32, 48]
    assert lines[0]["seconds"] < lines[1]["seconds"] < lines[2]["seconds"]
    for line in lines:
        assert {"images_per_second", "discriminator/adversarial", "generator/adversarial"} <= line.keys()
        assert all(np.isfinite(value) for value in line.values())


def test_tensorboard_reads_the_same_scalars_and_grids(finished):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    board = EventAccumulator(str(finished / "run/tensorboard"), size_guidance={"images": 0, "tensors": 0})
    board.Reload()
    import tensorflow as tf

    lines = [json.loads(line) for line in (finished / "run/metrics.jsonl").read_text().splitlines()]
    for name in ("discriminator/adversarial", "generator/adversarial"):
        found = {event.step: float(tf.make_ndarray(event.tensor_proto)) for event in board.Tensors(name)}
        assert found == {line["step"]: pytest.approx(line[name]) for line in lines}
    grids = board.Tensors("samples")
    assert [event.step for event in grids] == [0, 3, 6]
    encoded = tf.make_ndarray(grids[-1].tensor_proto)[-1]
    with Image.open(finished / "run/samples/step-000006.png") as picture:
        assert np.array_equal(tf.io.decode_png(encoded).numpy()[..., 0], np.asarray(picture))


def test_grids_have_a_gutter_and_the_film_has_a_frame_for_each(finished):
    side = 3 * (28 + image.GUTTER) + image.GUTTER  # nine samples
    for path in (finished / "run/samples").iterdir():
        with Image.open(path) as picture:
            assert picture.size == (side, side) and picture.mode == "L"
            pixels = np.asarray(picture)
            lines = [index for index in range(side) if index % (28 + image.GUTTER) < image.GUTTER]
            assert (pixels[lines] == 255).all() and (pixels[:, lines] == 255).all()
    with Image.open(finished / "run/progress.gif") as film:
        assert film.n_frames == 3 and film.size == (side, side)


def test_log_txt_keeps_what_was_said(finished):
    text = (finished / "run/log.txt").read_text()
    assert "Training " in text and "step 4/6" in text and "Finished step 6" in text
    assert f"ganctl resume {finished}/run trainer.steps=12" in text


def test_a_finished_run_says_so_and_how_to_train_further(run, capsys):
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    for words in (["resume", "run"], ["train", *WORDS], ["train", *WORDS, "trainer.steps=4"]):
        words += ["name=run"] if words[0] == "train" else []
        assert last_line(capsys, words) == "To train further: ganctl resume outputs/run trainer.steps=12"
    assert before == {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}


def test_a_finished_run_trains_further_by_steps_or_epochs(run, capsys):
    assert "trainer.steps=16" in last_line(capsys, ["resume", "run", "trainer.steps=8"])
    passes = 10 * 8 / 1797
    assert "trainer.steps=20" in last_line(capsys, ["resume", f"trainer.epochs={passes}"])
    assert checkpoint.steps(run / "checkpoints")[-1] == 10
    assert [line["step"] for line in Folder(run).metrics()] == [2, 4, 6, 8, 10]


def test_epochs_set_the_steps_and_what_follows_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["trainer.epochs=0.01", "schedule=cosine", "trainer.sample_every=0"]
    assert cli.main(["train", *WORDS, *words, "name=run"]) == 0
    config = Folder(tmp_path / "outputs/run").config()
    assert config["trainer"]["steps"] == config["schedule"]["generator"]["decay_steps"] == 2


FOLLOWERS = {
    "schedule=cosine": ("schedule", "generator", "decay_steps"),
    "schedule=linear": ("schedule", "generator", "decay_steps"),
    "schedule=half_linear": ("schedule", "discriminator", "decay_steps"),
    "augment=[instance_noise]": ("augment", "instance_noise", "steps"),
}


@pytest.mark.parametrize("word", FOLLOWERS)
def test_values_that_came_from_trainer_steps_follow_it_when_a_run_is_lengthened(word, capsys):
    """A cosine that ended at step 2 would leave a rate of 0 for all that is trained further."""
    from ganctl.config.following import lengthened

    config = compose([word, "trainer.steps=4", "trainer.turns.discriminator=3"]).plain()
    whole = compose([word, "trainer.steps=10", "trainer.turns.discriminator=3"]).plain()
    found, changed = lengthened(config, 10)
    assert found == whole and ".".join(FOLLOWERS[word]) in changed
    assert lengthened(config, 4) == (config, {})
    kept, changed = lengthened(config, 10, {".".join(FOLLOWERS[word])})  # a number of the user's own
    assert ".".join(FOLLOWERS[word]) not in changed and kept != whole


def test_a_run_goes_on_with_the_schedule_of_its_new_length(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = [*WORDS, "schedule=cosine", "trainer.sample_every=0", "name=run", "trainer.steps=2"]
    assert cli.main(["train", *words]) == 0
    assert cli.main(["resume", "run", "trainer.steps=4"]) == 0
    assert "schedule.generator.decay_steps=4: it follows trainer.steps=4." in capsys.readouterr().out
    assert cli.main(["train", *words[:-1], "trainer.steps=6"]) == 0  # the same experiment, longer
    config = Folder(tmp_path / "outputs/run").config()
    assert config["schedule"]["generator"]["decay_steps"] == 6


def test_other_data_are_refused_even_where_nothing_is_left_to_train(tmp_path, monkeypatch, capsys):
    """Two folders of one last name give a run one name; replaced pictures give it one path."""
    monkeypatch.chdir(tmp_path)
    for place, folder in enumerate(("here/photos", "there/photos")):
        (tmp_path / folder).mkdir(parents=True)
        for number in range(8):
            pixels = np.full((28, 28), 20 * number + place, np.uint8)
            Image.fromarray(pixels).save(tmp_path / folder / f"{number}.png")
    words = [*WORDS, "dataset=image_folder", "dataset.size=28", "trainer.steps=1"]
    assert cli.main(["train", *words, "dataset.path=here/photos"]) == 0
    assert "other data" in last_line(capsys, ["train", *words, "dataset.path=there/photos"], 2)
    assert "other data" in last_line(capsys, ["resume", "latest", "dataset.path=there/photos"], 2)
    assert "To train further" in last_line(capsys, ["train", *words, "dataset.path=here/photos"])
    (tmp_path / "here/photos/0.png").write_bytes((tmp_path / "there/photos/0.png").read_bytes())
    assert "other data" in last_line(capsys, ["train", *words, "dataset.path=here/photos"], 2)


def test_a_changed_config_is_refused_with_the_differences(run, capsys):
    text = last_line(capsys, ["train", *WORDS, "name=run", "loss=minimax", "seed=5"], 2)
    losses = [f"ganctl.loss.cross_entropy.{name}" for name in ("NonSaturating", "Minimax")]
    assert f"loss._target_: {losses[0]} -> {losses[1]}" in text
    assert "seed: 0 -> 5" in text and "name=" in text and "ganctl resume" in text


@pytest.mark.parametrize(
    ("word", "answer"),
    [
        ("loss=minimax", "loss cannot change within a run"),
        ("trainer.batch_size=4", "trainer.batch_size cannot change within a run"),
        ("trainer.stpes=9", "There is no key 'trainer.stpes'. Did you mean 'trainer.steps'?"),
        ("steps=9", "Did you mean 'trainer.steps'?"),
        ("dataset.path=x", "There is no key 'dataset.path' in this run"),
        ("trainer.steps=-1", "trainer.steps: expected a whole number of at least 0, got '-1'"),
        ("trainer.steps=abc", "trainer.steps: expected a whole number of at least 0, got 'abc'"),
    ],
)
def test_what_cannot_change_within_a_run_is_explained(word, answer, run, capsys):
    assert answer in last_line(capsys, ["resume", "run", word], 2)


def test_other_data_in_the_same_run_are_refused(run, capsys):
    record = json.loads((run / "run.json").read_text())
    record["data"]["fingerprint"] = "0" * 64
    (run / "run.json").write_text(json.dumps(record))
    assert "was trained on other data" in last_line(capsys, ["resume", "run", "trainer.steps=8"], 2)


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        (b"", "is damaged: it lacks dataset, model, network"),
        (b"- 1\n", "is damaged: it lacks dataset, model, network"),
        (b"trainer: 3\n", "is damaged: it lacks dataset, model, network"),
        (b"a: [", "cannot be read: while parsing"),
        (b"\xff\x00\x80", "cannot be read"),
    ],
)
@pytest.mark.parametrize("command", ["resume", "sample", "train"])
def test_a_damaged_config_is_named_and_kept(command, content, answer, run, capsys):
    (run / "config.yaml").write_bytes(content)
    words = ["train", *WORDS, "name=run"] if command == "train" else [command, "run"]
    text = last_line(capsys, words, 1)
    assert "outputs/run/config.yaml" in text and answer in text
    assert (run / "config.yaml").read_bytes() == content


def flipped(content, place):
    """Return bytes with one bit of the byte at a place flipped."""
    return content[:place] + bytes([content[place] ^ 1 << place % 8]) + content[place + 1 :]


DAMAGED = [b"", b"[1]", b'{"status": ', b"\xff\xfe", b'{"data": 3}', b'{"step": "x"}', b"[" * 99_999, None]


@pytest.mark.parametrize("content", DAMAGED, ids=lambda content: str(content)[:12])
def test_a_damaged_record_is_an_error_that_says_how_to_go_on_without(content, run, capsys):
    (run / "run.json").unlink()
    (run / "run.json").mkdir() if content is None else (run / "run.json").write_bytes(content)
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    for command in (["resume", "run", "trainer.steps=7"], ["train", *WORDS, "name=run"]):
        text = last_line(capsys, command, 1)
        assert "outputs/run/run.json" in text and "mv outputs/run/run.json" in text
    for command in ("doctor", "report", "sample"):
        assert "outputs/run/run.json" in last_line(capsys, [command, "run"], 1)
    assert before == {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert "damaged" in last_line(capsys, ["runs"]) or "run.json" in last_line(capsys, ["runs"])
    assert find("latest", run.parent).path == run.parent / "run"
    (run / "run.json").rename(run / "away")
    assert cli.main(["resume", "run", "trainer.steps=7"]) == 0
    record = json.loads((run / "run.json").read_text())
    assert record["status"] == "finished" and record["step"] == 7 and record["data"]["examples"] == 1797


@pytest.mark.parametrize("tail", ['{"step": 6, "gene', "7", "{"])
def test_a_log_line_that_a_crash_cut_off_is_no_damage(tail, tmp_path):
    (tmp_path / "metrics.jsonl").write_text('{"step": 2, "seconds": 1.5, "a": 1}\n' + tail)
    log = Folder(tmp_path).log_lines()
    assert log.lines == [{"step": 2, "seconds": 1.5, "a": 1}] and not log.damaged


BAD = [
    b"7",
    b'{"step": "x", "seconds": 1}',
    b"\x00",
    b'{"step": 4}',
    b"[" * 99_999,
    b'{"step": 1e999, "seconds": 1}',
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: str(bad)[:16])
def test_a_damaged_log_line_is_named_and_the_rest_stays(bad, tmp_path):
    good = [{"step": step, "seconds": 1.5, "a": 1} for step in (2, 4, 6)]
    lines = [json.dumps(line).encode() for line in good]
    for place in range(4):
        mixed = [*lines[:place], bad, *lines[place:]]
        (tmp_path / "metrics.jsonl").write_bytes(b"\n".join(mixed) + b"\n")
        log = Folder(tmp_path).log_lines()
        assert log.lines == good and log.damaged == [(place + 1, bad)]
        assert f"line {place + 1} cannot be read" in log.damage


def test_whatever_bit_of_a_log_is_flipped_every_other_line_stays(tmp_path):
    good = [{"step": step, "seconds": 1.5, "a": 1} for step in range(2, 12, 2)]
    whole = "".join(json.dumps(line) + "\n" for line in good).encode()
    for place in range(len(whole)):
        (tmp_path / "metrics.jsonl").write_bytes(flipped(whole, place))
        lines = Folder(tmp_path).metrics()
        assert sum(line in lines for line in good) >= len(good) - 2  # a lost line end joins two lines


def test_a_damaged_log_keeps_its_lines_and_the_best_checkpoint_when_the_run_goes_on(finished, run, capsys):
    lines = (run / "metrics.jsonl").read_bytes().splitlines(keepends=True)
    bad = flipped(lines[0], 0)
    (run / "metrics.jsonl").write_bytes(bad + b"".join(lines[1:]))
    capsys.readouterr()
    assert cli.main(["resume", "run", "trainer.steps=8"]) == 0
    error = capsys.readouterr().err
    assert "line 1 cannot be read; kept in outputs/run/damaged-metrics.jsonl" in error
    assert (run / "damaged-metrics.jsonl").read_bytes() == bad
    assert [line["step"] for line in Folder(run).metrics()] == [4, 6, 8]


def test_the_best_value_outlives_its_log_line(run):
    config = Folder(run).config()
    record = json.loads((run / "run.json").read_text())
    for step, expected in ((2, True), (99, False)):
        (run / "run.json").write_text(
            json.dumps(record | {"best": {"name": "fid/fid", "step": step, "value": 1}})
        )
        checkup = Monitor(Run(run), config, build.settings(config), best="fid/fid")
        assert (checkup.best.point == (2, 1.0)) is expected
        assert bool(json.loads((run / "run.json").read_text())["best"]) is expected


@pytest.mark.parametrize("name", ["checkpoints", "metrics.jsonl"])
def test_what_cannot_be_read_is_not_taken_for_absent(name, run, capsys):
    place, kept = run / name, (run / "metrics.jsonl").read_bytes()
    shutil.rmtree(place) if place.is_dir() else place.unlink()
    place.write_text("x") if name == "checkpoints" else place.mkdir()
    for command in (["resume", "run", "trainer.steps=8"], ["train", *WORDS, "name=run", "trainer.steps=8"]):
        text = last_line(capsys, command, 1)
        assert f"outputs/run/{name} cannot be read" in text
    if name == "checkpoints":
        assert (run / "metrics.jsonl").read_bytes() == kept and "Not a directory" in text


@pytest.mark.parametrize("name", ["run.json", "config.yaml", "metrics.jsonl", "checkpoints"])
def test_one_damaged_run_hides_no_other(name, run, capsys):
    shutil.copytree(run, run.parent / "other")
    place = run / name
    shutil.rmtree(place) if place.is_dir() else place.unlink()
    os.mkfifo(place) if name != "config.yaml" else place.write_text("a: [")
    assert cli.main(["runs"]) == 0
    rows = {line.split()[0]: line.split()[1] for line in capsys.readouterr().out.splitlines()[:2]}
    assert rows == {"run": "damaged", "other": "finished"}
    assert find("other", run.parent).path == run.parent / "other" and find("latest", run.parent)


def test_lost_checkpoints_are_told_before_the_run_starts_again(run, capsys):
    shutil.rmtree(run / "checkpoints")
    assert cli.main(["resume", "run"]) == 0
    assert "holds no checkpoint any more; starting again at step 0" in capsys.readouterr().err
    assert [line["step"] for line in Folder(run).metrics()] == [2, 4, 6]


def test_a_term_that_is_not_finite_stops_the_run_with_the_checkpoints_before_it(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    words = [
        "train",
        *WORDS,
        "name=run",
        "optimizer=sgd",
        "optimizer.generator.learning_rate=1e14",
        "optimizer.discriminator.learning_rate=1e14",
        "loss=minimax",
    ]
    text = last_line(capsys, words, 1)
    assert "the run stopped, and the checkpoints before it are intact" in text
    folder = Folder(tmp_path / "outputs/run")
    assert folder.status() == "failed" and "the run stopped" in folder.record()["error"]
    _, tensors, complaints = checkpoint.newest(folder.checkpoints)
    assert not complaints and all(np.isfinite(tensor).all() for tensor in tensors.values())


def test_a_run_that_never_began_leaves_no_folder(tmp_path):
    with pytest.raises(ValueError, match="no"), Run(tmp_path / "a/b/c").locked():
        raise ValueError("no")
    assert not list(tmp_path.iterdir())
    (tmp_path / "a").mkdir()
    with Run(tmp_path / "a/b").locked():
        (tmp_path / "a/b/mine").touch()
    assert [path.name for path in (tmp_path / "a/b").iterdir()] == ["mine"]


def test_a_lock_held_elsewhere_is_respected_and_left_alone(tmp_path):
    run = Run(tmp_path / "a")
    with run.locked():
        with pytest.raises(UsageError, match="another process"), Run(tmp_path / "a").locked():
            pass
        assert (tmp_path / "a/lock").exists()


def test_a_run_is_found_by_folder_name_or_as_the_latest(run):
    outputs = run.parent
    for name in ("run", "outputs/run", str(run), "latest"):
        assert find(name, outputs).path.resolve() == run
    with pytest.raises(UsageError, match="Did you mean 'run'"):
        find("rnu", outputs)
    assert find("ru", outputs).path.resolve() == run
    (outputs / "rush").mkdir()
    (outputs / "rush/config.yaml").touch()
    assert find("run", outputs).path.resolve() == run  # a whole name is that run
    with pytest.raises(UsageError, match=r"2 runs begin with 'ru' \(run, rush"):
        find("ru", outputs)


def test_what_to_type_is_quoted_for_the_shell(tmp_path):
    assert Folder(tmp_path / "it's mine").typed == f"'{tmp_path}/it'\"'\"'s mine'"


def test_a_checkpoint_that_cannot_be_written_names_the_one_before(run, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "write", full)
    with pytest.raises(RunError, match=r"No space left.*the checkpoint of step 6 is intact"):
        Run(run).save(7, {})
