"""SSGAN: rotations that the discriminator names."""

import math

import numpy as np
import pytest
from builders import a_batch, play, tiny

from ganctl.error import UsageError
from ganctl.model.ssgan import rotated

FREE = "norm.discriminator=none"  # spectral normalization divides by the size of a kernel, here 0


@pytest.mark.parametrize("count", [1, 3, 4, 9])
def test_the_i_th_image_is_turned_by_i_quarters(count, tensorflow):
    image = np.random.default_rng(0).normal(size=(count, 4, 4, 2)).astype("float32")
    expected = np.stack([np.rot90(each, index % 4) for index, each in enumerate(image)])
    assert np.array_equal(rotated(tensorflow.constant(image)).numpy(), expected)


def test_reals_teach_the_discriminator_and_fakes_the_generator_what_is_upright(make, tensorflow):
    _, dataset, trainer = make(*tiny("ssgan"), FREE, "model.of_reals=2", "model.of_fakes=0.5")
    game, batch = trainer.game, a_batch(tensorflow, dataset)
    for weight in game.weights("discriminator"):
        if "rotation" in weight.path:
            weight.assign(tensorflow.zeros_like(weight))
    assert float(game.losses("discriminator", batch)["rotation"]) == pytest.approx(2 * math.log(4), rel=1e-5)
    assert float(batch.facts["turns_right"]) in (0.25, 0.0)
    found = game.losses("generator", a_batch(tensorflow, dataset))["rotation"]
    assert float(found) == pytest.approx(0.5 * math.log(4), rel=1e-5)


def test_only_upright_images_are_judged(make, tensorflow):
    _, dataset, trainer = make(*tiny("ssgan"), FREE)
    game, batch = trainer.game, a_batch(tensorflow, dataset)
    terms = game.losses("discriminator", batch)
    real, fake = (game.discriminator(x, training=True)[0] for x in (batch["image"], game.generate(batch)))
    assert float(terms["adversarial"]) == pytest.approx(float(game.loss.discriminator(real, fake)), rel=1e-4)


def test_without_weights_it_is_the_plain_game_and_a_discriminator_learns_to_name_turns(make, tensorflow):
    _, dataset, trainer = make(*tiny("ssgan"), "model.of_reals=0", "model.of_fakes=0")
    terms = trainer.game.losses("generator", a_batch(tensorflow, dataset))
    assert float(terms["rotation"]) == 0.0
    fast = [FREE, "optimizer.discriminator.learning_rate=0.01", "trainer.turns.discriminator=1"]
    _, dataset, trainer = make(*tiny("ssgan"), *fast)
    batch, lost = next(iter(dataset.batches(8, seed=0))), []
    for step in range(60):
        key, count = tensorflow.constant([0, 0]), tensorflow.constant(step, "int64")
        report = play(trainer, batch, key, count, tensorflow.constant(True), player="discriminator")
        lost.append(float(report["discriminator/rotation"]))
    assert lost[-1] < 0.1 * lost[0]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["model.of_reals=-1"], "model.of_reals"),
        (["remedy=[packing]"], "would mix images of different turns"),
        (["dataset=ring"], "square images"),
    ],
)
def test_what_makes_no_sense_is_told(words, told, make):
    with pytest.raises(UsageError, match=told):
        make(*tiny("ssgan"), *words)
