"""Whatever bytes a file has: each reader returns, or says in one line what is wrong; nothing else is raised.

Every reader is given bytes of any kind, its own valid file torn, flipped, doubled and cut, and (if it reads
structures) any structure. What it must not do is raise what no command catches, or take for ever.
"""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from ganctl.comparison.entry import evaluation_of
from ganctl.config.trust import check_trust
from ganctl.dataset.images import cifar10, mnist
from ganctl.dataset.images.folder import image_folder
from ganctl.dataset.images.picture import BadImage, decode, form
from ganctl.error import GanctlError
from ganctl.files import plain, tensors, torch_file
from ganctl.game.field import from_facts
from ganctl.run import listing, metrics_log

TOLD = (GanctlError, BadImage, FileNotFoundError)
SQUARES = np.zeros((2, 28, 28), np.uint8)
RULES = {
    "max_examples": 60,
    "deadline": None,
    "derandomize": True,
    "suppress_health_check": list(HealthCheck),
}


def png() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3)).save(file, "PNG")
    return file.getvalue()


def saved(write) -> bytes:
    file = io.BytesIO()
    write(file)
    return file.getvalue()


def zipped() -> bytes:
    def write(file):
        with zipfile.ZipFile(file, "w") as members:
            members.writestr("a/0.png", png())
            members.writestr("dataset.json", json.dumps({"labels": [["a/0.png", 0]]}))

    return saved(write)


def checkpoint(path) -> bytes:
    tensors.write(path, {"a": np.arange(6.0, dtype=np.float32).reshape(2, 3), "b": np.int64(3)}, step=5)
    return path.read_bytes()


READERS = {
    "config.yaml": (lambda path: b"trainer:\n  steps: 5\n  turns: {discriminator: 1}\n", plain.yaml_data),
    "run.json": (lambda path: json.dumps({"status": "finished", "step": 3}).encode(), plain.json_object),
    "metrics.jsonl": (lambda path: b'{"step": 1, "a": 0.5}\n{"step": 2, "a": NaN}\n', metrics_log.read),
    "tail.jsonl": (lambda path: b'{"step": 1, "a": 0.5}\n', listing.last_line),
    "step.safetensors": (checkpoint, tensors.read),
    "picture.png": (lambda path: png(), lambda path: decode(path.read_bytes(), FORM)),
    "images.idx": (
        lambda path: mnist.header(np.zeros((2, 3, 3), np.uint8)) + bytes(18),
        lambda path: mnist.read_idx(path, 3),
    ),
    "mnist.npz": (
        lambda path: saved(lambda f: np.savez(f, x_train=SQUARES, y_train=np.zeros(2, np.uint8))),
        lambda path: mnist.read_npz(path, "train"),
    ),
    "data_batch_1.bin": (lambda path: bytes(3073 * 2), lambda path: cifar10.read_binary(path.read_bytes())),
    "set.zip": (lambda path: zipped(), lambda path: image_folder(path=str(path), size=8, cache=False)),
    "weights.pth": (
        lambda path: saved(lambda f: zipfile.ZipFile(f, "w").close()),
        torch_file.read_torch,
    ),
}
FORM = form(size=8, channels=3, fit="crop", background="white")


def mutated(whole: bytes):
    """Return a strategy of files that were once valid."""

    @st.composite
    def torn(draw):
        found = bytearray(whole)
        for _ in range(draw(st.integers(1, 4))):
            kind = draw(st.sampled_from(["flip", "cut", "drop", "double", "insert"]))
            at = draw(st.integers(0, len(found)))
            to = min(len(found), at + draw(st.integers(1, 40)))
            if kind == "flip" and at < len(found):
                found[at] ^= 1 << draw(st.integers(0, 7))
            elif kind == "cut":
                del found[at:]
            elif kind == "drop":
                del found[at:to]
            elif kind == "double":
                found[at:at] = found[at:to]
            else:
                found[at:at] = draw(st.binary(max_size=12))
        return bytes(found)

    return torn()


@pytest.mark.parametrize("name", READERS)
def test_any_file_is_read_or_told(name, tmp_path):
    valid, read = READERS[name]
    path = tmp_path / name
    whole = valid(path)
    path.write_bytes(whole)
    if name != "weights.pth":
        read(path)  # what is valid is read

    @settings(**RULES)
    @given(st.one_of(st.binary(max_size=200), mutated(whole)))
    def tried(content):
        path.write_bytes(content)
        try:
            read(path)
        except TOLD as error:
            assert str(error)

    tried()


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KEYS = ["_target_", "status", "step", "results", "data", "verdict", "findings", "best", "error", "x"]
NODES = st.dictionaries(st.sampled_from(KEYS), TREES, max_size=5)


@settings(**RULES)
@given(NODES)
def test_any_structure_is_judged_or_refused(node):
    for judge in (lambda: check_trust(node, Path("gift")), lambda: from_facts(node, "run.json")):
        try:
            judge()
        except TOLD as error:
            assert str(error)


@settings(**RULES)
@given(NODES)
def test_any_record_is_a_row_of_the_table(tmp_path_factory, node):
    from ganctl.run.folder import Folder

    folder = tmp_path_factory.mktemp("run")
    (folder / "config.yaml").write_text(yaml.safe_dump({"trainer": {"steps": 3}}))
    (folder / "run.json").write_text(json.dumps(node))
    (folder / "evaluation.json").write_text(json.dumps(node))
    assert len(listing.cells(listing.row(Folder(folder), folder.parent))) == len(listing.HEADINGS)
    try:
        evaluation_of(folder)
    except TOLD as error:
        assert str(error)
