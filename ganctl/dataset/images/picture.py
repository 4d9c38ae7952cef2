"""One image file's bytes into an array of the wanted size and colours, whatever kind of image it is."""

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ganctl.dataset.options import choice, pair
from ganctl.error import UsageError

FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
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


def form(*, size: int | Sequence[int], channels: int, fit: str, background: str) -> Form:
    """Return the checked form; see `Form`. Raises UsageError for an option outside its range."""
    if channels not in (1, 3) or isinstance(channels, bool):
        raise UsageError(f"dataset.channels is 1 (grey) or 3 (colour), not {channels!r}.")
    choice("fit", fit, FITS)
    choice("background", background, BACKGROUNDS)
    return Form(*pair(size), channels, fit, background)


def decode(data: bytes, form: Form) -> np.ndarray:
    """Return the image in a PNG, JPEG, WebP or BMP file as uint8 of shape (height, width, channels).

    EXIF's orientation is obeyed; palettes, transparency, 16 bits and CMYK become plain grey or colour.

    Raises:
        BadImage: the file is empty, truncated, damaged or something else.
    """
    if not data:
        raise BadImage("empty")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            return form.read(image)
    except BadImage:
        raise
    except UnidentifiedImageError as error:
        raise BadImage("not a PNG, JPEG, WebP or BMP image") from error
    except Exception as error:  # Pillow's readers raise whatever a broken file makes them raise
        reason = " ".join(str(error).split())
        raise BadImage("truncated" if "truncated" in reason.lower() else f"damaged: {reason}") from error


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
        return ImageOps.pad(image, size, FILTER, color=form.background)
    return image.resize(size, FILTER)
