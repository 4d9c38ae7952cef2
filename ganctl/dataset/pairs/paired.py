"""Pictures in pairs: side by side in one file, or in two folders under equal names."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from operator import itemgetter
from pathlib import PurePosixPath

import numpy as np
from PIL import Image, ImageOps

from ganctl.dataset.images.image_set import Images
from ganctl.dataset.images.picture import BadImage, Form
from ganctl.dataset.images.selection import Chosen, Selection
from ganctl.dataset.images.source import shown
from ganctl.dataset.images.storage import Storage
from ganctl.dataset.options import Augmentation
from ganctl.dataset.pairs.pictures import Kinds, Pictures
from ganctl.dataset.pairs.place import Place, Reading, parted, place, reading, title, turned, two_places
from ganctl.error import UsageError


def paired(
    *,
    path: str | None = None,
    a: str | None = None,
    b: str | None = None,
    direction: str = "a_to_b",
    size: int | Sequence[int] = 64,
    channels: int = 3,
    fit: str = "crop",
    background: str = "white",
    on_bad: str = "error",
    cache: str | bool = "auto",
    limit: int | None = None,
    holdout: int = 0,
    flip: bool = False,
    crop: int = 0,
) -> Pictures:
    """Return pairs of pictures, "input" and "image", which are mirrored and moved together.

    Args:
        path: a folder or zip of files that show A on their left half and B on their right one, or a folder
            with the folders train/, and test/ or val/, whose pairs are then held out.
        a, b: in place of `path`, two folders whose files have equal names, their endings aside; train/ in
            them, and test/ or val/, count as above.
        direction: "a_to_b", or "b_to_a", where B is the input.
        size: of each half: side in pixels, or [height, width].
        channels, fit, background: see `ganctl.dataset.images.picture.Form`.
        on_bad, cache: see `ganctl.dataset.images.folder.image_folder`.
        limit, holdout: see `ganctl.dataset.images.selection.Selection`.
        flip, crop: see `ganctl.dataset.options.Augmentation`.

    Raises:
        UsageError: an option outside its range, no pictures, or files without a partner, which it names.
    """
    files = reading(size=size, channels=channels, fit=fit, background=background, on_bad=on_bad, cache=cache)
    augmentation = Augmentation(flip=flip, crop=crop)
    augmentation.fits(files.form.shape)
    selection = Selection(limit=limit, holdout=holdout)
    places = two_places(a, b, direction)
    found = _Folders(places, files) if places else _Files(path, direction, files)
    pairs = Pictures(
        found.name,
        found.kinds,
        streams={"input": 0, "image": 0},
        content=found.content,
        augmentation=augmentation,
        selection=selection,
        unseen=found.unseen,
        skipped=found.skipped,
    )
    pairs.truths = itemgetter("image")
    return pairs


@dataclass(frozen=True)
class SideBySide(Form):
    """Two pictures in one file, cut at the middle: the right one's channels follow the left one's."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels of both)."""
        return self.height, self.width, 2 * self.channels

    def read(self, image: Image.Image) -> np.ndarray:
        """Return both halves, each in the form, uint8 of `shape`; raise BadImage for an odd width."""
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
        middle, odd = divmod(image.width, 2)
        if odd or not middle:
            raise BadImage(f"an odd width of {image.width} pixels, which has no two halves")
        boxes = [(left, 0, left + middle, image.height) for left in (0, middle)]
        return np.concatenate([self.made(image.crop(box)) for box in boxes], axis=-1)


class Half:
    """One picture of the two that a storage's images are.

    Where images are read from files anew, each half reads its file for itself.

    Args:
        storage: images of shape (height, width, 2 * channels).
        second: whether the latter channels are meant.
    """

    def __init__(self, storage: Storage, *, second: bool) -> None:
        height, width, both = storage.shape
        self.storage, self.shape = storage, (height, width, both // 2)
        self.cut = slice(both // 2, None) if second else slice(both // 2)

    def __len__(self) -> int:
        return len(self.storage)

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Return this half of the images at `indices`."""
        return self.storage.read(indices)[..., self.cut]


class _Files:
    """Pairs that share a file each."""

    def __init__(self, path: str | None, direction: str, files: Reading) -> None:
        if path is None:
            raise UsageError(
                "dataset=paired needs to know where the pairs are: dataset.path=FOLDER with files of two "
                "pictures side by side, or dataset.a=FOLDER dataset.b=FOLDER with equal names"
            )
        self.direction, self.place = direction, place(path)
        self.files = files.as_form(SideBySide(*astuple(files.form)))
        if apart := parted(self.place.path):
            raise UsageError(
                f"dataset.path={path} has a folder of each kind; for pairs of equal names type "
                f"dataset.a={apart[0]} dataset.b={apart[1]}, for pictures without pairs dataset=unpaired."
            )
        found = self.place.images(self.files)
        self.name, self.skipped = title(self.place), found.skipped
        self.kinds, self.content = self._halves(found), f"{direction} {found.fingerprint}"

    def unseen(self) -> Kinds | None:
        held = self.place.held_out
        return self._halves(held.images(self.files)) if held else None

    def _halves(self, images: Images) -> Kinds:
        both = [Half(images.storage, second=second) for second in (False, True)]
        return dict(zip(("input", "image"), turned(tuple(both), self.direction), strict=True))


class _Folders:
    """Pairs whose pictures lie in two folders under equal names.

    Args:
        places: of "input" and of "image".
    """

    def __init__(self, places: tuple[Place, Place], files: Reading) -> None:
        self.places, self.files, self.name = places, files, title(*places)
        self.kinds, self.content, self.skipped = self._joined(places)

    def unseen(self) -> Kinds | None:
        first, second = (each.held_out for each in self.places)
        return self._joined((first, second))[0] if first and second else None

    def _joined(self, places: tuple[Place, Place]) -> tuple[Kinds, str, int]:
        """Return the pairs of two folders whole, their content, and how many were left out."""
        _refuse_alone([_stems(each.names, each) for each in places], places)
        images = [each.images(self.files) for each in places]
        stems = [_stems(each.names, at) for each, at in zip(images, places, strict=True)]
        common = sorted(set(stems[0]) & set(stems[1]))
        skipped = len(places[0].names) - len(common)
        if not common:
            raise UsageError("dataset.on_bad=skip leaves no pair of which both pictures can be read.")
        kinds, content = {}, []
        for kind, each, at in zip(("input", "image"), images, stems, strict=True):
            kinds[kind] = Chosen(each.storage, np.array([at[stem] for stem in common], np.int64))
            content.append(each.fingerprint)
        return kinds, repr((content, common)), skipped


def _stems(names: Sequence[str], at: Place) -> dict[str, int]:
    """Return where each name, its ending aside, stands; raise UsageError for one that stands there twice."""
    stems = [PurePosixPath(name).with_suffix("").as_posix() for name in names]
    counts = Counter(stems)
    twice = [name for name, stem in zip(names, stems, strict=True) if counts[stem] > 1]
    if twice:
        raise UsageError(
            f"{at.option}={at.path} has several pictures of one name, their endings aside: "
            f"{shown(twice)}; expected one for each pair."
        )
    return {stem: index for index, stem in enumerate(stems)}


def _refuse_alone(stems: Sequence[dict[str, int]], places: tuple[Place, Place]) -> None:
    """Raise UsageError, naming the files, where pictures of one folder have no partner in the other."""
    told = []
    for mine, theirs, at in zip(stems, stems[::-1], places, strict=True):
        names = at.names
        alone = [names[index] for stem, index in mine.items() if stem not in theirs]
        if alone:
            told.append(f"{len(alone)} in {at.option}={at.path} ({shown(alone)})")
    if told:
        raise UsageError(
            f"Pictures without a partner of the same name: {' and '.join(told)}; expected two folders with "
            "equal names, or type dataset=unpaired."
        )
