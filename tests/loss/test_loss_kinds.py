"""Every loss against a closed form written again, every gradient against finite differences."""

import numpy as np
import pytest
import yaml
from builders import tiny

from ganctl.config.choices import choices, file_of
from ganctl.error import UsageError
from ganctl.loss.cross_entropy import Minimax, NonSaturating
from ganctl.loss.energy import Equilibrium, Margin
from ganctl.loss.hinge import Hinge
from ganctl.loss.least_squares import LeastSquares
from ganctl.loss.mixture import Mixture
from ganctl.loss.one_against_many import OneAgainstMany
from ganctl.loss.relativistic import Relativistic, RelativisticAverage
from ganctl.loss.wasserstein import Wasserstein

NOISE = np.random.default_rng(0)
REAL, FAKE = (NOISE.normal(size=(7, 1)).astype(np.float32) * 2 for _ in range(2))
PARTS = {
    "nonsaturating": NonSaturating,
    "least_squares": LeastSquares,
    "wasserstein": Wasserstein,
    "hinge": Hinge,
    "relativistic": Relativistic,
    "relativistic_average": RelativisticAverage,
}


def log_sigmoid(x):
    x = np.asarray(x, np.float64)
    return np.where(x < 0, x, 0) - np.log1p(np.exp(-np.abs(x)))


# Written again, in NumPy and in the papers' own logarithms and expectations.
CLOSED = {
    Minimax: (
        lambda r, f: -log_sigmoid(r).mean() - log_sigmoid(-f).mean(),
        lambda r, f: log_sigmoid(-f).mean(),
    ),
    NonSaturating: (
        lambda r, f: -log_sigmoid(r).mean() - log_sigmoid(-f).mean(),
        lambda r, f: -log_sigmoid(f).mean(),
    ),
    LeastSquares: (
        lambda r, f: ((r - 1) ** 2).mean() / 2 + (f**2).mean() / 2,
        lambda r, f: ((f - 1) ** 2).mean() / 2,
    ),
    Wasserstein: (lambda r, f: -(r.mean() - f.mean()), lambda r, f: -f.mean()),
    Hinge: (
        lambda r, f: -np.minimum(0, r - 1).mean() - np.minimum(0, -f - 1).mean(),
        lambda r, f: -f.mean(),
    ),
    Relativistic: (lambda r, f: -log_sigmoid(r - f).mean(), lambda r, f: -log_sigmoid(f - r).mean()),
    RelativisticAverage: (
        lambda r, f: -log_sigmoid(r - f.mean()).mean() - log_sigmoid(-(f - r.mean())).mean(),
        lambda r, f: -log_sigmoid(f - r.mean()).mean() - log_sigmoid(-(r - f.mean())).mean(),
    ),
}
CLOSED |= {
    Margin: (lambda r, f: -r.mean() + np.maximum(0, 10 + f).mean(), lambda r, f: -f.mean()),
    Equilibrium: (lambda r, f: -r.mean(), lambda r, f: -f.mean()),  # k is 0 at first
    OneAgainstMany: (
        lambda r, f: (-log_sigmoid(r).mean() - log_sigmoid(-f).mean()) / 2,
        lambda r, f: -log_sigmoid(f).mean(),
    ),
}
KINDS = list(CLOSED)


def test_every_choice_has_its_closed_form_here(make):
    # A new file in configs/loss needs a formula in this test.
    targets = [yaml.safe_load(file_of("loss", loss).read_text())["_target_"] for loss in choices("loss")]
    formulas = {f"{kind.__module__}.{kind.__name__}" for kind in CLOSED}
    # A mixture is below, and its own a family's.
    assert set(targets) - formulas == {"ganctl.loss.mixture.Mixture", "ganctl.game.part.Own"}
    assert formulas < set(targets) and len(targets) == len(CLOSED) + 2


@pytest.mark.parametrize("kind", KINDS)
def test_both_terms_are_the_paper_s(kind):
    discriminator, generator = CLOSED[kind]
    made, real, fake = kind(), REAL.astype(np.float64), FAKE.astype(np.float64)
    assert float(made.discriminator(REAL, FAKE)) == pytest.approx(discriminator(real, fake), rel=1e-5)
    given = REAL if made.relative else None
    assert float(made.generator(FAKE, given)) == pytest.approx(generator(real, fake), rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_equal_finite_differences(kind, tensorflow):
    made, point = kind(), np.stack([REAL, FAKE]).astype(np.float64)
    step = 1e-6
    for formula, value in zip(
        CLOSED[kind],
        (made.discriminator, lambda r, f: made.generator(f, r if made.relative else None)),
        strict=True,
    ):
        variable = tensorflow.Variable(point, dtype="float32")
        with tensorflow.GradientTape() as tape:
            total = value(variable[0], variable[1])
        found = tape.gradient(total, variable).numpy()
        for index in np.ndindex(point.shape):
            move = np.zeros_like(point)
            move[index] = step
            above, below = formula(*(point + move)), formula(*(point - move))
            assert found[index] == pytest.approx((above - below) / (2 * step), abs=1e-5)


def test_minimax_is_all_of_equation_1_where_reals_are_given():
    made = Minimax()
    assert float(made.generator(FAKE, REAL)) == pytest.approx(
        -float(made.discriminator(REAL, FAKE)), rel=1e-6
    )


def test_hinge_asks_nothing_beyond_its_margins_and_everything_inside(tensorflow):
    made = Hinge()
    outside = (np.array([[1.0], [5.0]], np.float32), np.array([[-1.0], [-5.0]], np.float32))
    assert float(made.discriminator(*outside)) == 0.0
    inside = np.array([[0.9], [-0.5]], np.float32)
    wasserstein = float(Wasserstein().discriminator(inside, inside * 0.3))
    assert float(made.discriminator(inside, inside * 0.3)) == pytest.approx(2 + wasserstein, rel=1e-6)


@pytest.mark.parametrize("kind", [Wasserstein, Relativistic, RelativisticAverage])
def test_only_differences_count(kind):
    made = kind()
    for shift in (0.0, 3.0):
        moved = float(made.discriminator(REAL + shift, FAKE + shift))
        assert moved == pytest.approx(float(made.discriminator(REAL, FAKE)), rel=1e-5)


@pytest.mark.parametrize("kind", [Relativistic, RelativisticAverage])
def test_a_relativistic_generator_is_the_discriminator_with_the_kinds_exchanged(kind):
    made = kind()
    assert float(made.generator(FAKE, REAL)) == pytest.approx(float(made.discriminator(FAKE, REAL)), rel=1e-6)


def test_pairs_need_as_many_fakes_as_reals():
    with pytest.raises(UsageError, match=r"as many fakes as real.*loss=relativistic_average"):
        Relativistic().generator(FAKE[:3], REAL)
    assert np.isfinite(float(RelativisticAverage().generator(FAKE[:3], REAL)))


def test_extreme_logits_stay_finite():
    far = np.array([[1e4], [-1e4]], np.float32)
    for kind in KINDS:
        made = kind()
        assert np.isfinite(float(made.discriminator(far, -far))) and np.isfinite(
            float(made.generator(far, -far))
        )


@pytest.mark.parametrize("kind", [NonSaturating, Minimax])
def test_smoothing_moves_the_label_of_reals_and_of_nothing_else(kind):
    share = 0.1
    expected = -0.9 * log_sigmoid(REAL).mean() - share * log_sigmoid(-REAL).mean() - log_sigmoid(-FAKE).mean()
    smooth = kind(smoothing=share)
    assert float(smooth.discriminator(REAL, FAKE)) == pytest.approx(expected, rel=1e-5)
    assert float(smooth.generator(FAKE)) == float(kind().generator(FAKE))
    chances = [(1 / (1 + np.exp(-x))).astype(np.float32) for x in (REAL, FAKE)]
    by_chance = kind(from_logits=False, smoothing=share)
    assert float(by_chance.discriminator(*chances)) == pytest.approx(expected, rel=1e-5)


def test_a_smoothed_discriminator_is_best_at_its_label(tensorflow):
    logits = tensorflow.constant([[np.log(0.8 / 0.2)]], "float32")
    with tensorflow.GradientTape() as tape:
        tape.watch(logits)
        value = NonSaturating(smoothing=0.2).discriminator(logits, tensorflow.zeros((1, 1)))
    assert float(tape.gradient(value, logits)[0, 0]) == pytest.approx(0.0, abs=1e-6)


def test_smoothing_of_the_relativistic_average():
    r, f = (x.astype(np.float64) for x in (REAL, FAKE))
    above, below = r - f.mean(), f - r.mean()
    expected = (
        -0.9 * log_sigmoid(above).mean() - 0.1 * log_sigmoid(-above).mean() - log_sigmoid(-below).mean()
    )
    smooth = RelativisticAverage(smoothing=0.1)
    assert float(smooth.discriminator(REAL, FAKE)) == pytest.approx(expected, rel=1e-5)
    assert float(smooth.generator(FAKE, REAL)) == float(RelativisticAverage().generator(FAKE, REAL))


@pytest.mark.parametrize("value", [-0.1, 0.5, True, "x", float("nan")])
def test_a_smoothing_that_says_nothing_is_refused(value):
    with pytest.raises(UsageError, match=r"loss\.smoothing: expected a number from 0 to below 0\.5"):
        NonSaturating(smoothing=value)


def test_a_mixture_is_linear_in_its_weights():
    weights = dict(zip(PARTS, [0.5, 2.0, 0.25, 1.0, 3.0, 0.125], strict=True))
    mixture = Mixture(PARTS, weights)
    for player, given in (("discriminator", (REAL, FAKE)), ("generator", (FAKE, REAL))):
        parts = [w * float(getattr(PARTS[name](), player)(*given)) for name, w in weights.items()]
        assert float(getattr(mixture, player)(*given)) == pytest.approx(sum(parts), rel=1e-5)
    assert mixture.relative


def test_a_mixture_makes_only_what_it_weighs():
    def never():
        raise AssertionError("a part without weight was made")

    mixture = Mixture({"hinge": Hinge, "wasserstein": never}, {"hinge": 2.0, "wasserstein": 0.0})
    assert float(mixture.generator(FAKE)) == pytest.approx(-2 * FAKE.mean(), rel=1e-5)
    assert not mixture.relative and mixture.boundary == 0.0
    half = Mixture(PARTS, {"hinge": 1.0, "least_squares": 1.0})
    assert half.boundary == 0.25


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({"hing": 1.0}, "there is no 'hing'. Did you mean 'hinge'"),
        ({"hinge": -1.0}, "at least 0"),
        ({"hinge": 0.0}, "one above 0"),
        ({"hinge": True}, "a number"),
    ],
)
def test_a_mixture_refuses_what_it_cannot_weigh(weights, words):
    with pytest.raises(UsageError, match=words):
        Mixture(PARTS, weights)


def test_a_mixture_is_weighed_from_the_shell(make):
    words = ["loss=mixture", "loss.weights.hinge=0.5", "loss.weights.relativistic=0.25"]
    _, dataset, trainer = make(*tiny("gan"), *words)
    made = trainer.game.loss
    assert [(type(part).__name__, weight) for part, weight in made.weighted] == [
        ("NonSaturating", 1.0),
        ("Hinge", 0.5),
        ("Relativistic", 0.25),
    ]
    assert np.isfinite(trainer.train(iter(dataset.batches(8, seed=0))).numpy()).all()


@pytest.mark.parametrize(
    "kind", sorted(set(choices("loss")) - {"minimax", "nonsaturating", "least_squares", "own"})
)
def test_a_network_of_probabilities_is_refused_where_logits_are_needed(kind, make):
    words = [f"loss={kind}", "network.logits=false", *(["loss.weights.hinge=1"] if kind == "mixture" else [])]
    with pytest.raises(UsageError, match=r"type network\.logits=true"):
        make(*tiny("gan"), *words)


def test_an_unbounded_critic_is_warned_of_and_a_bounded_one_is_not(make):
    for words, warned in (([], True), (["penalty=[clip]"], False), (["penalty=[gradient_penalty]"], False)):
        _, _, trainer = make(*tiny("gan"), "loss=wasserstein", *words)
        assert [bool("grows without end" in text) for text in trainer.game.warnings] == [True] * warned
    _, _, trainer = make(*tiny("gan"), "loss=mixture", "loss.weights.wasserstein=1")
    assert len(trainer.game.warnings) == 1
    _, _, trainer = make(*tiny("gan"), "loss=wasserstein", "norm.discriminator=spectral")
    assert not trainer.game.warnings
