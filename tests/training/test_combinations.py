"""Every loss x penalty x normalization of the discriminator on the ring: finite for 200 steps, or refused."""

import itertools

import numpy as np
import pytest
import yaml
from builders import point_fields

from ganctl.config.choices import choices, file_of
from ganctl.error import UsageError

STEPS, SIZE = 200, 16
BASE = [
    "dataset=ring",
    "model=points",
    "optimizer=sgd",  # its steps grow with the gradients, as Adam's do not; its graph is a third of Adam's
    # Ten times this rate is too much for plain SGD where a penalty on slopes meets a layer norm.
    "optimizer.discriminator.learning_rate=0.001",
    "optimizer.generator.learning_rate=0.001",
    "network.generator.hidden=[8]",
    "network.discriminator.hidden=[8,16]",
    "model.latent=2",
    f"trainer.batch_size={SIZE}",
]
# What the mathematics does not allow: (penalty, normalization), None for any, and the reason that is given.
REFUSED = {
    (None, "instance"): "more than one number per group",
    **{
        (penalty, "batch"): "batch normalization"
        for penalty in ("gradient_penalty", "lipschitz", "dragan", "zero_centred")
    },
    ("clip", "spectral"): "spectral normalization",
    ("pull_away", None): "gives each image a code",
}
THREE = ("nonsaturating", "wasserstein", "relativistic")  # a logistic one, a straight one, one of pairs
OF_FAMILIES = ("margin", "equilibrium", "one_against_many")  # losses that are made for one kind of network
PAIRS = list(itertools.product(("none", *choices("penalty")), choices("norm")))


@pytest.fixture(scope="module")
def recipe():
    """Return (config of a pair, losses by name); what is composed is composed once."""
    from ganctl.config.compose import compose
    from ganctl.training import build

    every = ",".join(choices("penalty"))
    config = compose([*BASE, f"penalty=[{every}]"]).plain()
    norms = {norm: yaml.safe_load(file_of("norm", norm).read_text()) for norm in choices("norm")}
    norms["group"] |= {"groups": 2}  # 16 units in 8 groups would be pairs, which are +1 and -1 whatever came
    kinds = [loss for loss in choices("loss") if loss != "own"]
    losses = {loss: build.make(compose([*BASE, f"loss={loss}"]).plain()["loss"]) for loss in kinds}

    def config_of(penalty: str, norm: str) -> dict:
        names = yaml.safe_load(file_of("penalty", penalty).read_text()) if penalty != "none" else {}
        penalties = {name: dict(config["penalty"][name]) for name in names}
        for node in penalties.values():
            node |= {"start": 20} if "start" in node else {}
        network = config["network"]
        discriminator = network["discriminator"] | {"norm": norms[norm]}
        return config | {"penalty": penalties, "network": network | {"discriminator": discriminator}}

    return config_of, losses


@pytest.fixture(scope="module")
def trainer_of(recipe):
    """Return the trainer of a pair, as it begins; the networks of a norm are built once."""
    from ganctl.training import build

    config_of, built = recipe[0], {}

    def trainer_of(penalty: str, norm: str):
        if norm not in built:
            trainer = build.trainer(config_of("none", norm), point_fields())
            built[norm] = trainer, trainer.state.values()
        trainer, start = built[norm]
        game = trainer.game
        game.adversary.penalties = {}
        trainer.state.restore(start)
        game.adversary.penalties = {
            name: build.make(node) for name, node in config_of(penalty, norm)["penalty"].items()
        }
        game.join()
        return trainer

    return trainer_of


@pytest.fixture(scope="module")
def points(recipe, tensorflow):
    from ganctl.training import build

    drawn = build.dataset(recipe[0]("none", "none")).take(STEPS * SIZE)
    return tensorflow.constant(drawn.reshape(STEPS, SIZE, 2))


def game_of(trainer, losses, tf):
    """Return a function that plays all steps with one of the losses, the graph of all of them in one."""
    from ganctl.game.turn import Turn
    from ganctl.loss.mixture import Mixture
    from ganctl.training.timeline import Timeline
    from ganctl.training.update import Update

    game, weights = trainer.game, tf.Variable(np.zeros(len(losses), np.float32))
    parts = {name: lambda loss=loss: loss for name, loss in losses.items()}
    loss = game.adversary.loss = Mixture(parts, dict.fromkeys(losses, 1))
    update, [span] = Update(game, trainer.optimizers), Timeline((), batch_size=SIZE, batches=1).spans

    @tf.function(autograph=False)
    def play(points):
        loss.weighted = [(loss, weights[index]) for index, loss in enumerate(losses.values())]

        def step(index, total):
            for player in game.players:
                key = tf.random.fold_in(tf.constant([0, 0]), index)
                now, no = tf.cast(index, tf.int64), tf.constant(False)
                terms = update(
                    {"image": points[index]}, key, now, no, turns=(Turn(player=player),), span=span
                )
                total += tf.add_n(list(terms.values()))
            return index + 1, total

        begin = (tf.constant(0), tf.constant(0.0))
        return tf.while_loop(lambda index, _: index < STEPS, step, begin, parallel_iterations=1)[1]

    def chosen(loss: str, points) -> float:
        weights.assign([float(name == loss) for name in losses])
        return float(play(points))

    return chosen


def weights_of(values):
    """Return the networks' weights in one row."""
    return np.concatenate([v.ravel() for name, v in values.items() if name.startswith("network/")])


@pytest.mark.parametrize(("penalty", "norm"), PAIRS)
def test_every_loss_stays_finite_or_is_refused(
    penalty, norm, recipe, trainer_of, points, tensorflow, monkeypatch
):
    from ganctl.game.batch import Batch
    from ganctl.training import build

    config_of, losses = recipe
    places = ((None, norm), (penalty, None), (penalty, norm))
    reason = next((REFUSED[place] for place in places if place in REFUSED), "")
    if reason:
        with pytest.raises(UsageError, match=reason):
            build.trainer(config_of(penalty, norm), point_fields())
        return
    monkeypatch.setattr(Batch, "signal", lambda *_: None)  # the diagnosis is not what is tried here
    trainer = trainer_of(penalty, norm)
    if norm != "none":  # a mixture is the sum of the others, and doubles the graph
        losses = {name: loss for name, loss in losses.items() if name not in ("mixture", *OF_FAMILIES)}
        if penalty != "none":  # every loss has met each of the two alone
            losses = {name: losses[name] for name in THREE}
    start, play = trainer.state.values(), game_of(trainer, losses, tensorflow)
    moved = {}
    for loss in losses:
        trainer.state.restore(start)
        total, values = play(loss, points), trainer.state.values()
        assert np.isfinite(total), (loss, total)
        broken = [name for name, value in values.items() if not np.isfinite(value).all()]
        assert not broken, (loss, broken)
        moved[loss] = weights_of(values)
        assert not np.allclose(moved[loss], weights_of(start)), loss
    # Each loss was a game of its own. Alike may be hinge, wasserstein and margin, within the margins, and the
    # mixture and what it is made of; and minimax, where the generator follows the features and not the loss.
    alike = 4 if penalty == "feature_matching" else 3 if len(losses) > len(THREE) else 0
    assert len({weights.tobytes() for weights in moved.values()}) >= len(losses) - alike


@pytest.mark.parametrize("penalty", ["r1", "r2", "gradient_penalty", "lipschitz", "dragan", "zero_centred"])
def test_clipping_beside_a_penalty_on_slopes_is_refused(penalty, recipe):
    from ganctl.training import build

    config_of, _ = recipe
    both = config_of(penalty, "none")["penalty"] | config_of("clip", "none")["penalty"]
    with pytest.raises(UsageError, match=rf"type penalty=\[clip\] or penalty=\[{penalty}\]"):
        build.trainer(config_of("none", "none") | {"penalty": both}, point_fields())
