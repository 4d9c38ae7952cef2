"""What a user gives for a run's samples, and held-out examples for what nobody gave."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ganctl.dataset.given import Given, Masks, hint, read
from ganctl.dataset.given_pictures import GivenPictures
from ganctl.error import RunError, UsageError, suggest
from ganctl.game.game import Game

USUAL = 64  # samples where nobody says how many


class Giving:
    """What samples are made of.

    Args:
        game: the run's.
        options: has `n`, `make` and `given`, texts by field (`ganctl sample`).
        load: returns the run's data.
        halves: by field, "left" or "right" where the run's files show both pictures side by side.

    Attributes:
        given: by field, what the user gave.
        each: samples of each given picture; 1 where there are none.
        count: samples in all.
        remarks: what a user should know of them.

    Raises:
        UsageError: for data that the run's samples are not made of, or that do not belong together.
    """

    def __init__(self, game: Game, options: Any, load: Callable[[], Any], halves: Mapping[str, str]) -> None:
        self.game, self.options, self.load, self.halves = game, options, load, halves
        self.remarks: list[str] = []
        self.given = {name: self._read(name, text) for name, text in options.given.items()}
        self._transparent()
        self._expect_alike()
        longest = max((len(each.values) for each in self.given.values()), default=USUAL)
        self.each = (options.n or 1) if self.files else 1
        self.count = longest * self.each if self.files else options.n or longest

    @property
    def files(self) -> GivenPictures | None:
        """The pictures that were given, those of the first name; None for none."""
        return next((each.pictures for each in self.given.values() if each.pictures), None)

    @property
    def missing(self) -> list[str]:
        """The data that samples are made of and nobody gave."""
        return [name for name in self.game.makes[self.options.make] if name not in self.given]

    def inputs(self, given: Mapping[str, Given] | None = None) -> Any:
        """Return numbers of samples -> what they are made of; None where they are made of nothing.

        Args:
            given: in place of all that was given.
        """
        given = self.given if given is None else given
        if not self.missing and not given:
            return None
        dataset = self._needed(self.missing) if self.missing else None

        def inputs(places: np.ndarray) -> dict[str, np.ndarray]:
            rows = dict(dataset.examples(places, held=dataset.held_out > 0)) if dataset else {}
            of_each = places // self.each
            return rows | {name: each.values[of_each % len(each.values)] for name, each in given.items()}

        return inputs

    def in_size(self, numbers: Sequence[int], size: tuple[int, int]) -> dict[str, Given]:
        """Return some of the given pictures in another size; what is no picture, or there once, stays.

        Raises:
            UsageError: where a picture is needed besides, and the data's own have the trained size.
        """
        if self.missing:
            told = " ".join(hint(name, self.game.fields[name]) for name in self.missing)
            raise UsageError(f"size=own: {', '.join(self.missing)} has to be given, too; type {told}.")
        return {name: _in_size(each, numbers, size) for name, each in self.given.items()}

    def _read(self, name: str, text: str) -> Given:
        """Return what a user gives for one name."""
        known = [*self.game.makes[self.options.make], *self.game.accepts]
        known += self.game.conditions(np.arange(1))
        if name not in known:
            mistyped = [] if name in self.game.fields else [*known, *vars(self.options)]
            told = suggest(name, mistyped) or " See: ganctl sample RUN --help"
            raise UsageError(f"There is no option '{name}'.{told}")
        found = read(name, self.game.fields[name], text, half=self.halves.get(name, ""))
        if found.pictures and found.pictures.bad:
            bad = found.pictures.bad
            told = ", ".join(f"{each} ({why})" for each, why in list(bad.items())[:3])
            self.remarks.append(f"{name}: {len(bad)} of {len(bad) + len(found.names)} left out: {told}")
        return found

    def _needed(self, names: list[str]) -> Any:
        """Return the run's data, of which examples are taken for what nobody gave.

        Raises:
            UsageError: when they are not there: what to type instead.
        """
        told = " ".join(hint(name, self.game.fields[name]) for name in names)
        try:
            dataset = self.load()
        except (UsageError, RunError) as error:
            raise UsageError(
                f"{names[0]}: the run's own data are not there ({error}) Type {told}."
            ) from error
        kind = "held-out" if dataset.held_out else "training"
        self.remarks.append(f"{', '.join(names)}: {kind} examples of {dataset.name}; or type {told}")
        return dataset

    def _transparent(self) -> None:
        """Take the transparent parts of given pictures as their holes, where no mask was given."""
        files = self.files
        if "mask" not in self.missing or files is None:
            return
        holes = files.holes()
        if all(holes[np.array([place])].max() > 0 for place in range(len(holes))):
            self.given["mask"] = Given(Masks(holes), holes.names, holes)

    def _expect_alike(self) -> None:
        """Raise UsageError for pictures that belong together, and differ in number or size."""
        given = [(name, each.pictures) for name, each in self.given.items() if each.pictures]
        for (first, files), (name, each) in zip(given[:1] * len(given), given[1:], strict=False):
            if len(each) not in (1, len(files)):
                raise UsageError(
                    f"{name}: expected one picture, or as many as for {first}, {len(files)}, got {len(each)}."
                )
            for index, (mine, theirs) in enumerate(zip(files.sizes(), each.sizes(), strict=False)):
                if mine != theirs:
                    raise UsageError(
                        f"{name}: expected pictures of equal size; {files.names[index]} has "
                        f"{mine[1]}x{mine[0]} pixels, {each.names[index]} {theirs[1]}x{theirs[0]}."
                    )


def _in_size(given: Given, numbers: Sequence[int], size: tuple[int, int]) -> Given:
    if not given.pictures:
        return given
    chosen = given.pictures if len(given.pictures) == 1 else given.pictures.some(numbers)
    sized = chosen.in_size(*size)
    return Given(Masks(sized) if isinstance(given.values, Masks) else sized, sized.names, sized)
