"""Remedies by themselves: what is packed, replayed, chosen, matched and averaged, in numbers."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from builders import point_fields

from ganctl.error import UsageError
from ganctl.game.batch import Batch
from ganctl.loss.cross_entropy import NonSaturating
from ganctl.loss.least_squares import LeastSquares
from ganctl.model.gan import GAN
from ganctl.remedy.features import FeatureMatching
from ganctl.remedy.history import HistoricalAveraging
from ganctl.remedy.packing import Packing
from ganctl.remedy.replay import Replay
from ganctl.remedy.topk import TopK


@pytest.fixture
def turn(tensorflow):
    def at(step=0, size=4, **changes):
        key = tensorflow.constant([3, step])
        return Batch({}, size=size, key=key, step=tensorflow.constant(step, "int64"), **changes)

    return at


def points(**parts) -> GAN:
    """A game of perceptrons on points in the plane."""
    keras.utils.set_random_seed(0)

    def stack(width, out):
        layers = [keras.layers.Dense(6, activation="tanh"), keras.layers.Dense(out)]
        return keras.Sequential([keras.Input((width,)), *layers])

    network = SimpleNamespace(
        generator=lambda latent, shape: stack(latent, shape[0]),
        discriminator=lambda shape: stack(shape[0], 1),
    )
    return GAN(network, point_fields(), latent=3, loss=parts.pop("loss", NonSaturating()), **parts)


def test_a_pack_holds_neighbours_channel_after_channel(tensorflow, turn):
    images = np.arange(4 * 2 * 3 * 2, dtype=np.float32).reshape(4, 2, 3, 2)
    packed = Packing(2).prepare(tensorflow.constant(images), turn()).numpy()
    assert Packing(2).shape((2, 3, 2)) == (2, 3, 4) == packed.shape[1:]
    for pack in range(2):
        expected = np.concatenate([images[2 * pack], images[2 * pack + 1]], axis=-1)
        assert np.array_equal(packed[pack], expected)
    flat = Packing(4).prepare(tensorflow.reshape(images, (4, 12)), turn()).numpy()
    assert np.array_equal(flat, images.reshape(1, 48))


def test_a_packed_game_judges_packs_and_moves_every_sample(tensorflow, turn):
    game = points(remedies={"packing": Packing(2)})
    assert game.discriminator.input_shape == (None, 4)
    batch = turn()
    batch["image"] = tensorflow.ones((4, 2))
    with tensorflow.GradientTape() as tape:
        fake = game.generate(batch)
        tape.watch(fake)
        logits = game.critic(batch).logits(fake)
    assert logits.shape == (2, 1)
    assert np.abs(tape.gradient(logits, fake).numpy()).min() > 0


def test_a_batch_that_cannot_be_packed_is_refused(tensorflow, turn):
    with pytest.raises(UsageError, match=r"divisor of the 4 samples.*got 3"):
        Packing(3).prepare(tensorflow.ones((4, 2)), turn())


def test_replay_shows_half_of_the_past_and_keeps_half_of_the_present(tensorflow, turn):
    part = Replay(4)
    part.join(points().adversary)
    seen = []
    for step in range(40):
        fakes = tensorflow.fill((4, 2), float(step + 1))
        shown, before = part.discriminator_fakes(fakes, turn(step)).numpy()[:, 0], set(seen)
        assert list(shown[:2]) == [step + 1] * 2
        if step == 0:
            assert list(shown) == [1] * 4  # nothing to replay yet
        else:
            assert set(shown[2:]) <= before
        pool = part.pool.numpy()[:, 0]
        assert (pool == step + 1).sum() == 2 and int(part.filled) == min(4, 2 * (step + 1))
        seen = [number for number in pool if number]


def test_replayed_places_are_uniform_and_all_are_replaced(tensorflow, turn):
    part = Replay(10)
    part.join(points().adversary)
    drawn, replaced = [], np.zeros(10)
    for step in range(300):
        before = part.pool.numpy()[:, 0]
        shown = part.discriminator_fakes(tensorflow.fill((8, 2), 1.0 + step), turn(step, size=8)).numpy()
        after = part.pool.numpy()[:, 0]
        if step > 2:
            replaced += before != after
            drawn += [int(np.flatnonzero(before == number)[0]) for number in shown[4:, 0]]
    # Four of ten places a turn; 2.5 places to a stretch, so the shares are 0.4 on average, each near it.
    assert replaced.sum() == 4 * 297 and replaced.min() > 0.25 * 297
    assert part.pool.numpy()[:, 0].min() > 280


def test_what_is_only_imagined_changes_no_pool(tensorflow, turn):
    part = Replay(4)
    part.join(points().adversary)
    part.discriminator_fakes(tensorflow.ones((4, 2)), turn())
    part.discriminator_fakes(tensorflow.zeros((4, 2)), turn().fork(0, imagined=True))
    assert part.pool.numpy()[:2].min() == 1 and int(part.filled) == 2


def test_top_k_has_the_gradient_of_the_mean_over_the_best(tensorflow, turn):
    part = TopK(share=0.5, decay=0.5, every=10)
    logits = tensorflow.constant([[0.3], [-1.0], [2.0], [0.1], [-0.2]])
    for step, k in ((0, 5), (10, 2), (1000, 2)):  # 2.5 rounds to the even number
        assert int(part.best(turn(step).step, 5)) == k
        with tensorflow.GradientTape() as tape:
            tape.watch(logits)
            value = NonSaturating().generator(part.generator_logits(logits, turn(step)))
        best = np.argsort(-logits.numpy()[:, 0])[:k]
        expected = np.zeros((5, 1))
        expected[best] = -1 / (1 + np.exp(logits.numpy()[best])) / k
        slope = tensorflow.convert_to_tensor(tape.gradient(value, logits)).numpy()
        np.testing.assert_allclose(slope, expected, rtol=1e-6)
    logits = tensorflow.constant([[1.0], [4.0], [3.0], [2.0]])
    mean = float(tensorflow.reduce_mean(part.generator_logits(logits, turn(10))))
    assert mean == pytest.approx(3.5)  # exact where k divides the batch


def test_top_k_anneals_from_the_whole_batch_as_published(turn):
    part = TopK()
    for step in (0, 1999, 2000, 100_000, 1_000_000):
        expected = round(128 * max(0.5, 0.99 ** (step // 2000)))
        assert int(part.best(turn(step).step, 128)) == expected


def test_top_k_ranks_patches_by_their_mean_and_refuses_pairs(tensorflow, turn):
    patches = tensorflow.constant([[[1.0], [1.0]], [[9.0], [-9.0]], [[2.0], [2.0]]])
    assert np.array_equal(
        TopK(share=0.3, decay=0.01, every=1).generator_logits(patches, turn(9))[0], patches[2]
    )
    relative = LeastSquares()
    relative.relative = True
    with pytest.raises(UsageError, match="relativistic"):
        points(loss=relative, remedies={"top_k": TopK()})


def test_feature_matching_is_the_squared_distance_of_mean_features(tensorflow, turn):
    part = FeatureMatching(weight=3.0)
    game = points(penalties={"feature_matching": part})
    batch = turn()
    batch["image"] = tensorflow.constant(np.random.default_rng(0).normal(size=(4, 2)), "float32")
    fake = game.generate(batch).numpy()
    kernel, bias = (w.numpy() for w in game.discriminator.layers[0].trainable_weights)
    features = [np.tanh(rows @ kernel + bias).mean(axis=0) for rows in (batch["image"].numpy(), fake)]
    terms = game.generator_loss(batch)
    expected = 3 * ((features[0] - features[1]) ** 2).sum()
    assert float(terms["feature_matching"]) == pytest.approx(expected, rel=1e-5)
    assert "feature_matching" not in game.discriminator_loss(batch)


@pytest.mark.parametrize("only", [True, False])
def test_feature_matching_takes_the_adversarial_term_s_place_or_stands_beside_it(only, tensorflow, turn):
    game = points(penalties={"feature_matching": FeatureMatching(weight=0.0, only=only)})
    batch = turn()
    batch["image"] = tensorflow.ones((4, 2))
    with tensorflow.GradientTape() as tape:
        total = tensorflow.add_n(list(game.generator_loss(batch).values()))
    gradient = tape.gradient(total, game.generator.trainable_weights[0].value, unconnected_gradients="zero")
    assert (np.abs(gradient.numpy()).max() == 0) == only


def test_feature_matching_needs_a_feature():
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    with pytest.raises(UsageError, match="two layers"):
        FeatureMatching().join(SimpleNamespace(network=network))


def test_historical_averaging_charges_the_distance_from_the_mean_so_far(tensorflow, turn):
    part = HistoricalAveraging(weight=0.5)
    game = points(penalties={"historical_averaging": part})
    weight = game.generator.trainable_weights[0]
    past = [weight.numpy()]
    batch = turn()
    batch["image"] = tensorflow.ones((4, 2))
    for turns in range(4):
        weight.assign(past[-1] + 0.1 * (turns + 1))
        expected = 0.5 * ((weight.numpy() - np.mean(past, axis=0)) ** 2).sum()
        with tensorflow.GradientTape() as tape:
            term = game.generator_loss(batch)["historical_averaging"]
        assert float(term) == pytest.approx(expected, rel=1e-5)
        slope = weight.numpy() - np.mean(past, axis=0)
        np.testing.assert_allclose(tape.gradient(term, weight.value).numpy(), slope, rtol=1e-5)
        assert float(game.discriminator_loss(batch)["historical_averaging"]) == 0
        game.after("generator", {})
        past.append(weight.numpy())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: Packing(0), "packing.size"),
        (lambda: Replay(0), "replay.size"),
        (lambda: TopK(share=0), r"share: expected a number in \(0, 1\]"),
        (lambda: TopK(decay=2), "decay"),
        (lambda: FeatureMatching(weight=-1), "at least 0"),
        (lambda: HistoricalAveraging(weight=-1), "at least 0"),
        (lambda: points(penalties={"h": HistoricalAveraging(players=["critic"])}), "got 'critic'"),
    ],
)
def test_bad_values_are_refused(wrong, message):
    with pytest.raises(UsageError, match=message):
        wrong()
