"""`ganctl completion` completes what a user may type, in a real shell, faster than the user can wait."""

import os
import pty
import shutil
import subprocess
import sys
import time

import pytest

from ganctl import cli
from ganctl.commands.completion import SCRIPTS, complete
from ganctl.config import choices
from ganctl.config.keys import keys_of


def candidates(line):
    """Return what the last word of a command line may become."""
    return [candidate for candidate, _ in complete(line)]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty folder to be in, with a `ganctl` on the path."""
    program = tmp_path / "bin" / "ganctl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ganctl "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def test_all_commands_complete():
    assert set(cli.COMMANDS) <= set(candidates("ganctl "))
    assert candidates("ganctl tr") == ["train", "train-extractor"]
    assert candidates("/some/where/ganctl res") == ["resume"]


def test_evaluation_completes_its_groups():
    assert "metric=[fid]" in candidates("ganctl evaluate latest metric=[f")
    assert candidates("ganctl evaluate latest extractor=fa") == ["extractor=fashion_mnist"]
    assert candidates("ganctl evaluate latest checkpoint=b") == ["checkpoint=best"]


def test_all_groups_and_their_choices_complete():
    assert {f"{group}=" for group in choices.groups()} <= set(candidates("ganctl train "))
    for group in choices.groups():
        expected = [f"{group}={choice}" for choice in choices.choices(group)]
        assert candidates(f"ganctl train {group}=") == expected


def test_one_tab_completes_a_group_and_its_keys_wait_until_its_name_is_complete():
    assert candidates("ganctl train data") == ["dataset="]
    assert candidates("ganctl train dataset") == ["dataset.", "dataset="]
    assert candidates("ganctl train trai") == ["trainer."]


def test_choices_come_with_their_descriptions():
    assert complete("ganctl train dataset=mn") == [("dataset=mnist", choices.describe("dataset", "mnist"))]


def test_choices_for_one_player_complete():
    assert "optimizer.generator=" in candidates("ganctl train optimizer.gen")
    assert candidates("ganctl train optimizer.generator=adamw") == ["optimizer.generator=adamw"]
    assert candidates("ganctl train loss.generator=") == []


def test_the_last_of_several_choices_completes():
    assert candidates("ganctl train -m loss=minimax,nons") == ["loss=minimax,nonsaturating"]
    assert candidates("ganctl train penalty=[r1") == ["penalty=[r1]"]


def test_keys_complete_part_by_part():
    assert candidates("ganctl train trainer.ste") == ["trainer.steps="]
    assert "trainer.turns." in candidates("ganctl train trainer.t")
    assert candidates("ganctl train trainer.turns.g") == ["trainer.turns.generator="]
    assert not [each for each in candidates("ganctl train loss.") if "_target_" in each]


def test_keys_are_those_of_the_choices_made_before():
    assert candidates("ganctl train network.discriminator.pie") == []
    assert candidates("ganctl train model=gan network.discriminator.pie") == ["network.discriminator.pieces="]
    assert candidates("ganctl train model=gan network=dcgan network.discriminator.pie") == []
    assert candidates("ganctl train penalty=r1 penalty.r1.w") == ["penalty.r1.weight="]


@pytest.mark.parametrize("word", [f"model={name}" for name in choices.choices("model")] + ["penalty=[r1]"])
def test_the_quickly_read_keys_are_those_that_hydra_composes(word):
    from omegaconf import OmegaConf

    from ganctl.config.compose import compose

    def names(node):
        return {key: names(child) for key, child in node.items()} if isinstance(node, dict) else None

    def chosen(config):  # nothing chosen of a group is an empty entry or none at all
        return {key: child for key, child in names(config).items() if child != {}}

    # As it is written: what a network takes over from its normalization has no keys there.
    assert chosen(keys_of([word])) == chosen(OmegaConf.to_container(compose([word]).config))


def test_true_or_false_and_paths_complete_as_values(home):
    (home / "photos").mkdir()
    (home / "my holiday").mkdir()
    assert candidates("ganctl train network.generator.bias=t") == ["network.generator.bias=true"]
    assert candidates("ganctl train dataset=image_folder dataset.path=") == ["dataset.path=photos/"]
    assert candidates("ganctl train --config-dir ph") == ["photos/"]
    assert candidates("ganctl train --config-dir=ph") == ["--config-dir=photos/"]


def test_a_users_own_configs_complete(home):
    (home / "mine" / "dataset").mkdir(parents=True)
    (home / "mine" / "dataset" / "moons.yaml").write_text("# Two moons\nradius: 1\n")
    assert candidates("ganctl train --config-dir mine dataset=mo") == ["dataset=moons"]
    assert candidates("ganctl train --config-dir=mine dataset=moons dataset.") == ["dataset.radius="]


def test_runs_complete_by_name_and_by_path(home):
    for name in ("mnist-dcgan", "sweep/loss=hinge,seed=0"):
        (home / "outputs" / name).mkdir(parents=True)
        (home / "outputs" / name / "run.json").touch()
    assert candidates("ganctl resume ") == ["latest", "mnist-dcgan", "sweep/loss=hinge,seed=0"]
    assert candidates("ganctl sample sweep/loss=h") == ["sweep/loss=hinge,seed=0"]
    assert candidates("ganctl resume outputs/mn") == ["outputs/mnist-dcgan/"]
    assert candidates("ganctl resume latest trainer.ste") == ["trainer.steps="]
    assert candidates("ganctl resume latest seed") == []
    assert candidates("ganctl sample latest check") == ["checkpoint="]


def test_what_a_help_text_says_completes():
    assert {"--dry-run", "-m", "--help"} <= set(candidates("ganctl train -"))
    assert candidates("ganctl runs --j") == ["--json"]
    assert candidates("ganctl list pen") == ["penalty"]
    assert candidates("ganctl completion ") == ["bash", "fish", "zsh"]
    assert candidates("ganctl sample latest average=") == ["average=false", "average=true"]


def test_nonsense_completes_to_nothing_and_is_no_error(home):
    assert "train" in candidates("")
    for line in ("ganctl nonsense x", "ganctl resume ", "ganctl train a.b.c=", "ganctl train ="):
        assert candidates(line) == []


@pytest.mark.parametrize("line", ["ganctl train ", "ganctl train dataset="])
def test_a_tab_is_answered_without_hydra_or_tensorflow_in_a_moment(line):
    code = (
        f"import sys; from ganctl import cli; cli.main(['completion', '--words', {line!r}]); "
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'hydra', 'numpy', 'rich')))"
    )
    times = []
    for _ in range(3):
        started = time.perf_counter()
        answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
        times.append(time.perf_counter() - started)
        assert answer.returncode == 0 and answer.stdout
    assert min(times) < 0.4


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_line_for_a_users_shell_is_one_line_that_runs_the_script(capsys, monkeypatch, shell):
    monkeypatch.setenv("SHELL", f"/usr/bin/{shell}")
    assert cli.main(["completion"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert f"completion {shell}" in line
    assert cli.main(["completion", shell]) == 0
    assert capsys.readouterr().out.rstrip() == SCRIPTS[shell]


@pytest.mark.parametrize("shell", SCRIPTS)
def test_scripts_are_of_their_shells_grammar(shell):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    assert subprocess.run([shell, "-n"], input=SCRIPTS[shell], text=True, check=False).returncode == 0


def test_an_unknown_shell_is_told_which_are_known(capsys, monkeypatch):
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    assert cli.main(["completion"]) == 2
    assert "Expected $SHELL to be bash, zsh or fish, got 'tcsh'" in capsys.readouterr().err
    assert cli.main(["completion", "bsh"]) == 2
    assert "Did you mean 'bash'?" in capsys.readouterr().err


def bash(typed):
    """Return what an interactive bash has on its command line after somebody typed there."""
    ours, theirs = pty.openpty()
    environment = os.environ | {
        "TERM": "dumb",
        "PS1": "",
        "SHELL": shutil.which("bash"),
        "INPUTRC": os.devnull,
    }
    shell = subprocess.Popen(
        ["bash", "--norc", "--noprofile", "-i"], stdin=theirs, stdout=theirs, stderr=theirs, env=environment,
        start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    # Ctrl-A and Ctrl-E go to the line's ends: it is printed in brackets instead of being run.
    keys = f'eval "$(ganctl completion bash)"\n{typed}\x01printf "<%s>" \x05 "|"\nexit\n'
    os.write(ours, keys.encode())
    screen = b""
    try:
        while chunk := os.read(ours, 4096):
            screen += chunk
    except OSError:  # Linux says so when the shell is gone
        pass
    shell.wait(timeout=5)
    os.close(ours)
    printed = screen.decode().replace("\r", "").rpartition("<ganctl>")[2].partition("<|>")[0]
    return printed.strip("<>").replace("><", " ")


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed")
@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("ganctl tr\t", "train"),
        ("ganctl train dataset=mn\t", "train dataset=mnist"),
        ("ganctl train data\tmn\t", "train dataset=mnist"),
        ("ganctl train optimizer.generator=rm\tseed=1", "train optimizer.generator=rmsprop seed=1"),
        ("ganctl train trai\tste\t5", "train trainer.steps=5"),
        ("ganctl resume sweep/loss=h\t", "resume sweep/loss=hinge,seed=0"),
    ],
)
def test_tab_works_in_a_real_bash(home, typed, completed):
    (home / "outputs" / "sweep" / "loss=hinge,seed=0").mkdir(parents=True)
    (home / "outputs" / "sweep" / "loss=hinge,seed=0" / "run.json").touch()
    assert bash(typed) == completed
