"""CIFAR-10 from batches, archives and images, and pickles that would run something."""

import hashlib
import io
import os
import pickle
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from builders import DATA
from PIL import Image

from ganctl.dataset.images import cifar10 as module
from ganctl.dataset.images.cifar10 import BATCHES, CLASSES, cifar10
from ganctl.error import UsageError

NAMES = [name for names in BATCHES.values() for name in names]


def rows(name: str) -> tuple[np.ndarray, list[int]]:
    pixels = np.random.default_rng(NAMES.index(name)).integers(0, 256, (4, 3072)).astype(np.uint8)
    pixels[:, :1024] = 255  # red
    return pixels, [(NAMES.index(name) + index) % 10 for index in range(4)]


def python_batches(protocol: int = 2) -> dict[str, bytes]:
    batches = {
        name: {b"data": rows(name)[0], b"labels": rows(name)[1], b"filenames": [b"a.png"] * 4}
        for name in NAMES
    }
    return {name: pickle.dumps(batch, protocol) for name, batch in batches.items()}


def binary_batches() -> dict[str, bytes]:
    return {
        f"{name}.bin": np.concatenate(
            [np.array(rows(name)[1], np.uint8)[:, None], rows(name)[0]], 1
        ).tobytes()
        for name in NAMES
    }


def write(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def tar(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(f"cifar-10/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def refused(message: str, path: Path, **options) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        cifar10(path=str(path), **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_python_batches_are_read_in_order_with_red_first(tmp_path, protocol):
    images = cifar10(path=str(write(tmp_path, python_batches(protocol))))
    assert (images.name, len(images), images.shape, images.classes) == ("cifar10", 20, (32, 32, 3), CLASSES)
    assert images.labels.tolist() == [label for name in BATCHES["train"] for label in rows(name)[1]]
    array = images.take(20)
    assert (array[..., 0] == 1).all()
    np.testing.assert_allclose(
        (array[5, 0, :, 1] + 1) * 127.5, rows("data_batch_2")[0][1, 1024:1056], atol=1e-3
    )


def test_every_form_of_the_batches_is_the_same_set(tmp_path):
    expected = cifar10(path=str(write(tmp_path / "py", python_batches()))).fingerprint
    write(tmp_path / "data" / "cifar-10-batches-bin", binary_batches())
    assert cifar10(path=str(tmp_path / "data")).fingerprint == expected
    for name, files in (("py.tar.gz", python_batches()), ("bin.tar.gz", binary_batches())):
        assert cifar10(path=str(tar(tmp_path / name, files)), verify=False).fingerprint == expected
    assert len(cifar10(path=str(tmp_path / "py"), split="test")) == 4
    with pytest.raises(UsageError, match="has test images of its own"):
        cifar10(path=str(tmp_path / "py"), test=str(tmp_path))


def test_keras_cache_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    write(tmp_path / "datasets" / "cifar-10-batches-py-target" / "cifar-10-batches-py", python_batches())
    assert len(cifar10()) == 20


def test_an_archive_is_verified_by_its_checksum(tmp_path, monkeypatch):
    path = tar(tmp_path / "cifar-10-python.tar.gz", python_batches())
    refused(r"wrong checksum.*dataset\.verify=false", path)
    monkeypatch.setattr(module, "PUBLISHED_MD5", (hashlib.md5(path.read_bytes()).hexdigest(),))
    assert len(cifar10(path=str(path))) == 20


class Evil:
    """Unpickled by the ordinary way, this makes a file."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_pickle_that_would_run_something_is_refused_unrun(tmp_path):
    trap = pickle.dumps({b"data": Evil(tmp_path / "ran"), b"labels": [0]})
    refused(
        r"data_batch_1 .*mkdir, which no data set needs",
        write(tmp_path, {**python_batches(), "data_batch_1": trap}),
    )
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a whole CIFAR-10 batch"),
        (python_batches()["data_batch_3"][:-100], "not a whole CIFAR-10 batch"),
        (pickle.dumps([1, 2]), "not a whole CIFAR-10 batch"),
        (
            pickle.dumps({"data": np.zeros((4, 100), np.uint8), "labels": [0] * 4}),
            r"damaged \(pixels of \(4, 100\)",
        ),
        (pickle.dumps({"data": np.zeros((4, 3072), np.uint8), "labels": [0] * 3}), r"labels of \(3,\)"),
        (pickle.dumps({"data": np.zeros((1, 3072), np.uint8), "labels": [10]}), "labels up to 10"),
        (
            pickle.dumps({"data": np.zeros((1, 3072), np.uint8), "labels": [[1]]}),
            r"labels of \(1, 1\)",
        ),
    ],
)
def test_a_damaged_python_batch_is_named(tmp_path, data, message):
    refused(f"data_batch_3 .*{message}", write(tmp_path, {**python_batches(), "data_batch_3": data}))


@pytest.mark.parametrize("data", [b"", binary_batches()["data_batch_1.bin"][:-1]])
def test_a_damaged_binary_batch_is_named(tmp_path, data):
    refused(r"data_batch_1\.bin .*damaged", write(tmp_path, {**binary_batches(), "data_batch_1.bin": data}))


def test_missing_batches_and_broken_archives_are_named(tmp_path):
    files = python_batches()
    del files["data_batch_4"]
    refused("lacks data_batch_4", write(tmp_path / "a", files))
    refused(r"tar\.gz lacks data_batch_4; get", tar(tmp_path / "a.tar.gz", files), verify=False)
    whole = tar(tmp_path / "b.tar.gz", python_batches()).read_bytes()
    (tmp_path / "b.tar.gz").write_bytes(whole[: len(whole) // 2])
    refused("truncated or damaged", tmp_path / "b.tar.gz", verify=False)
    (tmp_path / "c.tar.gz").write_bytes(b"no archive")
    refused("wrong checksum", tmp_path / "c.tar.gz")
    refused("truncated or damaged", tmp_path / "c.tar.gz", verify=False)


def test_a_zip_of_images_is_taken_whole_at_32_pixels(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for index, name in enumerate(CLASSES):
            buffer = io.BytesIO()
            Image.new("RGB", (40, 40), (index, 0, 0)).save(buffer, "PNG")
            archive.writestr(f"{name}/1.png", buffer.getvalue())
    images = cifar10(path=str(tmp_path / "a.zip"), flip=True)
    assert (images.name, len(images), images.shape, images.classes) == ("cifar10", 10, (32, 32, 3), CLASSES)
    assert images.labels.tolist() == list(range(10))
    with pytest.raises(UsageError, match=r"type dataset\.test=PATH"):  # it is no test split of itself
        cifar10(path=str(tmp_path / "a.zip"), split="test")
    (tmp_path / "b").mkdir()
    for name in CLASSES:
        (tmp_path / "b" / name).mkdir()
        Image.new("RGB", (32, 32)).save(tmp_path / "b" / name / "2.png")
    others = cifar10(path=str(tmp_path / "a.zip"), test=str(tmp_path / "b"), split="test")
    with pytest.raises(UsageError, match="nowhere"):  # even where only the training images are wanted
        cifar10(path=str(tmp_path / "a.zip"), test=str(tmp_path / "nowhere"))
    assert len(others) == 10 and others.fingerprint != images.fingerprint


def test_the_real_zip_has_its_classes_in_cifars_order():
    path = DATA / "cifar10" / "cifar10-test10k.zip"
    if not path.exists():
        pytest.skip(f"{path} is not there (set GANCTL_DATA)")
    images = cifar10(path=str(path))
    assert np.bincount(images.labels).tolist() == [1000] * 10 and images.classes == CLASSES
