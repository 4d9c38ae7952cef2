"""Two sets of pictures without pairs, such as apples and tomatoes."""

from collections.abc import Sequence

from ganctl.check import expect_whole
from ganctl.dataset.images.selection import Selection
from ganctl.dataset.options import Augmentation
from ganctl.dataset.pairs.patches import cut
from ganctl.dataset.pairs.pictures import Kinds, Pictures
from ganctl.dataset.pairs.place import Place, place, reading, title, turned, two_places
from ganctl.error import UsageError


def unpaired(
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
    patches: int | None = None,
) -> Pictures:
    """Return pictures of two domains, "input" and "image", each in an order and at a length of its own.

    The set is as long as the larger domain. Every picture is mirrored and moved by itself.

    Args:
        path: a folder that holds the folders trainA/ and trainB/, and testA/ and testB/, whose pictures are
            then held out.
        a, b: in place of `path`, any two folders or zips; train/ in them, and test/ or val/, count as above.
        direction: "a_to_b", or "b_to_a", where B is the input.
        size: of every picture: side in pixels, or [height, width].
        channels, fit, background: see `ganctl.dataset.images.picture.Form`.
        on_bad, cache: see `ganctl.dataset.images.folder.image_folder`.
        limit, holdout: of each domain; see `ganctl.dataset.images.selection.Selection`.
        flip, crop: see `ganctl.dataset.options.Augmentation`.
        patches: how many squares are cut out of each picture, at places and scales of their own, so that a
            few large pictures, or one, make a domain; None for whole pictures.

    Raises:
        UsageError: an option outside its range, or no pictures.
    """
    files = reading(size=size, channels=channels, fit=fit, background=background, on_bad=on_bad, cache=cache)
    augmentation = Augmentation(flip=flip, crop=crop)
    augmentation.fits(files.form.shape)
    selection = Selection(limit=limit, holdout=holdout)
    places = two_places(a, b, direction) or _inside(path, direction)
    if patches is not None:
        expect_whole("dataset.patches", patches, 1)
    both = dict(zip(("input", "image"), places, strict=True))
    images = {kind: each.images(files) for kind, each in both.items()}

    def unseen() -> Kinds | None:
        first, second = (each.held_out for each in places)
        if not (first and second):
            return None
        return {"input": first.images(files).storage, "image": second.images(files).storage}

    return Pictures(
        title(*places),
        {kind: cut(both[kind], each, files.form, patches) for kind, each in images.items()},
        streams={"image": 0, "input": 1},
        content=repr([(kind, each.fingerprint) for kind, each in images.items()] + [patches] * bool(patches)),
        augmentation=augmentation,
        selection=selection,
        unseen=unseen,
        skipped=sum(each.skipped for each in images.values()),
    )


def _inside(path: str | None, direction: str) -> tuple[Place, Place]:
    """Return the places of "input" and of "image" in a folder."""
    if path is None:
        raise UsageError(
            "dataset=unpaired needs to know where the pictures are: dataset.path=FOLDER with trainA/ and "
            "trainB/, or dataset.a=FOLDER dataset.b=FOLDER"
        )
    found = place(path)
    both = found.path / "trainA", found.path / "trainB"
    if not all(each.is_dir() for each in both):
        raise UsageError(
            f"dataset.path={path} has no folders trainA and trainB; name the two folders: "
            "dataset.a=FOLDER dataset.b=FOLDER"
        )
    return turned((Place(both[0]), Place(both[1])), direction)
