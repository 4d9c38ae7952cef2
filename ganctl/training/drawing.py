"""Samples drawn from a run's folder."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ganctl import image
from ganctl.dataset.given import STEPS
from ganctl.dataset.given_pictures import GivenPictures
from ganctl.error import RunError, UsageError, suggest
from ganctl.files.samples import FILMS, WALK, film, places_of, write, write_single
from ganctl.game.field import Field, from_facts
from ganctl.run.console import Countdown
from ganctl.training import build
from ganctl.training.giving import Giving
from ganctl.training.sampler import Sampler
from ganctl.training.walk import RATE, walk

WALKS = 4  # beside each other in a film, where nobody says how many
ROWS = 8, 10  # of a view between latents, and the tiles of each
LARGEST = 2**22  # pixels of a picture that is not brought into the trained size


class Drawing:
    """Draws from a run as it was at a checkpoint.

    Args:
        folder: the run's.
        config: its config, with which its networks are built.
        tensors: the checkpoint.
        options: has `n`, `seed`, `average`, `make`, `view`, `same_latent`, `size` and `given`
            (`ganctl sample`).

    Attributes:
        count: samples that are drawn.
        remarks: what a user should know of them.

    Raises:
        UsageError: for data that the run's samples are not made of, or that are missing.
    """

    def __init__(self, folder: Any, config: dict[str, Any], tensors: Mapping[str, Any], options: Any) -> None:
        self.folder, self.config, self.options = folder, build.to_draw(config), options
        self.fields, self.tensors = self._fields(), tensors
        self.sampler, state = build.sampler(self.config, self.fields)
        state.restore(tensors)
        self.game = self.sampler.game
        if options.make not in self.game.makes:
            known = ", ".join(self.game.makes)
            raise UsageError(f"make: expected one of {known}, got '{options.make}'.")
        self.giving = Giving(self.game, options, self._dataset, _halves(self.config["dataset"]))
        self.given, self.count, self.remarks = self.giving.given, self.giving.count, self.giving.remarks
        self.averaged = bool(self.sampler.average and options.average)
        if options.seeds:
            if options.view or self.giving.files:
                raise UsageError(
                    "seeds: they are of samples alone; with a view or given pictures, type seed=N."
                )
            self.count = options.n or (self.count if self.given else 1)
        self.seeds: tuple[int, ...] = options.seeds or (options.seed,)
        self.count *= len(self.seeds)

    def samples(self, *, shown: bool = False) -> np.ndarray:
        """Return the samples, float32 (count, ...), those of several seeds one after the other.

        Args:
            shown: whether to give what a grid shows of each in place of the sample.
        """
        rules = {"averaged": self.options.average, "make": self.options.make, "shown": shown}
        rules |= {"given": tuple(self.given), "alike": self.options.same_latent}
        inputs, each = self.giving.inputs(), self.count // len(self.seeds)
        return np.concatenate([self.sampler.sample(each, seed=s, inputs=inputs, **rules) for s in self.seeds])

    def write(self, out: Path, *, as_folder: bool) -> None:
        """Draw, and write to a file.png, a file.npy, a film, or a folder of single pictures.

        Raises:
            UsageError: for a folder or a film of points, which are no pictures one by one.
        """
        options = self.options
        picture = not as_folder and out.suffix == ".png"
        rules = {"seed": options.seed, "averaged": options.average}
        if options.view:
            self._write_view(self._view(**rules, inputs=self.giving.inputs()), out)
            return
        rules |= {"make": options.make, "given": tuple(self.given), "alike": options.same_latent}
        if as_folder and self.giving.files:
            self._one_by_one(self.giving.files, out, **rules)
            return
        if options.size == "own":
            raise UsageError("size=own: expected pictures that are given, and a folder; type out=FOLDER/")
        shown = picture and options.make == "image"
        samples = self.samples(shown=shown)
        if out.suffix in FILMS and not as_folder:
            walk = max((len(each.values) for each in self.given.values()), default=len(samples))
            rows = samples[: len(samples) // walk * walk]
            film(rows.reshape(-1, min(walk, len(samples)), *samples.shape[1:]), out)
            return
        points = samples.ndim == 2 and picture
        draw = self._dataset().draw if points else image.grid
        columns = self._columns()
        labels, classes = self._labels(), self.game.classes
        write(
            samples,
            out,
            as_folder=as_folder,
            draw=lambda these: draw(these, columns=columns),
            folders=None if labels is None else [classes[label] for label in labels],
        )

    def _one_by_one(self, files: GivenPictures, out: Path, **rules: Any) -> None:
        """Write what is made of each given picture under its name, a few in memory at a time."""
        each = self.giving.each
        places = places_of(out, files.names, each)
        with Countdown(len(places), "drawing") as countdown:
            for numbers, sampler, inputs in self._parts(files):
                mine = [places[number * each + k] for number in numbers for k in range(each)]
                for some in sampler.stream(len(mine), inputs=inputs, **rules):
                    write_single(mine[: len(some)], some)
                    mine = mine[len(some) :]
                    countdown.advance(len(some))

    def _parts(self, files: GivenPictures) -> Iterator[tuple[Sequence[int], Sampler, Any]]:
        """Yield (which of the given pictures, what draws from them, its inputs): all at once, or by size."""
        if self.options.size != "own":
            yield range(len(files)), self.sampler, self.giving.inputs()
            return
        sizes = files.sizes()
        large = [name for name, (h, w) in zip(files.names, sizes, strict=True) if h * w > LARGEST]
        if large:
            told = ", ".join(large[:3])
            raise UsageError(f"size=own: expected pictures of at most 4 megapixels, got {told}.")
        for size in sorted(set(sizes)):
            numbers = [index for index, each in enumerate(sizes) if each == size]
            given = self.giving.in_size(numbers, size)
            yield numbers, self._in_size(size), self.giving.inputs(given)

    def _in_size(self, size: tuple[int, int]) -> Sampler:
        """Return what draws pictures of another size by the run's weights, one at a time.

        Raises:
            UsageError: for networks that are tied to their size.
        """
        pictures = {n: f for n, f in self.game.fields.items() if f.kind in ("image", "mask")}
        sized = {n: replace(f, shape=(*size, f.shape[-1])) for n, f in pictures.items()}
        try:
            sampler, state = build.sampler(self.config, {**self.fields, **sized})
            state.restore(self.tensors, of_game=False)
        except (UsageError, RunError) as error:
            raise UsageError(
                f"size=own: this run's networks do not take {size[1]}x{size[0]} pixels ({error}) "
                "Leave size=own out; the networks cyclegan, cut and gated take any size."
            ) from error
        sampler.block = 1
        return sampler

    def _columns(self) -> int | None:
        """Return how many samples a grid has in a row; None for about as many as there are rows."""
        if self.giving.each > 1:
            return self.giving.each
        if "label" in self.given:
            return None
        mixed = [name for name in self.given if self.game.fields[name].kind == "mixture"]
        return STEPS if mixed else self.game.columns

    def _view(self, **rules: Any) -> np.ndarray:
        """Return a view of the game's own, or rows of samples between latents."""
        from ganctl.training.latent_paths import BETWEEN, LatentPaths, views_of

        name, known = self.options.view, views_of(self.game)
        if name == WALK and WALK in known:
            length = {"count": self.options.n or WALKS, "seconds": self.options.seconds}
            return walk(self.sampler, **length, seed=self.options.seed, averaged=self.averaged)
        if name not in known:
            there = ", ".join(known) or "none"
            raise UsageError(f"view: expected one of {there}, got '{name}'.{suggest(name, known)}")
        if name != BETWEEN or name in self.game.views:
            return self.sampler.view(name, **rules)
        if not self.averaged:
            self.sampler.average = None
        found = LatentPaths(self.sampler).between(*ROWS, seed=self.options.seed)
        return np.reshape(np.asarray(found), (*ROWS, *self.game.fields["image"].shape))

    def _write_view(self, rows: np.ndarray, out: Path) -> None:
        """Write rows of a view as a picture or a film."""
        if out.suffix in FILMS:
            walked = self.options.view == WALK
            film(rows, out, closed=walked, **({"rate": RATE} if walked else {}))
        elif rows.ndim == 3:  # points: a figure for each row
            draw = self._dataset().draw
            write(rows, out, draw=lambda _: image.grid(image.to_float(np.stack([*map(draw, rows)]))))
        else:
            tiles = rows.reshape(-1, *rows.shape[2:])
            write(tiles, out, draw=lambda these: image.grid(these, columns=rows.shape[1]))

    def _fields(self) -> Mapping[str, Field]:
        """Return what an example of the run's data has, from its own record where that says it."""
        facts = self.folder.data().get("fields")
        return from_facts(facts, self.folder.path / "run.json") if facts else self._dataset().fields

    def _dataset(self) -> Any:
        return build.dataset(self.config)

    def _labels(self) -> np.ndarray | None:
        """Return the labels of the samples, None where they have none."""
        if any(self.game.fields[name].kind == "mixture" for name in self.given):
            return None
        given, each = self.given.get("label"), self.count // len(self.seeds)
        labels = self.sampler.labels(each) if given is None else np.resize(given.values, each)
        return None if labels is None else np.tile(labels, len(self.seeds))


def _halves(dataset: Mapping[str, Any]) -> dict[str, str]:
    """Return by field the half of a file that shows it, where a run's pairs share files; else nothing."""
    if not str(dataset.get("_target_")).endswith("paired.paired") or not dataset.get("path"):
        return {}
    both = ("left", "right") if dataset.get("direction") == "a_to_b" else ("right", "left")
    return dict(zip(("input", "image"), both, strict=True))
