"""From words to a config, a run's name, and what makes two configs different experiments."""

import re
from pathlib import Path

import pytest
import yaml

from ganctl import cli
from ganctl.commands import resume
from ganctl.config.compose import compose
from ganctl.config.lives import RESUMABLE, VOLATILE, differences
from ganctl.config.overrides import parse, swept_values
from ganctl.config.run_name import checked_name, file_name, run_name
from ganctl.error import UsageError
from ganctl.files.plain import yaml_data


@pytest.fixture
def own(tmp_path):
    """A user's folder of configs: an experiment and a loss."""
    (tmp_path / "loss").mkdir()
    (tmp_path / "experiment").mkdir()
    mine = "# mine\n_target_: ganctl.loss.cross_entropy.Minimax\nfrom_logits: true\n"
    (tmp_path / "loss" / "mine.yaml").write_text(mine)
    (tmp_path / "experiment" / "quick.yaml").write_text(
        "# @package _global_\n# quick\ndefaults:\n  - override /average: ema\n  - override /loss: mine\n"
        "trainer: {steps: 7}\n"
    )
    return tmp_path


def plain(*words, config_dir=None):
    return compose(list(words), config_dir).plain()


def name(*words):
    return run_name(compose(list(words)))


def test_overrides_change_single_values_and_nothing_else():
    changed = differences(plain(), plain("trainer.batch_size=8", "network.generator.filters=[8,8,4]"))
    keys = {line.split(":")[0] for line in changed}
    assert keys == {"trainer.batch_size", "network.generator.filters"}


@pytest.mark.parametrize(("word", "value"), [("1e3", 1000), ("12", 12), ("${seed}", 0)])
def test_a_whole_number_may_be_spelt_in_several_ways(word, value):
    steps = plain(f"trainer.steps={word}")["trainer"]["steps"]
    assert steps == value and type(steps) is int


def test_a_whole_number_for_a_fraction_becomes_one():
    rate = plain("optimizer.generator.learning_rate=1")["optimizer"]["generator"]["learning_rate"]
    assert rate == 1.0 and type(rate) is float


def test_an_optimizer_is_chosen_for_one_player_or_for_all():
    both = plain("optimizer=sgd")["optimizer"]
    assert {node["_target_"] for node in both.values()} == {"keras.optimizers.SGD"}
    one = plain("optimizer.generator=sgd")["optimizer"]
    assert one["generator"]["_target_"] == "keras.optimizers.SGD"
    assert one["discriminator"]["_target_"] == "keras.optimizers.Adam"
    assert plain("optimizer@optimizer.generator=sgd")["optimizer"] == one


def test_a_normalization_is_chosen_for_one_player_or_for_all_and_reaches_its_network():
    spectral = plain("norm.discriminator=spectral")
    assert spectral["norm"]["discriminator"]["_target_"] == "ganctl.layer.norm.SpectralNormalization"
    assert spectral["network"]["discriminator"]["norm"] == spectral["norm"]["discriminator"]
    assert spectral["norm"]["generator"] == plain()["norm"]["generator"]
    both = plain("norm=layer", "norm.generator.epsilon=0.1")["network"]
    assert {both[player]["norm"]["groups"] for player in ("generator", "discriminator")} == {1}
    assert both["generator"]["norm"]["epsilon"] == 0.1
    assert plain("norm=none")["norm"] == {"discriminator": {}, "generator": {}}


def test_a_recipe_s_momentum_is_for_its_own_normalization():
    assert plain("model=dcgan64")["norm"]["generator"]["momentum"] == 0.8
    assert "momentum" not in plain("model=dcgan64", "norm.generator=pixel")["norm"]["generator"]
    assert plain("model=dcgan64", "norm.generator=none")["norm"]["generator"] == {}


def test_what_a_recipe_says_of_a_penalty_goes_with_the_penalty():
    assert plain("model=r3gan")["penalty"]["r2"]["weight"] == 0.05
    assert set(plain("model=r3gan", "penalty=[r1]")["penalty"]) == {"r1"}
    assert not plain("model=r3gan", "penalty=[]")["penalty"]
    for word in ("average=null", "~average"):
        assert not plain("model=r3gan", word)["average"]


def test_a_schedule_without_numbers_of_its_own_lasts_as_long_as_the_player_is_updated():
    config = plain(
        "schedule=cosine",
        "trainer.order=alternating",
        "trainer.turns.discriminator=3",
        "trainer.steps=10",
    )
    assert config["schedule"]["discriminator"]["decay_steps"] == 30
    assert config["schedule"]["generator"]["decay_steps"] == 10


@pytest.mark.parametrize("words", [["average=null"], ["average=[]"], ["~average"]])
def test_a_part_of_a_recipe_can_be_left_out(words, own):
    assert plain("experiment=quick", config_dir=own)["average"]["decay"] == 0.999
    assert "average" not in plain("experiment=quick", *words, config_dir=own)


def test_the_command_line_wins_over_an_experiment_and_a_recipe(own):
    config = plain("experiment=quick", "trainer.steps=9", "loss=minimax", config_dir=own)
    assert config["trainer"]["steps"] == 9
    assert config["loss"]["_target_"] == "ganctl.loss.cross_entropy.Minimax"


def test_a_user_s_own_files_are_choices_like_any_other(own):
    assert plain("experiment=quick", config_dir=own)["loss"] == plain("loss=mine", config_dir=own)["loss"]
    with pytest.raises(UsageError, match="Did you mean 'mine'"):
        plain("loss=mien", config_dir=own)


@pytest.mark.parametrize(
    ("path", "text", "answer"),
    [
        ("loss/minimax.yaml", "# x\n_target_: x.Minimax\n", "has the name of one of ganctl's own"),
        ("loss/bad.yaml", "a: [", "cannot be composed: while parsing"),
        ("experiment/bad.yaml", "trainer: {steps: 3}\n", "must begin with the line '# @package _global_'"),
        ("experiment/bad.yaml", "# @package _global_\ndefaults: [override /loss: xx]\n", "Could not find"),
        ("experiment/bad.yaml", "# @package _global_\ndefaults: [override /loss: no]\n", "Unsupported item"),
    ],
)
def test_a_user_s_wrong_file_is_explained(path, text, answer, tmp_path):
    (tmp_path / path).parent.mkdir()
    (tmp_path / path).write_text(text)
    with pytest.raises(UsageError, match=answer):
        plain(f"{path.split('/')[0]}=bad", config_dir=tmp_path)


@pytest.mark.parametrize("path", ["a b", "'a,b'", "a=b", "it's", 'say "x"', "(1), [2] {3}", "ä/ö", "~/x"])
def test_a_path_may_hold_any_character(path):
    assert plain("dataset=image_folder", f"dataset.path={path}")["dataset"]["path"] == path.strip("'")


def test_the_composed_config_is_printed_as_yaml_that_composes_to_the_same(capsys):
    assert cli.main(["train", "model=gan", "trainer.steps=5", "--cfg", "job"]) == 0
    assert yaml.safe_load(capsys.readouterr().out) == plain("model=gan", "trainer.steps=5")


def test_a_run_is_named_after_data_model_and_what_else_was_changed():
    assert name() == "digits-dcgan"
    assert name("dataset=mnist", "model=gan") == "mnist-gan"
    assert name("experiment=digits") == "digits"
    assert name("dataset=image_folder", "dataset.path=my/cats.zip") == "cats-dcgan"
    assert name("optimizer.generator.learning_rate=1e-3") == "digits-dcgan-generator.learning_rate=1e-3"
    assert name("name=mine/1", "seed=3") == "mine/1"


def test_data_of_one_s_own_name_a_run_by_where_they_lie_whoever_chose_them():
    assert name("model=cyclegan", "dataset.path=x/apples") == "apples-cyclegan"
    assert name("model=cyclegan").startswith("unpaired-cyclegan")


def test_the_order_of_the_words_does_not_change_the_name():
    words = ["seed=3", "model=gan", "loss=minimax", "trainer.batch_size=8"]
    assert name(*words) == name(*reversed(words)) == "digits-gan-loss=minimax-seed=3-batch_size=8"


def test_what_may_change_within_a_run_does_not_name_it():
    values = {"trainer.jit": "true", "outputs": "x", "dataset.path": "x", "trainer.epochs": "2"}
    for key in sorted(VOLATILE - {"name", "dataset.cache", "dataset.verify", "dataset.path"}):
        assert name(f"{key}={values.get(key, 7)}") == "digits-dcgan", key


def test_long_names_are_cut_and_still_their_own():
    first, second = (file_name("x" * 300 + end) for end in "ab")
    assert first != second and len(first) <= 150


def test_a_name_needs_no_quotes_in_a_shell():
    assert file_name("data-[a b]-{'x': \"y\"}$(z)/..") == "data-a_b-x_y_z"


@pytest.mark.parametrize("wrong", ["", ".", "..", "/a", "a/../b", "a\nb", "x" * 256, ["a"], {}])
def test_a_name_stays_inside_outputs(wrong):
    with pytest.raises(UsageError, match="name: expected"):
        checked_name(wrong)


def test_help_and_docs_list_what_may_change_within_a_run():
    told = resume.help_of([]).partition("may change:")[2].partition("\n\n")[0]
    assert told.replace(",", "").split() == RESUMABLE
    page = (
        (Path(__file__).parents[2] / "docs/run-folder.md")
        .read_text()
        .partition("do not name it:")[2]
        .partition("Any other")[0]
    )
    assert sorted(re.findall(r"`([\w.]+)`", page)) == RESUMABLE


def test_differences_name_both_values_and_pass_over_what_may_change():
    old, new = plain("trainer.steps=5"), plain("trainer.steps=9", "loss=minimax", "seed=1")
    assert differences(old, new) == [
        "loss._target_: ganctl.loss.cross_entropy.NonSaturating -> ganctl.loss.cross_entropy.Minimax",
        "seed: 0 -> 1",
    ]
    assert differences({"a": 1}, {"b": [1]}) == ["a: 1 -> (absent)", "b: (absent) -> [1]"]
    assert differences({"c": 1}, {"a": None, "b": 0, "c": 1, "d": {"e": False, "f": []}}) == []
    assert differences({"a": 2}, {"a": 0}) == ["a: 2 -> 0"]


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("seed=1,2", ["1", "2"]),
        ("seed=range(1,4)", ["1", "2", "3"]),
        ("loss=choice(minimax,nonsaturating)", ["minimax", "nonsaturating"]),
        ("loss=glob(mi*)", ["minimax", "mixture"]),
        ("network.generator.filters=[1,2],[3]", ["[1,2]", "[3]"]),
    ],
)
def test_every_spelling_of_several_values_is_understood(word, values):
    assert swept_values(parse([word])[0]) == values


@pytest.mark.parametrize(
    "text", ["2024_11_25", "1e3", "0.10", "007", "1_000", "12:30", "+5", "nan", "0x10", "no"]
)
@pytest.mark.parametrize("key", ["name", "outputs", "dataset.path"])
def test_names_and_paths_stay_the_text_that_was_typed(key, text, tmp_path):
    data = ["dataset=image_folder", "dataset.size=28"] if key == "dataset.path" else []
    config = compose([*data, f"{key}={text}"]).plain()
    node = config["dataset"] if data else config
    assert node[key.rpartition(".")[2]] == text
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(config))
    again = yaml_data(file)
    assert (again["dataset"] if data else again)[key.rpartition(".")[2]] == text  # and after a resume


def test_names_that_are_swept_stay_text():
    from ganctl.config.overrides import parse, swept_values

    assert swept_values(parse(["dataset.path=2024_01,2024_02"])[0]) == ["'2024_01'", "'2024_02'"]
