"""`ganctl compare` ranks what may be ranked, says in what runs differ, and refuses the rest in one line."""

import json
import os
import time

import pytest
import yaml
from builders import python
from folders import FIDS, PROTOCOL, VERSIONS, evaluated, result, typed, written
from rich.console import Console

from ganctl import cli
from ganctl.comparison.entry import entries
from ganctl.comparison.picture import curve, picture
from ganctl.comparison.ranking import ranked
from ganctl.comparison.row import INDIFFERENT, STEPS, figure, rows
from ganctl.config.chosen import noted
from ganctl.config.compose import compose
from ganctl.config.lives import VOLATILE
from ganctl.report.settings import command

PNG = b"\x89PNG\r\n"


@pytest.fixture
def said(capsys):
    """Run `ganctl compare` without its picture; return (exit code, lines, errors)."""

    def call(*words, picture=False):
        capsys.readouterr()
        code = cli.main(["compare", *words, *(() if picture else ("out=none",))])
        told = capsys.readouterr()
        return code, told.out.splitlines(), told.err

    return call


def facts(said, *words):
    """Return what `--json` says, which must be strict JSON."""
    code, lines, error = said(*words, "--json")
    assert code == 0, error
    return json.loads(lines[0], parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


# What tells runs apart


@pytest.mark.parametrize(
    "words",
    [
        *([f"model={model}"] for model in ("dcgan64", "points", "sngan", "pacgan")),
        *([f"experiment={experiment}"] for experiment in ("ring", "stacked_mnist")),
        ["model=wgan_gp", "loss=hinge", "penalty=[r1]"],
        ["experiment=ring", "loss=minimax", "seed=3"],
        ["model=dcgan", "optimizer.generator=sgd", "norm.discriminator=spectral"],
        ["model=dcgan", "optimizer=rmsprop", "norm=layer"],
        ["model=dcgan", "schedule=linear", "trainer.steps=70", "average=ema", "average.decay=0.9"],
        ["model=sngan", "dataset=mnist", "network.generator.filters=[8,8]", "minibatch=deviation"],
        ["model=dcgan", "augment=[diffaugment,adaptive]", "norm.generator.momentum=0.5"],
        ["model=dcgan", "loss=mixture", "loss.weights.hinge=0.5"],
    ],
    ids=" ".join,
)
def test_what_was_typed_gives_the_config_back(words):
    composition = compose(words)
    again = compose(command(composition.chosen))
    assert again.plain() == composition.plain() and sorted(command(again.chosen)) == sorted(words)
    assert noted(json.loads(json.dumps(composition.chosen.facts()))) == again.chosen


def test_what_was_chosen_and_changed_is_noted_beside_what_the_recipe_gives():
    chosen = compose(
        ["model=sngan", "loss=minimax", "penalty=[r1]", "optimizer.generator=sgd", "trainer.batch_size=8"]
    ).chosen
    assert chosen.choices["model"] == "sngan" and chosen.choices["penalty"] == ["r1"]
    assert chosen.choices["norm.discriminator"] == "spectral"
    assert chosen.instead == {"loss": "hinge", "penalty": [], "optimizer.generator": "adam"}
    assert chosen.usual == {"trainer.batch_size": 64}


def test_what_resume_changes_is_noted_too():
    composition = compose(["model=dcgan", "trainer.epochs=3", "seed=1"])
    later = composition.chosen.later(["trainer.steps=70"], composition.plain())
    assert later.words == ["model=dcgan", "seed=1", "trainer.steps=70"]
    assert later.usual["trainer.steps"] == compose([]).plain()["trainer"]["steps"]


@pytest.mark.parametrize(
    "note",
    [None, 3, [], {}, {"words": ["a"]}, {"words": [3], "choices": {}, "instead": {}, "usual": {}}],
    ids=str,
)
def test_what_a_stranger_noted_of_choices_is_data_of_a_kind_or_nothing(note):
    assert noted({"chosen": note}) is None
    odd = {"loss": {"a": 1}, "penalty": [[]], "model": "gan", "norm": 3, "augment": []}
    told = {"words": [], "choices": odd, "instead": odd, "usual": {"a": [[[]]], "b": 1}}
    found = noted({"chosen": told})
    assert found.choices == found.instead == {"model": "gan", "augment": []} and found.usual == {"b": 1}


def test_runs_whose_choices_were_not_noted_are_told_apart_by_their_keys(outputs, said):
    written(outputs, "a")
    written(outputs, "b", "loss=hinge", "trainer.batch_size=8", chosen=None)
    settings = {row["runs"][0]["run"]: row["settings"] for row in facts(said, "a", "b")["rows"]}
    assert settings["b"]["loss._target_"] == "ganctl.loss.hinge.Hinge"
    assert settings["b"]["trainer.batch_size"] == "8" and "model" not in settings["b"]


def test_whatever_may_change_within_a_run_makes_no_other_row_but_its_length():
    assert VOLATILE - {STEPS} <= INDIFFERENT and STEPS not in INDIFFERENT


# The table


def test_rows_are_seeds_together_the_best_first(outputs, said):
    for seed, best in enumerate((10.0, 12.0, 14.0)):
        values = {"fid/fid": [(500, 40.0), (1000, best), (1500, best + 1)]}
        written(outputs, f"sweep/hinge-{seed}", "loss=hinge", seed=seed, numbers=values)
    written(outputs, "sweep/plain", numbers={"fid/fid": [(500, 9.0), (1500, 30.0)]})
    code, lines, _ = said("sweep")
    assert code == 0
    assert lines[0] == "fid/fid, lower is better; mean ± sd over seeds; from=training"
    assert "samples 2000" in lines[1] and "extractor mnist" in " ".join(lines[1:4])
    table = lines[lines.index("") + 1 :]
    assert table[0].split() == ["loss", "best", "at", "last", "n", "steps"]
    assert table[1].split() == ["nonsaturating", "9", "500", "30", "1", "1500"]
    assert table[2].split() == ["hinge", "12.0", "±", "2.0", "1000", "13.0", "±", "2.0", "3", "1500"]


def test_higher_is_better_where_it_is(outputs, said):
    for name, value in (("a", 0.2), ("b", 0.6)):
        numbers = {"precision_recall/precision": [(500, 0.9)], "precision_recall/recall": [(500, value)]}
        written(outputs, name, f"trainer.batch_size={len(name) + int(10 * value)}", numbers=numbers)
    found = facts(said, "a", "b", "by=precision_recall/recall")
    assert found["better"] == "higher" and [row["runs"][0]["run"] for row in found["rows"]] == ["b", "a"]
    assert facts(said, "a", "b")["by"] == "precision_recall/precision"


def test_equals_are_told_apart_by_their_last_value(outputs, said):
    written(outputs, "worse", numbers={"fid/fid": [(500, 5.0), (1000, 9.0)]})
    written(outputs, "better", "loss=hinge", numbers={"fid/fid": [(500, 5.0), (1000, 6.0)]})
    assert facts(said, "worse", "better")["rows"][0]["runs"][0]["run"] == "better"


def test_columns_are_what_was_changed_as_it_is_typed(outputs, said):
    written(outputs, "a", "model=dcgan", "optimizer=rmsprop")
    written(outputs, "b", "optimizer.discriminator.learning_rate=0.004")
    written(outputs, "c", "model=lsgan", "metric=[fid]", "trainer.log_every=7")
    settings = {row["runs"][0]["run"]: row["settings"] for row in facts(said, "a", "b", "c")["rows"]}
    assert {key: each["optimizer"] for key, each in settings.items()} == {
        "a": "rmsprop",
        "b": "adam",
        "c": "adam",
    }
    # What the model chooses by itself is told by its name.
    assert settings["c"]["model"] == "lsgan" and "loss" not in settings["c"]
    assert settings["b"]["optimizer.discriminator.learning_rate"] == "0.004"
    assert (
        not {"trainer.log_every", "metric", "seed", "name", "network.generator.filters"}
        & settings["c"].keys()
    )


def test_other_data_and_other_lengths_are_not_averaged(outputs, said):
    written(outputs, "a", data={"fingerprint": "one"})
    written(outputs, "b", data={"fingerprint": "two"}, seed=1)
    written(outputs, "c", "trainer.steps=9000", data={"fingerprint": "two"}, seed=2)
    assert [row["n"] for row in facts(said, "a", "b", "c")["rows"]] == [1, 1, 1]


def test_a_seed_that_counts_twice_and_a_run_that_lags_are_told(outputs, said):
    written(outputs, "a")
    written(outputs, "b", numbers={"fid/fid": [(500, 30.0)]})
    text = " ".join(said("a", "b")[1])
    assert "seed 0 is counted more than once" in text and "b is at step 500, others at 1500" in text


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_table_fits_the_terminal_and_keeps_the_numbers(outputs, said, monkeypatch, width):
    written(outputs, "a", "loss=least_squares", "optimizer.discriminator.learning_rate=0.004")
    written(outputs, "b", "model=wgan_gp", "penalty.gradient_penalty.weight=5", seed=1)
    written(outputs, "c", "model=wgan_gp", "penalty.gradient_penalty.weight=5", seed=2)
    wide = Console(force_terminal=True, color_system=None, width=width, highlight=False, soft_wrap=True)
    monkeypatch.setattr("ganctl.run.console.console", wide)
    code, lines, _ = said("a", "b", "c")
    table = lines[lines.index("") + 1 :]
    assert code == 0 and max(map(len, table)) <= width
    assert "12.5" in " ".join(table) and "12.5 ± 0" in " ".join(table)
    told = "".join(table) if width > 60 else "".join(line.split("  ")[0].strip() for line in table)
    assert "least_squares" in told


def test_an_experiment_tells_all_that_it_chooses_with_its_own_model_or_another(outputs, said):
    written(outputs, "a", "experiment=mnist_best")
    written(outputs, "b", "experiment=mnist_best", "model=cgan")
    written(outputs, "c", "dataset=mnist", "model=dcgan", "network.generator.kernel=3")
    settings = {row["runs"][0]["run"]: row["settings"] for row in facts(said, "a", "b", "c")["rows"]}
    told = {name: (each["experiment"], each["model"]) for name, each in settings.items()}
    assert told == {"a": ("mnist_best", "dcgan"), "b": ("mnist_best", "cgan"), "c": ("-", "dcgan")}
    assert "network.generator.kernel" in settings["c"]
    assert not {"loss", "penalty", "penalty.r1.weight", "trainer.batch_size"} & settings["a"].keys()


def test_figures_have_as_many_digits_as_their_deviation_allows():
    assert figure(12.3456) == "12.35" and figure(0.00123456) == "0.001235" and figure(123456.0) == "123456"
    assert figure(12.3456, 0.0) == "12.35 ± 0" and figure(12.3456, 1.234) == "12.3 ± 1.2"
    assert figure(0.5, 0.00123) == "0.5000 ± 0.0012" and figure(250.4, 31.0) == "250 ± 31"


# Protocols


@pytest.mark.parametrize(
    ("change", "key", "values"),
    [
        ({"samples": 5000}, "samples", ("2000", "5000")),
        ({"real": 50000}, "real", ("10000", "50000")),
        ({"reference": "mnist train"}, "reference", ("mnist test", "mnist train")),
        ({"fingerprint": "77"}, "fingerprint", ("5e1f", "77")),
        ({"extractor_sha256": "cd34"}, "extractor_sha256", ("ab12", "cd34")),
        ({"resize": "bilinear 299"}, "resize", ("none 28", "bilinear 299")),
        ({"averaged": False}, "averaged", ("True", "False")),
        ({"settings": {"fid": {"shrink": 1}}}, "settings.fid.shrink", ("(not said)", "1")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_numbers_of_other_protocols_are_refused_and_the_difference_is_named(
    outputs, said, change, key, values
):
    written(outputs, "one", "average=ema")
    written(outputs, "two", "average=ema", "loss=hinge", protocol=PROTOCOL | change)
    code, lines, error = said("one", "two")
    assert code == 2 and not lines and error.count("\n") == 1
    assert f"{key} is {values[0]} in one (training) and {values[1]} in two (training)" in error
    if key == "fingerprint":  # other images, which no evaluation makes alike
        assert "different data cannot be ranked" in error and "time: ganctl compare one\n" in error
    else:
        assert error.endswith(f"Measure them alike: {typed('one')}; {typed('two')}\n")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"reference": "digits test", "fingerprint": "d1", "extractor": "digits"}, "digits test in two"),
        ({"reference": "mnist train", "fingerprint": "d1"}, "mnist train in two"),
    ],
)
def test_numbers_of_other_data_are_refused_without_advice_that_leads_back(outputs, said, change, text):
    small = {"name": "digits", "shape": [8, 8, 1]}
    written(outputs, "one", data={"name": "digits", "shape": [28, 28, 1]})
    written(outputs, "two", data=small, protocol=PROTOCOL | change)
    code, _, error = said("one", "two")
    assert (
        code == 2
        and error.count("\n") == 1
        and f"reference is mnist test in one (training) and {text}" in error
    )
    assert "different data cannot be ranked" in error and "evaluate" not in error
    assert error.endswith("ganctl compare one\n")


@pytest.mark.parametrize(
    ("change", "seed", "words"),
    [
        (
            {"samples": 500, "real": 300},
            1,
            "n=500 evaluation.real=300 evaluation.reference=test extractor=mnist",
        ),
        (
            {"extractor": "inception", "resize": "pillow bicubic 299"},
            1,
            "evaluation.reference=test extractor=inception extractor.resize=clean",
        ),
        ({"settings": {"fid": {"shrink": 1}}}, 1, "extractor=mnist metric.fid.shrink=1"),
        ({"averaged": False}, 1, "extractor=mnist average=false"),
        ({"seed": 7}, 7, "extractor=mnist seed=7"),
    ],
)
def test_the_advice_says_all_that_makes_numbers_alike(outputs, said, change, seed, words):
    for name in ("one", "two"):
        written(outputs, name, "average=ema", numbers={}, results=[result(8.0, **change)])
    written(outputs, "stray", "average=ema", "loss=hinge", seed=1, numbers={}, results=[result(9.0)])
    code, _, error = said("stray", "one", "two")
    assert code == 2 and error.count("ganctl evaluate") == 1 and error.endswith(f"{words}\n"), error
    assert "ganctl evaluate outputs/stray 'metric=[fid]' n=" in error
    # And after it they are ranked.
    later = result(9.0, made="2026-11-22T18:40:00+0000", **change | {"seed": seed})
    evaluated(outputs / "stray", result(9.0), later)
    assert facts(said, "stray", "one", "two")["rows"][0]["best"]["mean"] == 8.0


def test_where_only_the_training_s_numbers_were_asked_for_the_advice_drops_that(outputs, said):
    written(outputs, "one")
    written(outputs, "two", "loss=hinge", protocol=PROTOCOL | {"samples": 9})
    assert "Measure them alike, and leave out from=training: " in said("one", "two", "from=training")[2]
    written(outputs, "none", numbers={})
    left = said("one", "none", "from=training")[1]
    assert f"  none: no fid from=training; leave out from=training, and type: {typed('none')}" in left


def test_whether_averaged_weights_are_worth_keeping_can_be_compared(outputs, said):
    written(outputs, "one", "average=ema")
    written(outputs, "two", protocol=PROTOCOL | {"averaged": False})
    code, lines, _ = said("one", "two")
    assert code == 0 and "Note: averaged weights drew the samples of the runs that keep them." in lines
    told = " ".join(lines).partition("Measured with ")[2].partition("none 28.")[0]
    assert "samples 2000" in told and "averaged" not in told
    written(outputs, "three", "average=ema", "loss=hinge", protocol=PROTOCOL | {"averaged": False})
    code, _, error = said("two", "one", "three")
    assert code == 2 and "averaged is True in one (training) and False in three (training)" in error


def test_versions_and_other_metrics_settings_are_no_reason(outputs, said):
    written(outputs, "one")
    other = {"versions": VERSIONS | {"tensorflow": "2.22.0"}, "settings": {"fid": {}, "kid": {"size": 7}}}
    written(outputs, "two", "loss=hinge", protocol=PROTOCOL | other)
    code, lines, _ = said("one", "two")
    assert code == 0 and "Note: measured under different versions: tensorflow 2.21.0, 2.22.0." in lines


@pytest.mark.parametrize(("seeds", "code"), [((0, 1), 0), ((5, 5), 0), ((0, 5), 2)])
def test_the_evaluation_s_seed_may_be_each_run_s_own_or_the_same_everywhere(outputs, said, seeds, code):
    for seed, drawn in enumerate(seeds):
        protocol = {"protocol": PROTOCOL | {"seed": drawn}}
        written(outputs, f"run-{seed}", "loss=hinge", seed=seed, **protocol)
        record = json.loads((outputs / f"run-{seed}/run.json").read_text())
        (outputs / f"run-{seed}/run.json").write_text(json.dumps(record | protocol))
    found, _, error = said("run-0", "run-1")
    assert found == code and ("seed is 0 in run-0" in error) == bool(code)


def test_what_evaluate_measured_counts_and_the_newest_of_it(outputs, said):
    old = result(50.0, made="2026-11-20T10:00:00+0000", step=900)
    written(outputs, "one", results=[result(8.0), old, result(7.0, checkpoint="best", step=1000)])
    written(outputs, "two", "loss=hinge", results=[result(9.0)])
    found = facts(said, "one", "two")
    first, second = (row["runs"][0] for row in found["rows"])
    assert (first["best"], first["best_step"], first["last"], first["last_step"]) == (7.0, 1000, 8.0, 1500)
    assert first["from"] == "evaluation" and second["best"] == 9.0 and found["protocol"]["samples"] == 10000
    assert facts(said, "one", "two", "from=training")["rows"][0]["best"]["mean"] == 12.5


def test_a_protocol_that_all_share_is_found(outputs, said):
    newer = result(3.0, made="2026-11-25T10:00:00+0000", samples=50000)
    written(outputs, "one", results=[result(8.0), newer])
    written(outputs, "two", "loss=hinge", results=[result(9.0)])
    assert [row["best"]["mean"] for row in facts(said, "one", "two")["rows"]] == [8.0, 9.0]
    # One that was never evaluated has its training's numbers, and so have the others.
    written(outputs, "three", "loss=minimax")
    found = facts(said, "one", "two", "three")
    assert {run["from"] for row in found["rows"] for run in row["runs"]} == {"training"}
    # And where it shares nothing, it is named.
    evaluated(outputs / "one", newer)
    for name in ("one", "two"):
        (outputs / name / "metrics.jsonl").write_text("")
    code, _, error = said("one", "two")
    assert code == 2 and "samples is 50000 in one (evaluation) and 10000 in two (evaluation)" in error


# Which runs


def test_runs_without_numbers_are_listed_with_what_to_type(outputs, said):
    written(outputs, "good")
    written(outputs, "none", numbers={})
    written(outputs, "old", protocol=None)
    written(outputs, "modes", numbers={"modes/captured": [(500, 8.0)]})
    code, lines, _ = said("outputs/*")
    assert code == 0
    left = lines[lines.index("Left out:") + 1 :]
    assert f"  none: no fid; type: {typed('none')}" in left
    old = next(line for line in left if line.startswith("  old: "))
    assert f"stored without their protocol; type: {typed('old')}" in old
    assert f"  modes: no fid, only modes; type: {typed('modes')}" in left


def test_a_run_left_out_is_told_what_gives_a_number_that_can_be_ranked(outputs, said):
    written(outputs, "one", results=[result(8.0, samples=500)])
    written(outputs, "two", numbers={})
    written(outputs, "three", numbers={}, data={"name": "cifar10", "fingerprint": "c1"})
    code, lines, _ = said("outputs/*", "from=evaluation")
    assert code == 0 and f"  two: no fid from=evaluation; type: {typed('two', n=500)}" in lines
    assert "  three: no fid from=evaluation, and its data are others than those of one" in lines


def test_numbers_older_than_the_run_are_noted_with_what_measures_them_again(outputs, said):
    path = written(outputs, "old", numbers={}, results=[result(8.0, step=200, samples=500)])
    (path / "checkpoints").mkdir()
    (path / "checkpoints/step-000000000200.safetensors").touch()
    assert not [line for line in said("old")[1] if line.startswith("Note")]
    (path / "checkpoints/step-000000000250.safetensors").touch()
    lines = said("old")[1]
    assert lines[-2] == "Note: last of old is of step 200, and the run has step 250; measure again:"
    assert lines[-1] == f"  {typed('old', n=500)}"


def test_a_damaged_run_is_left_out_and_the_exit_code_says_so(outputs, said):
    written(outputs, "good")
    (written(outputs, "bad") / "config.yaml").write_text("[")
    for name, content in {"worse": "{", "list": "[1,2]", "number": '{"results": 3}'}.items():
        (written(outputs, name) / "evaluation.json").write_text(content)
    code, lines, _ = said("good", "bad", "worse", "list", "number")
    text = "\n".join(lines)
    assert code == 1 and "bad: outputs/bad/config.yaml cannot be read" in text and "worse: " in text
    for name, words in {
        "list": " cannot be read",
        "number": ": expected a list of results, got none",
    }.items():
        reason = f"outputs/{name}/evaluation.json{words}"
        assert f"  {name}: {reason}; measure again: ganctl evaluate outputs/{name}" in lines
    code, _, error = said("bad")
    assert code == 1 and error.count("\n") == 1


def test_globs_sweeps_names_and_latest_give_each_run_once(outputs, said):
    for name in ("sweep/seed=0", "sweep/seed=1", "other"):
        written(outputs, name, seed=int(name[-1]) if name[-1].isdigit() else 0)
    os.utime(outputs / "other/run.json", (time.time() + 60,) * 2)
    for words, count in (
        (["sweep"], 2),
        (["outputs/sweep"], 2),
        (["sweep/seed=*"], 2),
        (["outputs/*"], 3),
        (["outputs"], 3),
        (["sweep/seed=1", "sweep", "outputs/sweep/seed=1"], 2),
        (["latest"], 1),
    ):
        assert len([run for row in facts(said, *words)["rows"] for run in row["runs"]]) == count, words


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], "Expected runs to compare; type: ganctl compare"),
        (["digit"], "got 'digit'. Did you mean 'digits'?"),
        (["nothing-*"], "got 'nothing-*'"),
        (["digits", "by=fidd"], "there is no metric 'fidd'. Did you mean 'fid'?"),
        (["digits", "by=kid/error"], "neither better high nor better low"),
        (["digits", "by=modes"], "digits has no modes to rank by"),
        (["digits", "from=log"], "from: expected one of evaluation, training"),
        (["digits", "out=a.jpg"], "out: expected a FILE.png or none"),
        (["digits", "by="], "by: expected a value"),
        (["digits", "--jsn"], "Did you mean '--json'?"),
    ],
)
def test_wrong_commands_are_told_in_one_line(outputs, capsys, words, text):
    written(outputs, "digits", numbers=FIDS | {"kid/error": [(500, 0.1)]})
    assert cli.main(["compare", *words]) == 2
    error = capsys.readouterr().err
    assert text in error and error.count("\n") == 1


def test_what_a_stranger_wrote_cannot_steer_the_terminal(outputs, said):
    evil = "\x1b[2J"
    written(outputs, "a", protocol=PROTOCOL | {"reference": evil})
    path = written(outputs, "b", protocol=PROTOCOL | {"reference": evil})
    config = yaml.safe_load((path / "config.yaml").read_text())
    config["loss"]["_target_"] = evil
    (path / "config.yaml").write_text(yaml.safe_dump(config))
    code, lines, error = said("a", "b")
    assert code == 0 and "\x1b" not in "".join(lines) + error


# The picture


def test_curves_are_means_over_the_steps_that_all_seeds_have(outputs):
    written(outputs, "a", numbers={"fid/fid": [(500, 10.0), (1000, 8.0), (1500, 7.0)]})
    written(outputs, "b", seed=1, numbers={"fid/fid": [(500, 14.0), (1000, 8.0)]})
    ranking = ranked(entries(["a", "b"], outputs))
    steps, means, deviations = curve(ranking.sources, "fid/fid")
    assert (steps, means, deviations) == ([500, 1000], [12.0, 8.0], [8.0**0.5, 0.0])


@pytest.mark.parametrize(("last", "scale"), [(2.0, "linear"), (0.02, "log")])
def test_the_picture_counts_in_powers_of_ten_where_values_are_far_apart(
    outputs, said, monkeypatch, last, scale
):
    from matplotlib.axes import Axes

    written(outputs, "a", numbers={"fid/fid": [(500, 30.0), (1000, last)]})
    written(outputs, "$b_", "loss=hinge")
    shown = []
    before = Axes.legend
    monkeypatch.setattr(
        Axes, "legend", lambda self, **options: (shown.append(self), before(self, **options))[1]
    )
    code, lines, _ = said("a", "$b_", picture=True)
    assert code == 0 and lines[-1] == "Picture: compare.png"
    assert (outputs.parent / "compare.png").read_bytes().startswith(PNG)
    assert shown[0].get_yscale() == scale
    assert [line.get_label() for line in shown[0].lines] == [
        row.label for row in rows(ranked(entries(["a", "$b_"], outputs)))
    ]


def test_evaluations_of_one_checkpoint_are_drawn_with_the_training_s_curves(outputs):
    written(outputs, "a", results=[result(8.0)])
    written(outputs, "b", "loss=hinge", results=[result(9.0)])
    ranking = ranked(entries(["a", "b"], outputs))
    assert ranking.sources[0].origin == "evaluation"
    assert picture(ranking, rows(ranking)).startswith(PNG)


# As it is used


def test_neither_tensorflow_nor_hydra_is_imported(outputs):
    written(outputs, "a")
    code = (
        "import sys; from ganctl import cli; code = cli.main(['compare', 'a', 'out=none']); "
        "sys.exit(code + 10 * bool({'tensorflow', 'keras', 'hydra', 'matplotlib'} & set(sys.modules)))"
    )
    python(code)
