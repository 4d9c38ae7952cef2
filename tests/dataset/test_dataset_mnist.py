"""MNIST, Fashion-MNIST and the bundled digits: every way in, and every way it can go wrong."""

import dataclasses
import gzip
import hashlib
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from builders import DATA, python

from ganctl.dataset.images import mnist, published
from ganctl.dataset.images.digits import digits
from ganctl.error import UsageError


def data(name: str) -> Path:
    if not (DATA / name).exists():
        pytest.skip(f"{DATA / name} is not there (set GANCTL_DATA)")
    return DATA / name


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A folder with four packed files in MNIST's form, published as far as the code knows."""
    random = np.random.default_rng(0)
    for split, prefix, count in (("train", "train", 30), ("test", "t10k", 20)):
        images = random.integers(0, 256, (count, 28, 28)).astype(np.uint8)
        labels = (np.arange(count) % 10).astype(np.uint8)
        (tmp_path / f"{prefix}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
        (tmp_path / f"{prefix}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels)))
        sums = tuple(hashlib.sha256(idx(array)).hexdigest() for array in (images, labels))
        for name in mnist.PUBLISHED:
            monkeypatch.setitem(mnist.PUBLISHED[name], split, sums)
    return tmp_path


def replace(folder: Path, name: str, content: bytes) -> None:
    (folder / f"{name}.gz").unlink()
    (folder / name).write_bytes(content)


def refused(message: str, **options) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        mnist.mnist(**{key: str(value) if key == "path" else value for key, value in options.items()})
    assert "\n" not in str(caught.value)


def test_a_folder_of_packed_files_is_read_with_its_labels(small):
    images = mnist.mnist(path=str(small))
    assert (images.name, len(images), images.shape) == ("mnist", 30, (28, 28, 1))
    assert images.classes == tuple("0123456789")
    np.testing.assert_array_equal(images.labels, np.arange(30) % 10)
    assert images.take(3).shape == (3, 28, 28, 1)


def test_the_test_split_is_another_set(small):
    train, test = mnist.mnist(path=str(small)), mnist.mnist(path=str(small), split="test")
    assert len(test) == 20 and train.fingerprint != test.fingerprint


def test_unpacked_files_and_names_with_a_dot_are_the_same_set(small):
    packed = mnist.mnist(path=str(small))
    for file in list(small.iterdir()):
        (small / file.name.removesuffix(".gz").replace("-idx", ".idx")).write_bytes(
            gzip.decompress(file.read_bytes())
        )
        file.unlink()
    assert sorted(file.name for file in small.iterdir())[0] == "t10k-images.idx3-ubyte"
    assert mnist.mnist(path=str(small)).fingerprint == packed.fingerprint


def test_keras_npz_is_the_same_set_and_is_found_in_its_cache(small, tmp_path_factory, monkeypatch):
    home = tmp_path_factory.mktemp("keras")
    monkeypatch.setenv("KERAS_HOME", str(home))
    splits = {split: mnist.read_folder(small, split) for split in ("train", "test")}
    (home / "datasets").mkdir()
    arrays = {
        f"{axis}_{split}": part
        for split, both in splits.items()
        for axis, part in zip("xy", both, strict=True)
    }
    np.savez(home / "datasets" / "mnist.npz", **arrays)
    assert mnist.mnist().fingerprint == mnist.mnist(path=str(small)).fingerprint


def test_fashion_mnist_is_found_in_keras_cache_when_its_last_file_is_there(
    small, tmp_path_factory, monkeypatch
):
    home = tmp_path_factory.mktemp("keras")
    monkeypatch.setenv("KERAS_HOME", str(home))
    shutil.copytree(small, home / "datasets" / "fashion-mnist")
    images = mnist.fashion_mnist(flip=True)
    assert images.name == "fashion_mnist" and images.classes[9] == "ankle boot"
    (home / "datasets" / "fashion-mnist" / "t10k-images-idx3-ubyte.gz").unlink()
    assert published.cached("fashion_mnist") is None


def test_without_data_and_network_both_ways_and_digits_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    nowhere = dataclasses.replace(published.FILES["mnist"][0], url="http://127.0.0.1:9/mnist.npz")
    monkeypatch.setitem(published.FILES, "mnist", [nowhere])
    refused(r"failed .*needs a network.*dataset\.path=FOLDER.*images-idx3-ubyte.*dataset=digits")


def test_other_content_is_refused_unless_told_not_to_verify(small):
    file = small / "train-images-idx3-ubyte.gz"
    array = np.frombuffer(gzip.decompress(file.read_bytes()), np.uint8, offset=16).reshape(30, 28, 28).copy()
    array[7, 3, 3] ^= 1
    file.write_bytes(gzip.compress(idx(array)))
    refused(r"train images .* damaged, or not the published mnist .*dataset\.verify=false", path=small)
    assert len(mnist.mnist(path=str(small), verify=False)) == 30


def test_damaged_files_are_named_with_what_is_wrong(small):
    name = "train-images-idx3-ubyte"
    whole = gzip.decompress((small / f"{name}.gz").read_bytes())
    (small / f"{name}.gz").write_bytes(gzip.compress(whole)[:-3000])
    refused(rf"{name}\.gz is truncated or damaged", path=small)
    replace(small, name, whole[:-1])
    refused(rf"{name} is truncated: 23535 bytes unpacked, and its header says 23536", path=small)
    (small / name).write_bytes(whole + b"!")
    refused("is too long: 23537", path=small)
    (small / name).write_bytes(b"\0\0\7\7" + whole[4:])
    refused("magic number 1799.* 2051", path=small)
    (small / name).write_bytes(b"\0\0")
    refused("truncated: 2 bytes", path=small)
    (small / name).write_bytes(b"")
    refused("truncated: 0 bytes", path=small)


def test_a_label_file_in_the_place_of_images_is_told_by_its_magic_number(small):
    shutil.copy(small / "train-labels-idx1-ubyte.gz", small / "train-images-idx3-ubyte.gz")
    refused("magic number 2049.* 2051", path=small)


def test_images_and_labels_of_different_numbers_are_refused(small):
    replace(small, "train-labels-idx1-ubyte", idx(np.zeros(29, np.uint8)))
    refused("30 train images and 29 labels", path=small, verify=False)


def test_a_label_without_a_class_is_refused(small):
    replace(small, "train-labels-idx1-ubyte", idx(np.full(30, 10, np.uint8)))
    refused("label 10.* 0 to 9", path=small, verify=False)


def test_a_missing_file_a_missing_folder_and_a_wrong_kind_of_place_are_told(small):
    (small / "train-labels-idx1-ubyte.gz").unlink()
    refused(r"has no train-labels-idx1-ubyte \(or train-labels-idx1-ubyte\.gz\)", path=small)
    refused(r"does not exist.*Did you mean", path=small.with_name(small.name + "x"))
    refused("is a file", path=small / "t10k-labels-idx1-ubyte.gz")
    empty = small / "empty"
    empty.mkdir()
    refused("but nothing", path=empty)


def test_a_damaged_npz_is_refused_in_one_line(tmp_path):
    (tmp_path / "mnist.npz").write_bytes(b"PK\3\4 and then nothing")
    refused("not a whole mnist.npz", path=tmp_path / "mnist.npz")


def test_wrong_options_are_told_before_anything_is_read():
    refused(r"dataset\.split is train or test, not 'tset'\. Did you mean 'test'\?", split="tset")
    refused(r"dataset\.verify is true or false, not 'no'", verify="no")
    refused(r"dataset\.crop", crop=-3)


def test_a_shift_larger_than_the_image_is_refused(small):
    refused(r"dataset\.crop=28 is too far for 28x28", path=small, crop=28)


@pytest.mark.parametrize(("factory", "folder"), [("mnist", "mnist"), ("fashion_mnist", "fashion-mnist")])
def test_the_published_files_pass_and_have_the_published_counts(factory, folder):
    images = getattr(mnist, factory)(path=str(data(folder)), split="test")
    assert len(images) == 10_000
    counts = {"mnist": [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009], "fashion_mnist": [1000] * 10}
    assert np.bincount(images.labels).tolist() == counts[factory]


def test_fashion_mnist_is_not_taken_for_mnist():
    refused("not the published mnist", path=data("fashion-mnist"), split="test")


def test_the_digits_are_those_that_scikit_learn_reads():
    from sklearn.datasets import load_digits

    from ganctl.dataset.images.digits import _placed, place

    array, labels = _placed()
    bunch = load_digits()
    assert np.array_equal(array[..., 0], [place(small) for small in bunch.images])
    assert np.array_equal(labels, bunch.target) and labels.dtype == bunch.target.dtype


def test_the_digits_look_like_mnist_in_their_numbers():
    images = digits()
    array = images.take(len(images))
    assert array.shape == (1797, 28, 28, 1) and images.classes == tuple("0123456789")
    assert array.min() == -1 and array.max() == 1
    assert array[:, :2].max() < -0.9 or (array[:, 0].max() == -1)  # a margin, as MNIST has
    mass = (array[..., 0] + 1) / 2
    rows = (mass.sum(2) @ np.arange(28)) / mass.sum((1, 2))
    columns = (mass.sum(1) @ np.arange(28)) / mass.sum((1, 2))
    np.testing.assert_allclose([rows, columns], 13.5, atol=0.6)
    assert 0.1 < mass.mean() < 0.2


def test_the_fingerprint_says_what_is_seen():
    prints = {digits().fingerprint, digits(crop=1).fingerprint, digits(rotate=5).fingerprint}
    assert len(prints) == 3 and len(digits().fingerprint) == 64
    assert digits(rotate=0).fingerprint == digits(rotate=0.0).fingerprint


def test_a_wrong_path_is_told_without_importing_tensorflow():
    code = (
        "import sys\nfrom ganctl.dataset.images import mnist, cifar10, folder, digits\n"
        "for make in (mnist.mnist, cifar10.cifar10, folder.image_folder):\n"
        "    try: make(path='/not/there')\n"
        "    except Exception as error: print(error)\n"
        "digits.digits()\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)\n"
    )
    assert python(code, cwd=Path(__file__).parents[2]).count("/not/there does not exist") == 3
