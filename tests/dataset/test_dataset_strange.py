"""What strangers' folders and zips hold: found, normalised or numbered anew aloud, or refused in a line."""

import io
import json
import os
import struct
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from ganctl.dataset.images.folder import image_folder
from ganctl.dataset.images.picture import BadImage, decode, form
from ganctl.error import UsageError

SIDE = 8


def picture(value: int = 0, kind: str = "PNG", size: tuple[int, int] = (SIDE, SIDE)) -> bytes:
    """Return a file of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", size, (value, 0, 0)).save(buffer, kind)
    return buffer.getvalue()


def zipped(path, files: dict[str, bytes] | list[tuple[str, bytes]], **rules):
    with zipfile.ZipFile(path, "w", **rules) as archive:
        for name, data in files.items() if isinstance(files, dict) else files:
            archive.writestr(name, data)
    return path


def written(folder, files: dict[str, bytes]):
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def load(path, **options):
    return image_folder(path=str(path), size=SIDE, **options)


NAMES = [f"{index // 4:02d}/{index}.png" for index in range(8)]
PICTURES = {name: picture(index) for index, name in enumerate(NAMES)}
WRAPPED = {
    "at the top": ("", "dataset.json", ""),
    "one folder down": ("mine/", "mine/dataset.json", ""),
    "one folder down, with it": ("mine/", "mine/dataset.json", "mine/"),
    "at the top of a wrapped one": ("mine/", "dataset.json", "mine/"),
    "two folders down": ("a/b/", "a/b/dataset.json", ""),
    "from here": ("./", "./dataset.json", "./"),
}


@pytest.mark.parametrize("where", WRAPPED)
def test_a_dataset_json_is_found_and_its_names_are_understood(where, tmp_path):
    around, place, before = WRAPPED[where]
    labels = {"labels": [[before + name, index % 3] for index, name in enumerate(NAMES)]}
    files = {around + name: data for name, data in PICTURES.items()}
    images = load(zipped(tmp_path / "a.zip", {**files, place: json.dumps(labels).encode()}))
    assert images.classes == ("0", "1", "2")
    assert [images.labels[images.names.index(name)] for name in sorted(images.names)] == [
        index % 3 for index in range(8)
    ]
    nothing = {**files, place: b'{"labels": null}'}
    assert load(zipped(tmp_path / "b.zip", nothing)).labels is None  # folders mean nothing there


@pytest.mark.parametrize("numbers", [(1, 2), (3, 900_000), (0, 5), (2**31 - 1, 7)])
def test_labels_with_gaps_are_numbered_anew_aloud(numbers, tmp_path, capsys):
    labels = [[name, numbers[index % 2]] for index, name in enumerate(NAMES)]
    images = load(zipped(tmp_path / "a.zip", {**PICTURES, "dataset.json": json.dumps({"labels": labels})}))
    assert images.classes == tuple(map(str, sorted(numbers))) and set(images.labels) == {0, 1}
    assert "are the classes 0 to 1 here, by these names" in capsys.readouterr().err


BAD_LABELS = {
    '{"labels": [["00/0.png", 0], ["00/0.png", 1]]}': "gives 1 files several labels: 00/0.png",
    '{"labels": [["00/0.png", 2147483648]]}': "has the label 2147483648",
    '{"labels": [["00/0.png", [1.0, 0.0]]]}': "has the label [1.0, 0.0]; expected whole numbers",
    '{"labels": [["00/0.png", 0],]}': "a comma before a closing bracket",
    "[" * 100_000: "is not of the form",
    '{"labels": 5}': "is not of the form",
}


@pytest.mark.parametrize("text", BAD_LABELS, ids=lambda text: text[:30])
def test_labels_that_cannot_be_are_refused_in_a_line(text, tmp_path):
    with pytest.raises(UsageError) as caught:
        load(zipped(tmp_path / "a.zip", {**PICTURES, "dataset.json": text.encode()}))
    assert BAD_LABELS[text] in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("folders", "words"),
    [
        (["train", "test"], r"which are no classes; type dataset\.path=.*/train\."),
        (["Train", "Val", "Test"], "which are no classes"),
        (["trainA", "trainB", "testA", "testB"], "type dataset=unpaired dataset.path="),
    ],
)
def test_splits_are_not_taken_for_classes(folders, words, tmp_path):
    written(tmp_path / "set", {f"{folder}/{n}.png": picture(n) for folder in folders for n in range(2)})
    with pytest.raises(UsageError, match=words):
        load(tmp_path / "set")


def test_a_class_of_which_nothing_can_be_read_is_gone_aloud(tmp_path, capsys):
    files = {f"{name}/{n}.png": b"broken" if name == "b" else picture(n) for name in "abc" for n in range(3)}
    images = load(written(tmp_path / "set", files), on_bad="skip")
    assert images.classes == ("a", "c") and images.labels.tolist() == [0] * 3 + [1] * 3
    assert "no image of class b can be read: 2 classes are left" in capsys.readouterr().err


def test_what_is_left_out_is_counted_and_what_pillow_reads_is_read(tmp_path, capsys):
    kinds = {"jfif": "JPEG", "tif": "TIFF", "gif": "GIF", "webp": "WEBP", "bmp": "BMP", "png": "PNG"}
    files = {f"{kind}.{kind}": picture(9, name) for kind, name in kinds.items()}
    extra = {"a.heic": b"x", "b.heic": b"x", "c.psd": b"x", "notes.txt": b"x", "Thumbs.db": b"x"}
    assert len(load(written(tmp_path / "set", files | extra))) == len(kinds)
    assert (
        "Note: 3 files in" in (said := capsys.readouterr().err) and "2 .heic" in said and ".txt" not in said
    )


def test_a_member_that_is_there_twice_counts_once_aloud(tmp_path, capsys):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = zipped(
            tmp_path / "a.zip", [("0.png", picture(1)), ("1.png", picture(2)), ("0.png", picture(3))]
        )
    images = load(path)
    assert len(images) == 2 and images.read(np.array([0]))[0, 0, 0, 0] == 3
    assert "1 members of" in capsys.readouterr().err


def test_pipes_and_links_in_circles_and_our_own_runs_are_no_data(tmp_path):
    place = written(tmp_path / "set", {f"{n}.png": picture(n) for n in range(3)})
    os.mkfifo(place / "pipe.png")
    (place / "again").symlink_to(".")
    written(place / "outputs/run", {"config.yaml": b"", "run.json": b"{}", "samples/step-0.png": picture(9)})
    written(
        place / "outputs/sweep/a", {"config.yaml": b"", "run.json": b"{}", "samples/step-0.png": picture(9)}
    )
    assert load(place).names == ["0.png", "1.png", "2.png"]


def test_the_folder_one_stands_in_has_a_name(tmp_path, monkeypatch):
    place = written(tmp_path / "faces.v2", {f"{n}.png": picture(n) for n in range(3)})
    monkeypatch.chdir(place)
    assert load(".").name == "faces.v2" == load(place).name


def test_names_in_another_encoding_are_read_and_shown(tmp_path):
    for name in (b"a", b"caf\xe9"):
        folder = os.fsencode(tmp_path / "set") + b"/" + name
        os.makedirs(folder)
        for n in range(2):
            with open(folder + b"/%d.png" % n, "wb") as file:
                file.write(picture(n))
    images = load(tmp_path / "set", cache=False)
    assert images.classes == ("a", "caf\N{REPLACEMENT CHARACTER}") and len(images) == 4
    assert load(tmp_path / "set", cache=False).fingerprint == images.fingerprint  # from the record


def chunk(kind: bytes, data: bytes, *, wrong: int = 0) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data) ^ wrong)


LARGE_TEXT = b"prompt\0\0" + zlib.compress(b"x" * 3_000_000)
COMMENTS = {
    "large text": chunk(b"zTXt", LARGE_TEXT),
    "large profile": chunk(b"iCCP", b"icc\0\0" + zlib.compress(bytes(2_000_000))),
    "large unicode": chunk(b"iTXt", b"p\0\1\0\0\0" + zlib.compress(b"y" * 2_000_000)),
    "wrong checksum": chunk(b"tEXt", b"Comment\0hello", wrong=1),
}
FORM = form(size=SIDE, channels=3, fit="pad", background="white")


@pytest.mark.parametrize("comment", COMMENTS.values(), ids=COMMENTS)
def test_a_comment_of_a_png_is_no_damage(comment):
    whole = picture(77)
    assert np.array_equal(decode(whole[:33] + comment + whole[33:], FORM), decode(whole, FORM))


def test_damage_of_the_pixels_is():
    whole = bytearray(picture(77))
    whole[whole.index(b"IDAT") + 6] ^= 255
    with pytest.raises(BadImage):
        decode(bytes(whole), FORM)


@pytest.mark.parametrize("size", [(3000, 1), (1, 3000), (146 * 16, 16), (1, 1), (17, 16)])
def test_a_strip_keeps_at_least_one_pixel(size):
    assert (decode(picture(200, size=size), FORM)[..., 1] == 0).any()  # of its colour, not of the background


def test_too_many_pixels_are_named_with_the_way_to_raise_the_limit(monkeypatch):
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000)))
    with pytest.raises(BadImage, match=r"60000x60000, and at most 100 megapixels.*GANCTL_MEGAPIXELS=3601"):
        decode(bomb + chunk(b"IEND", b""), FORM)
    monkeypatch.setenv("GANCTL_MEGAPIXELS", "1")
    with pytest.raises(BadImage, match="at most 1 megapixels"):
        decode(picture(size=(1001, 1001)), FORM)


def test_zips_that_hide_or_swell_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr("ganctl.dataset.images.source.BYTES", 1000)
    path = zipped(tmp_path / "a.zip", {"0.png": bytes(5000)}, compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(UsageError, match=r"0\.png \(more than 0 MB\)"):
        load(path)
    with pytest.raises(UsageError, match="no files at all"):
        load(zipped(tmp_path / "b.zip", {"../../evil.png": picture(), "/etc/evil.png": picture()}))
    data = bytearray(zipped(tmp_path / "c.zip", {"0.png": picture()}).read_bytes())
    for mark, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(mark) + place] |= 1
    (tmp_path / "c.zip").write_bytes(data)
    with pytest.raises(UsageError, match="behind a password; unpack it"):
        load(tmp_path / "c.zip")
    data = bytearray(zipped(tmp_path / "d.zip", {"0.png": picture()}).read_bytes())
    for mark, place in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        data[data.index(mark) + place] = 9  # Deflate64
    (tmp_path / "d.zip").write_bytes(data)
    with pytest.raises(UsageError, match="unpack it, and give the folder"):
        load(tmp_path / "d.zip")
