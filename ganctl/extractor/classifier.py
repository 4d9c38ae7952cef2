"""Small classifiers of small pictures: what ganctl's own extractors are, and how they are trained."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from safetensors.numpy import load, save

from ganctl.dataset.images.storage import Memory
from ganctl.dataset.options import Augmentation
from ganctl.dataset.stream import Source, stream
from ganctl.extractor.feed import in_chunks
from ganctl.files import atomic

CHUNK = 500  # pictures in one call
# Of each convolution: kernel, stride, and how much is pooled after it. Clothes need what a stride would skip.
LAYOUTS = {
    "strided": ((5, 2, 1), (3, 1, 1), (3, 2, 1), (3, 1, 1)),
    "pooled": ((3, 1, 2), (3, 1, 2), (3, 1, 1), (3, 1, 1)),
    "deep": ((3, 1, 1), (3, 1, 2), (3, 1, 1), (3, 1, 2), (3, 1, 1), (3, 1, 1)),
}
SMALL = (16, 32, 48, 64)  # channels


def network(
    classes: int, *, filters: Sequence[int] = SMALL, layout: str = "strided", channels: int = 1
) -> keras.Model:
    """Build pictures (n, height, width, channels) in [-1, 1] -> (features (n, d), logits (n, classes)).

    Convolutions, the last one's channels averaged over the picture: these d averages are the features.
    """
    # Whatever the precision of the run that it measures: a measure has one precision.
    exact = {"dtype": "float32"}
    picture = last = keras.Input((None, None, channels))
    for width, (kernel, stride, pool) in zip(filters, LAYOUTS[layout], strict=True):
        last = layers.Conv2D(width, kernel, stride, padding="same", use_bias=False, **exact)(last)
        last = layers.ReLU(**exact)(layers.BatchNormalization(momentum=0.95, **exact)(last))
        last = layers.MaxPooling2D(pool, **exact)(last) if pool > 1 else last
    features = layers.GlobalAveragePooling2D(**exact)(last)
    logits = layers.Dense(classes, **exact)(layers.Dropout(0.2, **exact)(features))
    return keras.Model(picture, [features, logits], name="classifier")


def fit(
    model: keras.Model, batches: tf.data.Dataset, *, steps: int, epochs: int, told: Callable | None = None
) -> None:
    """Train a network on endless batches of (pictures, labels) with AdamW and a cosine's decay.

    Args:
        model: of `network`.
        batches: dicts with "image" and "label".
        steps: of an epoch.
        epochs: how many.
        told: called as (epoch, share of training pictures that were right) after each.
    """
    rate = keras.optimizers.schedules.CosineDecay(
        2e-3, steps * epochs, warmup_target=4e-3, warmup_steps=steps
    )
    reader = keras.Model(model.inputs, model.outputs[1])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    reader.compile(keras.optimizers.AdamW(rate, weight_decay=1e-3), loss, metrics=["accuracy"])
    after = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: told(epoch + 1, logs["accuracy"]) if told else None
    )
    pairs = batches.map(lambda element: (element["image"], element["label"]))
    reader.fit(pairs, steps_per_epoch=steps, epochs=epochs, verbose=0, shuffle=False, callbacks=[after])


def train(
    data: Any,
    held_out: tuple[np.ndarray, np.ndarray],
    out: str | Path,
    *,
    filters: Sequence[int] = SMALL,
    layout: str = "strided",
    epochs: int = 20,
    seed: int = 0,
    told: Callable | None = None,
) -> tuple[float, str]:
    """Train on labelled images, write the weights, measure them on others.

    Args:
        data: a labelled data set (`ganctl.dataset.images.image_set.Images`), augmented as it likes.
        held_out: (images in [-1, 1], labels) on which the accuracy is measured.
        out: the file to write, safetensors of float16.
        filters: channels of the convolutions.
        layout: one of LAYOUTS.
        epochs: passes over the data.
        seed: of weights and order.
        told: called as (epoch, accuracy on training pictures) after each epoch.

    Returns:
        the share of `held_out` that the written, rounded weights get right, in [0, 1], and the file's sha256.
    """
    keras.utils.set_random_seed(seed)
    rules: Any = {"filters": filters, "layout": layout, "channels": data.shape[-1]}
    model, batch = network(len(data.classes), **rules), 128
    fit(model, data.batches(batch, seed=seed), steps=len(data) // batch, epochs=epochs, told=told)
    content = save(
        {name: variable.numpy().astype(np.float16) for name, variable in _variables(model).items()}
    )
    atomic.write(Path(out), content)
    images, labels = held_out
    accuracy = float((Classifier(content)(images) == labels).mean())
    return accuracy, hashlib.sha256(content).hexdigest()


def learned(images: np.ndarray, labels: np.ndarray, *, epochs: int, seed: int) -> Callable:
    """Return what a classifier says of pictures, (n, ...) -> labels (n,), that has learned from these alone.

    Args:
        images: uint8 of shape (n, height, width, channels), perhaps in a file.
        labels: integers of shape (n,), from 0.
        epochs: passes over them.
        seed: of weights and order.
    """
    keras.utils.set_random_seed(seed)
    model, batch = network(int(labels.max()) + 1, channels=images.shape[-1]), min(128, len(images))
    rules: Any = {"batch_size": batch, "seed": seed, "start": 0, "augmentation": Augmentation()}
    sources = {"image": Source(values=Memory(images)), "label": Source(values=labels.astype(np.int32))}
    data = stream(sources, **rules)
    fit(model, data, steps=len(images) // batch, epochs=epochs)
    read = reader(model)
    return lambda pictures: np.argmax(read(pictures)[1], axis=1)


def reader(model: keras.Model) -> Callable:
    """Return pictures (n, ...) -> (features, logits), float32, read CHUNK at a time in calls of one shape."""
    call = tf.function(lambda some: model(some, training=False), autograph=False)

    def read(some: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        padded = np.zeros((CHUNK, *some.shape[1:]), np.float32)
        padded[: len(some)] = some
        features, logits = call(tf.constant(padded))
        return features.numpy()[: len(some)], logits.numpy()[: len(some)]

    return lambda images: in_chunks(read, images, CHUNK)


class Classifier:
    """A trained network that names pictures.

    Args:
        content: the bytes of a file of weights that `train` wrote.
    """

    def __init__(self, content: bytes) -> None:
        tensors = load(content)
        kernels = [
            tensors[name] for name in sorted(tensors) if name[:2].isdigit() and name.endswith("/kernel")
        ]
        self.classes = len(tensors["dense/bias"])
        rules: Any = {"filters": [kernel.shape[-1] for kernel in kernels], "channels": kernels[0].shape[2]}
        shapes = [len(kernel) for kernel in kernels]
        found = next(name for name, layout in LAYOUTS.items() if [kernel for kernel, *_ in layout] == shapes)
        self.model = network(self.classes, layout=found, **rules)
        for name, variable in _variables(self.model).items():
            variable.assign(tensors[name].astype(np.float32))
        self._read = reader(self.model)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Return the likeliest class, int64 of shape (n,), of pictures (n, ...) in [-1, 1]."""
        return np.argmax(self.read(images)[1], axis=1)

    def read(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (features (n, d), logits (n, classes)), of pictures (n, ...) in [-1, 1]."""
        return self._read(images)


def _variables(model: keras.Model) -> dict[str, keras.Variable]:
    """Return every variable that inference needs by "layer/variable"; the last layer is "dense"."""
    weighted = [layer for layer in model.layers if layer.variables]
    # A dropout's variable, its random state, is none of them.
    weighted = [layer for layer in weighted if not isinstance(layer, layers.Dropout)]
    names = [f"{index:02d}" for index in range(len(weighted) - 1)] + ["dense"]
    return {
        f"{name}/{variable.name}": variable
        for name, layer in zip(names, weighted, strict=True)
        for variable in layer.variables
    }
