"""Normalizations of weights, of pixels and of groups of channels, and how networks put them in."""

from collections.abc import Callable

import keras
import tensorflow as tf
from keras import layers

from ganctl.check import expect_switch, expect_whole
from ganctl.error import UsageError

# Makes a normalization: a Wrapper for another layer's weights, or a layer for its outputs; falsy for none.
Norm = Callable[..., layers.Layer] | None
TRANSPOSED = (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose)


def wrapped(layer: layers.Layer, norm: Norm) -> layers.Layer:
    """Return a layer that has a kernel, inside the normalization where that is one of weights."""
    return norm(layer) if norm and is_of_weights(norm) else layer


def normalized(norm: Norm) -> list[layers.Layer]:
    """Return what follows a hidden layer: one layer where the normalization is one of outputs, or none."""
    return [norm()] if norm and not is_of_weights(norm) else []


def is_over_batch(norm: Norm) -> bool:
    """Return whether a normalization compares examples, one unit at a time."""
    return bool(norm) and issubclass(_kind(norm), layers.BatchNormalization)


def is_of_weights(norm: Norm) -> bool:
    """Return whether a normalization replaces a layer's weights, and not its outputs."""
    return issubclass(_kind(norm), layers.Wrapper)


def _kind(norm) -> type:
    """Return the class that a norm makes; a config's is a partial of one."""
    kind = getattr(norm, "func", norm)
    return kind if isinstance(kind, type) else layers.Layer


class GroupNormalization(layers.GroupNormalization):
    """Outputs of each example normalized over groups of its channels and all pixels (Wu & He, 2018).

    A learned scale and offset per channel follow, where they are wanted. One group is layer normalization of
    a picture (Ba et al., 2016, section 3, as in the critics of WGAN-GP), one group per channel is instance
    normalization (Ulyanov et al., 2016, equation 7).

    Args:
        groups: number of groups, a divisor of the channels; -1 is one per channel.
        epsilon: added to the variance.
        affine: whether the learned scale and offset follow.

    Raises:
        UsageError: for groups that do not divide the channels, or that hold one number each.
    """

    def __init__(self, groups: int = 1, epsilon: float = 1e-5, affine: bool = True) -> None:
        if groups != -1:
            expect_whole("norm.groups", groups, 1)
        expect_switch("norm.affine", affine)
        super().__init__(groups=groups, epsilon=epsilon, center=affine, scale=affine)

    def build(self, input_shape) -> None:
        channels = input_shape[-1]
        if self.groups != -1 and channels % self.groups:
            raise UsageError(
                f"norm: expected channels that are a multiple of groups={self.groups}, got {channels}; "
                "type another norm.<player>.groups, or norm.<player>=layer."
            )
        if len(input_shape) == 2 and self.groups in (-1, channels):
            raise UsageError(
                f"norm: expected more than one number per group, got {channels} features in as many groups, "
                "which would all become 0; type norm.<player>=layer."
            )
        super().build(input_shape)


class PixelNormalization(layers.Layer):
    """Every pixel's features divided by their root mean square: x / sqrt(mean(x^2) + epsilon).

    Karras et al. (2018), section 4.2. Features (batch, ..., channels) keep their shape; a dense layer's are
    one pixel.

    Args:
        epsilon: added to the mean square.
    """

    def __init__(self, epsilon: float = 1e-8) -> None:
        super().__init__()
        self.epsilon = epsilon

    def call(self, inputs):
        exact = tf.cast(inputs, tf.float32)  # float16 knows neither the square nor the epsilon
        scale = tf.math.rsqrt(tf.reduce_mean(tf.square(exact), axis=-1, keepdims=True) + self.epsilon)
        return tf.cast(exact * scale, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape


class KernelNormalization(layers.Wrapper):
    """A layer whose kernel is replaced, at every call, by a function of itself; it is never assigned.

    Args:
        layer: with a `kernel` or `embeddings`. Its other variables stay what they are, whoever gives them
            their values (an average, an unrolled step).
    """

    def __init__(self, layer: layers.Layer) -> None:
        super().__init__(layer)
        self.autocast = False  # kernels are normalized in float32; the wrapped layer casts what it is given
        # Outputs are the last axis of a kernel, but of a transposed convolution's the one before it.
        self.axis = -2 if isinstance(layer, TRANSPOSED) else -1

    def build(self, input_shape) -> None:
        super().build(input_shape)
        self.start(self.variable)

    @property
    def variable(self) -> keras.Variable:
        return self.layer.embeddings if isinstance(self.layer, layers.Embedding) else self.layer.kernel

    def start(self, kernel: keras.Variable) -> None:
        """Create what the function needs, once the layer is built."""
        raise NotImplementedError

    def kernel(self, kernel: tf.Tensor, training: bool) -> tf.Tensor:
        """Return the kernel that the layer computes with, float32 of the same shape."""
        raise NotImplementedError

    def call(self, inputs, training=None):
        kernel = self.kernel(tf.convert_to_tensor(self.variable.value), bool(training))
        # Scopes do not add up: what an outer one says of the layer's other variables is passed on.
        others = [(v, v.value) for v in self.layer.variables if v is not self.variable]
        with keras.StatelessScope(state_mapping=[*others, (self.variable, kernel)]):
            return self.layer(inputs)

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)

    def rows(self, kernel: tf.Tensor) -> tf.Tensor:
        """Return a kernel as a matrix of shape (outputs, inputs)."""
        order = [axis for axis in range(len(kernel.shape)) if axis != len(kernel.shape) + self.axis]
        turned = tf.transpose(kernel, [len(kernel.shape) + self.axis, *order])
        return tf.reshape(turned, (kernel.shape[self.axis], -1))


class SpectralNormalization(KernelNormalization):
    """The kernel divided by its largest singular value: W / sigma(W) (Miyato et al., 2018, equation 8).

    Sigma is estimated by power iteration from a saved vector u (their algorithm 1), and the gradient flows
    through sigma = u^T W v with u and v held fixed (equations 10 to 12). As in the authors' code, every
    forward pass in training mode takes its steps from u and saves the result, in whichever player's turn;
    inference takes the same steps and saves nothing. u does not depend on data, is no trainable weight, and
    a checkpoint holds it. Weights are assigned by nothing but the optimizer: Keras's own layer writes W /
    sigma into the kernel, which would let the generator's turn move the discriminator.

    Args:
        layer: dense, convolution (its kernel taken as a matrix of outputs by all else), or embedding.
        steps: of power iteration in a forward pass.
        epsilon: keeps the norms of u and v from zero.
    """

    def __init__(self, layer: layers.Layer, steps: int = 1, epsilon: float = 1e-12) -> None:
        super().__init__(layer)
        expect_whole("norm.steps", steps, 1)
        self.steps, self.epsilon = steps, epsilon

    def start(self, kernel: keras.Variable) -> None:
        normal = keras.initializers.RandomNormal(stddev=1.0)
        shape = (kernel.shape[self.axis], 1)
        self.u = self.add_weight(shape=shape, initializer=normal, trainable=False, autocast=False, name="u")

    def kernel(self, kernel: tf.Tensor, training: bool) -> tf.Tensor:
        matrix, u = self.rows(kernel), tf.convert_to_tensor(self.u.value)
        fixed = tf.stop_gradient(matrix)
        for _ in range(self.steps):
            v = self._unit(tf.matmul(fixed, u, transpose_a=True))
            u = self._unit(tf.matmul(fixed, v))
        u, v = tf.stop_gradient(u), tf.stop_gradient(v)
        if training:
            self.u.assign(u)
        sigma = tf.matmul(u, tf.matmul(matrix, v), transpose_a=True)[0, 0]
        return kernel / sigma

    def _unit(self, vector: tf.Tensor) -> tf.Tensor:
        return vector / (tf.norm(vector) + self.epsilon)


class WeightNormalization(KernelNormalization):
    """Every output's weights as length and direction: w = g v / |v| (Salimans & Kingma, 2016, equation 2).

    g, one number per output, is trained with v and starts as |v|, so that the layer starts as it was. Their
    start from a first batch of data (section 3) is not taken: a player would need data to be built.

    Args:
        layer: dense, convolution, or embedding.
        epsilon: keeps |v| from zero.
        trained: whether g is; otherwise lengths stay what they start as, and only directions are trained.
    """

    def __init__(self, layer: layers.Layer, epsilon: float = 1e-12, trained: bool = True) -> None:
        super().__init__(layer)
        expect_switch("norm.trained", trained)
        self.epsilon, self.trained = epsilon, trained

    def start(self, kernel: keras.Variable) -> None:
        lengths = self._lengths(tf.convert_to_tensor(kernel.value))
        self.length = self.add_weight(
            shape=lengths.shape,
            initializer=lambda *_, **__: lengths,
            trainable=self.trained,
            autocast=False,
            name="length",
        )

    def kernel(self, kernel: tf.Tensor, training: bool) -> tf.Tensor:
        shape = [1] * len(kernel.shape)
        shape[self.axis] = -1
        scale = tf.convert_to_tensor(self.length.value) / self._lengths(kernel)
        return kernel * tf.reshape(scale, shape)

    def _lengths(self, kernel: tf.Tensor) -> tf.Tensor:
        return tf.sqrt(tf.reduce_sum(tf.square(self.rows(kernel)), axis=1) + self.epsilon**2)
