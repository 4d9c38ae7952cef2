"""Extractors that Keras saved: any .keras file, and Keras's own InceptionV3, which is not FID's network."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ganctl.check import expect_one_of
from ganctl.error import RunError, UsageError, in_short
from ganctl.extractor.contract import Extractor
from ganctl.extractor.feed import as_bytes, expect_images, in_chunks
from ganctl.extractor.keras_file import examine, expect_layer
from ganctl.extractor.published import Published, checksum, locate

CHUNK = 32  # pictures in one call
SIDE = 299  # pixels of the pictures that InceptionV3 reads
SCALES = {"signed": (127.5, 1.0), "unit": (255.0, 0.0), "bytes": (1.0, 0.0)}  # divide bytes by, then subtract
LEAST = 1e-30  # of a probability whose logarithm is taken
IMAGENET = Published(
    "inception_v3_weights_tf_dim_ordering_tf_kernels.h5",
    "https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/"
    "inception_v3_weights_tf_dim_ordering_tf_kernels.h5",
    "00c9ea4e4762f716ac4d300d6d9c2935639cc5e4d139b5790d765dcbeea539d0",
    96_112_376,
)


class Keras(Extractor):
    """Any image classifier in a .keras file: its numbers compare with those of the same file only.

    The file is read as data: it is refused before Keras sees it if it holds a part that is not Keras's own (a
    Lambda layer, a registered class), and Keras itself reads it in its safe mode.

    Args:
        path: of the file.
        layer: name of the layer whose output is the features, averaged over its pixels where it has some;
            None is what the last layer with weights reads: in a classifier, what it makes its scores of.
        scale: what the model takes pixels to be: "signed" in [-1, 1], "unit" in [0, 1], "bytes" in [0, 255].

    Raises:
        UsageError: without a path, for a layer that the model has not, or a model that does not read images.
        RunError: for a file that is damaged or holds more than Keras's own parts.
    """

    name = "keras"

    def __init__(self, path: str | None = None, layer: str | None = None, scale: str = "signed") -> None:
        expect_one_of("extractor.scale", scale, tuple(SCALES))
        if path is None:
            raise UsageError("extractor=keras: expected a model; type extractor.path=FILE.keras.")
        self.path = Path(str(path)).expanduser()
        if self.path.suffix != ".keras" or not self.path.is_file():
            raise UsageError(
                f"extractor.path: expected a .keras file, got '{path}'; type extractor.path=FILE.keras."
            )
        self.sha256 = checksum(self.path)
        described = examine(self.path)
        if layer is not None:
            expect_layer(self.path, described, layer)
        self.layer, self.scale = layer, scale
        self.channels = described.shape[2]
        height, width = described.shape[:2]
        self.size = (height, width) if height and width else None
        resized = f"tensorflow2 bilinear antialiased {height}x{width}" if self.size else "none"
        # All that decides its numbers besides the file: what is kept, and what may be ranked, goes by it.
        self.resize = f"{resized}, pixels {scale}, layer {layer or 'before the last'}"
        self._call: Any = None

    def check(self, shape: tuple[int, ...]) -> None:
        """Raise UsageError unless samples are images of as many channels as the model reads, or of one."""
        expect_images(self.name, shape, tuple(sorted({1, self.channels})))

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (features (n, d), logits (n, k)) of images (n, height, width, channels) in [-1, 1], float32.

        Where the model ends in a softmax, logits are the logarithms of what it says.

        Raises:
            RunError: when Keras cannot build the model.
        """
        self._call = self._call or _reader(self._model(), self.size, self.channels, self.scale)
        return in_chunks(lambda some: _read(self._call, some, self.channels), images, CHUNK)

    def _model(self) -> Any:
        """Return pictures -> (features, logits)."""
        import keras

        with _building(self.path):
            model = keras.models.load_model(self.path, compile=False, safe_mode=True)
            weighted = [layer for layer in model.layers if layer.weights]
            features = model.get_layer(self.layer).output if self.layer else weighted[-1].input
            return keras.Model(model.inputs[0], [features, _logits(model)])


class ImageNet(Extractor):
    """Keras's InceptionV3 with Keras's ImageNet weights, which is NOT the network of FID.

    It is another network (1,000 classes, an average where FID's has a maximum) with other weights, and its
    numbers compare with no paper's; those of `inception` do. Features are its 2,048 last averages, logits
    those of its 1,000 classes.

    Args:
        path: of Keras's .h5; None is where a download lies, ~/.cache/ganctl (or below $XDG_CACHE_HOME).
        download: fetch it, 96 MB, where it is not there.
        verify: refuse a file that is not Keras's own by its sha256.

    Raises:
        UsageError: when the weights are not there, or are others.
    """

    name = "imagenet"
    resize = f"tensorflow2 bilinear antialiased {SIDE}x{SIDE}"

    def __init__(self, path: str | None = None, download: bool = False, verify: bool = True) -> None:
        self.path, self.sha256 = locate(self.name, [IMAGENET], path=path, download=download, verify=verify)
        self._call: Any = None

    def check(self, shape: tuple[int, ...]) -> None:
        """Raise UsageError unless samples are images of 1 or 3 channels."""
        expect_images(self.name, shape)

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (features (n, 2048), logits (n, 1000)), float32, of images (n, h, w, 1 or 3) in [-1, 1].

        Raises:
            RunError: when the weights cannot be read.
        """
        self._call = self._call or _reader(self._model(), (SIDE, SIDE), 3, "signed")
        return in_chunks(lambda some: _read(self._call, some, 3), images, CHUNK)

    def _model(self) -> Any:
        """Return pictures -> (features, logits)."""
        import keras

        with _building(self.path), _single_precision():
            model = keras.applications.InceptionV3(weights=None, classifier_activation=None)
            model.load_weights(self.path)
            return keras.Model(model.inputs[0], [model.get_layer("avg_pool").output, model.output])


def _logits(model: Any) -> Any:
    """Return the tensor of a model's scores, of which a softmax makes probabilities."""
    import keras

    last, output = model.layers[-1], model.output
    if (
        isinstance(last, keras.layers.Softmax)
        or getattr(last, "activation", None) is keras.activations.softmax
    ):
        return keras.ops.log(keras.ops.maximum(keras.ops.cast(output, "float32"), LEAST))
    return output


def _reader(model: Any, size: tuple[int, int] | None, channels: int, scale: str) -> Any:
    """Return the TensorFlow function pictures (n, height, width, channels) in [0, 255] -> outputs."""
    import tensorflow as tf

    divisor, offset = SCALES[scale]

    def flat(output: Any) -> Any:
        output = tf.cast(output, tf.float32)
        rank = output.shape.rank
        output = tf.reduce_mean(output, axis=(1, 2)) if rank == 4 else output
        return output if rank in (2, 4) else tf.reshape(output, (tf.shape(output)[0], -1))

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, channels), tf.float32)], autograph=False)
    def read(pictures: Any) -> Any:
        pictures = tf.image.resize(pictures, size, antialias=True) if size else pictures
        return [flat(output) for output in model(pictures / divisor - offset, training=False)]

    return read


def _read(call: Any, images: np.ndarray, channels: int) -> tuple[np.ndarray, np.ndarray]:
    features, logits = call(as_bytes(images, channels).astype(np.float32))
    return features.numpy(), logits.numpy()


@contextmanager
def _building(path: Path) -> Iterator[None]:
    """Say in one line what keeps Keras from building a model; it raises whatever its parts do."""
    try:
        yield
    except Exception as error:
        raise RunError(
            f"{path}: Keras cannot read this model ({in_short(error)}); type extractor.path= and another."
        ) from error


@contextmanager
def _single_precision() -> Iterator[None]:
    """Build in float32 whatever the precision of the run that is measured: a measure has one precision."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
