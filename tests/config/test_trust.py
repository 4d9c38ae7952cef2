"""A run folder may come from a stranger: it builds parts of ganctl and Keras, and nothing else."""

import json
import os
import shutil
import time

import pytest
import yaml
from builders import tiny

from ganctl import cli
from ganctl.config import make, trust
from ganctl.config.choices import choices, groups
from ganctl.config.compose import compose
from ganctl.config.make import builders
from ganctl.config.trust import check_trust
from ganctl.error import RunError, UsageError
from ganctl.files.plain import yaml_data
from ganctl.training import build

FOREIGN = [
    "os.system",
    "builtins.eval",
    "subprocess.run",
    "pathlib.Path",
    "keras",
    "keras.utils.get_file",
    "keras.models.load_model",
    "keras.saving.load_model",
    "keras.layers.Lambda",
    "keras.layers.TFSMLayer",
    "keras.layers.TorchModuleWrapper",
    "keras.layers.JaxLayer",
    "keras.layers.StringLookup",
    "keras.layers.deserialize",
    "keras.optimizers.get",
    "keras.layers.Dense.from_config",
    "keras.src.layers.core.lambda_layer.Lambda",
    "ganctl.run.writer.Run",
    "ganctl.training.session.begin",
    "ganctl.cli.main",
    "ganctl.model.gan.tf.io.gfile.rmtree",
    "ganctl.dataset.images.inspection.remember",
    "ganctl.dataset.images.folder.Path.unlink",
    " ganctl.model.gan.GAN",
    "ganctl.model.gan.GAN\nos.system",
    ["os.system"],
    {"os": "system"},
    None,
    7,
]
PLACES = {
    "top": lambda target: {"_target_": target},
    "part": lambda target: {"loss": {"_target_": target, "_args_": ["touch x"], "_partial_": True}},
    "list": lambda target: {"a": [1, [{"b": {"_recursive_": False, "c": [{"_target_": target}]}}]]},
    "dotted": lambda target: {"loss._target_": target},
}


def test_a_stranger_s_folder_downloads_nothing(tmp_path):
    wanted = {"extractor": {"_target_": "ganctl.extractor.inception.Inception", "download": True}}
    with pytest.raises(UsageError, match="this run folder asks for a download; add --trust"):
        check_trust(wanted, tmp_path)
    wanted["extractor"]["download"] = False
    check_trust(wanted, tmp_path)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("target", FOREIGN, ids=str)
def test_a_foreign_target_is_refused_wherever_it_stands(target, place, tmp_path):
    with pytest.raises(UsageError, match="not part of ganctl or Keras; add --trust"):
        check_trust(PLACES[place](target), tmp_path)


@pytest.mark.parametrize("group", groups())
def test_every_choice_of_ganctl_is_trusted(group, tmp_path):
    for choice in choices(group):
        config = compose([f"{group}=[{choice}]" if group == "penalty" else f"{group}={choice}"]).plain()
        check_trust(config, tmp_path)


@pytest.mark.parametrize("target", ["keras.optimizers.Nadam", "keras.layers.LayerNormalization"])
def test_parts_of_keras_that_ganctl_does_not_name_are_trusted(target, tmp_path):
    check_trust({"a": {"_target_": target}}, tmp_path)


@pytest.mark.parametrize(
    "node",
    [
        {"a": "${oc.env:HOME}"},
        {"a": ["x ${b}"]},
        {"a": {"class_name": "Lambda", "config": {}}},
        {"a": [{"class_name": "Dense"}]},
    ],
)
def test_what_would_be_worked_out_later_is_refused(node, tmp_path):
    with pytest.raises(UsageError, match="expected plain data"):
        check_trust(node, tmp_path)


@pytest.mark.parametrize(
    "place", ["checkpoints", "log.txt", "samples/step-000001.png.tmp", "config.yaml.tmp"]
)
def test_a_link_that_leads_out_of_the_folder_is_refused(place, tmp_path):
    link = tmp_path / "run" / place
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match=r"is a link, .*elsewhere.*--trust"):
        check_trust({}, tmp_path / "run")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trust")
    words = [*tiny("gan"), "trainer.steps=1", "trainer.sample_every=0", f"outputs={folder}", "name=run"]
    assert cli.main(["train", *words]) == 0
    return folder / "run"


@pytest.fixture
def stranger(trained, tmp_path, monkeypatch):
    """A copy of a run whose config can be changed, in an empty folder."""
    shutil.copytree(trained, tmp_path / "outputs/run")
    monkeypatch.chdir(tmp_path)
    config = yaml.safe_load((trained / "config.yaml").read_text())

    def change(**parts):
        (tmp_path / "outputs/run/config.yaml").write_text(yaml.safe_dump(config | parts))
        return tmp_path / "outputs/run"

    return change


@pytest.mark.parametrize("command", [["resume", "run", "trainer.steps=2"], ["sample", "run", "n=1"]])
def test_a_foreign_target_is_built_with_trust_only(command, stranger, tmp_path, capsys):
    # A harmless stranger: it makes the loss through the standard library.
    stranger(loss={"_target_": "copy.copy", "x": {"_target_": "ganctl.loss.cross_entropy.NonSaturating"}})
    assert cli.main(command) == 2
    error = capsys.readouterr().err
    assert "loss._target_" in error and "'copy.copy'" in error and error.count("\n") == 1
    assert cli.main([*command, "--trust"]) == 0


def test_a_python_object_in_the_yaml_is_never_made(stranger, tmp_path, capsys):
    run = stranger()
    (run / "config.yaml").write_text("a: !!python/object/apply:os.mkdir [made]\n")
    assert cli.main(["resume", "run", "--trust"]) == 1
    assert "config.yaml cannot be read" in capsys.readouterr().err and not (tmp_path / "made").exists()


def test_a_stranger_s_config_does_not_choose_where_is_written(stranger, tmp_path):
    run = stranger(outputs=str(tmp_path / "elsewhere"), name="../../up")
    assert cli.main(["resume", "run", "trainer.steps=2"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["outputs"]
    assert (run / "checkpoints/step-000002.safetensors").exists()


def test_escape_codes_of_a_stranger_do_not_reach_the_terminal(stranger, capsys):
    run = stranger(loss={"_target_": "\x1b]0;x\x07"})
    record = {"status": "failed", "error": "\x1b[2Jgone"}
    (run / "run.json").write_text(json.dumps(record))
    assert cli.main(["resume", "run"]) == 2
    assert cli.main(["runs"]) == 0
    said = capsys.readouterr()
    assert "gone" in said.out and "\x1b" not in said.out + said.err


# Whatever YAML writes without a tag of Python: pairs and tuples are where a target hid from the check.
FOREIGN_YAML = {
    "pairs": "!!pairs [a: {HIDDEN}]",
    "omap": "!!omap [a: {HIDDEN}]",
    "pairs in a list": "[[!!pairs [a: {HIDDEN}]]]",
    "set": "!!set {a, b}",
    "a sequence as a key": "{? !!pairs [a: b] : 1}",
    "binary": "!!binary aGFsbG8=",
    "date": "2020-01-01",
    "date as a key": "{2020-01-01: 1}",
    "time": "2020-01-01 10:00:00",
}
READERS = [["resume", "run"], ["resume", "run", "--trust"], ["sample", "run", "--trust"], ["doctor", "run"]]
READERS += [["report", "run"], ["evaluate", "run", "--trust"]]


@pytest.mark.parametrize("kind", FOREIGN_YAML)
def test_any_type_but_plain_data_is_refused_by_whoever_reads_a_config(kind, stranger, tmp_path, capsys):
    run = stranger()
    hidden = "_target_: builtins.open, file: made, mode: w"
    text = (run / "config.yaml").read_text() + f"extra: {FOREIGN_YAML[kind].replace('HIDDEN', hidden)}\n"
    (run / "config.yaml").write_text(text)
    for command in READERS:
        assert cli.main(command) == 1
        error = capsys.readouterr().err
        assert "config.yaml cannot be read" in error and error.count("\n") == 1
    assert not (tmp_path / "made").exists()
    assert cli.main(["runs"]) == 0 and "damaged" in capsys.readouterr().out


@pytest.mark.parametrize("value", [(1,), {"a"}, b"x", 1j, [({"a": 1},)], {(1, 2): 3}], ids=repr)
def test_types_that_are_no_plain_data_are_refused_without_a_file_as_well(value, tmp_path):
    for config in ({"a": value}, {"a": [{"b": value}]}):
        with pytest.raises(UsageError, match="expected plain data"):
            check_trust(config, tmp_path)
        with pytest.raises(UsageError, match="expected plain data"):
            build.make({"_target_": "ganctl.loss.cross_entropy.NonSaturating"} | config)


def test_an_interpolation_in_a_key_is_refused(tmp_path):
    for config in ({"${oc.env:HOME}": 1}, {"a": [{"x${b}": {}}]}):
        with pytest.raises(UsageError, match="expected plain data"):
            check_trust(config, tmp_path)


BOMBS = {
    "aliases": "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1}, ' * 9}]\n" for n in range(1, 20)),
    "merges": "a0: &a0 {x: 1, y: 2}\n"
    + "".join(f"a{n}: &a{n} {{<<: [{f'*a{n - 1}, ' * 9}]}}\n" for n in range(1, 20)),
    "flow": "a: " + "[" * 100_000,
    "depth": "a: " + "[" * 60 + "]" * 60,
    "depth by aliases": "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [[*a{n - 1}]]\n" for n in range(1, 40)),
    "circle": "a: &a [*a]",
    "size": "a: " + "x" * 2_000_000,
    "nodes": "a: [" + "1," * 60_000 + "]",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_config_that_would_fill_the_memory_is_refused_at_once(bomb, stranger, capsys):
    run, began = stranger(), time.monotonic()
    (run / "config.yaml").write_text(BOMBS[bomb])
    for command in (["resume", "run", "--trust"], ["doctor", "run"], ["report", "run"]):
        assert cli.main(command) == 1
        assert "config.yaml cannot be read" in capsys.readouterr().err
    assert cli.main(["runs"]) == 0 and "damaged" in capsys.readouterr().out
    assert time.monotonic() - began < 10


def test_what_is_no_file_is_refused_and_not_waited_for(stranger, capsys):
    run = stranger()
    (run / "config.yaml").unlink()
    os.mkfifo(run / "pipe")
    with pytest.raises(RunError, match="expected a file"):
        yaml_data(run / "pipe")


def test_a_few_aliases_are_plain_data(tmp_path):
    (tmp_path / "a.yaml").write_text("a: &a {x: [1, 2.5, true, null, text]}\nb: {<<: *a, y: *a}\n")
    one = {"x": [1, 2.5, True, None, "text"]}
    assert yaml_data(tmp_path / "a.yaml") == {"a": one, "b": {**one, "y": one}}


@pytest.fixture
def nothing_allowed(monkeypatch):
    """Nothing that another test's command line named may be built."""
    monkeypatch.setattr(trust, "ALLOWED", set())


@pytest.mark.parametrize("target", FOREIGN, ids=str)
@pytest.mark.parametrize("place", ["deep", "itself"])
def test_the_last_gate_builds_nothing_that_nobody_named(target, place, nothing_allowed, monkeypatch):
    monkeypatch.setattr(make, "instantiate", lambda *_, **__: pytest.fail("Hydra was asked"))
    monkeypatch.setattr(make, "get_object", lambda *_: pytest.fail("it was imported"))
    node = {"_target_": target}
    if place == "deep":
        node = {"_target_": "ganctl.loss.cross_entropy.NonSaturating", "a": [{"b": {"c": node}}]}
    for builder in (lambda: build.make(node), lambda: builders({"generator": node})):
        with pytest.raises(UsageError, match=r"not part of ganctl|names its `_target_`"):
            builder()


def test_the_user_s_own_command_line_may_name_anything(nothing_allowed):
    node = {"_target_": "copy.copy", "x": 3}
    with pytest.raises(UsageError, match="not part of ganctl"):
        build.make(node)
    config = compose(["+mine._target_=copy.copy", "+mine.x=3"]).plain()
    assert build.make(config["mine"]) == 3
    with pytest.raises(UsageError, match=r"builtins\.print"):
        build.make(node | {"x": {"_target_": "builtins.print"}})


PLANTED = ["log.txt", "run.json.tmp", "metrics.jsonl", "lock", "checkpoints", "tensorboard", "samples"]
PLANTED += ["diagnosis.png", "diagnosis.png.tmp", "report.html", "report.html.tmp", "evaluation.json"]
WRITE = {
    "train": ["train", *tiny("gan"), "trainer.steps=2", "trainer.sample_every=0", "name=run"],
    "resume": ["resume", "run", "trainer.steps=2"],
    "sample": ["sample", "run", "n=1"],
    "evaluate": ["evaluate", "run", "n=2", "metric=[spread]"],
    "doctor": ["doctor", "run"],
    "report": ["report", "run"],
    "runs": ["runs"],
}


@pytest.mark.parametrize("command", WRITE)
def test_no_command_writes_through_a_planted_link(command, stranger, tmp_path, capsys):
    run = stranger()
    record = (run / "run.json").read_text().replace('"finished"', '"running"')
    (run / "run.json").write_text(record)
    (tmp_path / "mine").write_text("precious")
    (tmp_path / "folder").mkdir()
    for name in PLANTED:
        place, kept = run / name, tmp_path / "kept"
        if place.exists():
            place.rename(kept)
        place.symlink_to(tmp_path / ("folder" if kept.is_dir() else "mine"))
        code, error = cli.main(WRITE[command]), capsys.readouterr().err
        assert (tmp_path / "mine").read_text() == "precious" and not list((tmp_path / "folder").iterdir())
        if command in ("train", "resume", "sample", "evaluate"):
            assert code == 2 and "is a link" in error and error.count("\n") == 1, name
        place.unlink()
        if kept.exists():
            kept.rename(place)


def test_a_planted_folder_that_holds_no_run_yet_is_refused_as_well(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "outputs/run").mkdir(parents=True)
    for name in ("log.txt", "lock", "run.json.tmp"):
        (tmp_path / "outputs/run" / name).symlink_to(tmp_path / "mine")
    assert cli.main(WRITE["train"]) == 2
    error = capsys.readouterr().err
    assert "is a link" in error and "delete it" in error and error.count("\n") == 1
    assert not (tmp_path / "mine").exists()
