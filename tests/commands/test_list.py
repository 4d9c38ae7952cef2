"""`ganctl list` shows everything there is to choose, and how to choose it."""

import pytest
from builders import python

from ganctl import cli
from ganctl.config import choices
from ganctl.config import groups as known


def listed(capsys, *words):
    """Return what `ganctl list` prints, after it succeeded."""
    assert cli.main(["list", *words]) == 0
    return capsys.readouterr().out


def refused(capsys, *words):
    """Return what `ganctl list` complains of, after it failed as a wrong command does."""
    assert cli.main(["list", *words]) == 2
    return capsys.readouterr().err


def terminal(monkeypatch):
    """Make standard output look like a colourless terminal of 80 columns."""
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)


def test_every_group_is_listed_with_its_number_of_choices(capsys):
    rows = {line.split()[0]: line.split()[1] for line in listed(capsys).splitlines()}
    assert rows == {group: str(len(choices.choices(group))) for group in choices.groups()}


@pytest.mark.parametrize("group", choices.groups())
def test_every_group_says_what_it_chooses_in_a_line_that_fits(group):
    assert 0 < len(known.PURPOSES[group]) <= 41


@pytest.mark.parametrize("group", choices.groups())
def test_every_choice_is_listed_with_a_description(capsys, group):
    lines = listed(capsys, group).splitlines()
    assert [line.split()[0] for line in lines] == list(choices.choices(group))
    assert all(len(line.split()) > 1 for line in lines if not line.startswith("rmsprop"))


@pytest.mark.parametrize(
    ("word", "group"),
    [
        ("models", "model"),
        ("losses", "loss"),
        ("penalties", "penalty"),
        ("penal", "penalty"),
        ("opt", "optimizer"),
        ("Dataset=", "dataset"),
    ],
)
def test_plurals_and_beginnings_of_names_are_understood(word, group):
    assert known.find(word) == group


def test_a_misspelt_group_gets_a_suggestion(capsys):
    assert refused(capsys, "modle") == "ganctl: There is no group 'modle'. Did you mean 'model'?\n"


def test_a_beginning_of_two_groups_names_both(capsys, tmp_path):
    for name in ("zebra", "zero"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "one.yaml").touch()
    assert "zebra or zero" in refused(capsys, "ze", "--config-dir", str(tmp_path))


def test_a_word_that_is_near_to_nothing_gets_all_groups(capsys):
    assert "There are augment, average, dataset" in refused(capsys, "xyzzy")


def test_a_users_own_configs_are_listed_too_nested_ones_as_well(capsys, tmp_path):
    (tmp_path / "dataset" / "toy").mkdir(parents=True)
    (tmp_path / "dataset" / "mine.yaml").write_text("# My pictures\n_target_: x\n")
    (tmp_path / "dataset" / "toy" / "ring.yaml").write_text("# Eight points\n")
    assert "mine           My pictures" in listed(capsys, "dataset", "--config-dir", str(tmp_path))
    assert "ring  Eight points" in listed(capsys, "dataset/toy", f"--config-dir={tmp_path}")
    assert "mine" not in listed(capsys, "dataset")


def test_a_config_folder_that_is_none_is_refused(capsys, tmp_path):
    assert "expected a folder" in refused(capsys, "--config-dir", str(tmp_path / "nowhere"))
    assert "expected a folder" in refused(capsys, "--config-dir")


def test_an_unknown_option_gets_a_suggestion(capsys):
    assert "Did you mean '--config-dir'?" in refused(capsys, "--config-folder")


def test_on_a_terminal_the_spellings_for_players_and_for_several_are_shown(capsys, monkeypatch):
    terminal(monkeypatch)
    assert "ganctl train optimizer.generator=" in listed(capsys, "optimizers")
    assert "ganctl train 'penalty=[" in listed(capsys, "penalties")


def test_tables_fit_a_terminal_of_80_columns(capsys, monkeypatch):
    terminal(monkeypatch)
    lines = listed(capsys).splitlines() + listed(capsys, *choices.groups()).splitlines()
    assert max(map(len, lines)) <= 80


def test_listing_imports_neither_tensorflow_nor_hydra():
    code = (
        "import sys; from ganctl import cli; cli.main(['list']); "
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'hydra', 'numpy')))"
    )
    python(code)
