"""Growing networks: their limiting cases bit for bit, and what belongs to a level."""

import itertools
from functools import partial

import numpy as np
import pytest

from ganctl.error import UsageError
from ganctl.layer.equalized import Equalized
from ganctl.layer.growth import doubled, halved
from ganctl.layer.minibatch import MinibatchDeviation
from ganctl.layer.norm import PixelNormalization, SpectralNormalization
from ganctl.network import progressive

NOISE = np.random.default_rng(0)
START = NOISE.bit_generator.state
SMALL = {"filters": 64, "most": 16}
LEVELS = [0, 1, 2]


@pytest.fixture(autouse=True)
def fresh():
    """Every test draws the same numbers, whichever ran before."""
    NOISE.bit_generator.state = START


def normal(*shape):
    return NOISE.normal(size=shape).astype("float32")


def pair(side=16, **options):
    """Return a generator and a discriminator of three levels, as published but narrow."""
    import keras

    keras.utils.set_random_seed(3)
    more = SMALL | options
    made = progressive.generator(8, (side, side, 3), norm=PixelNormalization, **more)
    return made, progressive.discriminator((side, side, 3), minibatch=MinibatchDeviation, **more)


@pytest.fixture(scope="module")
def players(tensorflow):
    return pair()


def mixed(before, after, fade):
    return np.float32(1 - fade) * np.asarray(before) + np.float32(fade) * np.asarray(after)


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_has_its_size_and_the_default_is_the_top(level, players):
    made, judge = players
    assert made.sides == judge.sides == (4, 8, 16) and made.levels == 3
    image = made(normal(4, 8), level=level)
    assert image.shape == (4, 4 << level, 4 << level, 3) and image.dtype == "float32"
    assert judge(image, level=level).shape == (4, 1)
    assert made.input_shape == (None, 8) and made.output_shape == judge.input_shape == (None, 16, 16, 3)
    assert judge.output_shape == (None, 1)
    latents = normal(4, 8)
    np.testing.assert_array_equal(made(latents), made(latents, level=2))
    for wrong in (-1, 3, 1.0):
        with pytest.raises(ValueError, match="has levels 0 to 2"):
            made(latents, level=wrong)


@pytest.mark.parametrize("level", [1, 2])
def test_a_fade_of_0_is_the_level_below_and_of_1_the_level_itself_bit_for_bit(level, players, tensorflow):
    made, judge = players
    zero, half, one = (tensorflow.constant(number) for number in (0.0, 0.5, 1.0))
    latents, image = normal(4, 8), normal(4, 4 << level, 4 << level, 3)
    below, own = doubled(made(latents, level=level - 1)), made(latents, level=level)
    assert np.abs(own - below).max() > 0.1  # they are to be told apart
    np.testing.assert_array_equal(made(latents, level=level, fade=zero), below)
    np.testing.assert_array_equal(made(latents, level=level, fade=one), own)
    np.testing.assert_array_equal(made(latents, level=level, fade=half), mixed(below, own, 0.5))
    lower, upper = judge(halved(image), level=level - 1), judge(image, level=level)
    assert np.abs(upper - lower).max() > 0.01
    np.testing.assert_array_equal(judge(image, level=level, fade=zero), lower)
    np.testing.assert_array_equal(judge(image, level=level, fade=one), upper)
    between = judge(image, level=level, fade=half).numpy()
    assert np.abs(between - lower).max() > 1e-3 and np.abs(between - upper).max() > 1e-3


def test_the_first_level_never_fades(players):
    made, judge = players
    latents, image = normal(4, 8), normal(4, 4, 4, 3)
    np.testing.assert_array_equal(made(latents, level=0, fade=0.3), made(latents, level=0))
    np.testing.assert_array_equal(judge(image, level=0, fade=0.3), judge(image, level=0))


def rectified(given):
    return np.maximum(given, 0.2 * given)


def pixel_normalized(given):
    return given / np.sqrt(np.mean(given**2, axis=-1, keepdims=True) + 1e-8)


def weighted(layer, given, gain, tensorflow):
    """Return a dense layer's or a convolution's outputs, its kernel scaled by hand."""
    kernel, bias = layer.layer.kernel.numpy(), layer.layer.bias.numpy()
    kernel = kernel * (gain / np.prod(kernel.shape[:-1]) ** 0.5).astype("float32")
    made = given @ kernel if kernel.ndim == 2 else tensorflow.nn.conv2d(given, kernel, 1, "SAME").numpy()
    return made + bias


def equalized(stack):
    return [layer for layer in stack.layers if isinstance(layer, Equalized)]


def test_the_first_level_is_the_release_s_by_hand(tensorflow):
    made, judge = pair()
    for variable in [*made.trainable_variables, *judge.trainable_variables]:
        variable.assign(normal(*variable.shape))  # biases too, so that scales cannot hide
    latents, root = normal(4, 8), 2**0.5
    first, second = equalized(made.blocks[0])
    # A dense layer of gain sqrt(2) / 4, and one bias a channel.
    dense = first.layer.kernel.numpy().transpose(3, 0, 1, 2).reshape(8, -1) * (root / 4) / 8**0.5
    picture = (pixel_normalized(latents) @ dense).reshape(4, 4, 4, 16) + first.layer.bias.numpy()
    seen = pixel_normalized(rectified(picture)).astype("float32")
    seen = pixel_normalized(rectified(weighted(second, seen, root, tensorflow)))
    (colour,) = equalized(made.colours[0])
    image = weighted(colour, seen, 1.0, tensorflow)
    np.testing.assert_allclose(made(latents, level=0), image, rtol=1e-3, atol=1e-4)

    (entry,), (before, middle, last) = equalized(judge.entries[0]), equalized(judge.blocks[0])
    seen = rectified(weighted(entry, image, root, tensorflow))
    deviation = np.sqrt(seen.var(axis=0) + 1e-8).mean()
    seen = np.concatenate([seen, np.full((4, 4, 4, 1), deviation, "float32")], axis=-1)
    seen = rectified(weighted(before, seen, root, tensorflow)).reshape(4, -1)
    logits = weighted(last, rectified(weighted(middle, seen, root, tensorflow)), 1.0, tensorflow)
    np.testing.assert_allclose(judge(image, level=0), logits, rtol=1e-3, atol=1e-3)


def test_a_further_level_is_the_release_s_by_hand(tensorflow):
    made, judge = pair()
    for variable in [*made.trainable_variables, *judge.trainable_variables]:
        variable.assign(normal(*variable.shape))
    seen, root = normal(4, 4, 4, 16), 2**0.5
    expected = seen.repeat(2, axis=1).repeat(2, axis=2)
    for layer in equalized(made.blocks[1]):
        expected = pixel_normalized(rectified(weighted(layer, expected, root, tensorflow)))
    np.testing.assert_allclose(made.blocks[1](seen), expected, rtol=1e-3, atol=1e-4)
    expected = features = normal(4, 8, 8, 16)
    for layer in equalized(judge.blocks[1]):
        expected = rectified(weighted(layer, expected, root, tensorflow))
    expected = expected.reshape(4, 4, 2, 4, 2, 16).mean(axis=(2, 4))
    np.testing.assert_allclose(judge.blocks[1](features), expected, rtol=1e-3, atol=1e-3)


def test_levels_have_the_channels_of_the_paper_s_table_2(tensorflow):
    sides = [4 << level for level in range(9)]
    published = [512, 512, 512, 512, 256, 128, 64, 32, 16]
    assert progressive.widths(sides, 8192, 512) == [512, *published]
    assert progressive.widths([7, 14, 28], 1024, 128) == [128, 128, 128, 64]
    made, judge = pair()
    assert [block.output_shape for block in made.blocks] == [
        (None, 4, 4, 16),
        (None, 8, 8, 16),
        (None, 16, 16, 8),
    ]
    assert [block.input_shape for block in judge.blocks] == [
        (None, 4, 4, 16),
        (None, 8, 8, 16),
        (None, 16, 16, 8),
    ]


def test_the_release_s_numbers_of_parameters_at_32x32(tensorflow):
    made = progressive.generator(128, (32, 32, 3))
    judge = progressive.discriminator((32, 32, 3), minibatch=MinibatchDeviation)
    wide = [128, 128, 128, 64]

    def convolution(inputs, outputs, window=9):
        return window * inputs * outputs + outputs

    grown = sum(convolution(i, o) + convolution(o, o) for i, o in itertools.pairwise(wide))
    colours = sum(convolution(i, 3, 1) for i in wide)
    assert made.count_params() == convolution(128, 128, 16) + convolution(128, 128) + grown + colours
    shrunk = sum(convolution(o, o) + convolution(o, i) for i, o in itertools.pairwise(wide))
    entries = sum(convolution(3, o, 1) for o in wide)
    end = convolution(129, 128) + convolution(128, 128, 16) + convolution(128, 1, 1)
    assert judge.count_params() == entries + shrunk + end
    assert (made.count_params(), judge.count_params()) == (1_112_268, 1_114_049)


@pytest.mark.parametrize("fade", [None, 0.5])
@pytest.mark.parametrize("level", LEVELS)
def test_gradients_reach_the_layers_of_a_level_and_no_others(level, fade, players, tensorflow):
    tf, (made, judge) = tensorflow, players
    with tf.GradientTape() as tape:
        image = made(normal(4, 8), level=level, fade=fade)
        total = tf.reduce_sum(judge(image, level=level, fade=fade) ** 2)
    lower = {level - 1} if fade is not None and level else set()

    def owned(network, stacks, levels):
        return {id(v) for index in levels for v in stacks[index].trainable_variables}

    expected = owned(made, made.blocks, range(level + 1)) | owned(made, made.colours, {level} | lower)
    expected |= owned(judge, judge.blocks, range(level + 1)) | owned(judge, judge.entries, {level} | lower)
    weights = [*made.trainable_variables, *judge.trainable_variables]
    reached = {
        id(weight)
        for weight, slope in zip(weights, tape.gradient(total, [w.value for w in weights]), strict=True)
        if slope is not None and np.abs(slope).max() > 0
    }
    assert reached == expected


def test_variables_are_there_from_the_start_in_an_order_that_calls_do_not_change(tensorflow):
    made, judge = pair()
    for network, given in ((made, normal(4, 8)), (judge, normal(4, 4, 4, 3))):
        before = [id(variable) for variable in network.variables]
        shapes = [tuple(variable.shape) for variable in network.variables]
        network(given, level=0, fade=0.5, training=True)
        assert [id(variable) for variable in network.variables] == before and len(set(before)) == len(before)
        again = pair()[network is judge]
        assert [tuple(variable.shape) for variable in again.variables] == shapes
        assert network.count_params() == sum(int(np.prod(shape)) for shape in shapes)
        inside = {id(layer) for layer in network._flatten_layers()}
        assert {id(layer) for layer in network.layers} <= inside


@pytest.mark.parametrize("level", LEVELS)
def test_a_penalty_of_slopes_is_the_same_compiled_and_reaches_the_weights(level, players, tensorflow):
    tf, (made, judge) = tensorflow, players
    weights = [weight.value for weight in judge.trainable_variables]

    def cost(latents, fade):
        with tf.GradientTape() as outer:
            outer.watch(weights)
            image = made(latents, level=level, fade=fade, training=True)
            with tf.GradientTape() as inner:
                inner.watch(image)
                logits = judge(image, level=level, fade=fade, training=True)
            slope = inner.gradient(logits, image)
            total = tf.reduce_mean((tf.sqrt(tf.reduce_sum(slope**2, axis=(1, 2, 3))) - 1) ** 2)
        return total, outer.gradient(total, weights, unconnected_gradients="zero")

    given = tf.constant(normal(4, 8)), tf.constant(0.25)
    plain, slopes = cost(*given)
    compiled, same = tf.function(cost, jit_compile=True)(*given)
    assert np.isfinite(plain) and sum(np.abs(slope).max() > 0 for slope in slopes) >= 5 + 2 * level
    np.testing.assert_allclose(compiled, plain, rtol=1e-3)
    for found, expected in zip(same, slopes, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-2, atol=1e-3)


def test_one_graph_a_level_takes_every_fade(players, tensorflow):
    made, traces = players[0], []

    @tensorflow.function
    def draw(latents, fade, *, level):
        traces.append(level)
        return made(latents, level=level, fade=fade)

    latents = tensorflow.constant(normal(4, 8))
    for level in LEVELS:
        for fade in (0.0, 0.3, 1.0):
            image = draw(latents, tensorflow.constant(fade), level=level)
            expected = made(latents, level=level, fade=fade)
            np.testing.assert_allclose(image, expected, rtol=1e-4, atol=1e-5)
    assert traces == LEVELS


@pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16"])
def test_networks_end_in_float32_whatever_the_precision(precision, tensorflow):
    import keras

    keras.config.set_dtype_policy(precision)
    try:
        made, judge = pair()
    finally:
        keras.config.set_dtype_policy("float32")
    assert made.blocks[0](normal(4, 8)).dtype == precision.removeprefix("mixed_")
    for fade in (None, tensorflow.constant(0.5)):
        image = made(normal(4, 8), fade=fade)
        logits = judge(image, fade=fade)
        assert image.dtype == logits.dtype == "float32" and np.isfinite(logits).all()
    assert {variable.dtype for variable in made.trainable_variables} == {"float32"}


def test_a_critic_sees_how_varied_a_batch_is_at_every_level(players):
    _, judge = players
    for level, side in enumerate(judge.sides):
        first = normal(1, side, side, 3)
        alike, varied = np.repeat(first, 4, axis=0), np.concatenate([first, 50 * normal(3, side, side, 3)])
        alike, varied = judge(alike, level=level).numpy(), judge(varied, level=level).numpy()
        np.testing.assert_allclose(alike, judge(first, level=level).numpy().repeat(4, axis=0), rtol=1e-3)
        assert np.abs(varied[0] - alike[0]) > 0.01


def test_a_normalization_of_weights_takes_the_place_of_the_equalized_rate(tensorflow):
    judge = progressive.discriminator((8, 8, 1), norm=SpectralNormalization, **SMALL)
    kinds = {type(layer) for layer in judge.layers}
    assert SpectralNormalization in kinds and Equalized not in kinds
    inside = [
        layer.layer.kernel.numpy() for layer in judge.layers if isinstance(layer, SpectralNormalization)
    ]
    wide = np.concatenate([kernel.ravel() for kernel in inside if kernel.shape == (3, 3, 16, 16)])
    assert wide.std() == pytest.approx((2 / 144) ** 0.5, rel=0.05)  # He's start
    probable = progressive.discriminator((8, 8, 1), logits=False, **SMALL)(10 * normal(8, 8, 8, 1)).numpy()
    assert ((probable > 0) & (probable < 1)).all()


@pytest.mark.parametrize(
    ("shape", "options", "told"),
    [
        ((2,), {}, r"need images, got samples of shape \(2,\); type network=points"),
        ((16, 32, 3), {}, "expected squares.*got images of 16x32; type network=mlp"),
        ((27, 27, 1), {}, "expected squares.*got images of 27x27"),
        ((6, 6, 1), {}, "side is 4 or more, doubled at least once, got images of 6x6"),
        ((16, 16, 1), {"base": 16}, "side is 16 or more"),
        ((64, 64, 3), {"filters": 31}, r"filters: expected at least half of the images' side of 64"),
        ((16, 16, 3), {"most": 0}, r"most: expected a whole number of at least 1"),
        ((16, 16, 3), {"filters": [8, 8]}, r"filters: expected a whole number of at least 1, got '.8, 8.'"),
        ((16, 16, 3), {"base": 2.5}, r"base: expected a whole number of at least 1"),
    ],
)
def test_what_cannot_grow_is_refused_in_one_line(shape, options, told, tensorflow):
    for build in (partial(progressive.generator, 8), progressive.discriminator):
        with pytest.raises(UsageError, match=told) as refused:
            build(shape, **SMALL | options)
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("side", "base", "sides"), [(28, 4, (7, 14, 28)), (32, 4, (4, 8, 16, 32)), (32, 8, (8, 16, 32))]
)
def test_levels_halve_the_data_s_side_as_often_as_it_goes(side, base, sides, tensorflow):
    made = progressive.generator(4, (side, side, 1), base=base, **SMALL)
    judge = progressive.discriminator((side, side, 1), base=base, **SMALL)
    assert made.sides == judge.sides == sides
    for level, expected in enumerate(sides):
        image = made(normal(2, 4), level=level, fade=0.5)
        assert image.shape == (2, expected, expected, 1) and judge(image, level=level, fade=0.5).shape == (
            2,
            1,
        )
