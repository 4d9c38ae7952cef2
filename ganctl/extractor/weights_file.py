"""The FID network's weights, read as data from published files, under the names that Keras has for them."""

from pathlib import Path

import numpy as np

from ganctl.error import RunError, in_short, printable
from ganctl.extractor.architecture import convolutions
from ganctl.files.torch_file import read_torch

# Keras's name of each variable of a convolution: PyTorch's, TensorFlow's.
PARTS = {
    "kernel": ("conv.weight", "conv2d_params"),
    "gamma": ("bn.weight", "batchnorm/gamma"),
    "beta": ("bn.bias", "batchnorm/beta"),
    "moving_mean": ("bn.running_mean", "batchnorm/moving_mean"),
    "moving_variance": ("bn.running_var", "batchnorm/moving_variance"),
}
HEAD = {"logits/kernel": ("fc.weight", "softmax/weights"), "logits/bias": ("fc.bias", "softmax/biases")}
COUNTER = "num_batches_tracked"  # PyTorch's note of how long it trained


def read_weights(path: Path) -> dict[str, np.ndarray]:
    """Return the weights in any of the files that hold them, told by what the file begins with.

    They are the .pth that torch-fidelity and pytorch-fid publish, the classify_image_graph_def.pb of
    inception-2015-12-05.tgz, and the .safetensors that `convert` writes of either.

    Returns:
        float32 arrays by Keras's names: for each of the 94 convolutions NAME/kernel, of shape (height, width,
        channels in, channels out), NAME/gamma, NAME/beta, NAME/moving_mean and NAME/moving_variance, of shape
        (channels out,); logits/kernel (2048, 1008) and logits/bias (1008,).

    Raises:
        RunError: for another file, or one that lacks a weight or has another network's.
    """
    with path.open("rb") as stream:
        start = stream.read(9)
    if start[:2] == b"\x1f\x8b":
        raise RunError(
            f"{path}: expected a file, got an archive; type tar xzf {path} classify_image_graph_def.pb"
        )
    if start[8:] == b"{":  # of JSON, after its length
        return _safe(path)
    if start[:2] in (b"PK", b"\x80\x02"):
        return _named(path, read_torch(path), 0)
    return _named(path, _graph(path), 1)


def convert(path: str | Path, out: str | Path) -> None:
    """Write the weights of a published file as .safetensors, which loads faster.

    python -c "from ganctl.extractor.weights_file import convert; convert('FILE.pth', 'FILE.safetensors')"

    Its checksum is not pinned: `extractor.path=FILE.safetensors extractor.verify=false` reads it.
    """
    from safetensors.numpy import save_file

    save_file(read_weights(Path(path)), out)


def names() -> dict[str, tuple[str, str]]:
    """Return (PyTorch's, TensorFlow's) name of each of the 472 weights by Keras's."""
    found = {
        f"{step.name}/{part}": (f"{step.torch}.{torch}", f"{step.tensorflow}/{tensorflow}")
        for step in convolutions()
        for part, (torch, tensorflow) in PARTS.items()
    }
    return found | HEAD


def _named(path: Path, arrays: dict[str, np.ndarray], file: int) -> dict[str, np.ndarray]:
    """Rename the arrays of one of the two files, and turn PyTorch's kernels, (out, in, height, width)."""
    arrays = {name: array for name, array in arrays.items() if not name.endswith(COUNTER)}
    known = {both[file]: name for name, both in names().items()}
    _expect(path, set(known), set(arrays))
    found = {known[name]: np.asarray(array, np.float32) for name, array in arrays.items()}
    if file == 0:
        turns = {4: (2, 3, 1, 0), 2: (1, 0)}
        found = {
            name: np.ascontiguousarray(each.transpose(turns.get(each.ndim))) for name, each in found.items()
        }
    return found


def _graph(path: Path) -> dict[str, np.ndarray]:
    """Return those constants of a frozen TensorFlow graph that are weights; it is neither built nor run."""
    import tensorflow as tf

    graph = tf.compat.v1.GraphDef()
    try:
        graph.ParseFromString(path.read_bytes())
        wanted = {tensorflow for _, tensorflow in names().values()}
        constants = (node for node in graph.node if node.op == "Const" and node.name in wanted)
        tensors = {node.name: node.attr["value"].tensor for node in constants}
        return {name: np.asarray(tf.make_ndarray(tensor), np.float32) for name, tensor in tensors.items()}
    except Exception as error:  # the parser's own kinds, and what a constant of another type runs into
        raise RunError(
            f"{path}: expected weights as .pth, .pb or .safetensors, got something else ({in_short(error)}); "
            "type extractor.path= and the published file."
        ) from error


def _safe(path: Path) -> dict[str, np.ndarray]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        arrays = load_file(path)
    except (
        SafetensorError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:  # or what NumPy does not know
        raise RunError(
            f"{path} is damaged ({in_short(error)}); type extractor.path= and the published file."
        ) from error
    _expect(path, set(names()), set(arrays))
    return {name: np.asarray(array, np.float32) for name, array in arrays.items()}


def _expect(path: Path, wanted: set[str], found: set[str]) -> None:
    for which, missing in (("lacks", wanted - found), ("also has", found - wanted)):
        if missing:
            first = printable(min(missing)[:80])
            raise RunError(
                f"{path}: expected the {len(wanted)} weights of FID's network, but the file {which} "
                f"{len(missing)}, such as {first}; type extractor.path= and the published file."
            )
