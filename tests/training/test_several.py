"""Games of three players, of two adversaries, of a loss of their own, and what tells of them."""

import json
import os
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import several
from builders import point_fields

from ganctl import cli
from ganctl.config.compose import compose
from ganctl.config.overrides import parse
from ganctl.diagnosis.examine import examine
from ganctl.error import UsageError
from ganctl.loss.cross_entropy import NonSaturating
from ganctl.model.gan import GAN
from ganctl.run.console import short, totals
from ganctl.training import build, cost, dry_run
from ganctl.training.average import ExponentialAverage


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    return several.recipes(tmp_path_factory.mktemp("configs"))


@pytest.fixture
def built(own):
    """Build the trainer of a recipe of the tests; return (config, dataset, trainer)."""

    def build_one(*words):
        config = compose(["dataset=ring", *words], own).plain()
        dataset = build.dataset(config)
        return config, dataset, build.trainer(config, dataset.fields)

    return build_one


def told(built, *words) -> dict[str, str]:
    """Return the lines of a dry run."""
    config, dataset, trainer = built(*words)
    return dict(dry_run._lines(config, build.settings(config), dataset, trainer, Path("none")))


# Config: players are those that the recipe has an optimizer for.


def test_a_choice_for_all_is_one_for_each_player_of_the_recipe(own):
    config = compose(["model=three", "optimizer=sgd", "schedule=cosine", "norm=layer"], own).plain()
    assert {name: node["_target_"] for name, node in config["optimizer"].items()} == dict.fromkeys(
        ("discriminator", "generator", "reader"), "keras.optimizers.SGD"
    )
    assert set(config["schedule"]) == {"discriminator", "generator", "reader"}
    assert set(config["norm"]) == {"discriminator", "generator"}  # the reader's networks have none to choose
    assert len(parse(["optimizer=sgd"], own)) == 2
    assert len(parse(["optimizer=sgd", "model=three"], own)) == 3 + 1  # wherever the model is said
    assert len(parse(["model=three", "model=two", "optimizer=sgd"], own)) == 2 + 2  # the last one counts


def test_a_schedule_follows_the_turns_of_a_third_player(own):
    words = ["model=three", "trainer.turns.reader=2", "schedule.reader=cosine", "trainer.steps=10"]
    config = compose(words, own).plain()
    assert config["schedule"]["reader"]["decay_steps"] == 20 and config["trainer"]["turns"]["reader"] == 2


def test_a_sweep_over_recipes_chooses_for_each_recipe_s_own_players(own):
    from ganctl.commands.sweep import expand

    jobs = expand(["model=three,two", "optimizer=sgd"], own)
    found = [compose(lines, own).plain()["optimizer"] for _, lines in jobs]
    assert [len(each) for each in found] == [3, 2]
    assert all(node["_target_"].endswith("SGD") for each in found for node in each.values())


REFUSED = [
    (["model=three", "optimizer.readr=sgd"], r"no player 'readr' with this. Did you mean 'reader'\?$"),
    (
        ["model=two", "optimizer.reader=sgd"],
        "no player 'reader' with this. It has discriminator, generator.$",
    ),
    (["model=three", "norm.reader=layer"], "It has discriminator, generator.$"),
    (["model=three", "trainer.turns.readr=2"], r"Did you mean 'trainer.turns.reader'\?$"),
    (["model=three", "trainer.turns.reader=two"], "expected a whole number"),
    (["model=thre", "optimizer=sgd"], r"Did you mean 'three'\?$"),
    (["model=override_reader"], "To add a part that nothing named before, leave out the word 'override'.$"),
    (["model=late_reader"], "first the lines without the word 'override'.$"),
    (["model=unknown_reader"], "Available options in 'optimizer': adam adamw rmsprop sgd sgd_ramped$"),
]


@pytest.mark.parametrize(
    ("words", "hint"), REFUSED, ids=lambda each: " ".join(each) if type(each) is list else ""
)
def test_what_no_player_is_meant_by_is_refused_in_one_line(own, words, hint):
    with pytest.raises(UsageError, match=hint) as caught:
        compose(words, own)
    assert "\n" not in str(caught.value)


def test_a_player_without_an_optimizer_is_told_what_to_type(built):
    with pytest.raises(UsageError, match=r"type \+optimizer@optimizer\.reader=adam\.$"):
        built("model=without_reader")
    *_, trainer = built("model=without_reader", "+optimizer@optimizer.reader=adam")
    assert set(trainer.optimizers) == {"discriminator", "generator", "reader"}


def test_turns_of_nobody_are_refused_where_the_players_are_known(own):
    config = compose(["dataset=ring", "model=two"], own).plain()
    config["trainer"]["turns"] = {"reader": 2}
    with pytest.raises(
        UsageError, match=r"trainer\.turns\.reader: there is no such player; expected discriminator"
    ):
        build.trainer(config, build.dataset(config).fields)


def test_a_loss_that_is_not_the_family_s_is_refused_both_ways_with_what_to_type(built):
    with pytest.raises(UsageError, match="model Rebuilding: expected loss=own, got NonSaturating"):
        built("model=lone_loss")
    with pytest.raises(
        UsageError, match="model Three: expected another loss, such as loss=nonsaturating, got Own"
    ):
        built("model=three", "loss=own")
    for cured in (["model=lone_loss", "loss=own"], ["model=three", "loss=nonsaturating"]):
        built(*cured)


# What a dry run tells.


def test_a_dry_run_tells_shared_weights_once_and_several_inputs_and_outputs(built):
    lines = told(built, "model=three", "trainer.turns.reader=2")
    first = 2 * 8 + 8
    heads = 8 * 2 + 2 + 8 * 10 + 10
    assert lines["discriminator"] == f"2 -> 1, {first + 9} parameters"
    assert lines["reader"] == f"2 and 3 -> 2 and 10, {heads} parameters, {first} shared with the above"
    assert lines["round"] == "discriminator, then generator, then reader 2 times"


def test_a_dry_run_names_an_adversary_s_network_and_lazy_turns(built):
    lines = told(built, "model=two", "trainer.turns.discriminator=2")
    assert lines["discriminator"].startswith("2 -> 1,") and lines["discriminator (edge)"].startswith(
        "1 -> 1,"
    )
    assert lines["round"] == "discriminator 2 times, then generator, then generator (path) every 4"
    together = told(built, "model=two", "trainer.order=simultaneous")["round"]
    assert (
        together
        == "discriminator and generator together, from one forward pass, then generator (path) every 4"
    )


def test_networks_of_one_name_are_told_apart():
    networks = [
        keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)], name="generator") for _ in range(2)
    ]
    other = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)], name="mapping")
    game = SimpleNamespace(players={"generator": [*networks, other]}, adversaries={})
    assert [name for name, _ in dry_run.names(game)] == ["generator", "generator 2", "generator (mapping)"]


def test_a_dry_run_lists_the_phases_and_counts_images_by_them(built):
    lines = told(built, "model=growing", "trainer.steps=7")
    assert lines["phase 1"] == "steps 0 to 4: 64 images, batch 16, level 0"
    expected = "24 images, batch 8, level 1, fading in, rates times 0.5, optimizers begin anew"
    assert lines["phase 2"] == f"steps 4 to 7: {expected}"
    assert lines["phase 3"] == "from step 8: not reached"
    assert lines["length"].startswith("7 steps = 88 images") and lines["batch"] == "image 16x2 float32"
    assert not any(name.startswith("phase") for name in told(built, "model=two"))


def test_memory_counts_shared_weights_once_and_a_phase_s_own_batch(built):
    *_, trainer = built("model=three")
    weights = {id(w): w for networks in trainer.game.players.values() for n in networks for w in n.variables}
    numbers = sum(int(np.prod(weight.shape)) for weight in weights.values())
    assert cost.memory_estimate(trainer, 8)["parameters"] == 4 * numbers
    alone = [
        sum(cost._output_bytes(layer, 8) for layer in n.layers) for (n,) in trainer.game.players.values()
    ]
    layer = next(layer for layer in trainer.game.discriminator.layers if layer.weights)
    shared = cost._output_bytes(layer, 8)
    assert cost.memory_estimate(trainer, 8)["activations"] == 2 * (sum(alone) - shared) and shared > 0
    for steps, batch in ((3, 16), (6, 8), (2000, 8)):
        *_, growing = built("model=growing", f"trainer.steps={steps}")
        assert cost.largest_batch(growing) == batch
    *_, dataset, trainer = built("model=growing")
    assert cost.step_flops(trainer, dataset) > 0


def test_networks_inside_of_others_count_with_their_layers():
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(100), keras.layers.Dense(1)])
    given = keras.Input((4,))
    found = [type(layer).__name__ for layer in cost._layers(keras.Model(given, inner(given)))]
    assert found.count("Dense") == 2 and "Sequential" not in found


# The line of a run.


def test_totals_add_up_a_player_s_adversaries_and_name_every_player():
    paid = {"discriminator": 0.5, "discriminator/edge": 0.25, "generator": 1.0, "generator/edge": 1.0}
    line = {f"{name}/adversarial": value for name, value in (paid | {"reader": 0.125}).items()}
    line |= {"reader/update": 3.0, "/adversarial": 9.0, "\x1b[31m/adversarial": 9.0}
    assert totals(line) == {"discriminator": 0.75, "generator": 2.0, "reader": 0.125}
    assert short(totals(line)) == "D 0.750 G 2.000 R 0.125"
    assert short({"discriminator": 0.693, "generator": 0.693}) == "D 0.693 G 0.693"
    assert short({"generator": 1.0, "guide": 2.0, "gu": 3.0}) == "G 1.000 Gu 2.000 gu 3.000"


def test_a_line_of_many_players_fits():
    from ganctl.run.console import Display

    terms = {
        f"{name}/adversarial": 0.693 for name in ("discriminator", "generator", "reader", "encoder", "a", "b")
    }
    line = Display(steps=250_000, images=lambda step: 128 * step).line(249_950, 12_345.0, terms)
    assert "D 0.69 G 0.69 R 0.69 E 0.69 +2" in line and len(line) <= 80, line


# Averages.


def test_averages_cover_every_network_of_every_player_that_is_named(built):
    words = ["average=ema", "average.ramp=false", "average.decay=0.5"]
    names = "average.players=[generator,reader,discriminator]"
    _, dataset, trainer = built("model=three", *words, names, "trainer.turns.reader=2")
    game, shadows = trainer.game, trainer.average.shadows
    assert {player: len(pairs) for player, pairs in shadows.items()} == {
        player: len(network.variables) for player, (network,) in game.players.items()
    }
    weight, shadow = next(pair for pair in shadows["reader"] if tuple(pair[0].shape) == (8, 2))
    before = weight.numpy()
    trainer.train(iter(dataset.batches(8, seed=0)))
    assert not np.array_equal(weight.numpy(), before)
    assert not np.array_equal(shadow.numpy(), before) and not np.array_equal(shadow.numpy(), weight.numpy())
    sees = keras.ops.ones((1, 2)), keras.ops.zeros((1, 3))
    plain = np.asarray(game.reader(sees)[0])
    with trainer.average.applied():
        assert not np.array_equal(np.asarray(game.reader(sees)[0]), plain)
    *_, trainer = built("model=two", *words, "average.players=[discriminator]")
    assert len(trainer.average.shadows["discriminator"]) == 8  # of both adversaries' networks


def test_statistics_are_estimated_where_generating_passes_and_averaged_elsewhere(tensorflow):
    def normalized(units, inputs):
        layers = [keras.layers.Dense(units), keras.layers.BatchNormalization()]
        return keras.Sequential([keras.Input(inputs), *layers])

    network = SimpleNamespace(
        generator=lambda latent, shape: normalized(2, (latent,)),
        discriminator=lambda shape: normalized(1, shape),
    )
    game = GAN(network, point_fields(), latent=3, loss=NonSaturating())
    average = ExponentialAverage(statistics="reestimated", batches=2, players=["generator", "discriminator"])
    average.start(game)
    assert average.norms == [game.generator.layers[-1]]
    before = np.asarray(game.discriminator(np.ones((4, 2), "float32")))
    with average.applied(average.estimate(1)):
        after = np.asarray(game.discriminator(np.ones((4, 2), "float32")))
    assert np.allclose(before, after)  # a variance of 0 would make it 30 times as much


# The whole way, with the real command.


def test_two_adversaries_train_and_everything_that_tells_of_a_run_copes(ganctl, own, tmp_path):
    env = os.environ | {
        "PYTHONPATH": f"{Path(several.__file__).parent}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    }
    for model, extra in (("two", ["average=ema"]), ("three", ["trainer.turns.reader=2"]), ("rebuilding", [])):
        words = [f"model={model}", "dataset=ring", "trainer.steps=20", f"name={model}"]
        done = ganctl("train", "--config-dir", str(own), *words, *extra, env=env)
        assert all(len(line) <= 80 for line in done.stdout.splitlines() if line.startswith("step"))
        lines = [
            json.loads(line)
            for line in (tmp_path / f"outputs/{model}/metrics.jsonl").read_text().splitlines()
        ]
        assert examine(lines) == [] and len(lines) == 10
        text = ganctl("doctor", model, env=env, check=False).stdout  # it is too early, after 20 steps
        assert all(len(line) <= 80 for line in text.splitlines())
        if model == "two":
            assert {"discriminator/edge/auc", "generator/path_gradient", "generator/path"} <= lines[-1].keys()
            assert "of edge:" in text and text.count("real told from fake") == 2
            assert text.count("discriminator gradient") == 1
        elif model == "three":
            assert " R " in done.stdout and "reader's loss" in text and "reader gradient" in text
        else:
            assert "discriminator/real" in lines[-1] and "discriminator/auc" not in lines[-1]
            assert "Not judged: who wins, or memorizing: this loss does not promise" in text.replace(
                "\n", " "
            )
    listed = ganctl("runs", env=env).stdout
    assert all(name in listed for name in ("two", "three", "rebuilding")) and " R " in listed
    ganctl("report", "two", env=env)
    page = (tmp_path / "outputs/two/report.html").read_text()
    assert "auc (edge)" in page and "coverage (edge)" in page
    ganctl("report", "three", env=env)
    assert '"reader"' in (tmp_path / "outputs/three/report.html").read_text()
    assert cli.main(["doctor", str(tmp_path / "outputs/two"), "out=none"]) == 4  # too early to judge
