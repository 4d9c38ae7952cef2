"""CUT's heads (Park et al., 2020): features of a place become a direction, by two layers for each tap."""

from collections.abc import Sequence

import keras
from keras import layers

from ganctl.check import expect_whole
from ganctl.network.picture import first_weights


def heads(channels: Sequence[int], *, units: int = 256, start: str = "xavier") -> keras.Model:
    """Build features [(batch, places, c), ...] of some taps -> directions [(batch, places, units), ...].

    Park et al. (2020), appendix C.1: two layers of 256 units, the first rectified, and their length divided
    out; float32.

    Args:
        channels: of each tap.
        units: of both layers.
        start: of the weights; see `ganctl.network.picture.first_weights`.
    """
    expect_whole("network.heads.units", units, 1)
    given = [keras.Input((None, count)) for count in channels]
    made = []
    for features in given:
        hidden = layers.Dense(units, activation="relu", kernel_initializer=first_weights(start))(features)
        directions = layers.Dense(units, kernel_initializer=first_weights(start))(hidden)
        made.append(layers.UnitNormalization(axis=-1, dtype="float32")(directions))
    return keras.Model(given, made, name="heads")
