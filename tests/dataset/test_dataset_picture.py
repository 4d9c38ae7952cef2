"""Image files of every kind come out as the picture that a person sees."""

import io

import numpy as np
import pytest
from PIL import Image

from ganctl.dataset.images.picture import BadImage, decode, form
from ganctl.error import UsageError


def wanted(**options):
    return form(**{"size": 8, "channels": 3, "fit": "crop", "background": "white", **options})


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def colours(height: int = 8, width: int = 8) -> Image.Image:
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3)).astype(np.uint8)
    return Image.fromarray(pixels)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "WEBP"])
def test_a_lossless_image_of_the_right_size_is_unchanged(kind):
    options = {"lossless": True} if kind == "WEBP" else {}
    np.testing.assert_array_equal(
        decode(encoded(colours(), kind, **options), wanted()), np.asarray(colours())
    )


def test_sixteen_bit_grey_is_scaled_and_not_clipped():
    pixels = np.full((8, 8), 128 * 257, np.uint16)
    data = encoded(Image.fromarray(pixels))
    assert set(decode(data, wanted(channels=1)).ravel()) == {128}
    assert set(decode(data, wanted()).ravel()) == {128}


def test_a_palette_becomes_its_colours():
    image = Image.new("P", (8, 8), 1)
    image.putpalette([0, 0, 0, 10, 200, 30])
    np.testing.assert_array_equal(decode(encoded(image), wanted())[0, 0], [10, 200, 30])


def test_a_transparent_palette_entry_shows_the_background():
    image = Image.new("P", (8, 8), 1)
    image.putpalette([0, 0, 0, 10, 200, 30])
    data = encoded(image, transparency=1)
    np.testing.assert_array_equal(decode(data, wanted())[0, 0], [255, 255, 255])
    np.testing.assert_array_equal(decode(data, wanted(background="black"))[0, 0], [0, 0, 0])


def test_half_transparent_red_is_mixed_with_the_background():
    data = encoded(Image.new("RGBA", (8, 8), (255, 0, 0, 128)))
    np.testing.assert_allclose(decode(data, wanted())[0, 0], [255, 127, 127], atol=1)
    np.testing.assert_allclose(decode(data, wanted(background="black"))[0, 0], [128, 0, 0], atol=1)


def test_cmyk_becomes_red_green_and_blue():
    data = encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", quality=95)
    np.testing.assert_allclose(decode(data, wanted())[0, 0], [255, 0, 0], atol=12)


def test_grey_becomes_three_equal_channels_and_colour_becomes_one():
    grey = decode(encoded(Image.new("L", (8, 8), 77)), wanted())
    assert grey.shape == (8, 8, 3) and set(grey.ravel()) == {77}
    green = decode(encoded(Image.new("RGB", (8, 8), (0, 255, 0))), wanted(channels=1))
    assert green.shape == (8, 8, 1) and set(green.ravel()) == {150}


def test_exif_orientation_is_obeyed():
    image = Image.new("RGB", (16, 16))
    image.paste((255, 255, 255), (0, 0, 8, 16))  # white on the left
    exif = Image.Exif()
    exif[0x0112] = 6  # to be seen turned clockwise by a quarter: white on top
    picture = decode(encoded(image, "JPEG", exif=exif, quality=95), wanted())
    assert picture[0].min() > 200 and picture[-1].max() < 50


def test_crop_keeps_the_middle_and_pad_keeps_everything_and_stretch_fills():
    image = Image.new("RGB", (32, 16), (255, 0, 0))  # red, with a green square in the middle
    image.paste((0, 255, 0), (8, 0, 24, 16))
    data = encoded(image)
    cropped, padded, stretched = (decode(data, wanted(fit=fit)) for fit in ("crop", "pad", "stretch"))
    np.testing.assert_allclose(cropped[:, 3:5], np.broadcast_to([0, 255, 0], (8, 2, 3)), atol=3)
    assert cropped[:, :, 1].min() > 220  # the whole width is the square's
    np.testing.assert_array_equal(padded[0, 4], [255, 255, 255])
    np.testing.assert_array_equal(padded[4, 0], [255, 0, 0])
    np.testing.assert_array_equal(padded[4, 4], [0, 255, 0])
    np.testing.assert_array_equal(stretched[0, 0], [255, 0, 0])


def test_a_size_of_two_numbers_is_height_and_width():
    assert decode(encoded(colours(20, 30)), wanted(size=[6, 10])).shape == (6, 10, 3)


def test_a_large_photograph_is_reduced_to_what_it_would_be_without_the_fast_way():
    y, x = np.mgrid[0:512, 0:512] / 512
    image = Image.fromarray((np.stack([y, x, (np.sin(20 * x) + 1) / 2], -1) * 255).astype(np.uint8))
    data = encoded(image, "JPEG", quality=95)
    with Image.open(io.BytesIO(data)) as full:
        plain = np.asarray(full.resize((32, 32), Image.Resampling.LANCZOS)).astype(int)
    assert np.abs(decode(data, wanted(size=32)).astype(int) - plain).max() <= 8


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"hello, I am a text", "not a PNG"),
        (encoded(Image.new("RGB", (8, 8)), "ICO"), "not a PNG"),
        (encoded(colours(64, 64))[:-2000], "truncated"),
        (encoded(colours(64, 64), "JPEG")[:-500], "truncated"),
        (encoded(colours(64, 64), "WEBP")[:-500], "damaged|truncated|not a"),
        (encoded(colours(64, 64), "BMP")[:-500], "truncated"),
    ],
)
def test_a_file_that_is_not_a_whole_image_is_bad_for_a_reason(data, reason):
    with pytest.raises(BadImage, match=reason):
        decode(data, wanted())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": -1}, r"dataset\.size is .* not -1"),
        ({"size": 0}, r"not 0"),
        ({"size": [64]}, r"not \[64\]"),
        ({"size": [64, 0]}, r"not \[64, 0\]"),
        ({"size": "big"}, "not 'big'"),
        ({"size": 64.5}, r"not 64\.5"),
        ({"channels": 2}, r"dataset\.channels is 1 .* or 3 .*, not 2"),
        ({"channels": True}, "not True"),
        ({"fit": "corp"}, r"dataset\.fit is crop, stretch or pad, not 'corp'\. Did you mean 'crop'\?"),
        ({"background": "blak"}, r"not 'blak'\. Did you mean 'black'\?"),
    ],
)
def test_a_wrong_option_is_told_in_one_line(options, message):
    with pytest.raises(UsageError, match=message) as caught:
        wanted(**options)
    assert "\n" not in str(caught.value)
