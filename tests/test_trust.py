"""A run folder may come from a stranger: it builds parts of ganctl and Keras, and nothing else."""

import json
import shutil

import pytest
import yaml
from conftest import tiny

from ganctl import cli
from ganctl.catalogue import choices, groups
from ganctl.compose import compose
from ganctl.error import UsageError
from ganctl.trust import check_trust

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
    "ganctl.run.Run",
    "ganctl.play.begin",
    "ganctl.cli.main",
    "ganctl.model.gan.tf.io.gfile.rmtree",
    "ganctl.dataset.inspection.remember",
    "ganctl.dataset.folder.Path.unlink",
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
    stranger(loss={"_target_": "copy.copy", "x": {"_target_": "ganctl.loss.NonSaturating"}})
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
