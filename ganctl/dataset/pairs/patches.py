"""Patches of a few large pictures: one picture can be a domain (Park et al., 2020, section 4.5)."""

import io
from collections import OrderedDict

import numpy as np
from PIL import Image, ImageOps

from ganctl.dataset.images.image_set import Images
from ganctl.dataset.images.picture import FORMATS, Form, flat
from ganctl.dataset.images.source import Folder, Zip
from ganctl.dataset.images.storage import Storage
from ganctl.dataset.pairs.place import Place

LARGEST = 1024  # pixels of a picture's longer side, from which patches are cut
KEPT = 16  # pictures that stay in memory


class Patches:
    """Squares cut out of pictures, each at a place and a scale of its own: a function of its number.

    Args:
        place: of the pictures.
        images: what was read there, whose bad files are left out.
        form: of a patch.
        each: patches of each picture.
    """

    digests: np.ndarray | None = None

    def __init__(self, place: Place, images: Images, form: Form, each: int) -> None:
        self.source = Folder(place.path) if place.path.is_dir() else Zip(place.path)
        self.names, self.form, self.each = images.names, form, each
        self.shape: tuple[int, int, int] = form.shape
        self._kept: OrderedDict[int, Image.Image] = OrderedDict()

    def __len__(self) -> int:
        return len(self.names) * self.each

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Return the patches of these numbers."""
        return np.stack([self._one(int(index)) for index in indices])

    def _one(self, index: int) -> np.ndarray:
        """Return a patch, from one of the picture's own pixels up to all of its shorter side."""
        picture, random = self._picture(index % len(self.names)), np.random.default_rng([9, index])
        height, width, _ = self.shape
        most = min(picture.height / height, picture.width / width)
        scale = most ** random.uniform() if most > 1 else most
        high, wide = scale * height, scale * width
        top, left = random.uniform(0, picture.height - high), random.uniform(0, picture.width - wide)
        box = (left, top, left + wide, top + high)
        cut = picture.resize((width, height), Image.Resampling.LANCZOS, box=box)
        return np.asarray(cut).reshape(self.shape)

    def _picture(self, number: int) -> Image.Image:
        whole = self._kept.get(number)
        if whole is None:
            with Image.open(io.BytesIO(self.source.read(self.names[number])), formats=FORMATS) as opened:
                opened.load()
                whole = flat(ImageOps.exif_transpose(opened), self.form)
            whole.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS)
            self._kept[number] = whole
            while len(self._kept) > KEPT:  # threads read at once: what another took out is still here
                self._kept.popitem(last=False)
        return whole


def cut(place: Place, images: Images, form: Form, each: int | None) -> Storage:
    """Return the pictures as they were read, or patches of them where a number of each is said."""
    if each is None:
        return images.storage
    return Patches(place, images, form, each)
