"""The extractor of FID, KID and IS: the network of whose features and scores published numbers are."""

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from ganctl.check import expect_one_of
from ganctl.error import RunError
from ganctl.extractor.architecture import CLASSES, EPSILON, SIDE, Branch, Step, blocks, stem
from ganctl.extractor.contract import Extractor
from ganctl.extractor.feed import as_bytes, expect_images, in_chunks
from ganctl.extractor.published import Published, locate
from ganctl.extractor.weights_file import read_weights

if TYPE_CHECKING:
    import keras

CHUNK = 32  # pictures in one call, which takes 300 MB beside the weights
RESIZES = {"legacy": f"tensorflow1 bilinear {SIDE}", "clean": f"pillow bicubic {SIDE}"}
# Their sums are those that many projects note for them; a file's name has its first eight digits.
PUBLISHED = (
    Published(
        "weights-inception-2015-12-05-6726825d.pth",
        "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth",
        "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
        95_628_359,
    ),
    # The first file is made of this one, which lies in the archive of the address.
    Published(
        "classify_image_graph_def.pb",
        "http://download.tensorflow.org/models/image/imagenet/inception-2015-12-05.tgz",
        "009d6814d1bc560d4e7b236e170e9b2d5ca6f4b57bd8037f6db05776204415c6",
        95_673_916,
    ),
)


class Inception(Extractor):
    """The Inception v3 of TensorFlow's graph of 2015-12-05, which FID, KID and the Inception Score are of.

    Images become what their PNG files hold, bytes; then 299x299; then (x - 128) / 128. Features are "pool3",
    the 2,048 averages of the last block (Heusel et al., 2017). Logits are those of 1,008 classes WITHOUT
    their bias, torch-fidelity's "logits_unbiased": the code of the Inception Score's authors left it out
    (Salimans et al., 2016), and so all published scores do.

    Args:
        path: of the weights: the published .pth or .pb, or what `weights_file.convert` made of one; None is
            where a download lies, ~/.cache/ganctl (below $XDG_CACHE_HOME where that is set).
        download: fetch them, 96 MB, where they are not there.
        verify: refuse a file that is not, by its sha256, one of the two published ones.
        resize: "legacy" is TensorFlow 1's bilinear, with neither corners nor centres aligned, and nothing
            that smooths a picture before it gets smaller: that of most published numbers. "clean" is Pillow's
            bicubic, each channel in floats (Parmar et al., 2022, arXiv:2104.11222): that of clean-fid's.

    Raises:
        UsageError: when the weights are not there, or are others.
    """

    name = "inception"

    def __init__(
        self, path: str | None = None, download: bool = False, verify: bool = True, resize: str = "legacy"
    ) -> None:
        expect_one_of("extractor.resize", resize, tuple(RESIZES))
        self.path, self.sha256 = locate(self.name, PUBLISHED, path=path, download=download, verify=verify)
        self.resize = RESIZES[resize]
        self._clean = resize == "clean"
        self.model: Any = None  # from the first call on
        self._call: Any = None

    def check(self, shape: tuple[int, ...]) -> None:
        """Raise UsageError unless samples are images of 1 or 3 channels."""
        expect_images(self.name, shape)

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return (features (n, 2048), logits (n, 1008)), float32, of images (n, h, w, 1 or 3) in [-1, 1].

        Raises:
            RunError: when the weights cannot be read.
        """
        if self.model is None:
            weights, model = read_weights(self.path), network()
            assign(model, weights, self.path)
            self.model, self._call = model, reader(model)
        return in_chunks(self._read, images, CHUNK)

    def _read(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        pictures = as_bytes(images)
        features, logits = self._call(clean(pictures) if self._clean else pictures.astype(np.float32))
        return features.numpy(), logits.numpy()


def network() -> "keras.Model":
    """Build pictures (n, 299, 299, 3) in [-1, 1) -> features (n, 2048), logits (n, 1008) without bias.

    Its weights are zeros until they are assigned. Every layer has the name that `architecture` gives it.
    """
    import keras
    from keras import layers

    pictures = last = keras.Input((SIDE, SIDE, 3), name="pictures")
    for step in stem():
        last = _layer(step)(last)
    for block, branches in blocks().items():
        last = layers.Concatenate(name=block, dtype="float32")(
            [out for each in branches for out in _outputs(each, last)]
        )
    features = layers.GlobalAveragePooling2D(name="pool3", dtype="float32")(last)
    logits = layers.Dense(
        CLASSES, use_bias=False, kernel_initializer="zeros", name="logits", dtype="float32"
    )(features)
    return keras.Model(pictures, [features, logits], name="inception")


def _outputs(branch: Branch, last: Any) -> list[Any]:
    """Return the outputs of a branch's last steps: one, or two where it forks."""
    outputs = [last]
    for steps in branch:
        outputs = [_layer(step)(outputs[0]) for step in steps]
    return outputs


def _layer(step: Step) -> Any:
    """Return what applies one step to a Keras tensor, in float32 whatever the run's precision is."""
    from keras import layers

    shared = {"strides": step.stride, "padding": step.padding, "dtype": "float32"}
    if step.pooling == "average":
        # "same" leaves the padding out of the average, which is what sets this network apart from PyTorch's.
        return layers.AveragePooling2D(step.kernel, name=step.name, **shared)
    if step.pooling == "maximum":
        return layers.MaxPooling2D(step.kernel, name=step.name, **shared)
    # Zeros, which are made faster than random numbers, and leave the run's own random numbers alone.
    shared |= {"use_bias": False, "kernel_initializer": "zeros"}
    convolve = layers.Conv2D(step.channels, step.kernel, name=f"{step.name}_convolution", **shared)
    normalize = layers.BatchNormalization(epsilon=EPSILON, name=f"{step.name}_normalization", dtype="float32")
    rectify = layers.ReLU(name=step.name, dtype="float32")
    return lambda last: rectify(normalize(convolve(last)))


def assign(model: "keras.Model", weights: dict[str, np.ndarray], path: Any) -> None:
    """Give the network its weights, by the names of `weights_file.names`.

    Raises:
        RunError: for one of another shape, naming `path`.
    """
    for layer in model.layers:
        own = layer.name.removesuffix("_convolution").removesuffix("_normalization")
        for variable in layer.variables:
            value = weights[f"{own}/{variable.name}"]
            if value.shape != tuple(variable.shape):
                raise RunError(
                    f"{path}: expected {own}/{variable.name} of shape {tuple(variable.shape)}, got "
                    f"{value.shape}, another network's; type extractor.path= and the published file."
                )
            variable.assign(value)


def reader(model: "keras.Model") -> Any:
    """Return the TensorFlow function pictures (n, height, width, 3) in [0, 255], float32 -> outputs."""
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.float32)], autograph=False)
    def read(pictures: Any) -> Any:
        return model((shrunk(pictures) - 128) / 128, training=False)

    return read


def shrunk(pictures: Any) -> Any:
    """Return a tensor of pictures (n, height, width, 3) at 299x299, resized as TensorFlow 1 did.

    Pixel i of the result is read at i * height / 299: neither corners nor centres of pixels match.
    Pictures of 299x299 stay as they are.
    """
    import tensorflow as tf

    return tf.raw_ops.ResizeBilinear(
        images=pictures, size=(SIDE, SIDE), align_corners=False, half_pixel_centers=False
    )


def clean(pictures: np.ndarray) -> np.ndarray:
    """Return uint8 pictures (n, height, width, 3) as float32 of (n, 299, 299, 3), resized as clean-fid does.

    Pillow's bicubic filter widens where it makes a picture smaller; nothing is rounded to bytes after it.
    """
    resized = np.empty((len(pictures), SIDE, SIDE, 3), np.float32)
    for picture, into in zip(pictures, resized, strict=True):
        for channel in range(3):
            plane = Image.fromarray(picture[..., channel].astype(np.float32))
            into[..., channel] = np.asarray(plane.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    np.clip(resized, 0, 255, out=resized)  # as clean-fid 0.1.35 does: the filter overshoots at edges
    return resized
