"""Heads on a discriminator's trunk: the network goes on saying what it said, and the heads say more."""

import keras
import numpy as np
import pytest

from ganctl.error import UsageError
from ganctl.layer.equalized import Equalized
from ganctl.layer.minibatch import MinibatchDiscrimination
from ganctl.layer.norm import SpectralNormalization, WeightNormalization
from ganctl.network import convolutional, mlp, progressive, r3gan, resnet
from ganctl.network.heads import headed

SHAPE = (16, 16, 1)
TRUNKS = {
    "convolutional": lambda **more: convolutional.discriminator(SHAPE, filters=(4, 8), **more),
    "mlp": lambda **more: mlp.discriminator(SHAPE, hidden=(8, 8), **more),
    "resnet": lambda **more: resnet.discriminator(SHAPE, filters=(4, 8), **more),
    "r3gan": lambda **more: r3gan.discriminator(SHAPE, filters=(8, 8), blocks=1, group=8, **more),
}
IMAGE = np.random.default_rng(0).uniform(-1, 1, (3, *SHAPE)).astype("float32")
EVERY = pytest.mark.parametrize("trunk", TRUNKS)


@EVERY
@pytest.mark.parametrize("norm", [None, SpectralNormalization, keras.layers.BatchNormalization])
def test_what_the_network_says_stays_bit_for_bit_and_heads_say_more(trunk, norm, tensorflow):
    network = TRUNKS[trunk](norm=norm)
    before = {id(variable): variable.numpy() for variable in network.variables}
    model = headed(network, {"class": 10, "code": 4})
    assert model.name == network.name and model.input_shape == network.input_shape
    found = model(IMAGE)
    assert np.array_equal(found[0], network(IMAGE))
    assert [each.shape for each in found] == [(3, 1), (3, 10), (3, 4)]
    assert {each.dtype.name for each in found} == {"float32"}
    kept = {id(variable): variable.numpy() for variable in model.variables}
    assert all(np.array_equal(kept[name], value) for name, value in before.items())


@EVERY
def test_heads_are_random_linear_and_like_the_last_layer(trunk, tensorflow):
    keras.utils.set_random_seed(0)
    model = headed(TRUNKS[trunk](), {"class": 5, "code": 5})
    first, second = model.get_layer("class_head"), model.get_layer("code_head")
    last = [layer for layer in model.layers if layer.trainable_weights and layer not in (first, second)][-1]
    assert type(first.kernel_initializer) is type(last.kernel_initializer)
    assert first.use_bias == last.use_bias and first.input is last.input
    kernels = [first.kernel.numpy(), second.kernel.numpy()]
    assert not np.array_equal(*kernels)
    assert len({row.tobytes() for kernel in kernels for row in kernel.T}) == 10  # no column twice
    features = keras.Model(model.inputs[0], first.input)(IMAGE)
    expected = np.asarray(features) @ kernels[0]
    np.testing.assert_allclose(model(IMAGE)[1], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("norm", [SpectralNormalization, WeightNormalization])
def test_heads_are_normalized_as_the_last_layer_is(norm, tensorflow):
    model = headed(TRUNKS["resnet"](norm=norm), {"class": 10})
    (head,) = [
        layer for layer in model.layers if isinstance(layer, norm) and layer.layer.name == "class_head"
    ]
    last = [layer for layer in model.layers if isinstance(layer, norm)]
    assert {layer.epsilon for layer in last} == {head.epsilon}
    if norm is SpectralNormalization:
        for _ in range(50):
            model(IMAGE, training=True)
        kernel = head.kernel(head.layer.kernel.value, training=False).numpy()
        assert np.linalg.norm(kernel, 2) == pytest.approx(1, abs=1e-3)


@EVERY
def test_a_head_gives_the_trunk_a_gradient_and_a_comparison_of_images_stays(trunk, tensorflow):
    network = TRUNKS[trunk](minibatch=MinibatchDiscrimination)
    model = headed(network, {"class": 3})
    last = [weight for weight in model.trainable_weights if "class_head" not in weight.path]
    with tensorflow.GradientTape() as tape:
        total = tensorflow.reduce_sum(model(IMAGE, training=True)[1])
    found = tape.gradient(total, [weight.value for weight in last])
    assert found[0] is not None and np.abs(found[0]).max() > 0
    assert sum(slope is None for slope in found) <= 2  # the last layer's kernel and bias alone


def test_heads_end_in_float32_and_without_an_activation_beside_probabilities(tensorflow):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = headed(TRUNKS["convolutional"](logits=False), {"class": 3})
    finally:
        keras.config.set_dtype_policy("float32")
    found = model(IMAGE * 50)
    assert {each.dtype.name for each in found} == {"float32"}
    assert model.get_layer("class").get_config()["activation"] == "linear"
    assert model.get_layer("class_head").get_config()["activation"] == "linear"
    assert np.asarray(found[0]).min() >= 0


def test_a_head_learns_as_fast_as_the_last_layer(tensorflow):
    last = Equalized(keras.layers.Dense(1), gain=0.5, rate=0.1)
    model = headed(keras.Sequential([keras.Input((4,)), last]), {"class": 10})
    (head,) = [layer for layer in model.layers if isinstance(layer, Equalized) and layer is not last]
    assert (head.gain, head.rate) == (0.5, 0.1) and head.scale == pytest.approx(last.scale)
    assert head.layer.kernel.numpy().std() == pytest.approx(10, rel=0.4)


def test_what_cannot_have_heads_is_refused_in_one_line(tensorflow):
    with pytest.raises(UsageError, match="expected one of a single size, with class beside its last layer"):
        headed(progressive.discriminator(SHAPE, filters=64, most=4), {"class": 3})
    patches = keras.Sequential([keras.Input(SHAPE), keras.layers.Conv2D(1, 4)])
    with pytest.raises(UsageError, match="expected a dense layer at the end, with class beside it, got Conv"):
        headed(patches, {"class": 3})
    with pytest.raises(UsageError, match="head 'class': expected a whole number of at least 1, got '0'"):
        headed(TRUNKS["mlp"](), {"class": 0})
