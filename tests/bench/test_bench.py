"""The bench: its words, its numbers, and the summary of a dry run."""

import json

import pytest
import tensorflow as tf
from builders import tiny
from games import Small, trainer_of

from ganctl import cli
from ganctl.bench import bare, race
from ganctl.bench.measure import measure
from ganctl.commands import bench
from ganctl.config.compose import compose
from ganctl.config.words import read
from ganctl.dataset.points.points import ring
from ganctl.error import UsageError
from ganctl.game.turn import Turn
from ganctl.training import cost
from ganctl.training.dry_run import show

SHORT = ["--rounds", "2", "--seconds", "0.05"]


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    monkeypatch.setattr(race, "WARM_UP", 0.05)
    monkeypatch.setattr(cost, "MATRIX_SIDE", 256)  # a CPU emulates float16 slowly


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--round", "3"], "Did you mean '--rounds'?"),
        (["--rounds"], "--rounds: expected a whole number"),
        (["--rounds", "1.5"], "--rounds: expected a whole number"),
        (["--rounds=0"], "--rounds: expected a whole number"),
        (["--seconds", "-1"], "--seconds: expected a number above 0"),
        (["--seconds", "nan"], "--seconds: expected a number above 0"),
        (["--config-dir", "missing"], "--config-dir: expected a folder"),
    ],
)
def test_wrong_words_are_told_in_one_line(words, told):
    with pytest.raises(UsageError) as caught:
        read(words, bench.Options, "bench", rest="overrides")
    assert told in str(caught.value) and "\n" not in str(caught.value)


def test_a_place_for_the_numbers_is_checked_before_anything_is_measured(capsys):
    assert cli.main(["bench", "--json", "missing/bench.json"]) == 2
    assert "--json: expected a file in a folder that exists" in capsys.readouterr().err


def test_options_are_sorted_from_overrides(tmp_path):
    words = ["model=gan", "--rounds=3", "--seconds", "2", "--json", str(tmp_path / "x"), "seed=1"]
    request = read(words, bench.Options, "bench", rest="overrides")
    assert request.overrides == ["model=gan", "seed=1"]
    assert (request.rounds, request.seconds, request.json) == (3, 2.0, str(tmp_path / "x"))


@pytest.mark.parametrize("model", ["gan", "dcgan", "cgan"])
def test_the_table_and_the_numbers_agree_and_nothing_is_left_behind(model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    assert bench.run([*tiny(model), *SHORT, "--json", "bench.json"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["bench.json"]
    numbers = json.loads((tmp_path / "bench.json").read_text())
    assert len(numbers["ratio"]) == len(numbers["matrix_rate"]) == 2
    for own, alone, other, ratio in zip(*numbers["seconds_per_step"].values(), numbers["ratio"], strict=True):
        assert own > alone > 0 and ratio == pytest.approx(other / own)
    assert numbers["flops_per_step"] > 0 and numbers["first_step_seconds"] > 0
    assert set(numbers["upkeep"]) == {"log line", "sample grid", "checkpoint"}
    shown = capsys.readouterr().out
    assert "round 2 of 2" in shown and "ganctl train / bare loop" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_penalties_averages_and_half_precision_are_measured_and_upkeep_is_spread_over_its_interval():
    words = [*tiny("gan"), "penalty=r1", "average=ema", "trainer.precision=float16"]
    words += ["trainer.turns.discriminator=2", "trainer.log_every=1", "trainer.save_every=0"]
    numbers = measure(compose(words).plain(), rounds=1, seconds=0.01)
    assert numbers["images_per_step"] == 16
    assert numbers["steps"]["ganctl"] >= 1 and numbers["steps"]["bare"] >= 1
    log, sample, save = (numbers["upkeep"][name] for name in ("log line", "sample grid", "checkpoint"))
    assert (log["every"], sample["every"], save["every"]) == (1, 500, 0)
    own, alone, _ = (seconds[0] for seconds in numbers["seconds_per_step"].values())
    assert own - alone == pytest.approx(log["seconds"] + sample["seconds"] / 500)


def test_the_bare_loop_plays_a_lazy_turn_in_every_nth_round(monkeypatch):
    class Lazy(Small):
        def turns(self, counts):
            return [*super().turns(counts), Turn(player="generator", loss="path", every=3)]

        def path_loss(self, batch):
            return {"path": 0.0 * tf.reduce_sum(self.generate(batch))}

    trainer = trainer_of(Lazy(), turns={"discriminator": 2})
    monkeypatch.setattr(bare.build, "trainer", lambda config, fields: trainer)
    loop = bare.Bare({}, ring())
    for _ in range(7):
        loop.step([next(loop.examples) for _ in range(2)])
    moves = {player: int(optimizer.iterations) for player, optimizer in loop.optimizers.items()}
    assert moves == {"discriminator": 14, "generator": 7 + 3}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["trainer.batch_size=4000"], "1797"),
        (["trainer.devices=2"], "bench measures one device"),
    ],
)
def test_what_cannot_be_measured_is_refused(words, told):
    with pytest.raises(UsageError, match=told):
        bench.run(words)


def test_a_summary_tells_sizes_length_and_place_and_writes_nothing(make, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    config, dataset, trainer = make(*tiny("dcgan"), "trainer.steps=1797", "trainer.precision=bfloat16")
    show(config, dataset, tmp_path / "run")
    shown = " ".join(capsys.readouterr().out.split())
    [generator] = trainer.game.players["generator"]
    trained = sum(weight.value.shape.num_elements() for weight in generator.trainable_weights)
    for told in (f"{trained:,} parameters", "8x28x28x1", "1,797 examples", dataset.fingerprint[:12]):
        assert told in shown
    assert "1,797 steps = 14,376 images = 8 epochs" in shown
    assert "mixed_bfloat16" in shown and "without XLA" in shown and "new" in shown
    assert not list(tmp_path.iterdir())


def test_a_summary_tells_of_a_run_that_exists_and_of_a_batch_too_large(make, tmp_path, capsys):
    (tmp_path / "config.yaml").write_text("{}")
    config, dataset, _ = make(*tiny("gan"))
    show(config, dataset, tmp_path)
    assert "exists, interrupted, saved until step 0" in " ".join(capsys.readouterr().out.split())
    config["trainer"]["batch_size"] = 4000
    with pytest.raises(UsageError, match="1797"):
        show(config, dataset, tmp_path)
