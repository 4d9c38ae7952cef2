"""The perceptrons of semi-supervised learning on MNIST (Salimans et al., 2016, and their release)."""

import math
from collections.abc import Sequence

import keras
from keras import layers

from ganctl.check import expect_whole
from ganctl.layer.norm import Norm, WeightNormalization, normalized, wrapped
from ganctl.network.heads import expect_logits

WIDTHS = (1000, 500, 250, 250, 250)
# Variances of a layer's inputs: of MNIST's pixels in [0, 1], and of a normal number's ReLU, (1 - 1/pi) / 2.
PIXELS, HIDDEN = 0.095, 0.34


class LogSumExp(layers.Layer):
    """From class logits (batch, k) to the log of the sum of exp, (batch, 1): the logit of "one of them"."""

    def __init__(self) -> None:
        super().__init__(dtype="float32", name="any_class")

    def call(self, logits):
        return keras.ops.logsumexp(logits, axis=1, keepdims=True)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], 1)


def generator(
    latent: int, shape: tuple[int, ...], *, hidden: Sequence[int] = (500, 500), norm: Norm = None
) -> keras.Model:
    """Build latents (batch, latent) -> images (batch, *shape), float32 in [-1, 1].

    The last layer's weights are normalized, with trained lengths, as in the release.

    Args:
        latent: numbers that an image is made from.
        shape: of an image.
        hidden: units of each hidden layer, which has a softplus.
        norm: makes a normalization of hidden layers: of outputs, put before each softplus, or of weights.

    Raises:
        UsageError: for a layer without units.
    """
    stack: list[layers.Layer] = [keras.Input((latent,))]
    for index, units in enumerate(hidden):
        expect_whole(f"network.generator.hidden[{index}]", units, 1)
        dense = layers.Dense(units, kernel_initializer=_start())
        stack += [wrapped(dense, norm), *normalized(norm), layers.Activation("softplus")]
    # The release's last layer has its own normalization: without, its weights run away at this rate.
    stack.append(WeightNormalization(layers.Dense(math.prod(shape), kernel_initializer=_start())))
    stack.append(layers.Activation("sigmoid", dtype="float32"))
    stack += [layers.Rescaling(2.0, -1.0, dtype="float32"), layers.Reshape(shape)]
    return keras.Sequential(stack, name="generator")


def discriminator(
    shape: tuple[int, ...],
    *,
    labels: int,
    hidden: Sequence[int] = WIDTHS,
    norm: Norm = None,
    input_noise: float = 0.3,
    noise: float = 0.5,
    logits: bool = True,
) -> keras.Model:
    """Build images (batch, *shape) in [-1, 1] -> [logit (batch, 1), class logits (batch, labels), features].

    Dense layers with a ReLU, and normal noise before each. The logit of "real" is the log of the sum of all
    classes' exp: of K + 1 classes the last, "fake", has a logit of 0 (section 5). All outputs are float32.
    Weights start such that a layer's outputs vary by about 1, as the release's first batch makes them: with a
    weight normalization of fixed lengths that stays so, but for the last layer, whose lengths are trained.

    Args:
        shape: of an image.
        labels: classes.
        hidden: units of each hidden layer; the last one's are the features.
        norm: of weights, put around every layer, such as weight; or of outputs, before each ReLU.
        input_noise: deviation of the noise on images, which lie in [0, 1] there.
        noise: deviation of the noise before every other layer.
        logits: must be true.

    Raises:
        UsageError: for a layer without units.
    """
    expect_logits(logits)
    given = keras.Input(shape)
    seen = layers.GaussianNoise(input_noise)(layers.Rescaling(0.5, 0.5)(layers.Flatten()(given)))
    for index, units in enumerate(hidden):
        expect_whole(f"network.discriminator.hidden[{index}]", units, 1)
        seen = layers.GaussianNoise(noise)(seen) if index else seen
        start = _alive(seen.shape[-1], HIDDEN if index else PIXELS, noise if index else input_noise)
        seen = wrapped(layers.Dense(units, kernel_initializer=start), norm)(seen)
        for layer in [*normalized(norm), layers.ReLU()]:
            seen = layer(seen)
    features = layers.Activation("linear", dtype="float32", name="features")(seen)
    start = _alive(seen.shape[-1], HIDDEN, noise)
    last = _of_trained_lengths(layers.Dense(labels, kernel_initializer=start), norm)
    classes = layers.Activation("linear", dtype="float32", name="classes")(
        last(layers.GaussianNoise(noise)(seen))
    )
    return keras.Model(given, [LogSumExp()(classes), classes, features], name="discriminator")


def _of_trained_lengths(layer: layers.Layer, norm: Norm) -> layers.Layer:
    """Return a layer inside the normalization; where that is of lengths, these are trained."""
    if norm and getattr(norm, "func", norm) is WeightNormalization:
        return norm(layer, trained=True)
    return wrapped(layer, norm)


def _alive(inputs: int, variance: float, noise: float) -> keras.initializers.Initializer:
    """Return a start from which sums of inputs of this variance, and of noise, have variance 1."""
    return keras.initializers.RandomNormal(stddev=(inputs * (variance + noise**2)) ** -0.5)


def _start() -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=0.05)
