"""The conditional GAN's perceptrons for MNIST (Mirza and Osindero, 2014, section 4.1)."""

import math

import keras
from keras import layers

from ganctl.check import expect_whole


def generator(
    latent: int,
    shape: tuple[int, ...],
    *,
    labels: int,
    of_latent: int = 200,
    of_label: int = 1000,
    joint: int = 1200,
    dropout: float = 0.5,
    spread: float = 0.05,
) -> keras.Model:
    """Build latents with labels (batch, latent + labels) -> images (batch, *shape), float32 in [-1, 1].

    Latent and label have a layer each, whose outputs go together into a joint one; all are rectified. The
    output is a sigmoid, mapped to [-1, 1].

    Args:
        latent: numbers that an image is made from.
        shape: of an image.
        labels: classes; the last numbers of the input are one-hot.
        of_latent, of_label, joint: units of the three layers.
        dropout: share of each hidden layer that is dropped.
        spread: weights start uniform in [-spread, spread].
    """
    for name, units in (("of_latent", of_latent), ("of_label", of_label), ("joint", joint)):
        expect_whole(f"network.generator.{name}", units, 1)

    def dense(units: int) -> layers.Layer:
        start = keras.initializers.RandomUniform(-spread, spread)
        return layers.Dense(units, kernel_initializer=start)

    given = keras.Input((latent + labels,))
    first = layers.ReLU()(dense(of_latent)(given[:, :latent]))
    second = layers.ReLU()(dense(of_label)(given[:, latent:]))
    made = layers.Dropout(dropout)(layers.Concatenate()([first, second]))
    made = layers.Dropout(dropout)(layers.ReLU()(dense(joint)(made)))
    made = layers.Reshape(shape)(dense(math.prod(shape))(made))
    made = layers.Activation("sigmoid", dtype="float32")(made)
    return keras.Model(given, layers.Rescaling(2.0, -1.0, dtype="float32")(made), name="generator")


def discriminator(
    shape: tuple[int, ...],
    *,
    labels: int,
    of_image: int = 240,
    of_label: int = 50,
    joint: int = 240,
    pieces: int = 5,
    joint_pieces: int = 4,
    dropout: float = 0.5,
    spread: float = 0.005,
    logits: bool = True,
) -> keras.Model:
    """Build [images (batch, *shape) in [-1, 1], labels (batch, labels)] -> (batch, 1), float32.

    Image and label have a maxout layer each, and a joint one follows.

    Args:
        shape: of an image.
        labels: classes; labels are one-hot.
        of_image, of_label, joint: units of the three layers.
        pieces, joint_pieces: linear maps of which a unit takes the largest.
        dropout: share of each hidden layer that is dropped.
        spread: weights start uniform in [-spread, spread].
        logits: whether the result is logits; otherwise probabilities.
    """
    numbers = {"of_image": of_image, "of_label": of_label, "joint": joint}
    for name, units in {**numbers, "pieces": pieces, "joint_pieces": joint_pieces}.items():
        expect_whole(f"network.discriminator.{name}", units, 1)

    def start() -> keras.initializers.Initializer:
        return keras.initializers.RandomUniform(-spread, spread)

    def maxout(given, units: int, count: int):
        many = layers.Dense(units * count, kernel_initializer=start())(given)
        largest = layers.GlobalMaxPooling1D(data_format="channels_first")
        return layers.Dropout(dropout)(largest(layers.Reshape((units, count))(many)))

    given, label = keras.Input(shape), keras.Input((labels,))
    seen = layers.Rescaling(0.5, offset=0.5)(layers.Flatten()(given))
    both = [maxout(seen, of_image, pieces), maxout(label, of_label, pieces)]
    said = layers.Dense(1, kernel_initializer=start())(
        maxout(layers.Concatenate()(both), joint, joint_pieces)
    )
    ending = layers.Activation("linear" if logits else "sigmoid", dtype="float32")
    return keras.Model([given, label], ending(said), name="discriminator")
