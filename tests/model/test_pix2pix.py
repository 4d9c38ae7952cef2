"""pix2pix: inputs reach both players, dropout is the noise, and samples are drawn as in training."""

import numpy as np
import pytest
from builders import blobs, data, play, tiny

from ganctl.error import UsageError
from ganctl.game.batch import Batch
from ganctl.training.sampler import inputs_of


@pytest.fixture
def pix2pix(make, tmp_path):
    """Build a small game on pairs of noise: (dataset, trainer)."""

    def build(*words: str):
        return make(*tiny("pix2pix"), *data("pix2pix", tmp_path), *words)[1:]

    return build


def batch_of(dataset, size=8, **changes):
    return Batch(next(iter(dataset.batches(size, seed=0))), size=size, key=(1, 2), **changes)


def weights(game, player):
    return [weight.numpy() for weight in game.weights(player)]


def test_the_discriminator_sees_every_image_over_its_input_and_parts_change_the_image_alone(pix2pix):
    dataset, trainer = pix2pix("augment=[instance_noise]")
    game, batch = trainer.game, batch_of(dataset)
    assert game.generator.input_shape == (None, 16, 24, 3)
    assert game.discriminator.input_shape == (None, 16, 24, 6)
    seen = game.adversary.critic(batch).prepare(batch["image"]).numpy()
    np.testing.assert_array_equal(seen[..., :3], batch["input"])
    assert np.abs(seen[..., 3:] - batch["image"]).max() > 0


def test_terms_are_weighed_as_in_the_paper_and_weights_of_nothing_leave_them_out(pix2pix):
    dataset, trainer = pix2pix()
    game, batch = trainer.game, batch_of(dataset)
    fake = game.generate(batch)
    found = game.generator_loss(batch)
    assert list(found) == ["adversarial", "reconstruction"]
    distance = np.abs(fake - batch["image"]).mean()
    np.testing.assert_allclose(found["reconstruction"], 100 * distance, rtol=1e-5)
    critic = game.adversary.critic(batch)
    real, made = critic.logits(batch["image"]).numpy(), critic.logits(fake).numpy()
    np.testing.assert_allclose(found["adversarial"], np.log1p(np.exp(-made)).mean(), rtol=1e-5)
    whole = np.log1p(np.exp(-real)).mean() + np.log1p(np.exp(made)).mean()
    np.testing.assert_allclose(game.discriminator_loss(batch)["adversarial"], whole / 2, rtol=1e-5)
    game.adversarial = 0.0
    alone = batch_of(dataset)
    alone.once("fake", lambda: fake)
    assert float(game.generator_loss(alone)["adversarial"]) == 0.0
    game.reconstruction, game.share, game.adversarial = 0.0, 1.0, 1.0
    again = batch_of(dataset)
    again.once("fake", lambda: fake)
    assert list(game.generator_loss(again)) == ["adversarial"]
    plain = game.adversary.discriminator(again, fake)["adversarial"]
    assert float(game.discriminator_loss(again)["adversarial"]) == float(plain)


def test_each_turn_moves_its_own_weights_alone_flat_or_compiled(pix2pix, tensorflow):
    for jit in ("false", "true"):
        dataset, trainer = pix2pix(f"trainer.jit={jit}", "trainer.batch_size=1")
        game, rows = trainer.game, next(iter(dataset.batches(1, seed=0)))
        for mover, other in (("discriminator", "generator"), ("generator", "discriminator")):
            before = {player: weights(game, player) for player in game.players}
            key, step = tensorflow.constant([1, 2]), tensorflow.constant(0, "int64")
            terms = play(trainer, rows, key, step, tensorflow.constant(True), player=mover)
            assert np.isfinite([float(term) for term in terms.values()]).all()
            now = {player: weights(game, player) for player in game.players}
            assert all(not np.array_equal(a, b) for a, b in zip(before[mover], now[mover], strict=True))
            assert all(np.array_equal(a, b) for a, b in zip(before[other], now[other], strict=True))


@pytest.mark.parametrize("words", [(), ("average=ema",)], ids=str)
def test_a_sample_is_a_function_of_its_input_and_seed_and_changes_nothing(words, pix2pix):
    dataset, trainer = pix2pix(*words)
    trainer.train(trainer.batches(dataset))
    before = {name: value.tobytes() for name, value in trainer.state.values().items()}
    inputs = inputs_of(trainer.game, dataset)
    samples = trainer.sampler.sample(5, seed=1, inputs=inputs)
    # Dropout and batches' statistics, but none of it leaks: not into the state, not from input to input.
    assert before == {name: value.tobytes() for name, value in trainer.state.values().items()}
    assert np.abs(trainer.sampler.sample(5, seed=2, inputs=inputs) - samples).max() > 1e-4
    # In the same place of another batch, the same; the dropout of two places differs.
    first = {"input": inputs(np.arange(1))["input"]}
    alone = trainer.sampler.sample(2, seed=1, inputs=lambda places: {"input": first["input"][places * 0]})
    np.testing.assert_allclose(alone[0], samples[0], atol=1e-6)
    assert np.abs(alone[1] - alone[0]).max() > 1e-5


def test_samples_are_drawn_by_statistics_of_their_own_as_in_training(pix2pix):
    dataset, trainer = pix2pix("network.generator.dropout=0")
    batch = batch_of(dataset)
    found = trainer.game.sample(batch).numpy()
    for index in range(3):
        one = trainer.game.generator(batch["input"][index : index + 1], training=True).numpy()
        np.testing.assert_allclose(found[index], one[0], atol=1e-5)


def test_a_grid_shows_the_input_what_is_made_and_the_truth_where_it_is_known(pix2pix):
    dataset, trainer = pix2pix()
    rows = dataset.examples(np.arange(64))

    def some(places):
        return {name: values[places] for name, values in rows.items()}

    shown = trainer.sampler.sample(3, seed=0, shown=True, inputs=some)
    assert shown.shape == (3, 3, 16, 24, 3)
    np.testing.assert_array_equal(shown[:, 0], rows["input"][:3])
    np.testing.assert_array_equal(shown[:, 2], rows["image"][:3])
    given = {"inputs": lambda places: {"input": some(places)["input"]}, "given": ("input",)}
    without = trainer.sampler.sample(3, seed=0, shown=True, **given)
    assert without.shape == (3, 2, 16, 24, 3) and np.array_equal(without, shown[:, :2])


def test_a_grey_input_stands_beside_what_is_made_in_colour(tensorflow):
    from ganctl.model.pictures import tiles

    grey, colour = tensorflow.zeros((2, 4, 5, 1)), tensorflow.ones((2, 4, 5, 3))
    assert tiles(grey, colour).shape == (2, 2, 4, 5, 3)


def test_a_generator_that_shall_leave_pictures_alone_learns_it(pix2pix, tmp_path):
    rate = "optimizer.generator.learning_rate=0.01"
    still = ["network.generator.dropout=0", "dataset.flip=false", "dataset.crop=0", "dataset.limit=8", rate]
    dataset, trainer = pix2pix(*still)
    dataset.kinds = dict.fromkeys(("input", "image"), blobs(8))
    losses, batches = [], trainer.batches(dataset)
    for rounds in (1, 60):
        report = trainer.train(batches, rounds).numpy()
        losses.append(dict(zip(trainer.rounds.terms, report, strict=True))["generator/reconstruction"])
    assert losses[1] < 0.5 * losses[0]


def test_published_counts(tensorflow):
    from functools import partial

    import keras

    from ganctl.network import patch, unet

    norm = partial(keras.layers.BatchNormalization, momentum=0.9)
    made = unet.generator((256, 256, 3), (256, 256, 3), norm=norm)
    judge = patch.discriminator((256, 256, 6), norm=norm)
    count = [sum(int(np.prod(w.shape)) for w in network.trainable_variables) for network in (made, judge)]
    # The release has no biases at the first and the innermost convolution.
    assert [round(number / 1e6, 3) for number in (count[0] - 64 - 512, count[1])] == [54.414, 2.769]


def test_what_does_not_fit_is_refused_in_one_line(make, tmp_path):
    words = [*tiny("pix2pix"), *data("pix2pix", tmp_path)]
    told = {
        "model.reconstruction=-1": "model.reconstruction: expected a number of at least 0",
        "augment=[diffaugment]": "would move images",
        "remedy=[pool]": "pool would mix samples",
        "dataset=digits": r"model=pix2pix: expected data with two pictures, .*dataset=paired",
    }
    for word, message in told.items():
        with pytest.raises(UsageError, match=message) as refused:
            make(*(w for w in words if not (word == "dataset=digits" and w.startswith("dataset"))), word)
        assert "\n" not in str(refused.value)
