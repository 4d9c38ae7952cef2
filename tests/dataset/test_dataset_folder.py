"""Folders and zips of images: what belongs together, what is bad, and that storage does not matter."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from builders import DATA
from PIL import Image

from ganctl.dataset.images import inspection, picture
from ganctl.dataset.images.folder import Disk, image_folder
from ganctl.dataset.images.storage import Memory
from ganctl.error import RunError, UsageError

CHANGES = {"flip": True, "crop": 2, "rotate": 15.0, "colour": 0.5}


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch) -> Path:
    """A cache folder of the test's own."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder / "ganctl"


def png(value: int, side: int = 12) -> bytes:
    """Return a noisy picture whose mean is near `value`."""
    noise = np.random.default_rng(value).integers(-9, 10, (side, side, 3))
    buffer = io.BytesIO()
    Image.fromarray(np.clip(value + noise, 0, 255).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def pack(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def flat(count: int = 20) -> dict[str, bytes]:
    return {f"{index:03}.png": png(10 * index) for index in range(count)}


def classes(each: int = 6) -> dict[str, bytes]:
    """Cats are dark and dogs are bright."""
    dark = {f"cat/{index}.png": png(20 + index) for index in range(each)}
    return {**dark, **{f"dog/{index}.png": png(200 + index) for index in range(each)}}


def load(path: Path, **options):
    return image_folder(**{"path": str(path), "size": 12, **options})


def refused(message: str, path: Path | None, **options) -> str:
    with pytest.raises(UsageError, match=message) as caught:
        image_folder(path=None if path is None else str(path), **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def first(images, batches: int, **settings) -> list[dict[str, np.ndarray]]:
    return list(images.batches(4, **{"seed": 0, **settings}).take(batches).as_numpy_iterator())


def test_a_flat_folder_is_unlabelled_and_sorted_by_name(tmp_path):
    images = load(write(tmp_path / "birds", flat()))
    assert (images.name, len(images), images.shape) == ("birds", 20, (12, 12, 3))
    assert images.labels is None and images.classes == ()
    means = images.take(20).mean((1, 2, 3))
    assert (np.diff(means) > 0).all()


def test_a_folder_per_class_is_labelled_and_labels_follow_images(tmp_path):
    images = load(write(tmp_path, classes()))
    assert images.classes == ("cat", "dog")
    assert images.labels.tolist() == [0] * 6 + [1] * 6
    for batch in first(images, 6):
        np.testing.assert_array_equal(batch["image"].mean((1, 2, 3)) > 0, batch["label"] == 1)


def test_a_zip_is_the_same_set_as_its_folder(tmp_path):
    folder = load(write(tmp_path / "a", classes()))
    packed = load(pack(tmp_path / "a.zip", classes()))
    wrapped = load(pack(tmp_path / "b.zip", {f"pets/{name}": content for name, content in classes().items()}))
    assert packed.fingerprint == folder.fingerprint
    assert wrapped.classes == ("cat", "dog")
    np.testing.assert_array_equal(wrapped.take(12), folder.take(12))


def test_one_folder_around_everything_is_not_a_class(tmp_path):
    assert load(write(tmp_path, {f"img_align/{k}": v for k, v in flat().items()})).classes == ()


def test_files_that_are_not_images_are_ignored(tmp_path):
    others = dict.fromkeys(
        ["notes.txt", ".DS_Store", "Thumbs.db", "__MACOSX/._001.png", ".hidden/1.png"], b"x"
    )
    assert len(load(write(tmp_path / "a", {**flat(), **others}))) == 20
    assert len(load(pack(tmp_path / "a.zip", {**flat(), **others}))) == 20


@pytest.mark.parametrize("form", ["folder", "zip"])
@pytest.mark.parametrize("changes", [{}, CHANGES])
def test_streamed_and_in_memory_are_the_same_bit_for_bit(tmp_path, form, changes):
    place = write(tmp_path / "a", classes()) if form == "folder" else pack(tmp_path / "a.zip", classes())
    memory, disk = (load(place, size=[8, 10], cache=cache, **changes) for cache in (True, False))
    assert isinstance(memory.storage, Memory) and isinstance(disk.storage, Disk)
    assert memory.fingerprint == disk.fingerprint
    np.testing.assert_array_equal(memory.take(99), disk.take(99))
    for expected, came in zip(first(memory, 7), first(disk, 7), strict=True):
        np.testing.assert_array_equal(expected["label"], came["label"])
        np.testing.assert_array_equal(expected["image"], came["image"])


def test_the_number_of_workers_changes_nothing_and_the_tail_is_the_tail(tmp_path):
    images = load(write(tmp_path, classes()), cache=False, **CHANGES)
    expected = first(images, 9)
    for workers in (1, 7):
        images.storage = Disk(
            images.storage.source, images.storage.names, images.storage.form, workers=workers
        )
        for batch, came in zip(expected[4:], first(images, 5, start=4), strict=True):
            np.testing.assert_array_equal(batch["image"], came["image"])


def test_auto_streams_what_is_too_large_for_the_memory(tmp_path, monkeypatch):
    write(tmp_path, flat())
    assert isinstance(load(tmp_path).storage, Memory)
    monkeypatch.setattr("ganctl.dataset.images.folder.ROOM", 20 * 12 * 12 * 3)
    assert isinstance(load(tmp_path).storage, Disk)


def test_the_fingerprint_is_of_content_labels_and_options_and_not_of_the_place(tmp_path):
    prints = [load(write(tmp_path / "a", flat())).fingerprint]
    assert load(write(tmp_path / "b", flat())).fingerprint == prints[0]
    prints.append(load(write(tmp_path / "b", {"003.png": png(31)})).fingerprint)
    prints.append(
        load(
            write(tmp_path / "c", {f"{'xy'[i % 2]}/{k}": v for i, (k, v) in enumerate(flat().items())})
        ).fingerprint
    )
    prints += [
        load(tmp_path / "a", **option).fingerprint
        for option in ({"size": 8}, {"channels": 1}, {"fit": "pad"}, CHANGES)
    ]
    assert len(set(prints)) == len(prints)


BAD = {"005.png": png(1)[:-40], "010.png": b"", "011.png": b"a text", "012.png": png(2)[:50]}


@pytest.mark.parametrize("cache", [True, False])
def test_bad_files_are_counted_named_and_explained_up_front(tmp_path, cache):
    place = write(tmp_path, {**flat(), **BAD})
    text = refused("4 of 20 images in .* cannot be read", place, cache=cache)
    for piece in (
        "005.png (truncated)",
        "010.png (empty)",
        "011.png (not a PNG",
        "...",
        "dataset.on_bad=skip",
    ):
        assert piece in text
    assert "012.png" not in text


@pytest.mark.parametrize("cache", [True, False])
def test_bad_files_are_left_out_with_their_labels_when_told(tmp_path, cache):
    files = {**classes(), "cat/3.png": b"", "dog/0.png": b"nonsense"}
    images = load(write(tmp_path, files), on_bad="skip", cache=cache)
    assert (len(images), images.skipped) == (10, 2)
    np.testing.assert_array_equal(images.take(10).mean((1, 2, 3)) > 0, images.labels == 1)
    assert images.labels.tolist() == [0] * 5 + [1] * 5


def test_when_every_file_is_bad_skipping_is_no_way_out(tmp_path):
    text = refused("1 of 1 images", write(tmp_path, {"a.png": b""}), on_bad="skip")
    assert "on_bad" not in text


def test_a_damaged_zip_member_is_bad(tmp_path):
    path = pack(tmp_path / "a.zip", flat(3))
    data = bytearray(path.read_bytes())
    data[data.index(b"IDAT") + 30] ^= 255
    path.write_bytes(data)
    refused(r"1 of 3 images in .*000\.png \(damaged: Bad CRC", path)


def test_a_verified_folder_is_not_verified_again_until_a_file_changes(tmp_path, monkeypatch, cache):
    decoded = []
    monkeypatch.setattr(
        inspection, "decode", lambda data, form: decoded.append(1) or picture.decode(data, form)
    )
    place = write(tmp_path, flat())
    before = load(place, cache=False)
    assert len(decoded) == 20 and len(list(cache.iterdir())) == 1
    again = load(place, cache=False)
    assert len(decoded) == 20 and len(again) == 20
    assert load(place, cache=False).fingerprint == before.fingerprint
    write(place, {"003.png": b"now damaged"})
    refused(r"1 of 20 .*003\.png", place, cache=False)
    assert len(decoded) == 40
    refused(r"1 of 20 .*003\.png", place, cache=False)
    assert len(decoded) == 40


def test_a_cache_that_cannot_be_written_or_read_is_no_trouble(tmp_path, monkeypatch, cache):
    cache.write_text("a file where the folder should be")
    assert len(load(write(tmp_path / "a", flat()), cache=False)) == 20
    cache.unlink()
    load(tmp_path / "a", cache=False)
    for record in cache.iterdir():
        record.write_text('{"content": ')
    assert len(load(tmp_path / "a", cache=False)) == 20


@pytest.mark.parametrize("damage", ["gone", "truncated"])
def test_a_file_that_goes_bad_while_streaming_is_named(tmp_path, damage):
    images = load(write(tmp_path, classes()), cache=False)
    file = tmp_path / "dog" / "2.png"
    file.unlink() if damage == "gone" else file.write_bytes(file.read_bytes()[:60])
    with pytest.raises(tf.errors.OpError, match=r"RunError: .*dog/2\.png could be read at the start"):
        first(images, 6)
    with pytest.raises(RunError, match=r"dog/2\.png"):
        images.take(12)


def test_stylegan_labels_decide_and_folders_name_them(tmp_path):
    labels = [[name, 1 if name.startswith("cat") else 0] for name in classes()]
    files = {**classes(), "dataset.json": json.dumps({"labels": labels}).encode()}
    for place in (write(tmp_path / "a", files), pack(tmp_path / "a.zip", files)):
        images = load(place)
        assert images.classes == ("dog", "cat")
        assert images.labels.tolist() == [1] * 6 + [0] * 6


def test_stylegan_labels_of_numbered_folders_are_numbers(tmp_path):
    files = {f"0000{index % 2}/{index}.png": png(index) for index in range(6)}
    labels = {"labels": [[name, index // 2] for index, name in enumerate(files)]}
    images = load(pack(tmp_path / "a.zip", {**files, "dataset.json": json.dumps(labels).encode()}))
    assert images.classes == ("0", "1", "2")
    assert sorted(images.labels.tolist()) == [0, 0, 1, 1, 2, 2]


def test_stylegan_null_labels_are_no_labels_whatever_the_folders(tmp_path):
    images = load(pack(tmp_path / "a.zip", {**classes(), "dataset.json": b'{"labels": null}'}))
    assert images.labels is None and images.classes == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"{", "not of the form"),
        (b"[]", "not of the form"),
        (b'{"labels": [3]}', "not of the form"),
        (b'{"labels": [["000.png", 0.5]]}', r"has the label 0\.5"),
        (b'{"labels": [["000.png", -1]]}', "has the label -1"),
        (b'{"labels": [["000.png", 0], ["x.png", 1]]}', r"names 1 files that are not there: x\.png\."),
        (
            b'{"labels": [["000.png", 0]]}',
            r"no label for 4 of 5 images: 001\.png, 002\.png, 003\.png, \.\.\.",
        ),
    ],
)
def test_a_dataset_json_that_does_not_fit_is_refused(tmp_path, text, message):
    refused(message, pack(tmp_path / "a.zip", {**flat(5), "dataset.json": text}))


def test_mixtures_deep_folders_and_wrong_places_are_told(tmp_path):
    refused(
        "1 images of its own .*beside 12 in folders",
        write(tmp_path / "mixed", {**classes(), "0.png": png(0)}),
    )
    halves = {f"{half}/{name}": data for half in ("test", "train") for name, data in classes().items()}
    refused(
        r"folders within its folders.*Did you mean dataset\.path=.*deep/test\?",
        write(tmp_path / "deep", halves),
    )
    refused(
        "holds no images .*it holds 2 .txt, 1 .heic files",
        write(tmp_path / "no", {"a.txt": b"", "b.txt": b"", "c.heic": b""}),
    )
    (tmp_path / "empty").mkdir()
    refused("no files at all", tmp_path / "empty")
    refused(r"mixt does not exist\. Did you mean 'mixed'\?.*dataset\.path=FOLDER", tmp_path / "mixt")
    refused(r"dataset\.path=FOLDER", None)
    refused("not a folder, nor a whole zip", write(tmp_path, {"broken.zip": b"PK\3\4"}) / "broken.zip")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"on_bad": "skpi"}, r"dataset\.on_bad is error or skip, not 'skpi'\. Did you mean 'skip'\?"),
        ({"cache": "disk"}, r"dataset\.cache is auto, true or false, not 'disk'"),
        ({"crop": 64}, r"dataset\.crop=64 is too far for 64x64"),
        ({"size": -5}, r"dataset\.size"),
    ],
)
def test_a_wrong_option_is_told_before_the_path_is_looked_at(options, message):
    refused(message, Path("/nowhere"), **options)


def test_a_link_that_leads_back_up_does_not_loop(tmp_path):
    place = write(tmp_path, flat(3))
    (place / "loop").symlink_to(place, target_is_directory=True)
    assert len(load(place)) == 3


def test_a_real_folder_of_photographs():
    if not (DATA / "cats_dogs_128").exists():
        pytest.skip(f"{DATA / 'cats_dogs_128'} is not there (set GANCTL_DATA)")
    images = load(DATA / "cats_dogs_128" / "test", size=64)
    assert (len(images), images.shape, images.classes) == (493, (64, 64, 3), ("cat", "dog"))
    assert np.bincount(images.labels).tolist() == [247, 246]
    assert -0.5 < images.take(100).mean() < 0.5
