"""Where pictures of two kinds lie: the option that names a place, and the test folder beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ganctl.dataset.images.folder import load
from ganctl.dataset.images.image_set import Images
from ganctl.dataset.images.listing import listing
from ganctl.dataset.images.picture import Form, form
from ganctl.dataset.images.source import Folder, Zip
from ganctl.dataset.options import Augmentation, choice, existing
from ganctl.error import UsageError

HELD_OUT = ("test", "val")  # what may stand where a folder's name begins with "train"
PARTED = (("A", "B"), ("trainA", "trainB"))
DIRECTIONS = ("a_to_b", "b_to_a")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How every file is read; see `ganctl.dataset.images.folder.image_folder`."""

    form: Form
    skip: bool
    cache: str

    def as_form(self, form: Form) -> "Reading":
        """Return the same for another form."""
        return replace(self, form=form)


def reading(
    *, size: int | Sequence[int], channels: int, fit: str, background: str, on_bad: str, cache: str | bool
) -> Reading:
    """Return how files are read, checked.

    Raises:
        UsageError: for an option outside its range.
    """
    return Reading(
        form=form(size=size, channels=channels, fit=fit, background=background),
        skip=choice("on_bad", on_bad, ("error", "skip")) == "skip",
        cache=choice("cache", cache, ("auto", "true", "false")),
    )


@dataclass(frozen=True)
class Place:
    """A folder or a zip of pictures.

    Args:
        path: where it is.
        option: that named it, such as "dataset.a".
    """

    path: Path
    option: str = "dataset.path"

    @property
    def held_out(self) -> "Place | None":
        """The test folder beside a training folder, or that of validation; None where there is none."""
        if not self.path.name.startswith("train"):
            return None
        near = (self.path.with_name(word + self.path.name.removeprefix("train")) for word in HELD_OUT)
        return next((Place(path, self.option) for path in near if path.exists()), None)

    @property
    def names(self) -> Sequence[str]:
        """The names of its images, in order.

        Raises:
            UsageError: when there are none.
        """
        try:
            return listing(Folder(self.path) if self.path.is_dir() else Zip(self.path)).names
        except UsageError as error:
            raise self._named(error) from error

    def images(self, reading: Reading) -> Images:
        """Return its images, in the order of their names.

        Raises:
            UsageError: when there are none, or bad ones that are not to be skipped.
        """
        path, form, still = str(self.path), reading.form, Augmentation()
        try:
            return load(path, form, skip=reading.skip, cache=reading.cache, augmentation=still)
        except UsageError as error:
            raise self._named(error) from error

    def _named(self, error: UsageError) -> UsageError:
        return UsageError(str(error).replace("dataset.path", self.option))


def place(path: str, option: str = "dataset.path") -> Place:
    """Return a place that is there; of a folder that holds one named "train", that.

    Raises:
        UsageError: when nothing is there.
    """
    try:
        found = existing(path)
    except UsageError as error:
        raise UsageError(str(error).replace("dataset.path", option)) from error
    return Place(found / "train" if (found / "train").is_dir() else found, option)


def two_places(a: str | None, b: str | None, direction: str) -> tuple[Place, Place] | None:
    """Return the places of "input" and of "image" that dataset.a and dataset.b name; None for neither.

    Raises:
        UsageError: for one of them alone, a place that is not there, or an unknown direction.
    """
    choice("direction", direction, DIRECTIONS)
    if a is None and b is None:
        return None
    if a is None or b is None:
        given, missing = ("b", "a") if a is None else ("a", "b")
        raise UsageError(
            f"dataset.{given} needs the other kind of pictures beside it; type dataset.{missing}=FOLDER too."
        )
    return turned((place(a, "dataset.a"), place(b, "dataset.b")), direction)


def parted(path: Path) -> tuple[Path, Path] | None:
    """Return the two folders into which a folder parts its kinds of pictures; None where it does not."""
    pairs = ((path / first, path / second) for first, second in PARTED)
    return next(((a, b) for a, b in pairs if a.is_dir() and b.is_dir()), None)


def turned(both: tuple, direction: str) -> tuple:
    """Return A and B as (input, image): in this order for "a_to_b"."""
    return both if direction == "a_to_b" else both[::-1]


def title(*places: Place) -> str:
    """Return what a set is called: the name of the folder that holds its training folders, or their own."""
    homes = {each.path.absolute().parent for each in places}
    if len(homes) == 1 and all(each.path.name.startswith("train") for each in places):
        return homes.pop().name
    return "-".join(each.path.stem for each in places)
