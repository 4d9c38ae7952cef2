"""What is said of pictures' sizes, and the size that dataset.size=auto chooses."""

import numpy as np
import pytest
from PIL import Image

from ganctl.dataset.images.folder import image_folder
from ganctl.dataset.images.picture import form
from ganctl.dataset.images.sizes import sizes_of, suited, told
from ganctl.dataset.images.source import Folder
from ganctl.error import UsageError


def folder(place, *sizes):
    """Write a grey picture of each (width, height)."""
    for index, size in enumerate(sizes):
        Image.new("L", size, 99).save(place / f"{index}.png")
    return place


@pytest.mark.parametrize(
    ("sizes", "wanted"),
    [
        ([(300, 200)] * 9 + [(100, 100)], [128, 192]),  # of one shape: kept
        ([(200, 300)] * 9, [192, 128]),
        ([(90, 70)] * 9, [64, 80]),
        ([(300, 200), (200, 300), (128, 128)], [128, 128]),  # of several: squares
        ([(40, 40)] * 4 + [(400, 400)] * 3, [32, 32]),  # half of them have so many pixels
        ([(9, 9)], [16, 16]),
    ],
)
def test_the_size_is_what_most_have(sizes, wanted, tmp_path):
    found = np.array([size[::-1] for size in sizes])
    assert suited(found) == wanted


def test_a_folder_in_its_own_size(tmp_path):
    folder(tmp_path, *[(60, 40)] * 3)
    images = image_folder(path=str(tmp_path), size="auto", channels=1)
    assert images.shape == (32, 48, 1) and "3 pictures of 60x40 pixels" in images.about
    with pytest.raises(UsageError, match="needs to know where the images are"):
        image_folder(path=None, size="auto")
    with pytest.raises(UsageError, match=r"dataset\.size is a side in pixels or \[height, width\]"):
        image_folder(path=str(tmp_path), size="small")


def test_what_is_lost_and_enlarged_is_said(tmp_path):
    sizes = np.array([[40, 80], [40, 80], [40, 80], [20, 20]])
    square = form(size=32, channels=3, fit="crop", background="white")
    said = told(sizes, square, 4)
    assert said == (
        "4 pictures of 20x20 to 80x40 pixels, half of them at most 80x40; half of them lose 50% or more "
        "where the middle is cut out; smaller than 32x32, and enlarged: 1"
    )
    assert told(sizes[:2], form(size=[16, 32], channels=3, fit="crop", background="white"), 2) == (
        "2 pictures of 80x40 pixels"
    )
    assert "lose" not in told(sizes, form(size=8, channels=3, fit="pad", background="white"), 4)
    assert told(sizes, square, 9000).startswith("4 of 9,000 pictures") and told(sizes[:0], square, 0) == ""


def test_sizes_are_read_upright_and_bad_files_are_passed_over(tmp_path):
    folder(tmp_path, (30, 20))
    turned = Image.new("L", (30, 20))
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / "1.jpg", exif=exif)
    (tmp_path / "2.png").write_bytes(b"no picture")
    names = ["0.png", "1.jpg", "2.png", "missing.png"]
    assert sizes_of(Folder(tmp_path), names).tolist() == [[20, 30], [30, 20]]
