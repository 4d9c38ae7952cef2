"""The discriminator of patches: its published size, its patches as measured, and what it refuses."""

import numpy as np
import pytest

from ganctl.error import UsageError
from ganctl.layer.minibatch import MinibatchDeviation, MinibatchDiscrimination
from ganctl.network import patch


@pytest.fixture
def keras(tensorflow):
    import keras

    keras.utils.set_random_seed(1)
    return keras


def trained(network):
    return sum(int(np.prod(weight.shape)) for weight in network.trainable_variables)


def test_the_discriminator_of_patches_has_its_published_size_and_map(keras):
    batch = keras.layers.BatchNormalization
    widths = [(4, 6, 64), (4, 64, 128), (4, 128, 256), (4, 256, 512), (4, 512, 1)]
    weights = sum(k * k * i * o for k, i, o in widths) + 64 + 1 + 2 * (128 + 256 + 512)
    for side, sides in ((256, 30), (128, 14)):
        judge = patch.discriminator((side, side, 6), norm=batch)
        assert trained(judge) == weights == 2_768_705 and judge.output_shape == (None, sides, sides, 1)
    one = patch.discriminator((9, 5, 2), layers=0, norm=batch)
    assert one.output_shape == (None, 9, 5, 1) and trained(one) == 3 * 64 + 64 * 128 + 2 * 128 + 129


@pytest.mark.parametrize(
    ("layers", "side", "pixels"),
    [(0, 9, 1), (1, 32, 16), (2, 64, 34), (3, 96, 70), (4, 192, 142), (5, 320, 286)],
)
def test_one_logit_is_moved_by_a_patch_of_the_published_size(layers, side, pixels, keras, tensorflow):
    judge = patch.discriminator((side, side, 1), filters=2, layers=layers)
    image = tensorflow.constant(np.random.default_rng(0).normal(size=(1, side, side, 1)), "float32")
    with tensorflow.GradientTape() as tape:
        tape.watch(image)
        logits = judge(image)
        one = logits[0, logits.shape[1] // 2, logits.shape[2] // 2, 0]
    moving = tape.gradient(one, image).numpy()[0, :, :, 0] != 0
    rows, columns = np.flatnonzero(moving.any(1)), np.flatnonzero(moving.any(0))
    assert patch.receptive_field(layers) == pixels == np.ptp(rows) + 1 == np.ptp(columns) + 1
    assert rows[0] > 0 and rows[-1] < side - 1  # all of it within the image


def test_a_batch_s_variety_is_shown_to_the_last_convolution(keras):
    judge = patch.discriminator((24, 64, 3), filters=2, minibatch=MinibatchDeviation)
    assert judge.output_shape == (None, 1, 6, 1)  # the smallest map there is
    names = [type(layer).__name__ for layer in judge.layers]
    assert names[-4:] == ["MinibatchDeviation", "ZeroPadding2D", "Conv2D", "Activation"]
    chances = patch.discriminator((24, 64, 3), filters=2, logits=False)(np.ones((1, 24, 64, 3))).numpy()
    assert np.abs(chances - 0.5).max() < 0.5 and chances.min() > 0.4


@pytest.mark.parametrize(
    ("network", "told"),
    [
        (lambda: patch.discriminator((23, 64, 3)), r"23x64 leave a map for at most 2, got 3; .*layers=2"),
        (lambda: patch.discriminator((5, 5, 3), layers=1), "at most 0, got 1"),
        (lambda: patch.discriminator((8, 8, 3), layers=-1), "layers: expected a whole number of at least 0"),
        (lambda: patch.discriminator((24, 24, 3), minibatch=MinibatchDiscrimination), "minibatch=none"),
        (lambda: patch.discriminator((2,)), "convolutions need images"),
    ],
)
def test_what_cannot_be_built_is_refused_in_one_line(network, told, keras):
    with pytest.raises(UsageError, match=told) as refused:
        network()
    assert "\n" not in str(refused.value)
