"""Equalized learning rate: normal weights that are scaled whenever they are used, not when they are drawn."""

import keras
import tensorflow as tf
from keras import layers

from ganctl.layer.norm import KernelNormalization


class Equalized(KernelNormalization):
    """A layer that computes with w = v * gain / sqrt(fan in), v being what is trained (Karras et al., 2018).

    Their section 4.1: v starts as N(0, 1), so that with gain sqrt(2) the layer starts as He et al. (2015)
    would have it, but an optimizer that divides by a gradient's size moves all layers' weights alike. Fan in
    is the number of weights that meet in an output: a kernel's window times its inputs. Of a transposed
    convolution with stride 1 the same is counted; biases are not scaled.

    Args:
        layer: dense or convolution; its kernel is drawn from N(0, 1), whatever it would have started as.
        gain: of the output's deviation over that of the input, which a rectifier then halves.
        rate: how fast it learns beside others: v starts as N(0, 1 / rate) and counts rate times as much
            (Karras et al., 2019, appendix C: 0.01 in StyleGAN's mapping).
    """

    def __init__(self, layer: layers.Layer, gain: float = 2**0.5, rate: float = 1.0) -> None:
        super().__init__(layer)
        self.gain, self.rate = gain, rate
        layer.kernel_initializer = keras.initializers.RandomNormal(stddev=1.0 / rate)

    def start(self, kernel: keras.Variable) -> None:
        self.scale = self.gain * self.rate / (kernel.shape.num_elements() / kernel.shape[self.axis]) ** 0.5

    def kernel(self, kernel: tf.Tensor, training: bool) -> tf.Tensor:
        return kernel * self.scale
