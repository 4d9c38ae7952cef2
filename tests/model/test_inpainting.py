"""Inpainting: the hole is filled, the rest is bit for bit what it was, and the whole is judged."""

import numpy as np
import pytest
from builders import PATCHES, blobs, data, expect_own_weights, tiny

from ganctl.error import UsageError
from ganctl.game.batch import Batch
from ganctl.training.sampler import inputs_of

GATED = ["network=gated", "network.generator.dilations=1"]


@pytest.fixture
def inpainting(make, tmp_path):
    """Build a small game on pictures of noise: (dataset, trainer)."""

    def build(*words: str, tiny_words=None):
        chosen = tiny("inpainting") if tiny_words is None else tiny_words
        return make(*chosen, *data("inpainting", tmp_path), *words)[1:]

    return build


def batch_of(dataset, size=8, **changes):
    return Batch(next(iter(dataset.batches(size, seed=0))), size=size, key=(1, 2), **changes)


@pytest.mark.parametrize("words", [(), GATED], ids=["unet", "gated"])
def test_what_is_known_comes_out_bit_for_bit_and_is_judged_with_the_filling(words, inpainting):
    dataset, trainer = inpainting(*words, "dataset.mask=free")
    trainer.train(trainer.batches(dataset))
    samples = trainer.sampler.sample(6, seed=0, inputs=inputs_of(trainer.game, dataset))
    examples = dataset.examples(np.arange(6))
    known = np.broadcast_to(examples["mask"] == 0, samples.shape)
    assert np.array_equal(samples[known], examples["image"][known])
    assert not np.array_equal(samples[~known], examples["image"][~known])
    game, batch = trainer.game, batch_of(dataset)
    seen = game.adversary.critic(batch).prepare(game.generate(batch)).numpy()
    assert np.array_equal(seen[..., 3:], batch["mask"])
    outside = np.broadcast_to(batch["mask"] == 0, (8, 16, 24, 3))
    assert np.array_equal(seen[..., :3][outside], batch["image"].numpy()[outside])


def test_the_generator_sees_nothing_of_the_hole(inpainting):
    dataset, trainer = inpainting()
    batch = batch_of(dataset)
    other = Batch(dict(batch), size=8, key=(1, 2))
    other["image"] = np.where(batch["mask"].numpy() > 0, 0.9, batch["image"].numpy())
    made = [trainer.game.sample(each).numpy() for each in (batch, other)]
    hole = np.broadcast_to(batch["mask"].numpy() > 0, made[0].shape)
    assert np.array_equal(made[0][hole], made[1][hole])


@pytest.mark.parametrize("distance", ["l1", "l2"])
def test_terms_are_weighed_as_said_and_coarse_pictures_count(distance, inpainting):
    words = ["model.adversarial=0.1", "model.reconstruction=3", f"model.distance={distance}"]
    for network in ([], GATED):
        dataset, trainer = inpainting(*network, *words)
        game, batch = trainer.game, batch_of(dataset)
        found = game.generator_loss(batch)
        made = game._made(batch)
        assert len(made) == (2 if network else 1)
        power = {"l1": 1, "l2": 2}[distance]
        apart = sum((np.abs(each - batch["image"]) ** power).mean() for each in made)
        assert float(found["reconstruction"]) == pytest.approx(3 * apart, rel=1e-4)
        logits = game.adversary.critic(batch).logits(game.generate(batch)).numpy()
        assert float(found["adversarial"]) == pytest.approx(-0.1 * logits.mean(), rel=1e-3, abs=1e-6)
        game.reconstruction = 0.0
        assert list(game.generator_loss(batch_of(dataset))) == ["adversarial"]


@pytest.mark.parametrize(
    "words",
    [["trainer.jit=false"], ["trainer.jit=true", *GATED, "network.generator.coarse=false"]],
    ids=["", "gated"],
)
def test_each_turn_moves_its_own_weights_alone(words, inpainting, tensorflow):
    # The first gradient of a hinge's last bias is nothing: what real and fake say of it cancels.
    dataset, trainer = inpainting(*words, "trainer.batch_size=2", "loss=nonsaturating")
    rows = next(iter(dataset.batches(2, seed=0)))
    key, step = tensorflow.constant([1, 2]), tensorflow.constant(0, "int64")
    expect_own_weights(trainer, rows, key, step, tensorflow.constant(True))


def test_a_grid_shows_hole_filling_and_truth_and_of_a_given_picture_no_truth(inpainting):
    dataset, trainer = inpainting()
    rows = dataset.examples(np.arange(64))
    shown = trainer.sampler.sample(3, seed=0, shown=True, inputs=lambda places: rows)
    assert shown.shape == (3, 3, 16, 24, 3)
    assert (shown[:, 0][np.broadcast_to(rows["mask"][:3] > 0, shown[:, 0].shape)] == 0).all()
    np.testing.assert_array_equal(shown[:, 2], rows["image"][:3])
    given = {"inputs": lambda places: rows, "given": ("image", "mask")}
    assert trainer.sampler.sample(3, seed=0, shown=True, **given).shape == (3, 2, 16, 24, 3)


def test_an_open_gate_is_a_plain_activation(tensorflow):
    from ganctl.network.gated import Gate

    features = np.random.default_rng(0).standard_normal((2, 3, 3, 4)).astype(np.float32)
    opened = np.concatenate([features, np.full_like(features, 50.0)], axis=-1)
    np.testing.assert_allclose(Gate()(opened), tensorflow.nn.elu(features), atol=1e-6)
    shut = np.concatenate([features, np.full_like(features, -50.0)], axis=-1)
    np.testing.assert_allclose(Gate()(shut), 0.0, atol=1e-6)


def test_the_fine_network_sees_the_coarse_filling_in_the_hole_alone(tensorflow):
    from ganctl.network.gated import Hole

    made, given = (np.full((1, 4, 4, 3), value, np.float32) for value in (0.5, -1.0))
    mask = np.zeros((1, 4, 4, 1), np.float32)
    mask[:, 1:3, 1:3] = 1
    np.testing.assert_array_equal(Hole()([made, given, mask]), np.where(mask > 0, made, given))


def test_smooth_pictures_are_learnt_to_be_filled(inpainting):
    fast = ["optimizer.generator.learning_rate=0.01", "dataset.mask=rectangle", "model.adversarial=0"]
    dataset, trainer = inpainting(*fast)
    dataset.kinds = {"image": blobs(8)}
    found, batches = [], trainer.batches(dataset)
    for _ in range(80):  # by one graph
        report = trainer.train(batches).numpy()
        found.append(dict(zip(trainer.rounds.terms, report, strict=True))["generator/reconstruction"])
    assert found[-1] < 0.5 * found[0]


def test_what_does_not_fit_is_refused_in_one_line(inpainting, make):
    for words, told in {
        ("model.distance=l3",): "model.distance: expected one of l1, l2",
        (*GATED, "network.generator.dilations=5"): "network.generator.dilations: expected at most 4",
        ("augment=[diffaugment]",): "would move images",
    }.items():
        with pytest.raises(UsageError, match=told):
            inpainting(*words)
    with pytest.raises(UsageError, match="type dataset=masked"):
        make("model=inpainting", *PATCHES, "dataset=digits")
