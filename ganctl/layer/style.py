"""What a style does to features: modulated convolutions, adaptive instance normalization, noise."""

import keras
import tensorflow as tf
from keras import layers

from ganctl.layer.equalized import Equalized

SLOPE = 0.2
SMALLEST = 1e-8  # added to the sum of squares under a root


class ModulatedConvolution(layers.Layer):
    """A convolution whose kernel is scaled, for each example, by a style: StyleGAN2's.

    Karras et al. (2020), section 2.2: w' = s_i w (equation 1) and w'' = w' / sqrt(sum w'^2 + 1e-8), the sum
    over what meets in an output (equation 3). The style scales the features and the root the result, which is
    the same and needs no kernel for each example. Weights have an equalized learning rate.

    Called with [features (batch, h, w, c), style (batch, c)]; returns (batch, h, w, filters), or of twice the
    sides where it enlarges.

    Args:
        filters: channels of the result.
        kernel_size: width in pixels, odd.
        demodulate: whether the result is divided by the root; a layer that makes colours does not.
        enlarge: whether the sides are doubled: a transposed convolution, then a filter [1, 3, 3, 1] / 4 along
            each axis (the release's `upsample_conv_2d`).
    """

    def __init__(
        self, filters: int, kernel_size: int, *, demodulate: bool = True, enlarge: bool = False
    ) -> None:
        super().__init__()
        self.autocast = False  # the root is taken in float32
        self.filters, self.kernel_size = filters, kernel_size
        self.demodulate, self.enlarge = demodulate, enlarge
        self.blur = Blur(gain=4.0) if enlarge else None

    def build(self, input_shape) -> None:
        channels = input_shape[0][-1]
        shape = (self.kernel_size, self.kernel_size, channels, self.filters)
        self.kernel = self.add_weight(shape, keras.initializers.RandomNormal(stddev=1.0), name="kernel")
        self.scale = (self.kernel_size**2 * channels) ** -0.5

    def call(self, inputs):
        features, style = inputs
        kernel = tf.convert_to_tensor(self.kernel.value) * self.scale
        style = tf.cast(style, tf.float32)
        made = tf.cast(features, self.compute_dtype) * spread(style, self.compute_dtype)
        exact, kernel = kernel, tf.cast(kernel, self.compute_dtype)
        if self.blur:
            size = tf.shape(made)
            sides = [2 * made.shape[axis] + self.kernel_size - 2 for axis in (1, 2)]
            turned = tf.transpose(kernel, (0, 1, 3, 2))
            made = tf.nn.conv2d_transpose(made, turned, [size[0], *sides, self.filters], 2, "VALID")
            made = self.blur(made)
        else:
            made = tf.nn.conv2d(made, kernel, 1, "SAME")
        if self.demodulate:
            squares = tf.matmul(tf.square(style), tf.reduce_sum(tf.square(exact), axis=(0, 1)))
            made *= spread(tf.math.rsqrt(squares + SMALLEST), self.compute_dtype)
        return made

    def compute_output_shape(self, input_shape):
        batch, height, width, _ = input_shape[0]
        times = 2 if self.enlarge else 1
        return batch, times * height, times * width, self.filters


class Blur(layers.Layer):
    """Features filtered along both axes: with [1, 3, 3, 1] / 8 (3 means), or with [1, 2, 1] / 4 (2 means).

    Zeros are put around by `edge` pixels first: (h, w) -> (h + 2 edge - means, w + 2 edge - means).

    Args:
        means: of two neighbours, one after the other; the same as slices of a filter, and faster.
        gain: of the whole.
        edge: pixels.
    """

    def __init__(self, means: int = 3, *, gain: float = 1.0, edge: int = 1) -> None:
        super().__init__()
        self.means, self.gain, self.edge = means, gain, edge

    def call(self, inputs):
        wide = [self.edge, self.edge]
        made = tf.pad(inputs, [[0, 0], wide, wide, [0, 0]])
        for _ in range(self.means):
            made = tf.nn.avg_pool2d(made, 2, 1, "VALID")
        return made * self.gain

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        grown = 2 * self.edge - self.means
        return batch, height + grown, width + grown, channels


class AdaptiveInstanceNorm(layers.Layer):
    """Every channel of every picture at mean 0 and deviation 1, then scaled and moved by a style: AdaIN.

    Karras et al. (2019), equation 1; the scale is 1 + the style's first half. Called with [features
    (batch, h, w, c), style (batch, 2c)].
    """

    def __init__(self) -> None:
        super().__init__()
        self.autocast = False  # means and variances are taken in float32

    def call(self, inputs):
        features, style = (tf.cast(each, tf.float32) for each in inputs)
        mean, variance = tf.nn.moments(features, axes=(1, 2), keepdims=True)
        scale, offset = tf.split(style[:, None, None, :], 2, axis=-1)
        made = (features - mean) * tf.math.rsqrt(variance + SMALLEST) * (1.0 + scale) + offset
        return tf.cast(made, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape[0]


class Noise(layers.Layer):
    """Features and a picture of noise times a trained strength that starts at 0.

    Called with [features (batch, h, w, c), noise (batch, h w)]: one number a pixel, the same in all channels.

    Args:
        channels: whether each has a strength of its own (StyleGAN), or all have one (StyleGAN2).
    """

    def __init__(self, *, channels: bool) -> None:
        super().__init__()
        self.channels = channels

    def build(self, input_shape) -> None:
        shape = (input_shape[0][-1],) if self.channels else ()
        self.strength = self.add_weight(shape, "zeros", name="strength")

    def call(self, inputs):
        features, noise = inputs
        _, height, width, _ = features.shape
        strength = tf.cast(tf.convert_to_tensor(self.strength.value), features.dtype)
        return features + tf.reshape(noise, (-1, height, width, 1)) * strength

    def compute_output_shape(self, input_shape):
        return input_shape[0]


class Constant(layers.Layer):
    """A trained picture that does not depend on what is given: (batch, ...) -> (batch, height, width, c).

    Args:
        height, width, channels: of the picture.
        start: "normal", or "ones".
    """

    def __init__(self, height: int, width: int, channels: int, start: str = "normal") -> None:
        super().__init__()
        self.picture_shape = height, width, channels
        self.start = keras.initializers.RandomNormal(stddev=1.0) if start == "normal" else start

    def build(self, input_shape) -> None:
        self.picture = self.add_weight(self.picture_shape, self.start, name="picture")

    def call(self, inputs):
        picture = tf.cast(tf.convert_to_tensor(self.picture.value), self.compute_dtype)
        return tf.broadcast_to(picture[None], (tf.shape(inputs)[0], *self.picture_shape))

    def compute_output_shape(self, input_shape):
        return input_shape[0], *self.picture_shape


class Bias(layers.Layer):
    """Adds rate times a trained number for each channel, which starts at 0.

    Args:
        rate: what the number counts, so that an optimizer moves it as slowly as an `Equalized` kernel.
    """

    def __init__(self, rate: float = 1.0) -> None:
        super().__init__()
        self.rate = rate

    def build(self, input_shape) -> None:
        self.bias = self.add_weight((input_shape[-1],), "zeros", name="bias")

    def call(self, inputs):
        return inputs + tf.cast(tf.convert_to_tensor(self.bias.value), inputs.dtype) * self.rate

    def compute_output_shape(self, input_shape):
        return input_shape


class Rectifier(layers.Layer):
    """A leaky ReLU of slope 0.2 times sqrt(2), which gives back the variance that it takes."""

    def call(self, inputs):
        return tf.nn.leaky_relu(inputs, SLOPE) * 2**0.5

    def compute_output_shape(self, input_shape):
        return input_shape


def dense(units: int, *, rate: float = 1.0, gain: float = 1.0) -> list[layers.Layer]:
    """Return a dense layer and its bias, both of which learn `rate` times as fast, equalized."""
    return [Equalized(layers.Dense(units, use_bias=False), gain, rate), Bias(rate)]


def affine(units: int, *, start: float = 0.0) -> layers.Layer:
    """Return the dense layer that makes a style of w; its result starts around `start`."""
    begin = keras.initializers.Constant(start)
    return Equalized(layers.Dense(units, bias_initializer=begin), gain=1.0)


def spread(numbers: tf.Tensor, dtype) -> tf.Tensor:
    """Return (batch, c) as (batch, 1, 1, c) of a dtype."""
    return tf.cast(numbers, dtype)[:, None, None, :]
