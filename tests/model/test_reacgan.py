"""ReACGAN: the data-to-data cross entropy, and who pays it."""

import math

import numpy as np
import pytest
from builders import a_batch, tiny

from ganctl.error import UsageError
from ganctl.model.reacgan import data_to_data

FREE = "norm.discriminator=none"  # a power iteration moves with every call


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype("float32")


def test_the_cross_entropy_is_equation_9(tensorflow):
    rng, label = np.random.default_rng(0), np.array([0, 1, 1, 2, 0, 1])
    f, v = unit(rng.normal(size=(6, 5))), unit(rng.normal(size=(3, 5)))[label]
    expected = []
    for i in range(6):
        above = math.exp(min(0.0, float(f[i] @ v[i]) - 0.9) / 0.5)
        below = sum(
            math.exp(max(0.0, float(f[i] @ f[j]) - 0.1) / 0.5) for j in range(6) if label[j] != label[i]
        )
        expected.append(-math.log(above / (above + below)))
    found = data_to_data(*map(tensorflow.constant, (f, v, label)), temperature=0.5, margin=0.9)
    assert float(found) == pytest.approx(np.mean(expected), rel=1e-5)


def test_perfect_clusters_pay_the_logarithm_of_the_others_and_one_class_nothing(tensorflow):
    label = np.repeat([0, 1, 2], 4)
    f = np.eye(3, dtype="float32")[label]
    given = [tensorflow.constant(each) for each in (f, f, label)]
    found = data_to_data(*given, temperature=0.5, margin=0.98)
    assert float(found) == pytest.approx(math.log(1 + 8), rel=1e-5)
    alone = data_to_data(given[0], given[1], tensorflow.zeros(12, "int32"), temperature=0.5, margin=0.98)
    assert float(alone) == pytest.approx(0.0, abs=1e-6)


def test_the_discriminator_pays_for_reals_and_the_generator_for_fakes(make, tensorflow):
    _, dataset, trainer = make(*tiny("reacgan")[:-1], "model.latent=8", "model.class_weight=2", FREE)
    game = trainer.game
    for player in game.players:
        batch = a_batch(tensorflow, dataset)
        image = batch["image"] if player == "discriminator" else game.generate(batch)
        code = tensorflow.one_hot(batch["label"], 10)
        logit, f, v = game.discriminator([image, code], training=True)
        np.testing.assert_allclose(np.linalg.norm(f, axis=1), 1.0, rtol=1e-4)
        found = game.losses(player, batch)["class"]
        expected = 2 * data_to_data(f, v, batch["label"], temperature=0.5, margin=0.98)
        assert float(found) == pytest.approx(float(expected), rel=1e-4)
        other = game.discriminator([image, tensorflow.roll(code, 1, 0)], training=False)[0]
        same = game.discriminator([image, code], training=False)[0]
        assert np.array_equal(other, same) and logit.shape == same.shape  # the logit knows no label


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["model.margin=2"], "model.margin"),
        (["model.temperature=0"], "model.temperature"),
        (["network=projection"], "type network=reacgan"),
        (["dataset=ring"], "data with labels"),
    ],
)
def test_what_makes_no_sense_is_told(words, told, make):
    plain = [w for w in tiny("reacgan")[:-1] if "embedding" not in w]
    with pytest.raises(UsageError, match=told):
        make(*plain, "model.latent=8", *words)
