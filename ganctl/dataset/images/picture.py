"""One image file's bytes into an array of the wanted size and colours, whatever kind of image it is."""

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError, features

from ganctl.dataset.options import choice, pair
from ganctl.error import UsageError

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "AVIF")
KINDS = "PNG, JPEG, WebP, BMP, TIFF, GIF or AVIF"
SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".tif", ".tiff", ".gif"),
    *([".avif"] if features.check("avif") else []),
)
MEGAPIXELS = "GANCTL_MEGAPIXELS"  # the environment's word for a larger limit
SIGNATURE = b"\x89PNG\r\n\x1a\n"
TEXTS = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")  # parts of a PNG that hold no pixels
Image.MAX_IMAGE_PIXELS = None  # the limit is `refuse_large`'s, which says how to raise it
FITS = ("crop", "stretch", "pad")
BACKGROUNDS = ("white", "black")
WORKERS = min(16, os.cpu_count() or 1)  # threads; Pillow decodes without the interpreter's lock
FILTER = Image.Resampling.LANCZOS


class BadImage(Exception):
    """A file that is not a whole image; its text is the reason."""


@dataclass(frozen=True)
class Form:
    """The form that every image of a set is brought into.

    Args:
        height: pixels.
        width: pixels.
        channels: 1 (grey) or 3 (red, green, blue).
        fit: "crop" scales until the image covers the size and cuts its middle out, "pad" scales until it fits
            in and adds background, "stretch" forgets the proportions.
        background: "white" or "black", behind transparent parts and around padded images.
    """

    height: int
    width: int
    channels: int
    fit: str
    background: str

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        return self.height, self.width, self.channels

    def read(self, image: Image.Image) -> np.ndarray:
        """Return an opened file's image in this form, uint8 of `shape`.

        Raises:
            BadImage: for an image that has no such form.
        """
        # A large JPEG is decoded at 1/2, 1/4 or 1/8 while that leaves twice the size: much faster.
        image.draft(None, (2 * max(self.height, self.width),) * 2)
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
        return self.made(image)

    def made(self, image: Image.Image) -> np.ndarray:
        """Return a loaded image in this form, uint8 (height, width, channels)."""
        return np.asarray(fitted(flat(image, self), self)).reshape(self.height, self.width, self.channels)


def form(*, size: int | str | Sequence[int], channels: int, fit: str, background: str) -> Form:
    """Return the checked form; see `Form`. Raises UsageError for an option outside its range."""
    if channels not in (1, 3) or isinstance(channels, bool):
        raise UsageError(f"dataset.channels is 1 (grey) or 3 (colour), not {channels!r}.")
    choice("fit", fit, FITS)
    choice("background", background, BACKGROUNDS)
    return Form(*pair(size), channels, fit, background)


def decode(data: bytes, form: Form) -> np.ndarray:
    """Return the (first) image in a file of FORMATS as uint8 of shape (height, width, channels).

    EXIF's orientation is obeyed; palettes, transparency, 16 bits and CMYK become plain grey or colour.

    Raises:
        BadImage: the file is empty, truncated, damaged or something else.
    """
    if not data:
        raise BadImage("empty")
    try:
        with Image.open(io.BytesIO(without_texts(data)), formats=FORMATS) as image:
            refuse_large(image)
            return form.read(image)
    except BadImage:
        raise
    except UnidentifiedImageError as error:
        raise BadImage(f"not a {KINDS} image") from error
    except Exception as error:  # Pillow's readers raise whatever a broken file makes them raise
        reason = " ".join(str(error).split())
        raise BadImage("truncated" if "truncated" in reason.lower() else f"damaged: {reason}") from error


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Return (height, width) of an opened image as it is meant to be seen, before it is decoded."""
    turned = image.getexif().get(0x0112, 1) >= 5  # EXIF's orientation on its side
    width, height = image.size[::-1] if turned else image.size
    return height, width


def refuse_large(image: Image.Image) -> None:
    """Raise BadImage for more pixels than fit into memory in every thread, before they are decoded."""
    told = os.environ.get(MEGAPIXELS, "")
    most, found = int(told) if told.isdigit() else 100, image.width * image.height / 10**6
    if found > most:
        raise BadImage(
            f"{image.width}x{image.height}, and at most {most} megapixels are read; make it smaller, or set "
            f"{MEGAPIXELS}={int(found) + 1}"
        )


def without_texts(data: bytes) -> bytes:
    """Return a PNG without the parts that hold no pixels: damage in a comment, or its size, is no trouble."""
    if not data.startswith(SIGNATURE):
        return data
    kept, place = [SIGNATURE], len(SIGNATURE)
    while place + 12 <= len(data):
        end = place + 12 + int.from_bytes(data[place : place + 4], "big")
        if data[place + 4 : place + 8] not in TEXTS:
            kept.append(data[place:end])
        place = end
    return b"".join(kept) if place == len(data) else data


def flat(image: Image.Image, form: Form) -> Image.Image:
    """Return an image without transparency, of 8 bits, in mode L or RGB."""
    if image.mode.startswith(("I", "F")):
        # Pillow would clip 16-bit grey at 255 instead of scaling it.
        image = Image.fromarray(
            np.clip(np.rint(np.asarray(image, np.float64) / 257), 0, 255).astype(np.uint8)
        )
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, form.background), image)
    return image.convert("L" if form.channels == 1 else "RGB")


def fitted(image: Image.Image, form: Form) -> Image.Image:
    """Return an image of the form's size."""
    size = form.width, form.height
    if image.size == size:
        return image
    if form.fit == "crop":
        return ImageOps.fit(image, size, FILTER)
    if form.fit == "pad":
        width, height = image.size
        if width > 2 * size[0] * height or height > 2 * size[1] * width:
            # A strip would be rounded to no pixels at all.
            image = image.resize((size[0], 1) if width > height else (1, size[1]), FILTER)
        return ImageOps.pad(image, size, FILTER, color=form.background)
    return image.resize(size, FILTER)
