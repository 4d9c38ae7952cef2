"""Every mistake answers at once, in one line that helps, with its exit code, and leaves nothing behind."""

import json
import subprocess
import sys

import pytest
from builders import python, tiny

from ganctl import cli
from ganctl.cli import COMMANDS

LIGHT_MISTAKES = [
    ("trian", "There is no command 'trian'. Did you mean 'train'?"),
    ("--verson", "Did you mean '--version'?"),
    ("train --dry-rnu", "Did you mean '--dry-run'?"),
    ("train --cfg all", "type --cfg job"),
    ("train --config-dir nowhere", "--config-dir: expected a folder, got 'nowhere'"),
    ("train trainr.steps=3", "Did you mean 'trainer.steps'?"),
    ("train trainer.stpes=3", "Did you mean 'trainer.steps'?"),
    ("train steps=3", "Did you mean 'trainer.steps'?"),
    ("train modle=gan", "Did you mean 'model'?"),
    ("train model=gna", "Did you mean 'gan'?"),
    ("train dcgan", "Did you mean 'model=dcgan'?"),
    ("train model=null", "model: there is no 'null'. It has "),
    ("train model=[]", "model: there is no '[]'. It has "),
    ("train ~model", "model: there is no 'null'. It has "),
    ("train loss=[minimax,nonsaturating]", "loss: there is no '[minimax,nonsaturating]'"),
    ("train model=gan,dcgan", "for a run of each add -m"),
    ("train optimizer.generator=adm", "optimizer.generator: there is no 'adm'. Did you mean 'adam'?"),
    ("train optimizer.generator.learning_rat=1", "Did you mean 'optimizer.generator.learning_rate'?"),
    ("train optimizer.generator.learning_rate=fast", "expected a number (such as 0.0001), got 'fast'"),
    ("train trainer.steps=-1", "trainer.steps: expected a whole number of at least 0, got '-1'"),
    ("train trainer.steps=1.5", "expected a whole number (such as 3000), got '1.5'"),
    ("train trainer.steps=null", "expected a whole number of at least 0"),
    ("train trainer.batch_size=0", "trainer.batch_size: expected a whole number of at least 1"),
    ("train trainer.batch_size=1798", "expected at most 1797 (the data, digits), got 1798"),
    ("train trainer.jit=yes", "expected one of auto, true, false, got 'yes'"),
    ("train trainer.epochs=inf", "trainer.epochs: expected a number above 0, got"),
    ("train trainer.epochs=true", "trainer.epochs: expected a number above 0, got"),
    ("train trainer.turns=3", "trainer.turns: expected keys and values"),
    ("train +trainer.stepz=3", "there is no key 'stepz'. Did you mean 'steps'?"),
    ("train network.generator.filters=3", "network.generator.filters: expected a list"),
    ("train model.latent=abc", "model.latent: expected a whole number (such as 100), got 'abc'"),
    ("train seed=-1", "seed: expected a whole number from 0 to 2147483647, got '-1'"),
    ("train seed=null", "seed: expected a whole number from 0 to 2147483647"),
    ("train name=..", "name: expected a folder name inside outputs, got '..'"),
    ("train name=/tmp/a", "name: expected a folder name inside outputs"),
    ("train name=[a,b]", "name: expected a folder name inside outputs"),
    ("train name=" + "a" * 300, "name: expected at most 255 plain characters"),
    ("train outputs=null", "outputs: expected a word (such as outputs), got 'null'"),
    ("train outputs=/proc/none", "No such file or directory", 1),
    ("train trainer.steps=${nothing}", "Interpolation key 'nothing' not found"),
    ("train dataset.flip=true", "There is no key or group 'dataset.flip'"),
    ("train dataset=mnist dataset.path=nowhere", "dataset.path=nowhere does not exist"),
    ("train -m", "-m: expected at least one key=a,b,c"),
    ("train -m model=gan,dcgn", "model: there is no 'dcgn'. Did you mean 'dcgan'?"),
    ("train -m name=a,b", "-m: name is of the whole sweep"),
    ("train -m trainer.steps=interval(1,3)", "expected values one by one"),
    ("train -m trainer.steps=range(3,1)", "gives no values"),
    ("train -m loss=glob(x*)", "gives no values"),
    ("train -m seed=1,2 --cfg job", "leave it out with --cfg"),
    ("resume", "There is no run in outputs/ yet; start one: ganctl train"),
    ("resume nowhere", "RUN: expected a run folder"),
    ("resume latest --trsut", "There is no option '--trsut'"),
    ("sample", "There is no run in outputs/ yet"),
    ("sample latest n=0", "n: expected a whole number of at least 1, got '0'"),
    ("sample latest n=x", "n: expected a whole number of at least 1, got 'x'"),
    ("sample latest n", "Expected n=VALUE"),
    ("sample latest seed=2147483648", "seed: expected a whole number from 0 to 2147483647"),
    ("sample latest average=yes", "average: expected true or false, got 'yes'"),
    (
        "sample latest out=a.jpg",
        "out: expected a file.png, .npy, .gif, .webp or .mp4, or a folder/, got 'a.jpg'",
    ),
]
HEAVY_MISTAKES = [  # these need the networks
    ("model.latent=0", "model.latent: expected a whole number from 1 to 65536, got '0'"),
    ("network=dcgan64", "expected sides that are multiples of 8"),
    ("optimizer.generator.learning_rate=-1", "optimizer.generator.learning_rate: expected a number of at"),
    ("~optimizer.generator", "optimizer: expected one for the player 'generator'"),
    ("trainer.order=alternating +trainer.turns.critic=5", "trainer.turns.critic: there is no such player"),
    (
        "average=ema average.decay=2",
        "average.decay: expected a number of at least 0 and at most 1, got '2.0'",
    ),
]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
    return tmp_path


def complaint(capsys, words: list[str], code: int = 2) -> str:
    """Return the one line that a mistake answers."""
    assert cli.main(words) == code
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith("ganctl: ") and said.err.count("\n") == 1, said
    return said.err


@pytest.mark.parametrize("mistake", LIGHT_MISTAKES, ids=lambda mistake: mistake[0][:40])
def test_a_mistake_answers_in_one_line_and_leaves_nothing_behind(mistake, capsys, empty_folder):
    command, text, *code = mistake
    assert text in complaint(capsys, command.split(), *code)
    assert not list(empty_folder.iterdir())


@pytest.mark.parametrize(("words", "text"), HEAVY_MISTAKES, ids=lambda value: value[:30])
def test_a_config_that_cannot_be_built_leaves_no_folder_behind(words, text, capsys, empty_folder):
    assert text in complaint(capsys, ["train", *words.split(), "outputs=a/b"])
    assert not list(empty_folder.iterdir())


def test_a_folder_that_was_there_stays_when_the_config_cannot_be_built(capsys, empty_folder):
    (empty_folder / "a").mkdir()
    (empty_folder / "a" / "mine.txt").touch()
    complaint(capsys, ["train", "model.latent=0", "outputs=a"])
    assert [file.name for file in (empty_folder / "a").iterdir()] == ["mine.txt"]


def test_a_file_in_the_place_of_outputs_is_named(capsys, empty_folder):
    (empty_folder / "outputs").touch()
    assert "outputs" in complaint(capsys, ["train", *tiny("gan")], code=1)
    assert [file.name for file in empty_folder.iterdir()] == ["outputs"]


@pytest.mark.parametrize("asked", ["option", "variable"])
def test_a_traceback_is_shown_only_when_asked_for(asked, monkeypatch):
    words = ["train", "model=gna"]
    if asked == "variable":
        monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    else:
        words.append("--traceback")
    with pytest.raises(Exception, match="Did you mean 'gan'"):
        cli.main(words)


def test_control_characters_of_a_message_do_not_reach_the_terminal(capsys):
    assert "\x1b" not in complaint(capsys, ["train", "model=\x1b]0;gna"])


@pytest.mark.parametrize("words", [[], *([command] for command in COMMANDS)], ids=str)
def test_every_help_begins_with_a_sentence_and_fits_80_columns(words, capsys):
    assert cli.main([*words, "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith(".") and max(map(len, lines)) <= 80
    assert any(line.startswith("usage: ganctl") for line in lines)


def test_keras_takes_no_package_along_that_ganctl_has_no_use_for_and_they_can_be_imported_after():
    code = (
        "import sys; from ganctl.training.device import wake; wake()\n"
        "import keras\n"
        "assert not {'sklearn', 'matplotlib'} & set(sys.modules), 'imported'\n"
        "import sklearn.base, matplotlib.pyplot"
    )
    python(code)


def test_help_and_version_import_neither_tensorflow_nor_hydra():
    code = (
        "import json, sys, time; from ganctl import cli; start = time.monotonic()\n"
        "for words in (['--help'], ['--version'], *([c, '--help'] for c in cli.COMMANDS)): cli.main(words)\n"
        "heavy = {'tensorflow', 'keras', 'hydra', 'omegaconf', 'sklearn', 'numpy'} & set(sys.modules)\n"
        "print(json.dumps([sorted(heavy), time.monotonic() - start]))"
    )
    heavy, seconds = json.loads(python(code).splitlines()[-1])
    assert heavy == [] and seconds < 5


def test_config_errors_do_not_wait_for_tensorflow(empty_folder):
    code = (
        "import sys; from ganctl import cli; assert cli.main(['train', 'trainer.steps=-1']) == 2\n"
        "assert not {'tensorflow', 'keras', 'sklearn'} & set(sys.modules), 'imported'"
    )
    python(code)


@pytest.mark.parametrize("words", ["--help", "train --cfg job"])
def test_a_reader_that_has_seen_enough_is_no_error(words):
    command = f"{sys.executable} -m ganctl {words} | head -c 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout[1:].strip() == "0" and done.stderr == ""
