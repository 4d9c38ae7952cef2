"""Generators that share their first layers, and a discriminator that says which of them made an image."""

import keras
from keras import layers

from ganctl.check import expect_whole
from ganctl.error import UsageError
from ganctl.network.heads import headed


class OfMany(layers.Layer):
    """From logits (batch, 1 + k) of "real, first, second ..." to the logit of "real against all", (batch, 1).

    l_0 - log of the sum of exp l_i, so that a sigmoid of it is the softmax's first share. Float32.
    """

    def __init__(self) -> None:
        super().__init__(dtype="float32", name="against_all")

    def call(self, logits):
        return logits[:, :1] - keras.ops.logsumexp(logits[:, 1:], axis=1, keepdims=True)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], 1)


def sharing(generators: list[keras.Model], own: int) -> list[keras.Model]:
    """Return generators that have the layers of the first, but for the last ones with weights.

    Args:
        generators: built alike, layers in a row.
        own: how many of the last layers with weights each keeps for itself, and what stands between and
            behind; 0 shares nothing.

    Raises:
        UsageError: for networks that are no row of layers, or have fewer layers with weights.
    """
    expect_whole("model.own", own, 0)
    if not own:
        return generators
    first = generators[0]
    if not isinstance(first, keras.Sequential):
        raise UsageError(
            "model.own: expected a generator of layers in a row, to share the first of them; type "
            "network=dcgan, or model.own=0 to share none."
        )
    weighty = [at for at, layer in enumerate(first.layers) if len(_shapes(layer)) and _has_kernel(layer)]
    if own > len(weighty):
        raise UsageError(f"model.own: expected at most {len(weighty)} layers with weights, got {own}.")
    cut = weighty[-own]
    shared = first.layers[:cut]
    return [
        first,
        *(
            keras.Sequential([keras.Input(first.input_shape[1:]), *shared, *other.layers[cut:]])
            for other in generators[1:]
        ),
    ]


def naming(network: keras.Model, count: int) -> keras.Model:
    """Return a discriminator that says of images which of `count` generators made them, if any did.

    Its last layer gives way to one of 1 + count numbers, made alike.

    Returns:
        images -> [logit of "real" (batch, 1), logits of "real, first, second ..." (batch, 1 + count)].

    Raises:
        UsageError: when the network does not end in a dense layer.
    """
    logits = headed(network, {"which": 1 + count}).outputs[-1]
    return keras.Model(network.inputs, [OfMany()(logits), logits], name="discriminator")


def _shapes(layer: layers.Layer) -> list:
    return [weight.shape for weight in layer.trainable_weights]


def _has_kernel(layer: layers.Layer) -> bool:
    return any(len(shape) > 1 for shape in _shapes(layer))
