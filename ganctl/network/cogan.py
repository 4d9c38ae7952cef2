"""CoGAN's networks for digits (Liu and Tuzel, 2016, appendix A), and what couples two of a kind."""

from collections.abc import Sequence

import keras
from keras import layers

from ganctl.check import expect_whole
from ganctl.error import UsageError
from ganctl.layer.norm import Norm, normalized, wrapped
from ganctl.network.size import expect_picture


def discriminator(
    shape: tuple[int, int, int],
    *,
    filters: Sequence[int] = (20, 50),
    kernel: int = 5,
    dense: int = 500,
    norm: Norm = None,
    dropout: float = 0.0,
    logits: bool = True,
) -> keras.Model:
    """Build images (batch, *shape) in [-1, 1] -> (batch, 1), float32: LeNet's kind of network.

    Args:
        shape: height, width and channels.
        filters: channels of each convolution, whose pictures are halved by maxima.
        kernel: width of the convolutions in pixels.
        dense: units of the hidden layer, which has a parametric ReLU.
        norm: makes a normalization: of outputs, put after every convolution but the first, or of weights.
        dropout: share of the hidden layer that is dropped.
        logits: whether the result is logits; otherwise probabilities.

    Raises:
        UsageError: for points.
    """
    expect_picture("discriminator", shape, filters=filters, kernel=kernel, dense=dense)
    stack: list[layers.Layer] = [keras.Input(shape), layers.Rescaling(0.5, offset=0.5)]
    for index, channels in enumerate(filters):
        stack.append(wrapped(layers.Conv2D(channels, kernel, padding="same"), norm))
        stack += [*(normalized(norm) if index else []), layers.MaxPooling2D(2)]
    stack += [layers.Flatten(), wrapped(layers.Dense(dense), norm), layers.PReLU(), layers.Dropout(dropout)]
    stack += [wrapped(layers.Dense(1), norm)]
    stack.append(layers.Activation("linear" if logits else "sigmoid", dtype="float32"))
    return keras.Sequential(stack, name="discriminator")


def coupled(first: keras.Model, second: keras.Model, own: int) -> keras.Model:
    """Return the second network with the first one's last layers, the deep end of a discriminator.

    Args:
        first, second: built alike, layers in a row.
        own: how many of the first layers with weights the second keeps, and what stands between them; as many
            as there are, or more, share nothing.

    Raises:
        UsageError: for networks that are no row of layers.
    """
    expect_whole("model.own_discriminator", own, 1)
    if not isinstance(first, keras.Sequential):
        raise UsageError("model.own_discriminator: expected layers in a row, to share; type network=cogan.")
    weighty = [
        at
        for at, layer in enumerate(first.layers)
        if any(len(weight.shape) > 1 for weight in layer.trainable_weights)
        and not isinstance(layer, layers.PReLU)
    ]
    if own >= len(weighty):
        return second
    cut = weighty[own]
    given = keras.Input(second.input_shape[1:])
    return keras.Sequential([given, *second.layers[:cut], *first.layers[cut:]], name="discriminator")
