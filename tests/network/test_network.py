"""Networks: their published shapes, and what they refuse."""

import numpy as np
import pytest
from builders import tiny

from ganctl.error import UsageError
from ganctl.layer.norm import SpectralNormalization
from ganctl.network import convolutional, r3gan, resnet


def outputs(network):
    """Return the shapes that the layers with weights give, without the batch."""
    return [tuple(layer.output.shape[1:]) for layer in network.layers if layer.trainable_weights]


@pytest.mark.parametrize(
    ("model", "generator", "discriminator"),
    [  # as the published summaries print them, or weights and biases by hand
        ("dcgan", 2_330_944, 212_865),
        ("dcgan_rmsprop", 2_394_241, 4_311_553),
        (
            "gan",
            101 * 1200 + 1201 * 1200 + 1201 * 784,
            785 * 240 * 5 + 241 * 240 * 5 + 241,
        ),
    ],
)
def test_the_recipes_have_their_published_numbers_of_parameters(model, generator, discriminator, make):
    _, _, trainer = make(f"model={model}")
    counts = [trainer.game.generator.count_params(), trainer.game.discriminator.count_params()]
    assert counts == [generator, discriminator]


def test_dcgan_grows_and_shrinks_as_published(make):
    _, _, trainer = make("model=dcgan")
    made = [shape for shape in outputs(trainer.game.generator) if len(shape) == 3]
    assert (7, 7, 128) in made and (14, 14, 64) in made and made[-1] == (28, 28, 1)
    assert outputs(trainer.game.discriminator) == [(14, 14, 64), (7, 7, 128), (1,)]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("network.generator.upsample=nearst", r"Did you mean 'nearest'\?"),
        ("network.generator.output=tan", r"Did you mean 'tanh'\?"),
        ("network.generator.deviation=hee", r"expected a number, null or he"),
        ("network.generator.filters=[8,8]", r"as many strides as filters"),
        (
            "network.generator.filters=[8,-8,8]",
            r"filters: expected a whole number from 1 to 65536, got '\[8, -8, 8\]'",
        ),
        ("network.discriminator.kernel=0", r"kernel: expected a whole number"),
        ("network.generator.strides=[3,2,2]", r"multiples of 12.*28x28"),
        ("model.prior=gaussian", r"expected one of normal, uniform"),
        ("network.discriminator.strides=[]", r"strides: expected at least one number"),
    ],
)
def test_what_cannot_be_built_is_refused_in_one_line(word, told, make):
    with pytest.raises(UsageError, match=told):
        make(*tiny("dcgan"), word)


def dense(inputs, outputs):
    return inputs * outputs + outputs


def convolution(kernel, inputs, outputs):
    return kernel * kernel * inputs * outputs + outputs


def trained(network):
    return sum(int(np.prod(weight.shape)) for weight in network.trainable_variables)


def sizes(network):
    """Return the sides of the feature maps on the way, each once."""
    sides = [layer.output.shape[1:3] for layer in network.layers if len(layer.output.shape) == 4]
    return list(dict.fromkeys(map(tuple, sides)))


def test_wgan_gp_starts_with_the_weights_of_its_authors_release(tensorflow):
    # tflib/ops/{conv2d,deconv2d}.py: uniform, of variance 4 / (fan in + fan out), the strides counted.
    shape = (28, 28, 3)
    maker = convolutional.generator(16, shape, filters=(64, 48, 32), strides=(1, 2, 2), deviation="he")
    judge = convolutional.discriminator(shape, filters=(32, 48, 64), strides=(2, 2, 2), deviation="he")
    fans = [[64 * 25 + 48 * 25, 48 * 25 / 4 + 32 * 25, 32 * 25 / 4 + 3 * 25]]
    fans.append([3 * 25 + 32 * 25 / 4, 32 * 25 + 48 * 25 / 4, 48 * 25 + 64 * 25 / 4])
    for network, expected in zip((maker, judge), fans, strict=True):
        kernels = [w.numpy() for w in network.weights if len(w.shape) == 4]
        for kernel, both in zip(kernels, expected, strict=True):
            assert kernel.std() == pytest.approx((4 / both) ** 0.5, rel=0.05)
            assert abs(kernel).max() <= (12 / both) ** 0.5
        (dense,) = [w.numpy() for w in network.weights if len(w.shape) == 2]
        assert dense.std() == pytest.approx((2 / sum(dense.shape)) ** 0.5, rel=0.05)


def test_resnet_has_the_parameters_of_the_paper_s_table(tensorflow):
    import keras

    made = resnet.generator(128, (32, 32, 3), norm=keras.layers.BatchNormalization)
    judge = resnet.discriminator((32, 32, 3), norm=SpectralNormalization)
    block = 2 * convolution(3, 256, 256) + convolution(1, 256, 256) + 4 * 256  # scale and offset, twice
    generator = dense(128, 4 * 4 * 256) + 3 * block + 2 * 256 + convolution(3, 256, 3)
    first = convolution(3, 3, 128) + convolution(3, 128, 128) + convolution(1, 3, 128)
    second = 2 * convolution(3, 128, 128) + convolution(1, 128, 128)
    discriminator = first + second + 4 * convolution(3, 128, 128) + 128
    # By hand from table 4 and the authors' code, whose last layer has no bias.
    assert trained(made) == generator == 4_276_739
    assert trained(judge) == discriminator == 1_053_824
    assert sizes(made) == [(4, 4), (8, 8), (16, 16), (32, 32)]
    assert sizes(judge) == [(32, 32), (16, 16), (8, 8)]


def test_r3gan_has_the_parameters_of_the_authors_preset_and_begins_as_an_identity(tensorflow):
    made = r3gan.generator(64, (32, 32, 3))
    block = 2 * 768 * 1536 + 3 * 3 * 16 * 1536 + 2 * 1536
    assert trained(made) == 64 * 768 + 4 * 4 * 768 + 8 * block + 768 * 3
    assert sizes(made) == [(4, 4), (8, 8), (16, 16), (32, 32)]
    judge = r3gan.discriminator((28, 28, 1), filters=(16, 16, 32), blocks=2)
    assert sizes(judge) == [(28, 28), (14, 14), (7, 7)]
    sums = [layer for layer in judge.layers if type(layer).__name__ == "Add"]
    image = np.random.default_rng(0).normal(size=(2, 28, 28, 1)).astype("float32")
    import keras

    before, after = keras.Model(judge.input, [sums[0].input[0], sums[1].output])(image)
    assert len(sums) == 6
    np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize(
    ("sides", "three_times", "twice"),
    [((28, 28), 7, 7), ((32, 32), 4, 8), ((16, 24), 4, 4), ((64, 64), 8, 16)],
)
def test_residual_networks_halve_every_even_size_as_often_as_they_can(sides, three_times, twice, tensorflow):
    noise = np.random.default_rng(0).normal(size=(2, 4))
    for room, smallest in ((resnet, three_times), (r3gan, twice)):
        more = {"filters": (8, 8, 8), **({"blocks": 1} if room is r3gan else {})}
        made, judge = room.generator(4, (*sides, 1), **more), room.discriminator((*sides, 1), **more)
        image = made(noise)
        assert image.shape == (2, *sides, 1) and np.abs(image).max() <= 1
        assert judge(image).shape == (2, 1) and sizes(made)[0][0] == smallest


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["network=r3gan", "network.generator.group=7"], "group: expected a divisor of 1536"),
        (["network=resnet", "dataset=ring"], "samples of shape .2,.; type network=points"),
        (["network=dcgan", "dataset=ring"], "samples of shape .2,.; type network=points"),
        (["network=mlp", "dataset=ring"], "expected linear for points, got 'sigmoid'; type network=points"),
    ],
)
def test_a_network_that_does_not_fit_the_data_is_refused_in_one_line(words, told, make):
    with pytest.raises(UsageError, match=told):
        make(*words)


def test_odd_sides_and_tiny_images_cannot_be_halved(tensorflow):
    for room, sides in ((resnet, (27, 28)), (r3gan, (6, 6))):
        with pytest.raises(UsageError, match="even sides of at least 8 pixels, got images of"):
            room.generator(4, (*sides, 1))


def test_points_are_made_linearly_and_images_by_a_tangent(make):
    small = ["network.generator.hidden=[8]", "network.discriminator.hidden=[8]", "trainer.batch_size=8"]
    for data, activation in (("ring", "linear"), ("digits", "tanh")):
        _, dataset, trainer = make("model=gan", "network=points", f"dataset={data}", *small)
        assert trainer.game.generator.layers[-1].get_config()["activation"] == activation
        assert np.isfinite(trainer.train(iter(dataset.batches(8, seed=0))).numpy()).all()
