"""The FID network: every layer against torch-fidelity's, its resizing, and the files of its weights."""

import hashlib
import json
import struct
import zipfile
from pathlib import Path

import inception_reference as formula
import numpy as np
import pytest
from builders import python
from PIL import Image

from ganctl.error import RunError, UsageError
from ganctl.extractor import inception, published
from ganctl.extractor.architecture import blocks, convolutions, stem
from ganctl.extractor.inception import Inception, shrunk
from ganctl.extractor.weights_file import convert, names, read_weights

REFERENCE = json.loads((formula.DATA / "inception.json").read_text())
CLOSE = 1e-5  # of a layer's root mean square; float32 and another order of summing give 1e-6
# TensorFlow's names of the convolutions, by kind of block and by PyTorch's names, as its graph of 2015-12-05
# has them; written down from the published table, not by the rule that `architecture` has for them.
POOLED = {"branch_pool": "tower_2/conv"}
TOWERS = {
    "5": {"branch1x1": "conv", "branch5x5_1": "tower/conv", "branch5x5_2": "tower/conv_1"}
    | {
        "branch3x3dbl_1": "tower_1/conv",
        "branch3x3dbl_2": "tower_1/conv_1",
        "branch3x3dbl_3": "tower_1/conv_2",
    }
    | POOLED,
    "6a": {"branch3x3": "conv", "branch3x3dbl_1": "tower/conv", "branch3x3dbl_2": "tower/conv_1"}
    | {"branch3x3dbl_3": "tower/conv_2"},
    "6": {"branch1x1": "conv", "branch7x7_1": "tower/conv", "branch7x7_2": "tower/conv_1"}
    | {"branch7x7_3": "tower/conv_2", "branch7x7dbl_1": "tower_1/conv", "branch7x7dbl_2": "tower_1/conv_1"}
    | {
        "branch7x7dbl_3": "tower_1/conv_2",
        "branch7x7dbl_4": "tower_1/conv_3",
        "branch7x7dbl_5": "tower_1/conv_4",
    }
    | POOLED,
    "7a": {"branch3x3_1": "tower/conv", "branch3x3_2": "tower/conv_1", "branch7x7x3_1": "tower_1/conv"}
    | {
        "branch7x7x3_2": "tower_1/conv_1",
        "branch7x7x3_3": "tower_1/conv_2",
        "branch7x7x3_4": "tower_1/conv_3",
    },
    "7": {"branch1x1": "conv", "branch3x3_1": "tower/conv", "branch3x3_2a": "tower/mixed/conv"}
    | {
        "branch3x3_2b": "tower/mixed/conv_1",
        "branch3x3dbl_1": "tower_1/conv",
        "branch3x3dbl_2": "tower_1/conv_1",
    }
    | {"branch3x3dbl_3a": "tower_1/mixed/conv", "branch3x3dbl_3b": "tower_1/mixed/conv_1"}
    | POOLED,
}
BLOCKS = ["5b", "5c", "5d", "6a", "6b", "6c", "6d", "6e", "7a", "7b", "7c"]
STEM = {"1a_3x3": "conv", "2a_3x3": "conv_1", "2b_3x3": "conv_2", "3b_1x1": "conv_3", "4a_3x3": "conv_4"}


def reference_shape(name: str) -> tuple[int, ...]:
    shapes = REFERENCE["shapes"]
    return tuple(shapes.get(name) or shapes[f"{name.rsplit('.bn.', 1)[0]}.conv.weight"][:1])


@pytest.fixture(scope="module")
def weights() -> dict[str, np.ndarray]:
    """The formula's weights, by PyTorch's names and in PyTorch's order of axes."""
    return {name: formula.weight(name, reference_shape(name)) for name, _ in names().values()}


@pytest.fixture(scope="module")
def pth(weights, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("pth") / "weights.pth"
    write_pth(path, weights | {"Conv2d_1a_3x3.bn.num_batches_tracked": np.float32([0])})
    return path


@pytest.fixture(scope="module")
def extractor(pth) -> Inception:
    found = Inception(str(pth), verify=False)
    found(images(formula.pictures()))
    return found


def images(pictures: np.ndarray) -> np.ndarray:
    return pictures.astype(np.float32) / 127.5 - 1


def write_pth(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write the newer container as torch.save does; torch itself reads it."""

    def text(word: str) -> bytes:
        return b"X" + struct.pack("<I", len(word.encode())) + word.encode()

    def number(value: int) -> bytes:
        return b"J" + struct.pack("<i", value)

    def row(values: tuple[int, ...]) -> bytes:
        return b"(" + b"".join(map(number, values)) + b"t"

    program = b"\x80\x02ccollections\nOrderedDict\n)R("
    with zipfile.ZipFile(path, "w") as archive:
        for key, (name, array) in enumerate(arrays.items()):
            steps = tuple(stride // array.itemsize for stride in array.strides)
            storage = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text(str(key)) + text("cpu")
            program += text(name) + b"ctorch._utils\n_rebuild_tensor_v2\n("
            program += storage + number(array.size) + b"tQ" + number(0) + row(array.shape) + row(steps)
            program += b"\x89ccollections\nOrderedDict\n)RtR"
            archive.writestr(f"archive/data/{key}", array.tobytes())
        archive.writestr("archive/data.pkl", program + b"u.")
        archive.writestr("archive/version", "3\n")


def agrees(found: dict, wanted: dict, name: str = "") -> None:
    assert found["shape"] == wanted["shape"], name
    for key in ("mean", "rms", "probe"):
        assert abs(found[key] - wanted[key]) < CLOSE * wanted["rms"], (name, key)


def test_every_convolution_has_the_reference_s_name_and_shape(extractor):
    kernels = {
        name: tuple(shape) for name, shape in REFERENCE["shapes"].items() if name.startswith(("Conv", "Mix"))
    }
    built = {
        step.torch: extractor.model.get_layer(f"{step.name}_convolution").kernel.shape
        for step in convolutions()
    }
    assert len(kernels) == len(built) == 94
    for name, (height, width, read, written) in built.items():
        assert kernels[f"{name}.conv.weight"] == (written, read, height, width)
    bias = 1008
    assert (
        sum(v.shape.num_elements() for v in extractor.model.trainable_variables) + bias
        == REFERENCE["parameters"]
    )


def test_every_convolution_has_tensorflow_s_name():
    wanted = {f"Conv2d_{place}": name for place, name in STEM.items()}
    for index, block in enumerate(BLOCKS):
        scope = f"mixed_{index}" if index else "mixed"
        table = TOWERS.get(block) or TOWERS[block[0]]
        wanted |= {f"Mixed_{block}.{branch}": f"{scope}/{name}" for branch, name in table.items()}
    assert {step.torch: step.tensorflow for step in convolutions()} == wanted


def test_every_layer_is_the_reference_s(extractor):
    import keras

    inside = [
        step for branches in blocks().values() for branch in branches for pair in branch for step in pair
    ]
    layers = {step.torch: step.name for step in (*stem(), *inside)} | {block: block for block in blocks()}
    assert set(REFERENCE["layers"]) <= set(layers)
    chosen = {name: layers[name] for name in REFERENCE["layers"]}
    whole = keras.Model(
        extractor.model.inputs[0], [extractor.model.get_layer(each).output for each in chosen.values()]
    )
    first = shrunk(formula.pictures()[:1].astype(np.float32))
    for name, layer in zip(chosen, whole((first - 128) / 128, training=False), strict=True):
        agrees(formula.summary(layer.numpy()[0]), REFERENCE["layers"][name], name)


def test_features_and_logits_without_bias_are_the_reference_s(extractor, weights):
    features, logits = extractor(images(formula.pictures()))
    assert features.dtype == logits.dtype == np.float32
    assert features.shape == (2, 2048) and logits.shape == (2, 1008)
    biased = logits + weights["fc.bias"]
    for name, found in (("features", features), ("logits", logits), ("biased", biased)):
        for vector, wanted in zip(found, REFERENCE[name], strict=True):
            agrees(formula.vector(vector), wanted, name)
            np.testing.assert_allclose(vector[: formula.SHOWN], wanted["first"], atol=CLOSE * wanted["rms"])


def test_an_average_is_of_what_lies_inside_and_the_last_block_has_a_maximum(extractor):
    kinds = {
        name: type(extractor.model.get_layer(name)).__name__
        for name in (
            step.name for branches in blocks().values() for one in branches for each in one for step in each
        )
        if name.endswith("_pool_pool")
    }
    averages = {name for name, kind in kinds.items() if kind == "AveragePooling2D"}
    assert averages == {
        f"Mixed_{block}_branch_pool_pool" for block in ("5b", "5c", "5d", "6b", "6c", "6d", "6e", "7b")
    }
    for name in averages:  # with the padding counted, a corner would be 4/9
        np.testing.assert_allclose(
            extractor.model.get_layer(name)(np.ones((1, 5, 6, 1), np.float32)), 1, rtol=1e-6
        )
    last = extractor.model.get_layer("Mixed_7c_branch_pool_pool")
    below = -np.arange(1, 10, dtype=np.float32).reshape(1, 3, 3, 1)
    np.testing.assert_array_equal(last(below)[0, :, :, 0], [[-1, -1, -2], [-1, -1, -2], [-4, -4, -5]])


def test_chunks_gray_and_no_images_at_all(extractor, monkeypatch):
    monkeypatch.setattr(inception, "CHUNK", 1)
    two = images(formula.pictures())
    features, logits = extractor(two)
    for vector, wanted in zip(features, REFERENCE["features"], strict=True):
        agrees(formula.vector(vector), wanted)
    gray = extractor(two[:1, :, :, :1])[0]
    np.testing.assert_array_equal(gray, extractor(np.repeat(two[:1, :, :, :1], 3, axis=-1))[0])
    features, logits = extractor(two[:0])
    assert features.shape == (0, 2048) and logits.shape == (0, 1008)


@pytest.mark.parametrize("size", [(32, 32), (40, 56), (128, 300), (299, 299), (640, 333)])
def test_legacy_resize_is_tensorflow_1_s(tensorflow, size):
    picture = formula.uniform(str(size), size[0] * size[1] * 3).reshape(1, *size, 3).astype(np.float32) * 255
    wanted = tensorflow.compat.v1.image.resize_bilinear(picture, (299, 299), align_corners=False)
    np.testing.assert_array_equal(shrunk(picture), wanted)
    # The definition: pixel i is read at i * side / 299, between the two next to it.
    at = [np.arange(299, dtype=np.float32) * np.float32(side / 299) for side in size]
    low = [where.astype(int) for where in at]
    high = [np.minimum(each + 1, side - 1) for each, side in zip(low, size, strict=True)]
    rows, columns = (where - each for where, each in zip(at, low, strict=True))
    top, bottom = (
        (1 - columns)[:, None] * picture[0][each][:, low[1]] + columns[:, None] * picture[0][each][:, high[1]]
        for each in (low[0], high[0])
    )
    defined = (1 - rows)[:, None, None] * top + rows[:, None, None] * bottom
    np.testing.assert_allclose(shrunk(picture)[0], defined, atol=1e-3)


def test_clean_resize_is_clean_fid_s():
    found = [*inception.clean(formula.pictures()), *inception.clean(formula.large()[None])]
    for resized, wanted in zip(found, REFERENCE["clean"], strict=True):
        agrees(formula.summary(resized), wanted)
    one = Image.fromarray(formula.large()[..., 1].astype(np.float32)).resize(
        (299, 299), Image.Resampling.BICUBIC
    )
    np.testing.assert_array_equal(found[2][..., 1], np.clip(np.asarray(one), 0, 255))


def test_the_clean_extractor_feeds_what_it_resized(extractor, pth):
    other = Inception(str(pth), verify=False, resize="clean")
    assert (extractor.resize, other.resize) == ("tensorflow1 bilinear 299", "pillow bicubic 299")
    other.model, other._call = extractor.model, extractor._call
    one = formula.pictures()[:1]
    features, _ = other(images(one))
    wanted, _ = extractor._call(inception.clean(one))
    np.testing.assert_array_equal(features, wanted)
    assert np.abs(features - extractor(images(one))[0]).max() > 1e-3  # so they can be told apart


def graph_file(tensorflow, path: Path, weights: dict[str, np.ndarray]) -> None:
    """Write a frozen graph with the weights' names and axes as TensorFlow has them, and other constants."""
    graph = tensorflow.compat.v1.GraphDef()
    for torch, name in [*names().values(), ("", "mixed/join/concat_dim")]:
        value = weights[torch] if torch else np.int32(3)
        axes = {4: (2, 3, 1, 0), 2: (1, 0)}.get(np.ndim(value))
        node = graph.node.add(name=name, op="Const")
        node.attr["value"].tensor.CopyFrom(tensorflow.make_tensor_proto(np.transpose(value, axes)))
    graph.node.add(name="softmax", op="Softmax", input=["softmax/weights"])
    path.write_bytes(graph.SerializeToString())


def test_the_tensorflow_and_the_converted_file_hold_the_same_weights(tensorflow, weights, pth, tmp_path):
    graph_file(tensorflow, tmp_path / "graph.pb", weights)
    convert(pth, tmp_path / "weights.safetensors")
    first = read_weights(pth)
    assert len(first) == 472
    for path in ("graph.pb", "weights.safetensors"):
        other = read_weights(tmp_path / path)
        assert set(other) == set(first)
        assert all(np.array_equal(other[name], first[name]) for name in first)


def test_weights_of_another_network_are_refused(tensorflow, weights, extractor, tmp_path):
    few = {
        name: value for name, value in weights.items() if "Mixed_7c" not in name and not name.startswith("fc")
    }
    write_pth(tmp_path / "few.pth", few)
    with pytest.raises(
        RunError, match=r"expected the 472 weights .* lacks 47, such as Mixed_7c.branch1x1.bn.bias"
    ):
        read_weights(tmp_path / "few.pth")
    write_pth(tmp_path / "more.pth", weights | {"AuxLogits.fc.bias": np.zeros(1000, np.float32)})
    with pytest.raises(RunError, match=r"also has 1, such as AuxLogits.fc.bias"):
        read_weights(tmp_path / "more.pth")
    (tmp_path / "some.pb").write_bytes(b"no graph")
    with pytest.raises(RunError, match=r"some.pb: expected weights as .pth, .pb or .safetensors"):
        read_weights(tmp_path / "some.pb")
    (tmp_path / "inception-2015-12-05.tgz").write_bytes(b"\x1f\x8b\x08" + bytes(20))
    with pytest.raises(
        RunError, match=r"type tar xzf .*inception-2015-12-05.tgz classify_image_graph_def.pb"
    ):
        read_weights(tmp_path / "inception-2015-12-05.tgz")


def test_weights_of_another_shape_are_refused(extractor):
    found = {f"{layer.name.removesuffix('_convolution')}/kernel": layer for layer in extractor.model.layers}
    assert "Conv2d_1a_3x3/kernel" in found
    wrong = {name: np.zeros(7, np.float32) for name in names()}
    with pytest.raises(RunError, match=r"expected Conv2d_1a_3x3/kernel of shape \(3, 3, 3, 32\), got \(7,\)"):
        inception.assign(extractor.model, wrong, "FILE")


def test_without_weights_the_message_says_how_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(UsageError) as refusal:
        Inception()
    message = str(refusal.value)
    assert f"{tmp_path}/ganctl/weights-inception-2015-12-05-6726825d.pth" in message
    assert (
        "extractor.download=true" in message and inception.PUBLISHED[0].url in message and "\n" not in message
    )
    with pytest.raises(UsageError, match=r"expected its weights at .*here.pth"):
        Inception(str(tmp_path / "here.pth"))
    with pytest.raises(UsageError, match="leave one of the two out"):
        Inception(str(tmp_path / "here.pth"), download=True)
    with pytest.raises(UsageError, match=r"extractor.resize: expected one of legacy, clean, got 'clear'"):
        Inception(resize="clear")


def test_another_file_is_refused_unless_it_is_wanted(tmp_path):
    path = tmp_path / "own.pth"
    path.write_bytes(b"own")
    with pytest.raises(
        UsageError, match=r"expected weights-.*6726825d\.\.\.\) or .*type extractor.verify=false"
    ):
        Inception(str(path))
    assert Inception(str(path), verify=False).sha256 == hashlib.sha256(b"own").hexdigest()
    with pytest.raises(RunError, match=r"own.pth: expected weights"):
        Inception(str(path), verify=False)(np.zeros((1, 8, 8, 3), np.float32))
    assert inception.PUBLISHED[0].file.endswith(f"-{inception.PUBLISHED[0].sha256[:8]}.pth")


def test_a_download_is_checked_before_it_gets_its_name(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    source = tmp_path / "source"
    source.write_bytes(b"weights" * 1000)
    right = published.Published(
        "file.pth", source.as_uri(), hashlib.sha256(source.read_bytes()).hexdigest(), 7000
    )
    wrong = published.Published("file.pth", source.as_uri(), "0" * 64, 7000)
    absent = published.Published("file.pth", (tmp_path / "no").as_uri(), right.sha256, 7000)
    choice = {"path": None, "verify": True}
    for bad, words in ((wrong, "got another"), (absent, "failed")):
        with pytest.raises(UsageError, match=rf"{words}.*type extractor.path=FILE"):
            published.locate("inception", [bad], download=True, **choice)
        assert not list((tmp_path / "cache").rglob("*.*"))
    place, sha256 = published.locate("inception", [right], download=True, **choice)
    assert place == tmp_path / "cache" / "ganctl" / "file.pth" and sha256 == right.sha256
    assert [file.name for file in place.parent.iterdir()] == ["file.pth"]
    assert "Downloading" in capsys.readouterr().err
    source.unlink()  # it is not asked again, nor without being told to
    assert published.locate("inception", [right], download=True, **choice)[0] == place
    assert published.locate("inception", [right], download=False, **choice)[0] == place


def test_settings_are_checked_without_tensorflow(tmp_path):
    (tmp_path / "own.pth").write_bytes(b"own")
    code = (
        "import sys; from ganctl.error import UsageError\n"
        "from ganctl.extractor.inception import Inception\n"
        f"own = Inception({str(tmp_path / 'own.pth')!r}, verify=False)\n"
        "own.check((32, 32, 1)); own.check((8, 9, 3))\n"
        "try: own.check((2,))\n"
        "except UsageError as error: print(error)\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    assert python(code).startswith(
        "extractor=inception: expected images of 1 or 3 channels, got samples of shape 2;"
    )
