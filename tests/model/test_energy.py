"""EBGAN and BEGAN: energies, the margin, the pull-away term, and the controller's arithmetic."""

import numpy as np
import pytest
from builders import a_batch, play, tiny

from ganctl.error import UsageError
from ganctl.layer.energy import REDUCTIONS, NegativeEnergy
from ganctl.loss.energy import Equilibrium, Margin
from ganctl.penalty.pull_away import pull_away
from ganctl.training.schedule import Halving


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_the_energy_is_what_numpy_says(reduction, tensorflow):
    these, those = np.random.default_rng(0).normal(size=(2, 5, 4, 3, 2)).astype("float32")
    difference = (these - those).reshape(5, -1).astype("float64")
    expected = {
        "norm": np.linalg.norm(difference, axis=1),
        "mean_squares": np.square(difference).mean(axis=1),
        "mean_absolute": np.abs(difference).mean(axis=1),
    }[reduction]
    found = NegativeEnergy(reduction)([these, those]).numpy()
    np.testing.assert_allclose(-found[:, 0], expected, rtol=1e-5)
    with tensorflow.GradientTape() as tape:  # the norm has no slope at 0, and must not become NaN
        same = tensorflow.constant(these)
        tape.watch(same)
        energy = tensorflow.reduce_sum(NegativeEnergy(reduction)([same, these]))
    assert np.isfinite(tape.gradient(energy, same).numpy()).all()


def test_the_margin_is_charged_for_each_fake_by_itself_and_no_further(tensorflow):
    loss, real = Margin(margin=10.0), tensorflow.constant([[-1.0], [-3.0]])
    # Energies 4 and 16: the first lacks 6, the second nothing, however far beyond it lies.
    fake = tensorflow.constant([[-4.0], [-16.0]])
    assert float(loss.discriminator(real, fake)) == pytest.approx(2.0 + 3.0)
    assert float(loss.generator(fake)) == pytest.approx(10.0)
    with tensorflow.GradientTape() as tape:
        tape.watch(fake)
        paid = loss.discriminator(real, fake)
    assert tape.gradient(paid, fake).numpy().ravel().tolist() == [0.5, 0.0]
    # Theorem 2: where all energies are the same and at most the margin, both terms together are the margin.
    same = tensorflow.fill((4, 1), -7.0)
    assert float(loss.discriminator(same, same)) == pytest.approx(10.0)


def test_the_pull_away_term_is_1_for_equal_codes_0_for_orthogonal_ones_and_blind_to_lengths(tensorflow):
    codes = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")
    unit = codes / np.linalg.norm(codes, axis=1, keepdims=True)
    cosines = (unit @ unit.T) ** 2
    expected = (cosines.sum() - 6) / 30
    assert float(pull_away(tensorflow.constant(codes))) == pytest.approx(expected, rel=1e-4)
    longer = codes * np.arange(1, 7, dtype="float32")[:, None]
    assert float(pull_away(tensorflow.constant(longer))) == pytest.approx(expected, rel=1e-4)
    assert float(pull_away(tensorflow.tile(codes[:1], (5, 1)))) == pytest.approx(1.0, abs=1e-5)
    assert float(pull_away(tensorflow.constant(-codes[:1] * [[1.0], [-1.0]]))) == pytest.approx(1.0, abs=1e-5)
    assert float(pull_away(tensorflow.eye(4))) == pytest.approx(0.0, abs=1e-6)
    assert float(pull_away(tensorflow.constant(codes[:1]))) == 0.0


def test_only_the_generator_pays_for_codes_that_are_alike_and_a_discriminator_needs_codes(make, tensorflow):
    _, dataset, trainer = make(*tiny("ebgan"))
    game, batch = trainer.game, a_batch(tensorflow, dataset)
    assert set(game.losses("discriminator", batch)) == {"adversarial"}
    terms = game.losses("generator", batch)
    code = game.discriminator(game.generate(batch), training=True)[2]
    assert float(terms["pull_away"]) == pytest.approx(0.1 * float(pull_away(code)), rel=1e-5)
    with pytest.raises(UsageError, match="gives each image a code; type model=ebgan"):
        make(*tiny("dcgan"), "penalty=[pull_away]")
    with pytest.raises(UsageError, match="is an autoencoder; type network=ebgan or network=began"):
        make(*tiny("gan"), "model._target_=ganctl.model.energy.EnergyGAN")


def test_the_controller_follows_its_formula_within_0_and_1(tensorflow):
    loss = Equilibrium(gamma=0.5, rate=0.001)
    terms = {"real": tensorflow.constant(-1.0), "fake": tensorflow.constant(-0.2)}
    for _ in range(1000):  # L(x) = 1, L(G) = 0.2: k grows by 0.0003 a turn
        loss.after("discriminator", terms)
    assert float(loss.k) == pytest.approx(0.3, rel=1e-4)
    assert float(terms["convergence"]) == pytest.approx(1.3) and float(terms["k"]) == float(loss.k)
    real, fake = tensorflow.constant([[-1.0], [-3.0]]), tensorflow.constant([[-2.0], [-2.0]])
    assert float(loss.discriminator(real, fake)) == pytest.approx(2.0 - 0.3 * 2.0, rel=1e-4)
    assert float(loss.generator(fake)) == 2.0
    for _ in range(2400):
        loss.after("discriminator", terms)
    assert float(loss.k) == 1.0
    loss.after("generator", terms)  # k follows the discriminator's turns
    assert float(loss.k) == 1.0
    low = {"real": tensorflow.constant(-1.0), "fake": tensorflow.constant(-5000.0)}
    loss.after("discriminator", low)
    assert float(loss.k) == 0.0 and list(loss.state()) == ["k"]


def test_k_is_logged_and_goes_on_from_a_checkpoint(make):
    _, dataset, trainer = make(*tiny("began"), "loss.rate=1.0")
    numbers = trainer.train(trainer.batches(dataset)).numpy()
    report = dict(zip(trainer.rounds.terms, numbers, strict=True))
    real, fake = -report["discriminator/real"], -report["discriminator/fake"]
    assert report["discriminator/k"] == pytest.approx(np.clip(0.5 * real - fake, 0, 1), rel=1e-4)
    assert report["discriminator/convergence"] == pytest.approx(real + abs(0.5 * real - fake), rel=1e-4)
    saved = trainer.state.values()
    assert [float(v) for name, v in saved.items() if name.endswith("loss/k")] == [report["discriminator/k"]]


def test_a_discriminator_alone_is_an_autoencoder_that_learns(make, tensorflow):
    words = ["optimizer.discriminator.learning_rate=0.01", "trainer.order=alternating", "schedule=constant"]
    _, dataset, trainer = make(*tiny("began"), *words, "network.discriminator.code=16")
    batch, lost = next(iter(dataset.batches(8, seed=0))), []
    for step in range(60):  # k stays 0 where gamma is 0: nothing is asked of fakes
        trainer.game.loss.gamma = 0.0
        key, count = tensorflow.constant([0, 0]), tensorflow.constant(step, "int64")
        report = play(trainer, batch, key, count, tensorflow.constant(True), player="discriminator")
        lost.append(float(report["discriminator/adversarial"]))
        assert float(report["discriminator/k"]) == 0.0
    assert lost[-1] < 0.5 * lost[0]


@pytest.mark.parametrize("model", ["ebgan", "began"])
def test_samples_and_renderings_are_made(model, make, tensorflow):
    _, dataset, trainer = make(*tiny(model), *([] if model == "ebgan" else ["network.discriminator.code=4"]))
    image = np.asarray(dataset.take(4))
    rows = {"image": lambda places: image[places % 4]}
    made = trainer.sampler.sample(
        4, seed=0, make="reconstruction", inputs=lambda places: {k: f(places) for k, f in rows.items()}
    )
    expected = trainer.game.discriminator(tensorflow.constant(image), training=False)[1]
    np.testing.assert_allclose(made, expected.numpy(), atol=1e-5)
    assert trainer.sampler.sample(3, seed=0).shape == (3, 28, 28, 1)


def test_the_rate_is_halved_down_to_its_floor():
    schedule = Halving(8e-5, decay_steps=100, end_learning_rate=2e-5)
    found = [float(schedule(step)) for step in (0, 99, 100, 199, 200, 1000)]
    assert found == pytest.approx([8e-5, 8e-5, 4e-5, 4e-5, 2e-5, 2e-5])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["loss.margin=-1"], "loss.margin"),
        (["network.logits=false", "loss=nonsaturating"], "type network.logits=true"),
        (["network.discriminator.reduction=mean"], "network.discriminator.reduction"),
        (["network.discriminator.hidden=[]"], "network.discriminator.hidden"),
        (["loss=equilibrium", "loss.gamma=2"], "loss.gamma"),
    ],
)
def test_numbers_outside_their_ranges_are_told(words, told, make):
    with pytest.raises(UsageError, match=told):
        make(*tiny("ebgan"), *words)


def test_a_run_s_grids_show_real_images_beside_what_is_made_of_them(make):
    from ganctl.training.latent_paths import LatentPaths

    _, dataset, trainer = make(*tiny("ebgan"))
    tiles = LatentPaths(trainer.sampler, dataset).shown(5)
    assert tiles.shape == (5, 3, *dataset.shape)
    np.testing.assert_array_equal(tiles[:, 0], trainer.sampler.preview(5))
    real = dataset.examples(np.arange(5), held=dataset.held_out > 0)["image"]
    np.testing.assert_array_equal(tiles[:, 1], real)
    np.testing.assert_allclose(tiles[:, 2], trainer.game.discriminator(real, training=False)[1], atol=1e-5)
    # Without the data a grid has samples alone.
    assert LatentPaths(trainer.sampler).shown(5).shape == (5, *dataset.shape)
