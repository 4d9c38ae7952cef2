"""A small classifier of 28x28 pictures, whose weights are pinned, that says which digit a generator drew.

The pinned weights read 99.46 % of MNIST's 10,000 test digits. They were made, in 20 epochs of half a minute
on one core, by

    python -c "from ganctl.dataset.mnist import mnist; from ganctl.metric.classifier import train; \
        train(mnist(path=DIR, crop=2, rotate=12), mnist(path=DIR, split='test'), 'mnist.safetensors')"
"""

import hashlib
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from safetensors.numpy import load, save

from ganctl.error import RunError

SHAPE = (28, 28, 1)
FILTERS = ((16, 5, 2), (32, 3, 1), (48, 3, 2), (64, 3, 1))  # channels, kernel and stride of each convolution
CHUNK = 500  # pictures in one call
WEIGHTS = Path(__file__).parent / "weights"
SHA256 = {"mnist": "2043585fc689d5d8afb3e344421939df7aa4e00a1e57fec7d5f463013d76de80"}


def network(classes: int = 10) -> keras.Model:
    """Build pictures (batch, 28, 28, 1) in [-1, 1] -> logits (batch, classes); 47,000 weights."""
    # Whatever the precision of the run that it measures: a measure has one precision.
    exact = {"dtype": "float32"}
    stack: list[Any] = [keras.Input(SHAPE)]
    for filters, kernel, stride in FILTERS:
        stack.append(layers.Conv2D(filters, kernel, stride, padding="same", use_bias=False, **exact))
        stack += [layers.BatchNormalization(momentum=0.95, **exact), layers.ReLU(**exact)]
    stack += [layers.GlobalAveragePooling2D(**exact), layers.Dropout(0.2, **exact)]
    return keras.Sequential([*stack, layers.Dense(classes, **exact)], name="classifier")


def train(data: Any, held_out: Any, out: str | Path, *, epochs: int = 20, seed: int = 0) -> float:
    """Train on labelled images of shape (28, 28, 1), write the weights, return the accuracy on others.

    Args:
        data: a labelled data set (`ganctl.dataset.images.Images`), augmented as it likes.
        held_out: another, on which the accuracy is measured.
        out: the file to write; its sha256 is printed.
        epochs: passes over the data.
        seed: of weights and order.

    Returns:
        the share of `held_out` that the written, rounded weights get right, in [0, 1].
    """
    keras.utils.set_random_seed(seed)
    model, batch = network(len(data.classes)), 128
    steps = len(data) // batch
    rate = keras.optimizers.schedules.CosineDecay(
        2e-3, steps * epochs, warmup_target=4e-3, warmup_steps=steps
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=1e-3), loss, metrics=["accuracy"])
    batches = data.batches(batch, seed=seed).map(lambda element: (element["image"], element["label"]))
    model.fit(batches, steps_per_epoch=steps, epochs=epochs, verbose=2)
    content = save(
        {name: variable.numpy().astype(np.float16) for name, variable in _variables(model).items()}
    )
    Path(out).write_bytes(content)
    classifier = Classifier(content)
    accuracy = float((classifier(held_out.take(len(held_out))) == held_out.labels).mean())
    print(
        f"{out}: {len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}, accuracy {accuracy:.4%}"
    )
    return accuracy


class Classifier:
    """A trained network that names pictures.

    Args:
        content: the bytes of a file of weights that `train` wrote.
    """

    def __init__(self, content: bytes) -> None:
        tensors = load(content)
        self.classes = len(tensors["dense/bias"])
        self.model = network(self.classes)
        for name, variable in _variables(self.model).items():
            variable.assign(tensors[name].astype(np.float32))
        self._call = tf.function(lambda images: tf.argmax(self.model(images, training=False), axis=1))

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Return the likeliest class, int64 of shape (n,), of pictures of (n, 28, 28, 1) in [-1, 1]."""
        padded = np.concatenate([images, np.zeros((-len(images) % CHUNK, *SHAPE), np.float32)])
        chunks = (padded[start : start + CHUNK] for start in range(0, len(padded), CHUNK))
        found = [self._call(tf.constant(chunk, tf.float32)).numpy() for chunk in chunks]
        return np.concatenate(found)[: len(images)]


def pinned(name: str) -> Classifier:
    """Return the classifier that ships with ganctl under this name.

    Raises:
        RunError: when its file is missing or not the published one.
    """
    path = WEIGHTS / f"{name}.safetensors"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RunError(f"{path} cannot be read ({error.strerror}); install ganctl again.") from error
    if hashlib.sha256(content).hexdigest() != SHA256[name]:
        raise RunError(f"{path} is damaged (wrong checksum); install ganctl again.")
    return Classifier(content)


def _variables(model: keras.Model) -> dict[str, keras.Variable]:
    """Return every variable that inference needs by "layer/variable"; the last layer is "dense"."""
    weighted = [layer for layer in model.layers if layer.variables]
    names = [f"{index:02d}" for index in range(len(weighted) - 1)] + ["dense"]
    return {
        f"{name}/{variable.name}": variable
        for name, layer in zip(names, weighted, strict=True)
        for variable in layer.variables
        if variable.dtype.startswith("float")
    }
