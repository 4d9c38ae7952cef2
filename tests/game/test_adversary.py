"""Several discriminators: each has parts, terms and a state of its own, under its own name."""

import numpy as np
import pytest
from games import Duel, Small, batch_of, judge, labelled, report_of, trainer_of

from ganctl.augment.noise import InstanceNoise
from ganctl.error import UsageError
from ganctl.game.adversary import Adversary
from ganctl.game.field import Field
from ganctl.game.part import Loss, Own, Part
from ganctl.loss.cross_entropy import NonSaturating
from ganctl.penalty.logits import Drift, Lecam
from ganctl.remedy.history import HistoricalAveraging
from ganctl.remedy.replay import Replay


class Unordered(NonSaturating):
    """The same numbers, of which a larger logit says nothing."""

    ordered = False


class Geometric(Part):
    geometric = True


def duel() -> Duel:
    penalties = {"lecam": Lecam(start=1), "drift": Drift(), "historical_averaging": HistoricalAveraging()}
    return Duel(
        penalties=penalties, remedies={"replay": Replay(12)}, augmentations={"noise": InstanceNoise()}
    )


def test_a_second_one_has_copies_of_the_parts_and_only_the_first_those_of_the_game(tensorflow):
    game = duel()
    near, far = game.adversary, game.far
    assert set(near.parts) - set(far.parts) == {"penalty/historical_averaging"}
    assert set(far.parts) == {"penalty/lecam", "penalty/drift", "augment/noise", "remedy/replay", "loss"}
    assert set(game.parts) == {*near.parts, *(f"far/{name}" for name in far.parts)}
    for name, part in far.parts.items():
        assert type(part) is type(near.parts[name]) and part is not near.parts[name]
    pools = [adversary.remedies["replay"].pool for adversary in (near, far)]
    batch = batch_of()
    game.discriminator_loss(batch)
    first = pools[0].numpy()
    far.discriminator(batch_of(seed=1), 9.0 + 0.0 * game.generate(batch))
    assert np.array_equal(first, pools[0].numpy()) and pools[1].numpy().max() == 9.0


def test_terms_signals_and_state_of_a_named_one_stand_under_its_name_and_the_first_s_as_ever(tensorflow):
    game, alone = duel(), Small()
    trainer, single = trainer_of(game), trainer_of(alone)
    report = report_of(trainer, trainer.train(labelled()))
    usual = set(report_of(single, single.train(labelled())))
    assert {"discriminator/adversarial", "discriminator/auc", "generator/adversarial"} <= usual
    assert usual <= set(report)
    for name in ("adversarial", "drift", "real", "fake"):  # two discriminators differ in
        assert report[f"discriminator/{name}"] != report[f"discriminator/far/{name}"], name
    for name in ("lecam", "sign", "auc", "right_real", "coverage"):
        assert f"discriminator/far/{name}" in report
    named = {name.replace("far/", "") for name in report if "/far/" in name}
    plain = {name for name in report if "/far/" not in name}
    per_player = {f"{player}/{fact}" for player in game.players for fact in ("gradient", "weights", "update")}
    assert plain - named == per_player | {f"{player}/historical_averaging" for player in game.players}
    state = {name for name in trainer.state.variables() if name.startswith("game/")}
    own = {name.removeprefix("game/far/") for name in state if name.startswith("game/far/")}
    assert own == {
        "penalty/lecam/real",
        "penalty/lecam/fake",
        "penalty/lecam/turns",
        *(f"remedy/replay/{name}" for name in ("pool", "filled")),
    }
    assert {f"game/{name}" for name in own} < state
    # The average that each LeCam keeps is of its own discriminator's logits.
    for place in ("", "far/"):
        kept = float(trainer.state.values()[f"game/{place}penalty/lecam/real"])
        assert kept == pytest.approx(report[f"discriminator/{place}real"], rel=1e-5)


def test_a_named_one_is_trained_on_its_own_term(tensorflow):
    game = Duel()
    trainer = trainer_of(game)
    before = [weight.numpy() for weight in game.far.network.trainable_weights]
    trainer.train(labelled())
    assert all(
        (was != now.numpy()).any()
        for was, now in zip(before, game.far.network.trainable_weights, strict=True)
    )


@pytest.mark.parametrize("loss", [NonSaturating, Unordered])
def test_only_of_an_ordered_loss_it_is_logged_whether_reals_are_told_from_fakes(loss, tensorflow):
    batch = batch_of(watched=True)
    game = Small(loss=loss())
    game.discriminator_loss(batch)
    sure = {"sign", "auc", "right_real", "right_fake"}
    assert sure & set(batch.facts) == (sure if loss.ordered else set())
    assert {"real", "fake", "spread", "coverage", "density"} <= set(batch.facts)


def test_what_a_condition_or_a_name_forbids_is_refused(tensorflow):
    with pytest.raises(UsageError, match=r"replay would mix .* its own label; leave replay out"):
        Beside(remedies={"replay": Replay(12)})
    mask = {"image": Field(kind="image", shape=(4, 4, 1)), "label": Field(kind="mask", shape=(4, 4, 1))}
    with pytest.raises(UsageError, match=r"turned would move images, .* their own label; leave turned out"):
        Beside(mask, augmentations={"turned": Geometric()})
    Beside(augmentations={"turned": Geometric()})  # a number beside an image does not lie over it
    game = Small()
    for name in ("", "far", "far"):
        if name not in game.adversaries:
            Adversary(game, judge, name=name)
            continue
        with pytest.raises(ValueError, match="the first adversary has no name"):
            Adversary(game, judge, name=name)
    with pytest.raises(
        UsageError, match="model Small: expected another loss, such as loss=nonsaturating, got Own"
    ):
        Small(loss=Own())
    with pytest.raises(UsageError, match="model Small: expected a loss, got none"):
        Small(loss=None)


class Beside(Small):
    def judged_by(self):
        return {"condition": "label"}


def test_a_loss_says_what_it_lacks():
    with pytest.raises(NotImplementedError, match="Loss does not say what the discriminator pays"):
        Loss().discriminator(None, None)
