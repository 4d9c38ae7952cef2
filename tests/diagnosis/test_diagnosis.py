"""The diagnosis names what is there, and nothing else, in made-up logs and in recorded ones."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from logs import SICK, after, logged

from ganctl.diagnosis import sickness
from ganctl.diagnosis.examine import Examiner, examine, examined
from ganctl.diagnosis.finding import SENTENCES
from ganctl.diagnosis.history import History, median, quantile
from ganctl.diagnosis.remedy import ADVICE, remedies
from ganctl.diagnosis.verdict import EARLY, HEALTHY, countable

RECORDED = Path(__file__).parents[1] / "data" / "diagnosis"


@pytest.mark.parametrize("every", [10, 50, 200])
@pytest.mark.parametrize("name", SICK)
def test_each_sickness_is_named_near_the_step_at_which_it_began_whatever_log_every_is(name, every):
    steps = 6000 if every < 200 else 14_000  # many lines must agree, however far apart
    found = examine(logged(steps, every, **SICK[name]))
    assert name in [each.name for each in found], found
    one = next(each for each in found if each.name == name)
    window = sickness.CIRCLES * max(every, 50)  # it begins with the window that shows it
    assert 2000 - window <= one.step <= min(one.found, 2000 + window) and one.evidence
    assert set(SICK) == set(SENTENCES) == set(ADVICE)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("batch", [8, 100])
def test_a_run_that_is_well_is_left_alone_whatever_the_noise(seed, batch):
    random = np.random.default_rng(seed)
    noise = 0.4 / math.sqrt(batch)
    lines = logged(
        10_000,
        batch=batch,
        seed=seed,
        told=lambda step: min(1.0, max(0.0, 0.7 + noise * random.normal())),
        coverage=lambda step: min(1.0, max(0.0, 0.6 + noise * random.normal())),
    )
    assert examine(lines) == []


def test_the_first_steps_of_a_game_are_no_sickness():
    """The discriminator at 100 %, nothing covered, no variety: for 800 steps, as measured with model=gan."""
    early = {
        "told": after(800, 0.85, 1.0),
        "coverage": lambda step: 0.02 if step < 800 else min(0.8, step / 2000),
        "spread": lambda step: 0.04 if step < 800 else 0.8,
        "density": after(800, 1.2, 1.0),
    }
    assert examine(logged(4000, **early)) == []


def test_a_finding_is_new_once_and_gone_when_its_signs_are():
    lines = logged(6000, spread=lambda step: 0.1 if 2000 < step <= 3000 else 0.9)
    examiner, new = Examiner(), []
    for line in lines:
        new += examiner.see(line)
    assert [each.name for each in new] == ["mode collapse"]
    (finding,) = examiner.findings.values()
    assert finding.gone and 2900 <= finding.until <= 3400
    assert examine(lines) == [finding]


def test_what_is_found_is_a_function_of_the_lines_so_a_resumed_run_finds_the_same():
    lines = logged(6000, **SICK["oscillation"])
    for line in lines:
        line["findings"] = ["oscillation"]  # what an earlier life wrote does not matter
    half = Examiner()
    for line in lines[:40]:
        half.see(line)
    for line in lines[40:]:
        half.see(line)
    assert list(half.findings.values()) == examine(lines) == examine(logged(6000, **SICK["oscillation"]))


def test_averages_that_draw_far_better_are_evidence_of_circles():
    lines, evidence = logged(6000, **SICK["oscillation"]), []
    for averaged in (0.8, 0.5):
        for line in lines:
            line |= {"average/coverage": averaged, "average/coverage_of_last": 0.3}
        evidence += [each.evidence for each in examine(lines) if each.name == "oscillation"]
    far, near = evidence
    assert far.endswith("; averaged weights cover 80%, the last ones 30%") and "averaged" not in near


def test_modes_are_judged_by_the_counts_of_a_metric():
    def scored(captured, quality=None, **changes) -> list[dict]:
        lines = logged(8000, **changes)
        for line in lines:
            if line["step"] % 500 == 0:
                line |= {"modes/captured": captured(line["step"]), "modes/total": 8.0}
                line |= {} if quality is None else {"modes/quality": quality}
        return lines

    (finding,) = examine(scored(lambda step: 4.0))
    assert finding.name == "mode collapse" and "4, 4, 4, 4 of 8" in finding.evidence
    assert not examine(scored(lambda step: 8.0 if step > 1500 else 3.0))
    assert not examine(scored(lambda step: min(8.0, step // 800)))  # they come, if late
    lost = examine(scored(lambda step: 8.0 if step < 4000 else 3.0))
    assert [each.name for each in lost] == ["mode collapse"] and lost[0].step >= 4000
    # All around and hardly any on a mode, samples lack precision; on the modes, or close together, variety.
    assert not examine(scored(lambda step: 5.0, quality=0.08))
    for quality, spread in ((0.9, 0.9), (0.08, 0.5)):
        (finding,) = examine(scored(lambda step: 5.0, quality, spread=lambda step, at=spread: at))
        assert finding.name == "mode collapse"


def test_a_good_run_that_comes_to_rest_is_not_stalled():
    assert examine(logged(generator__update=after(2000, 0.0, 1e-3), coverage=lambda step: 0.9)) == []


def test_a_wasserstein_critic_that_separates_is_not_sick_while_its_generator_learns():
    better = {"told": lambda step: 1.0, "coverage": lambda step: min(0.6, step / 5000)}
    large = {"discriminator__adversarial": lambda step: -30.0, "real": lambda step: 20.0}
    assert examine(logged(5000, **better, **large)) == []


def test_lines_without_the_signals_and_strangers_lines_are_passed_over():
    strange = [
        {"step": 50, "discriminator/adversarial": "big", "discriminator/auc": None, "images": "x"},
        {"step": 100, "discriminator/adversarial": 10**400, "modes/captured": True, "modes/total": []},
        {"step": 100, "findings": [{}]},
        {"step": 20, "discriminator/adversarial": 1.0},
    ]
    assert examine(strange * 30) == []


def test_quantiles_are_numpys():
    values = list(np.random.default_rng(1).normal(size=9))
    for share in (0.0, 0.1, 0.25, 0.5, 0.9, 1.0):
        assert quantile(values, share) == pytest.approx(np.quantile(values, share))
    assert median([3.0]) == 3.0


def test_points_are_medians_of_their_lines():
    history = History()
    for step in range(10, 101, 10):
        history.add({"step": step, "generator/adversarial": float(step)})
    assert history.steps == [50, 100] and history.last("generator/adversarial", 2) == [30.0, 80.0]
    assert history.last("generator/adversarial", 3) == [] and history.last("nothing", 1) == []


def test_constants_keep_their_order():
    assert sickness.FOOLED < 0.5 < sickness.CHANCE < sickness.SEPARATED < 1
    assert sickness.POOR < sickness.FAIR < 1 and sickness.RECENT < sickness.LONG


@pytest.mark.parametrize("file", sorted(RECORDED.glob("*.jsonl")), ids=lambda file: file.stem)
def test_recorded_runs_get_the_names_that_they_have(file):
    """Their first line says what was trained and what it has; docs/diagnosis.md, how to record them."""
    first, *lines = (json.loads(line) for line in file.read_text().splitlines())
    assert sorted(each.name for each in examine(lines)) == sorted(first["has"])


def test_there_are_recorded_runs_of_both_kinds():
    firsts = [json.loads(file.read_text().splitlines()[0]) for file in RECORDED.glob("*.jsonl")]
    assert {name for first in firsts for name in first["has"]} >= set(SENTENCES) - {"non-finite"}
    assert sum(not first["has"] for first in firsts) >= 3


OVERRIDES = [
    ["loss=minimax", "trainer.turns.discriminator=5", "penalty=[r1]", "augment=[diffaugment]"],
    ["dataset=ring", "network=points", "optimizer.generator.learning_rate=0", "trainer.order=simultaneous"],
]


@pytest.mark.parametrize("words", OVERRIDES, ids=str)
def test_every_remedy_composes_with_the_command_that_it_is_pasted_behind(words):
    from ganctl.config.compose import compose

    config = compose(words).plain()
    assert all(remedies(name, config) for name in SENTENCES)
    for each in dict.fromkeys(each for name in SENTENCES for each in remedies(name, config)):
        assert compose([*words, *each.split()]).plain() != config, each


def test_remedies_read_nothing_into_a_strangers_config():
    for config in ({}, {"penalty": ["r1"], "optimizer": 3}, {"penalty": {"x; rm -rf ~": 1}, "trainer": None}):
        for name in [*SENTENCES, "unheard of"]:
            assert not any(";" in each for each in remedies(name, config))


def test_rates_are_computed_from_the_config():
    config = {"optimizer": {"discriminator": {"learning_rate": 0.004}, "generator": {"learning_rate": 0}}}
    assert "optimizer.discriminator.learning_rate=0.001" in remedies("discriminator wins", config)
    (rates,) = [each for each in remedies("stalled", config) if "rate" in each]
    assert rates == "optimizer.discriminator.learning_rate=0.04 optimizer.generator.learning_rate=0.0002"


def counted(captured, steps=4000, total=8.0, **changes) -> list[dict]:
    """Return a log that counts modes every 500 steps."""
    lines = logged(steps, **changes)
    for line in lines:
        if line["step"] % 500 == 0:
            line |= {"modes/captured": captured(line["step"]), "modes/total": total, "modes/quality": 0.02}
    return lines


@pytest.mark.parametrize("total", [8.0, 25.0, 1000.0])
@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.75, 0.875, 0.95, 1.0])
@pytest.mark.parametrize("coverage", [0.05, 0.5, 0.9])
def test_nothing_is_called_healthy_over_missing_modes(share, total, coverage):
    alike = {"coverage": lambda step: coverage, "density": lambda step: coverage}
    lines = counted(lambda step: round(share * total), total=total, **alike)
    for steps in (None, 4000, 8000):
        word = examined(lines, steps).verdict.word
        assert (word == HEALTHY) == (round(share * total) > 0.9 * total), (word, steps)


def test_a_run_that_ends_without_its_modes_is_sick_and_one_on_its_way_is_not_judged():
    # Samples lie around the modes, hardly any on them.
    blurred = {name: lambda step: 0.1 for name in ("coverage", "density")}
    lost = counted(lambda step: [0, 1, 0, 1, 1, 5, 2, 1][step // 500 - 1], **blurred)
    assert examine(lost) == [] and examined(lost).verdict.word == EARLY
    (finding,) = examine(lost, 4000)
    assert finding.name == "mode collapse" and "ended with 1 of 8 modes (before: 1, 5, 2)" in finding.evidence
    coming = counted(lambda step: step // 600, coverage=lambda _: 0.4, density=lambda _: 0.4)
    assert examine(coming, 4000) == [] and examined(coming, 4000).verdict.word == EARLY
    moment = counted(lambda step: 8.0 if step < 4000 else 3.0)  # one count may catch a moment
    assert examine(moment, 4000) == [] and examined(moment, 4000).verdict.word == EARLY


def test_missing_modes_are_gone_when_the_modes_are_there_and_not_before():
    lines = counted(
        lambda step: 1 if step < 3000 else 3 if step < 6000 else 8, steps=10_000, spread=lambda _: 0.5
    )
    assert [each.name for each in examine(lines[:110])] == ["mode collapse"]
    assert not examine(lines[:110])[0].gone and examine(lines)[0].gone
    assert examined(lines).verdict.word == HEALTHY


def test_poor_samples_are_too_early_to_judge_however_well_the_players_are_matched():
    """A brown mush at step 400: nothing is wrong yet, and nothing is right."""
    mush = logged(400, coverage=lambda step: 0.03)
    said = examined(mush).verdict
    assert said.word == EARLY and "cover 3%" in said.reason
    assert examined(logged(400)).verdict.word == HEALTHY
    assert examined(logged(300)).verdict.word == examined([]).verdict.word == EARLY


def test_what_has_modes_is_not_healthy_before_they_are_counted():
    lines = logged(4000)
    assert examined(lines).verdict.word == HEALTHY
    examiner = Examiner(countable=True)
    for line in lines:
        examiner.see(line)
    assert examiner.verdict.word == EARLY and "metric=[modes]" in examiner.verdict.reason
    for dataset, known in (("ring", True), ("grid", True), ("stacked_mnist", True), ("line", False)):
        assert countable({"dataset": {"_target_": f"ganctl.dataset.points.points.{dataset}"}}) is known
