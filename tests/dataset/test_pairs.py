"""Pairs and domains: what lies with what, which order they come in, and what is refused."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from builders import DATA
from PIL import Image

from ganctl.dataset.pairs.paired import paired
from ganctl.dataset.pairs.unpaired import unpaired
from ganctl.error import UsageError

SIDE = 8


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """A cache folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def picture(left: int, right: int | None = None, *, mode="RGB", width=SIDE) -> bytes:
    """Return a file, a left half of one grey and a right one of another; each darker at its left edge."""
    halves = [np.full((SIDE, width), grey, np.uint8) for grey in (left, right) if grey is not None]
    for half in halves:
        half[:, : width // 2] //= 2
    buffer = io.BytesIO()
    Image.fromarray(np.concatenate(halves, axis=1)).convert(mode).save(buffer, "PNG")
    return buffer.getvalue()


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def pairs(folder: Path, count=10, start=0) -> Path:
    files = {f"{index}.png": picture(index + 1, index + 101) for index in range(start, start + count)}
    return write(folder, files)


def greys(images) -> list[int]:
    """Return the grey of each picture's brighter half."""
    return np.rint((np.asarray(images).max(axis=(1, 2, 3)) + 1) * 127.5).astype(int).tolist()


def batch(dataset, size=4, **rules):
    return {k: v.numpy() for k, v in next(iter(dataset.batches(size, **{"seed": 0} | rules))).items()}


@pytest.mark.parametrize("direction", ["a_to_b", "b_to_a"])
@pytest.mark.parametrize("channels", [1, 3])
def test_halves_of_a_file_are_pairs_in_either_direction(direction, channels, tmp_path):
    write(pairs(tmp_path), {"grey.png": picture(51, 151, mode="L"), "p.png": picture(52, 152, mode="P")})
    dataset = paired(path=str(tmp_path), direction=direction, size=SIDE, channels=channels)
    assert len(dataset) == 12 and dataset.held_out == 0 and dataset.shape == (SIDE, SIDE, channels)
    assert dataset.classes == () and dataset.labels is None and dataset.truth is None
    assert {n: (f.kind, f.shape) for n, f in dataset.fields.items()} == {
        name: ("image", (SIDE, SIDE, channels)) for name in ("input", "image")
    }
    found = dataset.examples(np.arange(24))
    left, right = ("input", "image") if direction == "a_to_b" else ("image", "input")
    assert [b - a for a, b in zip(greys(found[left]), greys(found[right]), strict=True)] == [100] * 24
    assert sorted(greys(found[left][:12])) == [*range(1, 11), 51, 52]
    assert np.array_equal(dataset.take(3), found["image"][:3])
    assert np.array_equal(dataset.read(np.array([5]))[0], dataset.kinds["image"].read(np.array([5]))[0])


def test_a_pair_is_mirrored_and_moved_together(tmp_path):
    dataset = paired(path=str(pairs(tmp_path)), size=SIDE, flip=True, crop=3)
    seen = set()
    for start in range(8):
        rows = batch(dataset, 10, start=start)
        assert sorted(greys(rows["input"])) == list(range(1, 11))
        for one, two in zip(rows["input"], rows["image"], strict=True):
            bright = [each[..., 0] > each.min() for each in (one, two)]
            assert np.array_equal(*bright)
            seen.add(bright[0].tobytes())
        again = batch(dataset, 10, start=start)
        assert all(np.array_equal(rows[name], again[name]) for name in rows)
    assert len(seen) > 6  # mirrored and moved differently


def test_two_folders_of_equal_names_are_the_pairs_of_one(tmp_path):
    whole = paired(path=str(pairs(tmp_path / "whole")), size=SIDE)
    for index in reversed(range(10)):
        write(tmp_path, {f"A/{index}.png": picture(index + 1), f"B/{index}.png": picture(index + 101)})
    with Image.open(tmp_path / "A/3.png") as three:  # another ending
        three.save(tmp_path / "A/3.bmp")
    (tmp_path / "A/3.png").unlink()
    places = {"a": str(tmp_path / "A"), "b": str(tmp_path / "B")}
    parted = paired(**places, size=SIDE)
    for name, values in whole.examples(np.arange(10)).items():
        assert np.array_equal(values, parted.examples(np.arange(10))[name])
    turned = paired(**places, size=SIDE, direction="b_to_a").examples(np.arange(10))
    assert np.array_equal(turned["input"], parted.examples(np.arange(10))["image"])
    (tmp_path / "A/3.bmp").unlink()
    write(tmp_path / "A", {"x.png": picture(1)})
    with pytest.raises(UsageError, match=r"1 in dataset.a=\S+A \(x.png\) and 1 in dataset.b=\S+B \(3.png\)"):
        paired(**places, size=SIDE)
    write(tmp_path / "A", {"x.jpg": b"", "3.png": picture(4)})
    with pytest.raises(UsageError, match=r"several pictures of one name.*x\.jpg, x\.png"):
        paired(**places, size=SIDE)


def test_a_pair_of_which_one_picture_is_bad_is_left_out_whole(tmp_path):
    for index in range(4):
        write(tmp_path / "A", {f"{index}.png": picture(index + 1)})
        write(tmp_path / "B", {f"{index}.png": picture(index + 101)})
    write(tmp_path, {"A/1.png": b"no", "B/2.png": b""})
    places = {"a": str(tmp_path / "A"), "b": str(tmp_path / "B"), "size": SIDE}
    with pytest.raises(UsageError, match=r"1 of 4 images in \S+A cannot be read: 1.png"):
        paired(**places)
    for cache in ("true", "false"):
        dataset = paired(**places, on_bad="skip", cache=cache)
        assert len(dataset) == 2 and dataset.skipped == 2
        assert greys(dataset.examples(np.arange(2))["input"]) == [1, 4]
        assert greys(dataset.examples(np.arange(2))["image"]) == [101, 104]


def test_the_test_folder_beside_is_held_out_or_what_was_asked_for(tmp_path):
    pairs(tmp_path / "train")
    pairs(tmp_path / "val", 2, start=30)
    dataset = paired(path=str(tmp_path), size=SIDE)
    assert dataset.name == tmp_path.name and len(dataset) == 10 and dataset.held_out == 2
    pairs(tmp_path / "test", 3, start=20)
    for path in (tmp_path, tmp_path / "train"):
        dataset = paired(path=str(path), size=SIDE)
        held = dataset.examples(np.arange(3), held=True)
        assert dataset.held_out == 3 and greys(held["input"]) == [21, 22, 23]
        assert greys(held["image"]) == [121, 122, 123] == greys(dataset.held(9))
    kept = paired(path=str(tmp_path), size=SIDE, holdout=4)
    assert len(kept) == 6 and kept.held_out == 4
    rows = [kept.examples(np.arange(9), held=held)["input"] for held in (False, True)]
    assert set(greys(rows[0])) | set(greys(rows[1])) == set(range(1, 11))
    assert not set(greys(rows[0])) & set(greys(rows[1]))
    alone = paired(path=str(pairs(tmp_path / "own")), size=SIDE)
    assert alone.held_out == 0 and alone.held(3).shape == (0, SIDE, SIDE, 3)


def test_where_files_are_kept_and_in_which_order_they_were_written_changes_nothing(tmp_path):
    one, other = pairs(tmp_path / "one"), tmp_path / "other"
    for index in reversed(range(10)):
        pairs(other, 1, start=index)
    found = [
        paired(path=str(path), size=SIDE, cache=cache, flip=True)
        for path, cache in ((one, "true"), (one, "false"), (other, "true"))
    ]
    assert len({each.fingerprint for each in found}) == 1
    rows = [batch(each, seed=3, start=7) for each in found]
    for name in rows[0]:
        assert all(np.array_equal(rows[0][name], each[name]) for each in rows)
    changes = [{"size": 4}, {"direction": "b_to_a"}, {"crop": 1}, {"limit": 5}, {"fit": "pad"}]
    prints = {paired(path=str(one), **{"size": SIDE} | change).fingerprint for change in changes}
    assert len(prints | {found[0].fingerprint}) == 6
    write(one, {"3.png": picture(9, 109)})
    assert paired(path=str(one), size=SIDE, flip=True).fingerprint != found[0].fingerprint


def domains(folder: Path, a=5, b=7) -> Path:
    write(folder / "trainA", {f"{index}.png": picture(index + 1) for index in range(a)})
    return write(folder / "trainB", {f"{index}.png": picture(index + 101) for index in range(b)}).parent


def test_domains_come_each_in_its_own_order_and_at_its_own_length(tmp_path):
    dataset = unpaired(path=str(domains(tmp_path)), size=SIDE, flip=True)
    assert len(dataset) == 7 and dataset.held_out == 0 and dataset.name == tmp_path.name
    stream = dataset.batches(5, seed=0).as_numpy_iterator()
    rows = [next(stream) for _ in range(7)]
    for name, count, first in (("input", 5, 1), ("image", 7, 101)):
        seen = [grey for each in rows for grey in greys(each[name])]
        for start in range(0, 35, count):  # every epoch of each domain shows all of it
            assert sorted(seen[start : start + count]) == list(range(first, first + count))
    assert greys(dataset.examples(np.arange(7))["input"]) == [1, 2, 3, 4, 5, 1, 2]
    assert greys(dataset.examples(np.arange(7))["image"]) == list(range(101, 108))
    mirrored = [[each[..., 0][:, 0].max() == each.max() for each in rows[0][n]] for n in ("input", "image")]
    assert mirrored[0] != mirrored[1]
    turned = unpaired(path=str(tmp_path), size=SIDE, direction="b_to_a")
    assert len(turned.take(9)) == 5 and turned.fingerprint != dataset.fingerprint
    with pytest.raises(UsageError, match=r"trainer.batch_size=6 needs .* has 5 for 'input'; .* from 1 to 5"):
        dataset.batches(6, seed=0)


def test_test_folders_or_a_share_of_each_domain_are_held_out(tmp_path):
    domains(tmp_path)
    write(tmp_path, {"testA/0.png": picture(50)})
    assert unpaired(path=str(tmp_path), size=SIDE).held_out == 0  # of one domain alone is not enough
    write(tmp_path, {"testB/0.png": picture(150), "testB/1.png": picture(151)})
    dataset = unpaired(path=str(tmp_path), size=SIDE)
    held = dataset.examples(np.arange(2), held=True)
    assert dataset.held_out == 1 and greys(held["input"]) == [50, 50] and greys(held["image"]) == [150, 151]
    kept = unpaired(a=str(tmp_path / "trainA"), b=str(tmp_path / "trainB"), size=SIDE, holdout=2)
    assert len(kept) == 5 and kept.held_out == 2 and len(kept.kinds["input"]) == 3


def test_what_cannot_be_read_as_pairs_or_domains_is_refused_in_one_line(tmp_path):
    domains(tmp_path / "apart")
    odd = write(tmp_path / "odd", {"a.png": picture(1, 2), "b.png": picture(1, width=9)})
    calls = {
        r"1 of 2 images in \S+ cannot be read: b.png \(an odd width of 9 pixels": lambda: paired(
            path=str(odd)
        ),
        "dataset=paired needs to know where": paired,
        "dataset=unpaired needs to know where": unpaired,
        "type dataset.b=FOLDER too": lambda: paired(a=str(odd)),
        "dataset.a=/none does not exist": lambda: unpaired(a="/none", b=str(odd)),
        "dataset=unpaired": lambda: paired(path=str(tmp_path / "apart")),
        "no folders trainA and trainB": lambda: unpaired(path=str(odd)),
        "dataset.direction is a_to_b or b_to_a": lambda: paired(path=str(odd), direction="ab"),
        "dataset.crop=4 is too far": lambda: unpaired(path=str(tmp_path / "apart"), size=4, crop=4),
    }
    for told, call in calls.items():
        with pytest.raises(UsageError, match=told) as refused:
            call()
        assert "\n" not in str(refused.value)
    assert len(paired(path=str(odd), size=SIDE, on_bad="skip")) == 1


@pytest.mark.skipif(not (DATA / "facades").is_dir(), reason="no facades here")
def test_facades_are_pairs_of_a_photo_and_its_labels():
    dataset = paired(path=str(DATA / "facades"), size=32, direction="b_to_a", limit=20)
    assert len(dataset) == 20 and dataset.held_out == 380
    rows = dataset.examples(np.arange(20))
    blue = [np.mean(rows[name][..., 2] > rows[name][..., 0] + 0.5) for name in ("input", "image")]
    assert blue[0] > 0.3 > blue[1]
    assert os.path.basename(DATA / "facades") == dataset.name


def test_patches_of_one_picture_are_a_domain(tmp_path):
    """Each patch lies within its picture, at a place and a scale that its number decides."""
    ramp = np.add.outer(np.arange(90), 2 * np.arange(70)).astype(np.uint8)  # a plane: every patch is one
    for name, turned in (("trainA", ramp), ("trainB", ramp[::-1])):
        (tmp_path / name).mkdir()
        Image.fromarray(np.repeat(turned[..., None], 3, axis=-1)).save(tmp_path / name / "one.png")
    rules = {"path": str(tmp_path), "size": 16, "patches": 50}
    data = unpaired(**rules)
    assert len(data) == 50 and data.fields["input"].shape == (16, 16, 3)
    found = data.kinds["input"].read(np.arange(50)).astype(int)
    assert np.array_equal(found[7], unpaired(**rules).kinds["input"].read(np.array([7]))[0])
    middle = found[:, 8, 8, 0]
    assert len(np.unique(middle)) > 20 and found.min() >= ramp.min() and found.max() <= ramp.max()
    slopes = (found[:, 12, 8, 0] - found[:, 4, 8, 0]) / 8  # rows of the picture for a row of the patch
    assert slopes.min() > 0.8 and slopes.max() > 3.0
    assert data.fingerprint != unpaired(path=str(tmp_path), size=16).fingerprint
    batch = next(iter(data.batches(8, seed=0)))
    assert batch["input"].shape == (8, 16, 16, 3)
    with pytest.raises(UsageError, match=r"dataset\.patches: expected a whole number of at least 1"):
        unpaired(**rules | {"patches": 0})
