"""The diagnosis of games with several discriminators, a third player, or a loss that ranks nothing."""

import json
import math
from pathlib import Path

import pytest
from logs import SICK, after, logged

from ganctl.diagnosis.examine import examine
from ganctl.diagnosis.finding import SENTENCES
from ganctl.diagnosis.remedy import remedies

RECORDED = Path(__file__).parents[1] / "data" / "diagnosis"
OF_PLAYERS = ("gradient", "update", "weights")
OF_THE_GAME = ("stalled", "non-finite")
PROMISED = ("told", "sign", "right_real", "right_fake", "recognized")  # by a loss that ranks


def second(lines: list[dict], name: str = "input") -> list[dict]:
    """Return log lines in which everything of the first adversary belongs to a second one."""
    found = []
    for line in lines:
        renamed = {}
        for key, value in line.items():
            player, _, number = key.partition("/")
            own = player in ("discriminator", "generator") and number not in OF_PLAYERS
            renamed[f"{player}/{name}/{number}" if own else key] = value
        found.append(renamed)
    return found


def both(first: list[dict], other: list[dict]) -> list[dict]:
    return [one | two for one, two in zip(second(other), first, strict=True)]


@pytest.mark.parametrize("name", sorted(set(SICK) - set(OF_THE_GAME)))
def test_each_sickness_of_a_second_adversary_is_named_with_it(name):
    sick = logged(6000, **SICK[name])
    (expected,) = [each for each in examine(sick) if each.name == name]
    # What belongs to the player itself, such as its gradient, is the sick log's for both.
    own = {key: line.get(key) for line in sick for key in line if key.split("/")[-1] in OF_PLAYERS}
    lines = both(logged(6000), sick)
    for line, source in zip(lines, sick, strict=True):
        line |= {key: source[key] for key in own}
    found = [each for each in examine(lines) if each.name == f"{name} (input)"]
    assert found == [expected.__class__(f"{name} (input)", *_rest(expected))]
    assert not [each for each in examine(lines) if each.name == name]
    assert found[0].sentence == SENTENCES[name]


def _rest(finding):
    return finding.step, finding.found, finding.evidence, finding.until


def test_both_adversaries_may_be_sick_at_once_and_a_well_one_is_not_named():
    sick = logged(6000, **SICK["mode collapse"])
    assert [each.name for each in examine(both(sick, sick))] == ["mode collapse", "mode collapse (input)"]
    assert [each.name for each in examine(both(sick, logged(6000)))] == ["mode collapse"]
    assert examine(both(logged(6000), logged(6000, seed=1))) == []


@pytest.mark.parametrize("file", sorted(RECORDED.glob("*.jsonl")), ids=lambda file: file.stem)
def test_a_recorded_log_under_a_second_name_gets_the_same_findings(file):
    _, *lines = (json.loads(line) for line in file.read_text().splitlines())
    # Modes are counted once for a game, and a player stands still whatever it faces.
    lines = [{key: value for key, value in line.items() if not key.startswith("modes/")} for line in lines]
    first = [each for each in examine(lines) if each.name not in OF_THE_GAME]
    renamed = [each for each in examine(second(lines)) if each.name not in OF_THE_GAME]
    # The averaged samples are the whole game's, and no evidence of a second adversary's.
    assert [(f"{each.name} (input)", each.step, each.found, each.until) for each in first] == [
        (each.name, each.step, each.found, each.until) for each in renamed
    ]


def test_remedies_of_a_second_adversary_are_those_of_its_sickness():
    config = {
        "optimizer": {name: {"learning_rate": 0.01} for name in ("discriminator", "generator", "reader")}
    }
    for name in SENTENCES:
        assert remedies(f"{name} (input)", config) == remedies(name, config)
    (rates,) = [each for each in remedies("stalled", config) if "rate" in each]
    assert rates.split()[2:] == ["optimizer.reader.learning_rate=0.1"]


def began(steps: int = 8000, **changes) -> list[dict]:
    """Return a log of a loss that does not rank: its discriminator pays for what it cannot rebuild."""
    level = {"adversarial": 0.05, "real": 0.05, "fake": 0.03}
    lines = logged(steps, **{key: (lambda step, at=at: at) for key, at in level.items()}, **changes)
    for line in lines:
        line["generator/adversarial"] = 0.03
    return [{key: v for key, v in line.items() if key.split("/")[-1] not in PROMISED} for line in lines]


def test_without_a_promise_to_rank_nobody_wins_and_everything_else_is_still_seen():
    assert examine(began()) == []
    # A loss of nearly nothing beside samples unlike the data: a discriminator's victory, were it one to rank.
    poor = {"coverage": lambda step: 0.02, "density": lambda step: 0.02}
    lines = began(**poor)
    for line in lines:
        line |= {
            "discriminator/adversarial": 1e-4,
            "generator/gradient": 1e-6 if line["step"] > 2000 else 1.0,
        }
    assert examine(lines) == []
    ranked = [line | {"discriminator/auc": 1.0} for line in lines]
    assert [each.name for each in examine(ranked)] == ["discriminator wins"]
    collapsed = examine(began(spread=after(3000, 0.1, 0.9)))
    assert [each.name for each in collapsed] == ["mode collapse"]


@pytest.mark.parametrize("name", sorted(SENTENCES))
def test_a_family_with_its_own_loss_is_not_told_to_change_it(name):
    config = {"loss": {"_target_": "ganctl.game.part.Own"}, "optimizer": {}, "trainer": {}, "penalty": {}}
    assert not [each for each in remedies(name, config) if "loss=" in each]
    other = {**config, "loss": {"_target_": "ganctl.loss.cross_entropy.Minimax"}}
    assert any("loss=" in each for each in remedies("mode collapse", other))


def test_a_third_player_s_loss_may_run_away_and_its_weights_stand_still():
    away = logged(6000, reader__adversarial=lambda step: math.exp(max(0, step - 2000) / 200))
    (finding,) = examine(away)
    assert finding.name == "divergence" and "the reader's loss grew" in finding.evidence
    low = {
        "coverage": lambda step: 0.3,
        "density": lambda step: 0.3,
        "reader__update": after(2000, 0.0, 1e-3),
    }
    (finding,) = examine(logged(6000, **low, reader__gradient=lambda step: 1.0))
    assert finding.name == "stalled" and "the reader's weights" in finding.evidence
    # A lazy player's turn may come in steps that are not logged: its gradient is then not known either.
    assert examine(logged(6000, **low, reader__gradient=lambda step: 0.0)) == []


def test_a_player_that_stands_still_is_sick_where_any_adversary_sees_bad_samples():
    still = {"generator__update": after(2000, 0.0, 1e-3)}
    bad = logged(6000, **still, coverage=lambda step: 0.3)
    for line in bad:
        line |= {"discriminator/density": 0.4}
    lines = [line | {"discriminator/coverage": 0.9} for line in both(logged(6000), bad)]
    for line, source in zip(lines, bad, strict=True):
        line |= {"generator/update": source["generator/update"]}
    assert [each.name for each in examine(lines)] == ["stalled"]
    for line in lines:
        line |= {"discriminator/input/coverage": 0.9}
    assert examine(lines) == []


def test_a_stranger_s_log_has_no_more_adversaries_than_one_can_read():
    names = [
        f"discriminator/{name}/adversarial" for name in (*map(str, range(1000)), "\x1b[31m", "a b", "x" * 99)
    ]
    lines = [{"step": 50 * step, **{name: 1e9**step for name in names}} for step in range(1, 30)]
    found = examine(lines)
    assert 1 <= len(found) <= 16 and all(each.name.isprintable() for each in found)
