"""More outputs for a discriminator: heads beside its last layer, on the trunk that both share."""

import inspect
from collections.abc import Mapping

import keras
from keras import layers

from ganctl.check import expect_whole
from ganctl.error import UsageError


def expect_logits(logits: bool) -> None:
    """Raise UsageError for probabilities, of a network that has none."""
    if not logits:
        raise UsageError("network.logits: this network ends in logits; type network.logits=true")


def headed(network: keras.Model, heads: Mapping[str, int]) -> keras.Model:
    """Return a discriminator that says more of the same images, with the same layers and weights.

    A head is one dense layer on what enters the network's last layer with weights. It is like that layer: the
    same kind of start, a bias if it has one, its weights normalized if its are. It ends without an activation
    in float32, whether the network itself ends in logits or in probabilities. All that the network had says
    exactly what it said.

    Args:
        network: images (batch, ...) -> (batch, 1), its last layer with weights a dense one.
        heads: by name, how many numbers each says of an image, at least 1.

    Returns:
        images (batch, ...) -> [what `network` says, (batch, units) of each head in order], all float32.

    Raises:
        UsageError: for a number of units below 1; when the last layer with weights is no dense one.
    """
    last, dense = _dense_end(network, ", ".join(heads))
    said = []
    for name, units in heads.items():
        expect_whole(f"network.discriminator: units of the head '{name}'", units, 1)
        start = {"use_bias": dense.use_bias, "kernel_initializer": dense.kernel_initializer.clone()}
        head = _wrapped_as(last, layers.Dense(units, **start, name=f"{name}_head"))
        said.append(layers.Activation("linear", dtype="float32", name=name)(head(last.input)))
    given = network.inputs[0] if len(network.inputs) == 1 else network.inputs
    return keras.Model(given, [*network.outputs, *said], name=network.name)


def projected(network: keras.Model, labels: int) -> keras.Model:
    """Return a discriminator that compares what it sees with a label, with the same layers and weights.

    Miyato and Koyama (2018), equation 3, for any network: to its logit comes the inner product of the label's
    trained numbers with what enters the last layer with weights. These numbers are like that layer's weights:
    the same kind of start, normalized if its are.

    Args:
        network: images (batch, ...) -> logits (batch, 1), its last layer with weights a dense one.
        labels: classes; labels are one-hot, or a mixture.

    Returns:
        [images (batch, ...), labels (batch, labels)] -> (batch, 1), float32.

    Raises:
        UsageError: when the last layer with weights is no dense one.
    """
    last, dense = _dense_end(network, "the labels")
    label, units = keras.Input((labels,)), last.input.shape[-1]
    rules = {"use_bias": False, "kernel_initializer": dense.kernel_initializer.clone(), "name": "projection"}
    known = _wrapped_as(last, layers.Dense(units, **rules))
    product = layers.Dot(1, dtype="float32")([known(label), last.input])
    said = layers.Add(dtype="float32")([network.outputs[0], product])
    return keras.Model([network.inputs[0], label], said, name=network.name)


def _dense_end(network: keras.Model, beside: str) -> tuple[layers.Layer, layers.Dense]:
    """Return the last layer with weights, and the dense layer that it is or has inside.

    Raises:
        UsageError: when it is no dense one, or the network is none that Keras can take apart.
    """
    if not getattr(network, "inputs", None):  # such as one that grows
        raise UsageError(
            f"network.discriminator: expected one of a single size, with {beside} beside its last layer, got "
            "one that grows; type network=dcgan."
        )
    last = [layer for layer in network.layers if layer.trainable_weights][-1]
    dense = last.layer if isinstance(last, layers.Wrapper) else last
    if not isinstance(dense, layers.Dense) or len(last.input.shape) != 2:
        raise UsageError(
            f"network.discriminator: expected a dense layer at the end, with {beside} beside it, "
            f"got {type(dense).__name__}; type network=dcgan."
        )
    return last, dense


def _wrapped_as(other: layers.Layer, layer: layers.Layer) -> layers.Layer:
    """Return a layer inside of the normalization of weights that another one is in, if it is in any."""
    if not isinstance(other, layers.Wrapper):
        return layer
    names = [name for name in inspect.signature(type(other)).parameters if name != "layer"]
    return type(other)(layer, **{name: getattr(other, name) for name in names})
