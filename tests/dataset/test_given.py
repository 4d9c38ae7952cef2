"""What a user types for a sample: labels, ranges, numbers and pictures are read, all else is refused."""

import zipfile

import numpy as np
import pytest
from PIL import Image

from ganctl.dataset.given import STEPS, hint, read
from ganctl.error import UsageError
from ganctl.game.field import Field

DIGITS = Field(kind="label", classes=tuple("0123456789"))
BEASTS = Field(kind="label", classes=("cat", "dog", "emu"))
AGE, CODE = Field(kind="number"), Field(kind="number", shape=(3,))
MIXED = Field(kind="mixture", shape=(3,), classes=("cat", "dog", "emu"))
IMAGE = Field(kind="image", shape=(6, 4, 3))


@pytest.mark.parametrize(
    ("field", "text", "values"),
    [
        (DIGITS, "7", [7]),
        (DIGITS, "7,0,7", [7, 0, 7]),
        (DIGITS, "3..6", [3, 4, 5, 6]),
        (DIGITS, "1,8..9", [1, 8, 9]),
        (BEASTS, "dog", [1]),
        (BEASTS, "emu, cat", [2, 0]),
        (BEASTS, "0..2,dog", [0, 1, 2, 1]),
        (Field(kind="label", classes=("2", "1", "0")), "0", [2]),  # a name comes before a number
    ],
)
def test_labels_are_numbers_names_and_ranges(field, text, values):
    found = read("label", field, text)
    assert found.values.tolist() == values and found.values.dtype == np.int32 and not found.names


@pytest.mark.parametrize(
    ("field", "text", "told"),
    [
        (DIGITS, "10", "label: expected a number from 0 to 9, got '10'."),
        (DIGITS, "-1", "got '-1'"),
        (DIGITS, "", "got ''"),
        (DIGITS, "6..", "got '6..'"),
        (DIGITS, "5..3", "5..3"),
        (DIGITS, "8..12", "got '10'"),
        (DIGITS, "0..99999999", "got '0..99999999'"),  # no list of so many
        (BEASTS, "dgo", "Did you mean 'dog'?"),
    ],
)
def test_labels_that_there_are_not_are_refused(field, text, told):
    with pytest.raises(UsageError) as caught:
        read("label", field, text)
    assert told in str(caught.value) and "\n" not in str(caught.value)
    assert field is BEASTS or "Did you mean" not in str(caught.value)  # 1 is not meant by 10


def test_numbers_are_lists_or_ranges_and_as_wide_as_the_field():
    assert read("age", AGE, "0.5,-2").values.tolist() == [0.5, -2.0]
    way = read("age", AGE, "-2..1").values
    np.testing.assert_allclose(way, np.linspace(-2, 1, STEPS), rtol=1e-6)
    wide = read("code", CODE, "1,2").values
    assert wide.tolist() == [[1, 1, 1], [2, 2, 2]] and wide.dtype == np.float32


@pytest.mark.parametrize("text", ["", "x", "1..", "..", "1,,2", "nan", "inf", "1..inf", "1e999"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(UsageError, match=r"age: expected numbers such as age=0\.5 or age=-2\.\.2, got"):
        read("age", AGE, text)


@pytest.fixture
def pictures(tmp_path):
    """Two pictures larger than the field, one red and one blue, in a folder and in a zip."""
    folder = tmp_path / "shoes"
    folder.mkdir()
    for name, colour in (("a", (255, 0, 0)), ("b", (0, 0, 255))):
        Image.new("RGB", (40, 60), colour).save(folder / f"{name}.png")
    with zipfile.ZipFile(tmp_path / "shoes.zip", "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
    return tmp_path


def test_pictures_come_from_a_file_a_folder_or_a_zip_in_the_field_s_size(pictures):
    one = read("shoe", IMAGE, str(pictures / "shoes/b.png"))
    assert len(one.values) == 1 and one.names == ["b.png"] and one.pictures.sizes() == [(60, 40)]
    assert one.values[np.array([0])].dtype == np.float32
    assert one.values[0].reshape(-1, 3).tolist() == [[-1, -1, 1]] * 24
    for place in ("shoes", "shoes.zip"):
        both = read("shoe", IMAGE, str(pictures / place))
        assert both.names == ["a.png", "b.png"] and len(both.values) == 2
        assert both.values[np.arange(2)][:, 0, 0].tolist() == [[1, -1, -1], [-1, -1, 1]]


def test_pictures_that_cannot_be_read_are_refused(pictures):
    (pictures / "note.png").write_text("x")
    (pictures / "empty").mkdir()
    for place, told in (
        ("nowhere", "shoe: expected a picture, a folder or a zip of pictures, got"),
        ("note.png", "cannot be read"),
        ("empty", "shoe"),
    ):
        with pytest.raises(UsageError, match=told) as caught:
            read("shoe", IMAGE, str(pictures / place))
        assert "dataset.path" not in str(caught.value)


def test_bad_files_of_a_folder_are_left_out_and_names_keep_their_folders(pictures):
    (pictures / "shoes/worn").mkdir()
    Image.new("L", (9, 9), 7).save(pictures / "shoes/worn/c.png")
    (pictures / "shoes/d.jpg").write_bytes(b"torn")
    found = read("shoe", IMAGE, str(pictures / "shoes"))
    assert found.names == ["a.png", "b.png", "worn/c.png"]
    assert list(found.pictures.bad) == ["d.jpg"]


def test_masks_are_white_in_the_hole_and_neither_empty_nor_full(pictures):
    mask = Field(kind="mask", shape=(6, 4, 1))
    drawn = np.zeros((6, 4), np.uint8)
    drawn[2:4] = 255
    for name, pixels in (("hole", drawn), ("empty", 0 * drawn), ("full", np.full_like(drawn, 255))):
        Image.fromarray(pixels).save(pictures / f"{name}.png")
    found = read("mask", mask, str(pictures / "hole.png")).values[np.array([0])]
    assert found.shape == (1, 6, 4, 1) and found[0, 2:4].all() and found.sum() == 8
    for name, told in (("empty", "no white pixel"), ("full", "nothing but white")):
        with pytest.raises(UsageError, match=rf"{name}\.png has {told}"):
            read("mask", mask, str(pictures / f"{name}.png")).values[np.array([0])]


def test_transparent_parts_are_holes(pictures):
    torn = np.full((6, 4, 4), 255, np.uint8)
    torn[:2, :, 3] = 0
    Image.fromarray(torn).save(pictures / "torn.png")
    holes = read("image", IMAGE, str(pictures / "torn.png")).pictures.holes()
    assert (holes[0][0, :2] == 1).all() and (holes[0][0, 2:] == -1).all()


def test_classes_to_go_between_are_shares_of_each():
    found = read("between", MIXED, "cat,2,dog").values
    assert found.shape == (2 * STEPS, 3) and found.dtype == np.float32
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-6)
    assert found[0].tolist() == [1, 0, 0] and found[STEPS - 1].tolist() == found[STEPS].tolist() == [0, 0, 1]
    assert found[-1].tolist() == [0, 1, 0] and np.allclose(found[3], [2 / 3, 0, 1 / 3])
    with pytest.raises(UsageError, match="two classes or more, such as between=cat,emu, got 'cat'"):
        read("between", MIXED, "cat")
    with pytest.raises(UsageError, match="got 'cow'"):
        read("between", MIXED, "cat,cow")


def test_kinds_that_cannot_be_typed_are_refused():
    with pytest.raises(UsageError, match="place: point data cannot be given on the command line"):
        read("place", Field(kind="point", shape=(2,)), "1,2")


def test_a_hint_is_what_can_be_typed():
    assert hint("label", DIGITS) == "label=0,9"
    assert hint("label", BEASTS) == "label=cat,emu or label=0..2"
    assert hint("age", AGE) == "age=FROM..TO" and hint("shoe", IMAGE) == "shoe=FILE, FOLDER/ or ZIP"
