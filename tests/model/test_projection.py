"""Projection cGAN, SAGAN and BigGAN: the inner product, conditional norms, attention, latents by block."""

import numpy as np
import pytest
from builders import tiny

from ganctl.error import UsageError
from ganctl.layer.attention import Attention, Gated, weights
from ganctl.layer.conditional import ConditionalBatchNormalization
from ganctl.layer.norm import SpectralNormalization
from ganctl.model.attention_maps import attention_maps, attentive
from ganctl.model.projection import truncated
from ganctl.network.conditional import discriminator, generator
from ganctl.network.convolutional import discriminator as convolutional
from ganctl.network.heads import projected


def one_hot(labels, count=10):
    return np.eye(count, dtype="float32")[labels]


def test_two_labels_logits_differ_by_the_product_of_their_difference_with_features(tensorflow):
    import keras

    network = discriminator((8, 8, 1), labels=3, filters=[4, 6], halve=1)
    image = np.random.default_rng(0).normal(size=(5, 8, 8, 1)).astype("float32")
    features = keras.Model(network.inputs, network.get_layer("projection").output)
    table = network.get_layer("projection").get_weights()[0]
    source = network.get_layer("source")
    inner = keras.Model(network.inputs, source.input)
    first, second = (one_hot(np.full(5, label), 3) for label in (0, 2))
    h = inner([image, first]).numpy()
    difference = network([image, first]).numpy() - network([image, second]).numpy()
    np.testing.assert_allclose(difference[:, 0], h @ (table[0] - table[2]), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(features([image, second]).numpy(), np.tile(table[2], (5, 1)), rtol=1e-6)
    # Without an embedding it is the unconditional logit.
    network.get_layer("projection").set_weights([np.zeros_like(table)])
    np.testing.assert_allclose(network([image, first]), source(h), rtol=1e-4, atol=1e-5)


def test_any_network_can_be_projected_and_is_itself_without_a_label(tensorflow):
    import keras

    plain = convolutional((8, 8, 1), filters=[4, 6], dropout=0.0, norm=SpectralNormalization)
    network = projected(plain, 3)
    image = np.random.default_rng(0).normal(size=(5, 8, 8, 1)).astype("float32")
    np.testing.assert_array_equal(network([image, np.zeros((5, 3), "float32")]), plain(image))
    last, table = (layer for layer in network.layers[-6:] if isinstance(layer, SpectralNormalization))
    h = keras.Model(plain.inputs[0], last.input)(image).numpy()
    found = network([image, one_hot(np.full(5, 1), 3)]).numpy() - plain(image).numpy()
    kernel = table.kernel(tensorflow.convert_to_tensor(table.layer.kernel), training=False).numpy()
    np.testing.assert_allclose(found[:, 0], h @ kernel[1], rtol=1e-4, atol=1e-5)


def test_labels_between_classes_mix_what_the_generator_knows_of_them(make):
    """At its ends a mixture is the label itself, with every family that is given one."""
    for name in ("cgan", "acgan", "biggan"):
        _, _, trainer = make(*tiny(name))
        sampler, rules = trainer.sampler, {"seed": 0, "averaged": False}
        mixed = np.array([[0, 1] + [0] * 8, [0, 0.5, 0.5] + [0] * 7, [0, 0, 1] + [0] * 7], np.float32)
        between = sampler.sample(3, inputs=lambda at, rows=mixed: {"between": rows[at % 3]}, **rules)
        labels = sampler.sample(3, inputs=lambda at: {"label": np.int32([1, 1, 2])[at % 3]}, **rules)
        np.testing.assert_array_equal(between[[0, 2]], labels[[0, 2]])
        assert not np.array_equal(between[1], labels[1])


def test_a_conditional_norm_starts_as_the_plain_one_and_a_row_of_its_tables_is_a_label_s(tensorflow):
    given = np.random.default_rng(0).normal(2, 3, size=(64, 4, 4, 5)).astype("float32")
    label = one_hot(np.arange(64) % 3, 3)
    layer = ConditionalBatchNormalization(epsilon=1e-5)
    plain = (given - given.mean((0, 1, 2))) / np.sqrt(given.var((0, 1, 2)) + 1e-5)
    np.testing.assert_allclose(layer([given, label], training=True), plain, rtol=1e-3, atol=1e-4)
    gain, offset = np.random.default_rng(1).normal(size=(2, 3, 5)).astype("float32")
    layer.gain.set_weights([gain])
    layer.offset.set_weights([offset])
    rows = np.arange(64) % 3
    expected = plain * (1 + gain[rows])[:, None, None] + offset[rows][:, None, None]
    np.testing.assert_allclose(layer([given, label], training=True), expected, rtol=1e-3, atol=1e-3)
    half = np.tile([[0.5, 0.5, 0.0]], (64, 1)).astype("float32")  # classes are mixed by their rows
    mixed = plain * (1 + gain[:2].mean(0)) + offset[:2].mean(0)
    np.testing.assert_allclose(layer([given, half], training=True), mixed, rtol=1e-3, atol=1e-3)
    assert len(layer.trainable_weights) == 2


def test_attention_is_a_softmax_over_keys_and_a_gate_of_zero_lets_through(tensorflow):
    rng = np.random.default_rng(0)
    query, key, value = (rng.normal(size=s).astype("float32") for s in ((2, 6, 3), (2, 4, 3), (2, 4, 5)))
    scores = np.exp(np.einsum("bnd,bmd->bnm", query, key))
    expected = np.einsum("bnm,bmv->bnv", scores / scores.sum(2, keepdims=True), value)
    np.testing.assert_allclose(Attention()([query, key, value]), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(weights(query, key).numpy().sum(2), 1.0, rtol=1e-6)
    flat = Attention()([np.zeros_like(query), key, value]).numpy()  # no question: the mean of all values
    np.testing.assert_allclose(flat, np.repeat(value.mean(1, keepdims=True), 6, axis=1), rtol=1e-4, atol=1e-6)
    picture, other = rng.normal(size=(2, 2, 4, 4, 3)).astype("float32")
    gate = Gated()
    assert np.array_equal(gate([picture, other]), picture)
    gate.gamma.assign(0.5)
    np.testing.assert_allclose(gate([picture, other]), picture + 0.5 * other, rtol=1e-6)


def test_at_first_attention_moves_its_gate_alone(tensorflow):
    network = generator((8), (8, 8, 1), labels=2, filters=[8, 8], attention=1.0)
    given = np.random.default_rng(0).normal(size=(4, 10)).astype("float32")
    with tensorflow.GradientTape() as tape:
        total = tensorflow.reduce_sum(tensorflow.square(network(given, training=True)))
    variables = [w for w in network.trainable_variables if "attention" in w.path]
    gradients = tape.gradient(total, [w.value for w in variables])
    moved = {
        w.path.split("/")[0]: float(np.abs(g).max()) > 0 for w, g in zip(variables, gradients, strict=True)
    }
    assert moved.pop("attention_gate") and len(moved) == 4 and not any(moved.values())


def test_a_block_s_latents_reach_it_and_what_follows_alone(tensorflow):
    import keras

    network = generator(
        12, (16, 16, 1), labels=3, filters=[8, 8], hierarchical=True, shared=5, start="normal"
    )
    sums = [layer for layer in network.layers if isinstance(layer, keras.layers.Add)]
    first = keras.Model(network.inputs[0], sums[0].output)
    given = np.random.default_rng(0).normal(size=(3, 15)).astype("float32")
    other = given.copy()
    other[:, 8:12] += 1.0  # the second block's
    assert np.array_equal(first(given), first(other))
    assert not np.array_equal(network(given), network(other))
    other = given.copy()
    other[:, 4:8] += 1.0  # the first block's
    assert not np.array_equal(first(given), first(other))
    with pytest.raises(UsageError, match="a multiple of 3"):
        generator(13, (16, 16, 1), labels=3, filters=[8, 8], hierarchical=True)


def test_a_map_shows_where_a_place_of_a_sample_looks(make, tensorflow):
    import keras

    _, _, trainer = make(*tiny("sagan"))
    sampler, network = trainer.sampler, trainer.game.generator
    assert set(trainer.game.views) == {"classes", "attention"}
    drawn = sampler.view("attention", seed=0)
    side = drawn.shape[2]
    assert drawn.shape == (8, 6, side, side, 1)
    np.testing.assert_allclose(drawn[:, 0], sampler.sample(8, seed=0), atol=1e-5)
    given = np.random.default_rng(0).normal(size=(2, *network.input_shape[1:])).astype("float32")
    query, key, _ = attentive(network).input
    query, key = keras.Model(network.input, [query, key])(given)
    keys = int(key.shape[1] ** 0.5)
    maps = attention_maps(network, tensorflow.constant(given)).numpy()[
        :, 1:, :: side // keys, :: side // keys, 0
    ]
    rows = int(query.shape[1] ** 0.5)
    expected = np.exp(query.numpy() @ key.numpy().transpose(0, 2, 1))[:, rows // 2 * rows + rows // 2]
    shares = (maps[:, 0].reshape(2, -1) + 1) / 2
    np.testing.assert_allclose(shares, expected / expected.max(axis=1, keepdims=True), rtol=1e-3, atol=1e-4)
    assert "attention" not in make(*tiny("projection"))[2].game.views


@pytest.mark.parametrize(("limit", "variance"), [(0.25, 0.0207), (0.5, 0.0806), (1.0, 0.2911), (2.0, 0.7737)])
def test_truncated_latents_have_the_variance_of_their_distribution(limit, variance, tensorflow):
    uniform = tensorflow.constant(np.random.default_rng(0).uniform(size=(400, 500)), "float32")
    found = truncated(uniform, tensorflow.fill((400,), limit)).numpy()
    assert np.abs(found).max() <= limit and abs(found.mean()) < 0.01
    assert found.var() == pytest.approx(variance, rel=0.02)
    # So wide that nothing is cut off, it is the inverse of the normal distribution.
    wide = truncated(tensorflow.constant([[0.5, 0.8413447]]), tensorflow.constant([8.0])).numpy()
    np.testing.assert_allclose(wide, [[0.0, 1.0]], atol=1e-5)


def test_samples_are_of_the_label_asked_for_truncated_and_a_view_mixes_classes(make):
    _, dataset, trainer = make(*tiny("projection"), "trainer.turns.discriminator=1")
    for _ in range(2):  # the tables of labels start at the same numbers
        trainer.train(trainer.batches(dataset))
    sampler = trainer.sampler

    def drawn(label, **more):
        rows = {"label": np.full(64, label, np.int32)} | more
        return sampler.sample(4, seed=0, inputs=lambda at: rows)

    assert not np.array_equal(drawn(1), drawn(2))
    near, far = (drawn(1, truncation=np.full(64, t, np.float32)) for t in (1e-3, 8.0))
    assert np.abs(near - near[:1]).max() < 0.02 < np.abs(far - far[:1]).max()
    np.testing.assert_allclose(far.std(), drawn(1).std(), rtol=0.5)
    assert sampler.view("classes", seed=0).shape == (10, 8, 28, 28, 1)


def test_batch_statistics_are_those_of_the_latents_as_they_are_truncated(make, tensorflow):
    words = ["average=ema", "average.statistics=reestimated", "average.batches=2"]
    _, _, trainer = make(*tiny("biggan"), *words)
    sampler, average = trainer.sampler, trainer.average
    given = ({}, {"truncation": 9.0}, {"truncation": 0.1})
    # Of the first layer, whose variances are the latents': (0.1^2 / 3) of a normal number's.
    plain, wide, narrow = (float(np.sum(average.estimate(0, each)[1])) for each in given)
    assert wide == pytest.approx(plain, rel=0.2) and narrow == pytest.approx(plain / 300, rel=0.2)

    def drawn(truncation):
        return sampler.sample(4, seed=0, inputs=lambda at: {"truncation": np.float32(truncation)[at]})

    alone = drawn([0.1] * 64)
    sampler.game.shifts = ()  # by the statistics of whole latents
    assert not np.allclose(drawn([0.1] * 64), alone)


def test_only_normal_latents_are_truncated_and_probabilities_are_given_where_they_are_asked_for(make):
    _, _, trainer = make(*tiny("projection"), "model.prior=uniform")
    assert "truncation" not in trainer.game.accepts
    network = discriminator((8, 8, 1), labels=3, filters=[4], halve=1, logits=False)
    said = network([np.ones((2, 8, 8, 1), "float32"), one_hot([0, 1], 3)]).numpy()
    assert ((said > 0) & (said < 1)).all()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["dataset=ring"], "expected data with labels"),
        (["network.generator.attention=0.3"], "network.generator.attention"),
        (["norm.generator=batch"], "takes a normalization of weights"),
        (["remedy=[packing]"], "leave packing out"),
        (["network.generator.start=zeros"], "network.generator.start"),
    ],
)
def test_what_makes_no_sense_is_told(words, told, make):
    with pytest.raises(UsageError, match=told):
        make(*tiny("projection"), *words)
