"""Unrolling: against the Dirac-GAN's closed form, finite differences in float64, and what it leaves alone."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from builders import point_fields

from ganctl.error import UsageError
from ganctl.game.batch import Batch
from ganctl.game.part import Part
from ganctl.loss.cross_entropy import Minimax, NonSaturating
from ganctl.model.gan import GAN
from ganctl.remedy.unrolled import Unrolled


def game_of(generator, discriminator, shape, loss=NonSaturating, **parts) -> GAN:
    network = SimpleNamespace(generator=generator, discriminator=discriminator)
    return GAN(network, point_fields(*shape), latent=2, loss=loss(), **parts)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def dirac(theta: float, psi: float, rate: float, steps: int) -> tuple[float, float]:
    """Return the generator's term softplus(-psi_k theta) and its slope: reals are at 0, fakes at theta."""
    ahead, slope = psi, 0.0  # psi_k, d psi_k / d theta
    for _ in range(steps):
        s = sigmoid(ahead * theta)
        change = s + theta * s * (1 - s) * (ahead + theta * slope)
        ahead, slope = ahead - rate * theta * s, slope - rate * change
    return np.log1p(np.exp(-ahead * theta)), -sigmoid(-ahead * theta) * (ahead + theta * slope)


@pytest.mark.parametrize("steps", [0, 1, 2, 5])
def test_the_dirac_gan_has_the_closed_form_s_gradient(steps, tensorflow):
    theta, psi, rate = 0.7, 1.3, 0.4
    game = game_of(
        lambda latent, shape: keras.Sequential(
            [
                keras.Input((latent,)),
                keras.layers.Dense(
                    1, kernel_initializer="zeros", bias_initializer=keras.initializers.Constant(theta)
                ),
            ]
        ),
        lambda shape: keras.Sequential(
            [
                keras.Input(shape),
                keras.layers.Dense(1, use_bias=False, kernel_initializer=keras.initializers.Constant(psi)),
            ]
        ),
        (1,),
        remedies={"unrolled": Unrolled(steps, rate, "sgd")},
    )
    batch = Batch({"image": tensorflow.zeros((3, 1))}, size=3, key=tensorflow.constant([0, 0]))
    bias = game.generator.trainable_weights[1].value
    with tensorflow.GradientTape() as tape:
        term = game.generator_loss(batch)["adversarial"]
    value, slope = dirac(theta, psi, rate, steps)
    assert float(term) == pytest.approx(value, rel=1e-5)
    assert float(tape.gradient(term, bias)[0]) == pytest.approx(slope, rel=1e-5)
    assert float(game.discriminator.trainable_weights[0].numpy()[0, 0]) == pytest.approx(psi)


class Slope(Part):
    """R1 in whatever precision the critic has."""

    players = ("discriminator",)

    def __init__(self, tf):
        self.tf = tf

    def __call__(self, critic, real, fake, batch):
        with self.tf.GradientTape() as tape:
            tape.watch(real)
            score = critic(real)
        return self.tf.reduce_mean(self.tf.reduce_sum(tape.gradient(score, real) ** 2, axis=1))


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize(
    ("loss", "penalized"), [(NonSaturating, False), (NonSaturating, True), (Minimax, False)]
)
def test_the_gradient_through_all_steps_equals_finite_differences(optimizer, loss, penalized, tensorflow):
    keras.utils.set_random_seed(1)

    def stack(width, out):
        options = {"dtype": "float64", "bias_initializer": "random_normal"}
        layers = [keras.layers.Dense(4, activation="tanh", **options), keras.layers.Dense(out, **options)]
        return keras.Sequential([keras.Input((width,), dtype="float64"), *layers])

    game = game_of(
        lambda latent, shape: stack(latent, shape[0]),
        lambda shape: stack(shape[0], 1),
        (2,),
        loss,
        remedies={"unrolled": Unrolled(3, 0.3 if optimizer == "sgd" else 0.05, optimizer)},
        penalties={"slope": Slope(tensorflow)} if penalized else {},
    )
    noise = np.random.default_rng(0)
    real, latent = noise.normal(size=(5, 2)), noise.normal(size=(5, 2))

    unrolled = game.parts["remedy/unrolled"]

    def term():
        for second in unrolled.seconds:  # remembered is the same each time
            second.assign(tensorflow.fill(second.shape, tensorflow.cast(0.09, second.dtype)))
        unrolled.turns.assign(7)
        batch = Batch({"image": tensorflow.constant(real)}, size=5, key=tensorflow.constant([0, 0]))
        batch.once("latent", lambda: tensorflow.constant(latent))
        return game.generator_loss(batch)["adversarial"]

    weight = game.generator.trainable_weights[0]
    with tensorflow.GradientTape() as tape:
        value = term()
    gradient, start = tape.gradient(value, weight.value).numpy(), weight.numpy()
    for place in ((0, 0), (1, 2), (0, 3)):
        sides = []
        for sign in (1, -1):
            moved = start.copy()
            moved[place] += sign * 1e-5
            weight.assign(moved)
            sides.append(float(term()))
        weight.assign(start)
        assert (sides[0] - sides[1]) / 2e-5 == pytest.approx(gradient[place], rel=1e-5, abs=1e-10)


def test_steps_ahead_leave_no_trace_in_the_discriminator(make):
    """Weights, batch statistics, dropout's seeds and replayed fakes are those of ordinary training.

    What the steps remember is their own: Adam's second moment.
    """
    from builders import play, tiny

    words = [*tiny("dcgan"), "remedy=[unrolled,replay]", "remedy.unrolled.steps=2", "remedy.replay.size=16"]
    _, dataset, trainer = make(*words, "trainer.order=alternating")
    tf = pytest.importorskip("tensorflow")
    batch = next(iter(dataset.batches(8, seed=0)))
    before = trainer.state.values()
    key, step = tf.constant([1, 2]), tf.constant(0, "int64")
    play(trainer, batch, key, step, tf.constant(True), player="generator")
    after = trainer.state.values()
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    own = {name for name in changed if "/unrolled/" in name}
    kinds = {name.split("/")[1] for name in changed - own}
    assert own and ("generator" in kinds or "generator.0" in kinds)
    assert not any(name.startswith("discriminator") for name in kinds) and "remedy" not in kinds


def test_it_needs_two_players_and_numbers_in_range():
    with pytest.raises(UsageError, match="players discriminator and generator"):
        Unrolled().join(SimpleNamespace(players={"critic": []}))
    for wrong in ({"steps": -1}, {"rate": 0.0}, {"optimizer": "rmsprop"}, {"beta_1": 1.0}):
        with pytest.raises(UsageError, match=f"unrolled.{next(iter(wrong))}"):
            Unrolled(**wrong)
