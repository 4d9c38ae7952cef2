"""FastGAN: gates, decoders, two sizes, each turn its own weights."""

import numpy as np
import pytest
from builders import a_batch, built, expect_own_weights, tiny

from ganctl.error import UsageError


@pytest.fixture(scope="module")
def fast(tensorflow):
    """A trainer and its data."""
    _, dataset, trainer = built(*tiny("fastgan"), "trainer.batch_size=4")
    return trainer, dataset


def test_gates_are_half_of_the_channels_and_pools_overlap_as_they_must(tensorflow):
    from ganctl.layer.gate import GatedLinear, Pooled

    given = tensorflow.constant([[1.0, -2.0, 0.0, 3.0]])
    np.testing.assert_allclose(GatedLinear()(given), [[0.5, -2 / (1 + np.exp(-3))]], rtol=1e-6)
    row = tensorflow.reshape(tensorflow.range(7.0), (1, 7, 1, 1)) * tensorflow.ones((1, 7, 8, 1))
    found = Pooled(4)(row).numpy()[0, :, 0, 0]  # of parts 0-1, 1-3, 3-5, 5-6
    assert found.tolist() == [0.5, 2.0, 4.0, 5.5] and Pooled(4)(row).shape == (1, 4, 4, 1)


def test_an_excitation_without_weights_is_a_half(tensorflow):
    from ganctl.network import fastgan

    network = fastgan.generator(4, (32, 48, 3), filters=1)
    noise = [tensorflow.zeros((2, each.shape[1])) for each in network.inputs[1:]]
    gates = [layer for layer in network.layers if type(layer).__name__ == "Multiply"]
    assert len(gates) == 1  # 32 rows by 4; of 64 and 128 there would be more
    for weight in network.weights:
        weight.assign(weight * 0.0)
    inner = tensorflow.keras.Model(network.inputs, gates[0].input[1])
    assert (inner([tensorflow.ones((2, 4)), *noise]).numpy() == 0.5).all()
    image, half = fastgan.generator(4, (32, 48, 3), filters=1)([tensorflow.ones((2, 4)), *noise])
    assert image.shape == (2, 32, 48, 3) and half.shape == (2, 16, 24, 3)


def test_decoders_draw_what_was_seen_and_a_quarter_is_the_same_in_both(fast, tensorflow):
    from ganctl.layer.growth import halved
    from ganctl.model.fastgan import quarter

    trainer, dataset = fast
    game, batch = trainer.game, a_batch(tensorflow, dataset, 4)
    picture = tensorflow.reshape(tensorflow.range(32.0), (2, 4, 4, 1))
    parts = [quarter(picture, tensorflow.fill((2,), number)).numpy()[0, :, :, 0] for number in range(4)]
    whole = picture[0, :, :, 0].numpy()
    assert [p.tolist() for p in parts] == [
        whole[r : r + 2, c : c + 2].tolist() for r in (0, 2) for c in (0, 2)
    ]
    terms = game.discriminator_loss(batch)
    assert set(terms) == {"adversarial", "half/adversarial", "reconstruction"}
    # What is drawn is compared with what the augmentations made of the image, which the network was shown.
    seen = game.adversary.critic(batch).outputs(batch["image"])[3]
    assert not np.array_equal(seen, batch["image"]) and seen.shape == batch["image"].shape
    last = game.adversary.critic(batch).outputs(batch["image"])[1]
    drawn = game.decoders[0](last, training=True)
    first = float(tensorflow.reduce_mean(tensorflow.square(drawn - halved(seen))))
    assert 0 < first < float(terms["reconstruction"])
    assert "reconstruction" not in game.generator_loss(a_batch(tensorflow, dataset, 4))


def test_decoders_learn_what_the_discriminator_sees(make, tensorflow):
    _, dataset, trainer = make(*tiny("fastgan"), "augment=[]", "optimizer.discriminator.learning_rate=0.01")
    batches = trainer.batches(dataset)
    reports = [trainer.train(batches).numpy() for _ in range(12)]
    found = [report[trainer.rounds.terms.index("discriminator/reconstruction")] for report in reports]
    assert found[-1] < 0.8 * found[0]


@pytest.mark.parametrize("jit", [False, True])
def test_each_turn_moves_its_own_weights(jit, fast, make, tensorflow):
    trainer, dataset = fast
    if jit:
        words = ["trainer.batch_size=4", "trainer.jit=true", "augment=[]"]
        trainer = make(*tiny("fastgan"), *words)[2]
    for weight in trainer.game.weights("generator"):  # noise has no strength at first
        weight.assign_add(0.01 * tensorflow.ones(weight.shape))
    data = next(iter(dataset.batches(4, seed=0)))
    rules = tensorflow.constant([1, 2]), tensorflow.constant(0, "int64"), tensorflow.constant(True)
    expect_own_weights(trainer, data, *rules)


def test_without_decoders_it_is_the_plain_game_at_two_sizes(make, tensorflow):
    _, dataset, trainer = make(*tiny("fastgan"), "model.reconstruction=0")
    assert len(trainer.game.players["discriminator"]) == 2
    terms = trainer.game.discriminator_loss(a_batch(tensorflow, dataset))
    assert set(terms) == {"adversarial", "half/adversarial"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["network=dcgan"], "expected a network with decoders; type network=fastgan"),
        (["dataset=ring"], "expected images with sides of 28 pixels or more"),
        (["model.reconstruction=-1"], r"model\.reconstruction: expected a number"),
        (["network.generator.gated=1"], r"network\.generator\.gated: expected a whole number of at least 2"),
    ],
)
def test_what_cannot_be_played_is_refused_in_one_line(words, told, make):
    recipe = ["model=fastgan"] if "network=dcgan" in words else tiny("fastgan")
    with pytest.raises(UsageError, match=told):
        make(*recipe, *words)
