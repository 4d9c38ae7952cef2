"""Networks from pictures to pictures: published counts, any size, every precision, and refusals."""

from functools import partial

import numpy as np
import pytest

from ganctl.config.choices import choices
from ganctl.config.compose import compose
from ganctl.error import UsageError
from ganctl.layer.norm import GroupNormalization
from ganctl.network import patch, translation, unet
from ganctl.training import build

INSTANCE = partial(GroupNormalization, groups=-1, affine=False)
# Small generators of either kind: a U-Net of two halvings needs multiples of 4, as CycleGAN's does.
MAKERS = {
    "unet": partial(unet.generator, filters=4, downs=2, norm=INSTANCE),
    "residual": partial(translation.generator, filters=4, blocks=1, norm=INSTANCE),
    "resized": partial(translation.generator, filters=4, blocks=1, norm=INSTANCE, upsample="nearest"),
}
each_generator = pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)


@pytest.fixture
def keras(tensorflow):
    import keras

    keras.utils.set_random_seed(1)
    yield keras
    keras.config.set_dtype_policy("float32")


def images(*shape):
    return np.random.default_rng(0).uniform(-1, 1, shape).astype("float32")


def trained(network):
    return sum(int(np.prod(weight.shape)) for weight in network.trainable_variables)


def kinds(network, *names):
    """Return the layers of some classes, by their names, in the network's order."""
    return [layer for layer in network.layers if type(layer).__name__ in names]


@pytest.mark.parametrize(
    ("side", "filters", "millions"), [(256, 64, 54.4), (128, 32, 10.5), (64, 32, 7.3)], ids=str
)
def test_the_unet_has_its_published_size_at_every_resolution(side, filters, millions, keras):
    # Counted from pix2pix's models.lua; the deepest feature map is one pixel.
    made = unet.generator(
        (side, side, 3), (side, side, 3), filters=filters, norm=keras.layers.BatchNormalization
    )
    assert round(trained(made) / 1e6, 1) == millions
    sides = [layer.output.shape[1] for layer in kinds(made, "Conv2D", "Conv2DTranspose")]
    halved = [side >> n for n in range(1, side.bit_length())]
    assert sides == [*halved, *halved[-2::-1], side] and halved[-1] == 1


@pytest.mark.parametrize(
    ("side", "filters", "blocks", "millions"), [(256, 64, 9, 11.4), (128, 64, 6, 7.8), (128, 32, 6, 2.0)]
)
def test_the_residual_generator_has_its_published_size(side, filters, blocks, millions, keras):
    both = ((side, side, 3), (side, side, 3))
    made = translation.generator(*both, filters=filters, blocks=blocks, norm=INSTANCE)
    assert round(trained(made) / 1e6, 1) == millions
    # The paper's notation: c7s1-f, d2f, d4f, R4f..., u2f, uf, c7s1-3.
    told = [(w.shape[0], w.shape[-1]) for w in made.trainable_variables if len(w.shape) == 4]
    f = filters
    up = [(3, 4 * f), (3, 2 * f)]  # a transposed kernel's last axis is what it is given
    assert told == [(7, f), (3, 2 * f), (3, 4 * f), *[(3, 4 * f)] * 2 * blocks, *up, (7, 3)]
    resized = translation.generator(*both, filters=filters, blocks=blocks, norm=INSTANCE, upsample="nearest")
    assert trained(resized) == trained(made) and not kinds(resized, "Conv2DTranspose")


@each_generator
@pytest.mark.parametrize("sides", [(16, 16), (17, 23), (5, 30), (21, 8)], ids=str)
def test_every_size_becomes_images_of_the_same_size(sides, maker, keras):
    for channels, made in ((1, 3), (3, 1)):
        network = maker((*sides, channels), (*sides, made))
        image = network(50 * images(2, *sides, channels)).numpy()
        assert image.shape == (2, *sides, made) and image.dtype == np.float32
        assert np.abs(image).max() <= 1 and image.std() > 0


@each_generator
def test_sizes_are_mirrored_up_to_a_multiple_and_cut_back(maker, keras):
    network, larger = maker((18, 27, 3), (18, 27, 3)), maker((20, 28, 3), (20, 28, 3))
    assert kinds(network, "Cropping2D") and not kinds(larger, "Cropping2D")
    assert len(kinds(network, "ReflectionPadding")) == len(kinds(larger, "ReflectionPadding")) + 1
    larger.set_weights([10 * weight for weight in network.get_weights()])
    network.set_weights(larger.get_weights())  # large enough that every pixel counts
    given = images(2, 18, 27, 3)
    whole = larger(np.pad(given, ((0, 0), (1, 1), (0, 1), (0, 0)), mode="reflect")).numpy()
    np.testing.assert_allclose(network(given), whole[:, 1:19, :27], rtol=1e-5, atol=1e-6)
    assert np.abs(whole[:, 1:19, :27] - whole[:, :18, :27]).max() > 1e-2


@pytest.mark.parametrize(
    ("sides", "downs"),
    [
        ((256, 256), 8),
        ((64, 64), 6),
        ((28, 28), 5),
        ((300, 300), 7),
        ((256, 128), 7),
        ((65, 65), 5),
        ((1024, 1024), 8),
    ],
)
def test_the_unet_is_as_deep_as_its_pictures_allow(sides, downs, keras):
    assert unet.depth(*sides) == downs
    if max(sides) < 100:
        made = unet.generator((*sides, 1), (*sides, 1), filters=2)
        assert len(kinds(made, "Conv2D")) == downs == len(kinds(made, "Conv2DTranspose"))


def test_the_unet_normalizes_and_drops_where_the_release_does(keras):
    made = unet.generator((64, 64, 3), (64, 64, 3), filters=4, norm=keras.layers.BatchNormalization)
    letters = {"Conv2D": "c", "Conv2DTranspose": "t"}
    letters |= {name: name[0] for name in ("BatchNormalization", "Dropout", "Concatenate")}
    told = "".join(letters[type(layer).__name__] for layer in kinds(made, *letters))
    assert told == "c" + "cB" * 4 + "c" + "tBDC" * 3 + "tBC" * 2 + "t"
    biased = [layer.use_bias for layer in kinds(made, "Conv2D", "Conv2DTranspose")]
    assert biased == [True, *[False] * 4, True, *[False] * 5, True]
    first, skip = kinds(made, "Conv2D")[0], kinds(made, "Concatenate")[-1]
    assert skip.input[1] is first.output and skip.output.shape[-1] == 8
    slopes = {round(layer.negative_slope, 3) for layer in kinds(made, "LeakyReLU")}
    assert slopes == {0.2} and len(kinds(made, "LeakyReLU")) == 5 and len(kinds(made, "ReLU")) == 6


def test_dropout_is_the_unet_s_noise_in_training_mode_only(keras, tensorflow):
    given = images(2, 16, 16, 1)
    made = unet.generator((16, 16, 1), (16, 16, 1), filters=4, norm=INSTANCE)
    drawn = [made(given, training=True).numpy() for _ in range(2)]
    assert np.abs(drawn[0] - drawn[1]).max() > 1e-4
    np.testing.assert_array_equal(made(given), made(given))
    compiled = tensorflow.function(made, jit_compile=True)
    assert np.abs(compiled(given, training=True) - compiled(given, training=True)).max() > 1e-4
    still = unet.generator((16, 16, 1), (16, 16, 1), filters=4, norm=INSTANCE, dropout=0.0)
    np.testing.assert_array_equal(still(given, training=True), still(given, training=True))


@pytest.mark.parametrize("room", [unet, translation])
def test_weights_start_as_published(room, keras):
    made = room.generator((32, 32, 3), (32, 32, 3), filters=16, norm=keras.layers.BatchNormalization)
    kernels = np.concatenate([w.numpy().ravel() for w in made.trainable_variables if w.name == "kernel"])
    gains = np.concatenate([w.numpy() for w in made.trainable_variables if w.name == "gamma"])
    assert abs(kernels.mean()) < 1e-3 and kernels.std() == pytest.approx(0.02, rel=0.02)
    assert gains.mean() == pytest.approx(1, abs=0.01) and gains.std() == pytest.approx(0.02, rel=0.2)


@pytest.mark.parametrize("choice", choices("norm"))
@pytest.mark.parametrize(
    ("network", "small", "convolutions"), [("pix2pix", {"downs": 3}, 6), ("cyclegan", {"blocks": 1}, 8)]
)
def test_every_normalization_fits_both_players(network, small, convolutions, choice, keras):
    config = compose([f"network={network}", f"norm={choice}"]).plain()
    parts, norm = config["network"], config["norm"]["generator"]
    made = build.make(parts["generator"] | small, filters=8, source=(16, 16, 1), shape=(16, 16, 3))
    judge = build.make(parts["discriminator"] | {"layers": 1}, filters=8, shape=(16, 16, 4))
    given = images(2, 16, 16, 1)
    logits = judge(np.concatenate([given, made(given, training=True)], axis=-1), training=True).numpy()
    assert logits.shape == (2, 6, 6, 1) and np.isfinite(logits).all() and logits.std() > 0
    name = norm["_target_"].rpartition(".")[2] if norm else "none"
    outputs = convolutions - (3 if network == "pix2pix" else 1)  # those that are not first, innermost, last
    expected = convolutions if choice in ("spectral", "weight") else outputs if norm else 0
    assert len(kinds(made, name)) == expected


@each_generator
def test_xla_compiles_a_generator_and_a_discriminator(maker, keras, tensorflow):
    made = maker((9, 14, 1), (9, 14, 3), **({"dropout": 0.0} if maker is MAKERS["unet"] else {}))
    judge = patch.discriminator((9, 14, 3), filters=4, layers=1, norm=INSTANCE)

    def slopes(given):
        with tensorflow.GradientTape() as tape:
            logits = judge(made(given, training=True), training=True)
            total = tensorflow.reduce_sum(logits**2)
        return logits, tape.gradient(total, made.trainable_variables[0])

    compiled = tensorflow.function(slopes, jit_compile=True)
    given = images(2, 9, 14, 1)
    for found, expected in zip(compiled(given), slopes(given), strict=True):
        assert np.abs(expected).max() > 0
        np.testing.assert_allclose(found, expected, rtol=2e-3, atol=1e-3 * np.abs(expected).max())


@each_generator
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_networks_end_in_float32_whatever_the_precision(policy, maker, keras):
    given = images(2, 18, 13, 3)
    exact = maker((18, 13, 3), (18, 13, 3))
    keras.config.set_dtype_policy(policy)
    made, judge = maker((18, 13, 3), (18, 13, 3)), patch.discriminator((18, 13, 3), filters=4, layers=1)
    made.set_weights(exact.get_weights())
    image = made(given)
    assert made.layers[2].compute_dtype == policy.removeprefix("mixed_")
    assert image.dtype == judge(image).dtype == "float32" and np.isfinite(judge(image)).all()
    np.testing.assert_allclose(image, exact(given), atol=0.05)
    assert np.abs(exact(given)).max() > 0.05


@pytest.mark.parametrize(
    ("network", "told"),
    [
        (lambda: unet.generator((8, 8, 1), (8, 9, 1)), "inputs of 8x9 pixels as the images.*got 8x8"),
        (lambda: unet.generator((2,), (2,)), "convolutions need images"),
        (
            lambda: unet.generator((5, 9, 1), (5, 9, 1), downs=4),
            r"downs: images of 5x9 .* at most 3 times, got 4",
        ),
        (
            lambda: unet.generator((8, 8, 1), (8, 8, 1), downs=0),
            r"downs: expected a whole number of at least 1",
        ),
        (lambda: unet.generator((8, 8, 1), (8, 8, 1), dropout=1.0), r"dropout: expected a number .* below 1"),
        (
            lambda: unet.generator((8, 8, 1), (8, 8, 1), filters=0),
            r"generator\.filters: expected a whole number",
        ),
        (lambda: translation.generator((4, 9, 1), (4, 9, 1)), "sides of at least 5 pixels, got 4x9"),
        (lambda: translation.generator((8, 8, 1), (8, 8, 1), blocks=-1), "blocks: expected a whole number"),
        (lambda: translation.generator((8, 8, 1), (8, 8, 1), upsample="nearst"), "Did you mean 'nearest'"),
    ],
)
def test_what_cannot_be_built_is_refused_in_one_line(network, told, keras):
    with pytest.raises(UsageError, match=told) as refused:
        network()
    assert "\n" not in str(refused.value)


def test_the_largest_depth_that_is_not_refused_can_be_built(keras):
    assert unet.generator((5, 9, 1), (5, 9, 1), filters=2, downs=3).output_shape[1:3] == (5, 9)
