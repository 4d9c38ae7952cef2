"""Penalties on opinions and on weights: closed forms, recursions, boxes, and what they are refused with."""

from types import SimpleNamespace

import numpy as np
import pytest
from builders import tiny
from critics import FAKE, LINE, REAL, WIDTH, at, charge, judge, linear

from ganctl.config.choices import choices
from ganctl.error import UsageError
from ganctl.penalty.consistency import (
    BalancedConsistency,
    Change,
    Consistency,
    LatentConsistency,
    LatentDiversity,
)
from ganctl.penalty.logits import Drift, Lecam
from ganctl.penalty.weights import Clip, Orthogonal, matrix

CONSTANT = 0.25  # of the toy generator below


class Toy:
    """A game of one linear generator: G(z) = z * CONSTANT."""

    def __init__(self):
        self.game, self.has_latents, self.players = self, True, {"discriminator": [], "generator": []}

    def latents(self, batch):
        return batch.once("latent", lambda: batch.normal(WIDTH))

    def generate(self, batch):
        return batch.once("fake", lambda: self.generate_from(self.latents(batch), batch, training=True))

    def generate_from(self, latent, batch, *, training):
        return CONSTANT * latent


def test_drift_is_the_mean_squared_logit_of_reals():
    expected = 0.5 * ((REAL.astype(np.float64) @ LINE) ** 2).mean()
    assert float(charge(Drift(weight=0.5), linear)) == pytest.approx(expected, rel=1e-5)


def test_consistency_on_points_is_the_jitter_s_share_of_the_slope():
    batch = at()
    jitter = 0.1 * batch.normal(WIDTH).numpy().astype(np.float64)
    expected = 2.0 * ((jitter @ LINE) ** 2).mean()
    assert float(charge(Consistency(weight=2.0, jitter=0.1), linear)) == pytest.approx(expected, rel=1e-4)
    second = 0.1 * batch.normal(WIDTH).numpy().astype(np.float64)
    expected += 2.0 * 3.0 * ((second @ LINE) ** 2).mean()
    both = BalancedConsistency(weight=2.0, jitter=0.1, fakes=3.0)
    assert float(charge(both, linear)) == pytest.approx(expected, rel=1e-4)


def test_the_gradient_of_consistency_reaches_both_opinions(tensorflow):
    tf, weights, jitter = tensorflow, tensorflow.Variable(LINE), at().normal(WIDTH).numpy()
    with tf.GradientTape() as tape:
        total = charge(Consistency(weight=1.0, jitter=1.0), lambda image: tf.square(image @ weights))
    found, exact = tape.gradient(total, weights).numpy()[:, 0], LINE[:, 0].astype(np.float64)

    def value(line):
        return (((REAL @ line) ** 2 - ((REAL + jitter) @ line) ** 2) ** 2).mean()

    for index in range(WIDTH):
        move = 1e-6 * np.eye(WIDTH)[index]
        expected = (value(exact + move) - value(exact - move)) / 2e-6
        assert found[index] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("jit", [False, True])
def test_images_are_shifted_with_reflected_borders_and_mirrored(jit, tensorflow):
    tf, count = tensorflow, 64
    image = np.arange(count * 6 * 5, dtype=np.float32).reshape(count, 6, 5, 1)
    change = tf.function(
        lambda x: Change("x", 2, True, 0.0)(x, at(size=count)), autograph=False, jit_compile=jit
    )
    changed = change(tf.constant(image)).numpy()
    seen = set()
    for before, after in zip(image[..., 0], changed[..., 0], strict=True):
        wide = np.pad(before, 2, mode="reflect")
        found = [
            (y, x, flip)
            for y in range(5)
            for x in range(5)
            for flip in (1, -1)
            if np.array_equal(wide[y : y + 6, x : x + 5][:, ::flip], after)
        ]
        assert found, "no shift or mirror image"
        seen.update(found)
    assert {y for y, _, _ in seen} == {x for _, x, _ in seen} == set(range(5))
    assert {flip for _, _, flip in seen} == {1, -1}
    still = Change("x", 0, False, 0.0)(tf.constant(image), at(size=count))
    assert np.array_equal(still, image)


def test_a_change_knows_points_and_images_only(tensorflow):
    with pytest.raises(UsageError, match="expected images or points"):
        Change("penalty.consistency", 4, False, 0.1)(tensorflow.zeros((2, 3, 4, 4, 1)), at(size=2))


def test_latent_penalties_move_latents_by_their_radius(tensorflow):
    batch = at()
    game = Toy()
    latent = game.latents(batch).numpy()
    moved = latent + 0.5 * at_second_draw()
    fakes, others = CONSTANT * latent.astype(np.float64), CONSTANT * moved.astype(np.float64)
    for penalty, expected in (
        (LatentConsistency(weight=2.0, radius=0.5), 2.0 * (((fakes - others) @ LINE) ** 2).mean()),
        (LatentDiversity(weight=2.0, radius=0.5), -2.0 * ((fakes - others) ** 2).mean()),
    ):
        batch = at()
        game = Toy()
        penalty.join(game)
        fake = game.generate(batch)
        found = penalty(judge(linear, batch), tensorflow.constant(REAL), fake, batch)
        assert float(found) == pytest.approx(expected, rel=1e-4)
    assert LatentDiversity.players == ("generator",)


def at_second_draw():
    batch = at()
    batch.normal(WIDTH)
    return batch.normal(WIDTH).numpy()


@pytest.mark.parametrize("one_sided", [False, True])
def test_lecam_draws_logits_to_the_averages_of_the_other_kind(one_sided, tensorflow):
    tf, penalty = tensorflow, Lecam(weight=2.0, decay=0.9, start=3, one_sided=one_sided)
    penalty.join(None)
    real, fake = 0.0, 0.0
    means = np.random.default_rng(1).normal(size=(8, 2))
    for turn, (high, low) in enumerate(means):
        cost = float(charge(penalty, linear))
        above = REAL.astype(np.float64) @ LINE - fake
        below = real - FAKE.astype(np.float64) @ LINE
        if one_sided:
            above, below = np.maximum(above, 0), np.maximum(below, 0)
        expected = 2.0 * ((above**2).mean() + (below**2).mean()) if turn >= 3 else 0.0
        assert cost == pytest.approx(expected, rel=1e-4)
        penalty.after("generator", {})
        logits = {"real": tf.constant(high, "float32"), "fake": tf.constant(low, "float32")}
        penalty.after("discriminator", logits)
        decay = 0.9 if turn >= 3 else 0.0
        real, fake = decay * real + (1 - decay) * high, decay * fake + (1 - decay) * low
        assert float(penalty.averages["real"]) == pytest.approx(real, rel=1e-5)
        assert float(penalty.averages["fake"]) == pytest.approx(fake, rel=1e-5)
    assert set(penalty.state()) == {"real", "fake", "turns"} and int(penalty.turns) == 8


def test_lecam_s_averages_are_in_the_checkpoint_and_follow_every_turn(make):
    words = ["penalty=[lecam]", "penalty.lecam.every=2", "trainer.turns.discriminator=2"]
    _, dataset, trainer = make(*tiny("gan"), "trainer.order=alternating", *words)
    batches = iter(dataset.batches(8, seed=0))
    trainer.train(batches)
    trainer.train(batches)
    values = trainer.state.values()
    assert values["game/penalty/lecam/turns"] == 4
    assert values["game/penalty/lecam/real"] != 0 and values["game/penalty/lecam/fake"] != 0


def test_clipped_weights_stay_in_their_box_and_there_is_no_term(make):
    words = ["loss=wasserstein", "penalty=[clip]", "penalty.clip.bound=0.003", "norm.discriminator=layer"]
    _, dataset, trainer = make(*tiny("gan"), *words)
    before = [weight.numpy() for weight in trainer.game.weights("discriminator")]
    assert max(abs(weight).max() for weight in before) > 0.003
    trainer.train(iter(dataset.batches(8, seed=0)))
    assert "discriminator/clip" not in trainer.rounds.terms
    after = [weight.numpy() for weight in trainer.game.weights("discriminator")]
    assert max(abs(weight).max() for weight in after) == np.float32(0.003)
    others = [weight.numpy() for weight in trainer.game.weights("generator")]
    assert max(abs(weight).max() for weight in others) > 0.003


def test_clipping_is_refused_with_spectral_normalization(make):
    with pytest.raises(UsageError, match=r"clip: .*spectral normalization.*type penalty=\[\]"):
        make(*tiny("gan"), "penalty=[clip]", "norm.discriminator=spectral")


def test_an_orthogonal_matrix_costs_nothing_and_lengths_cost_only_where_they_count(tensorflow):
    noise = np.random.default_rng(0).normal(size=(7, 4))
    unit = tensorflow.constant(np.linalg.qr(noise)[0], "float32")
    bigger = unit * tensorflow.constant([1.0, 2.0, 3.0, 4.0])
    free, full = Orthogonal(kind="off_diagonal"), Orthogonal(kind="full")
    assert float(free.cost(unit)) == pytest.approx(0, abs=1e-10)
    assert float(full.cost(unit)) == pytest.approx(0, abs=1e-10)
    assert float(free.cost(bigger)) == pytest.approx(0, abs=1e-8)
    assert float(full.cost(bigger)) == pytest.approx(3**2 + 8**2 + 15**2, rel=1e-5)
    products = noise.T @ noise
    some = tensorflow.constant(noise, "float32")
    assert float(full.cost(some)) == pytest.approx(((products - np.eye(4)) ** 2).sum(), rel=1e-5)
    np.fill_diagonal(products, 0)
    assert float(free.cost(some)) == pytest.approx((products**2).sum(), rel=1e-5)


def test_orthogonality_s_gradient_equals_finite_differences(tensorflow):
    first, penalty = np.random.default_rng(0).normal(size=(3, 2)), Orthogonal(kind="off_diagonal")
    weights = tensorflow.Variable(first, dtype="float32")
    with tensorflow.GradientTape() as tape:
        total = penalty.cost(weights)
    found = tape.gradient(total, weights).numpy()
    off = (first.T @ first) * (1 - np.eye(2))
    np.testing.assert_allclose(found, 4 * first @ off, rtol=1e-4)


def test_orthogonality_takes_every_kernel_by_its_outputs(make):
    players = "penalty.orthogonal.players=[generator,discriminator]"
    words = ["penalty=[orthogonal]", "penalty.orthogonal.weight=1", players, "norm.discriminator=spectral"]
    _, dataset, trainer = make(*tiny("dcgan"), *words)
    penalty, game = trainer.game.penalties["orthogonal"], trainer.game
    shapes = [matrix(*kernel).shape.as_list() for kernel in penalty.kernels["generator"]]
    assert shapes[1:] == [[5 * 5 * 8, 8], [5 * 5 * 8, 4], [5 * 5 * 4, 1]]
    expected = {}
    for player in game.players:
        kernels = [matrix(*kernel).numpy().astype(np.float64) for kernel in penalty.kernels[player]]
        expected[player] = sum((((k.T @ k) * (1 - np.eye(k.shape[1]))) ** 2).sum() for k in kernels)
    values = trainer.train(iter(dataset.batches(8, seed=0))).numpy()
    report = dict(zip(trainer.rounds.terms, values, strict=True))
    for player, cost in expected.items():
        assert report[f"{player}/orthogonal"] == pytest.approx(cost, rel=1e-4)


@pytest.mark.parametrize("order", ["alternating", "simultaneous"])
def test_every_penalty_joins_a_recipe_of_images(order, make):
    # Clipping goes with no slopes, the pull of codes with no discriminator that gives none.
    chosen = [penalty for penalty in choices("penalty") if penalty not in ("clip", "pull_away")]
    _, dataset, trainer = make(*tiny("dcgan"), f"penalty=[{','.join(chosen)}]", f"trainer.order={order}")
    values = trainer.train(trainer.batches(dataset)).numpy()
    assert np.isfinite(values).all()
    assert {term.partition("/")[2] for term in trainer.rounds.terms} >= set(chosen)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: Clip(0.0), r"penalty\.clip\.bound: expected a number above 0, got '0.0'"),
        (lambda: Clip(True), "above 0"),
        (lambda: Drift(weight=-1), r"penalty\.drift\.weight"),
        (lambda: Lecam(decay=1.0), r"penalty\.lecam\.decay: .*at least 0 and below 1, got '1.0'"),
        (lambda: Lecam(start=-1), r"penalty\.lecam\.start"),
        (lambda: Lecam(one_sided="no"), r"penalty\.lecam\.one_sided: expected true or false"),
        (lambda: Consistency(shift=-1), r"penalty\.consistency\.shift"),
        (lambda: Consistency(flip=1), r"penalty\.consistency\.flip: expected true or false"),
        (lambda: BalancedConsistency(fakes=-1), r"penalty\.balanced_consistency\.fakes"),
        (lambda: LatentDiversity(radius="x"), r"penalty\.latent_diversity\.radius"),
        (lambda: Orthogonal(kind="fully"), r"penalty\.orthogonal\.kind: .*Did you mean 'full'"),
        (lambda: Orthogonal(players=["critic"]).join(Toy()), r"orthogonal\.players: expected some of"),
        (lambda: Orthogonal(players=[]).join(Toy()), r"got 'none'"),
        (
            lambda: LatentConsistency().join(SimpleNamespace(game=SimpleNamespace(has_latents=False))),
            r"one generator of latents",
        ),
    ],
)
def test_bad_values_are_refused(made, words):
    with pytest.raises(UsageError, match=words):
        made()
