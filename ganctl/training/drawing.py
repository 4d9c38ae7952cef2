"""Samples drawn from a run's folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ganctl import image
from ganctl.dataset.given import STEPS, Given, hint, read
from ganctl.error import RunError, UsageError, suggest
from ganctl.files.samples import film, write
from ganctl.game.field import Field, from_facts
from ganctl.training import build

USUAL = 64  # samples where nobody says how many
ROWS = 8, 10  # of a view between latents, and the tiles of each


class Drawing:
    """Draws from a run as it was at a checkpoint.

    Args:
        folder: the run's.
        config: its config, with which its networks are built.
        tensors: the checkpoint.
        options: has `n`, `seed`, `average`, `make`, `view`, `same_latent` and `given` (`ganctl sample`).

    Attributes:
        count: samples that are drawn.
        remarks: what a user should know of them.

    Raises:
        UsageError: for data that the run's samples are not made of, or that are missing.
    """

    def __init__(self, folder: Any, config: dict[str, Any], tensors: Mapping[str, Any], options: Any) -> None:
        self.folder, self.config, self.options = folder, build.to_draw(config), options
        self.remarks: list[str] = []
        self.sampler, state = build.sampler(self.config, self._fields())
        state.restore(tensors)
        self.game = self.sampler.game
        if options.make not in self.game.makes:
            known = ", ".join(self.game.makes)
            raise UsageError(f"make: expected one of {known}, got '{options.make}'.")
        self.given = {name: self._read(name, text) for name, text in options.given.items()}
        longest = max((len(each.values) for each in self.given.values()), default=USUAL)
        self.count = options.n or longest
        self.averaged = bool(self.sampler.average and options.average)

    def write(self, out: Path, *, as_folder: bool) -> None:
        """Draw, and write to a file.png, a file.npy, a film file.gif, or a folder of single pictures.

        Raises:
            UsageError: for a folder or a film of points, which are no pictures one by one.
        """
        options = self.options
        picture = not as_folder and out.suffix == ".png"
        rules = {"seed": options.seed, "averaged": options.average, "inputs": self._inputs()}
        if options.view:
            rows = self._view(**rules)
            if out.suffix == ".gif":
                film(rows, out)
                return
            if rows.ndim == 3:  # points: a figure for each row
                draw = self._dataset().draw
                write(rows, out, draw=lambda _: image.grid(image.to_float(np.stack([*map(draw, rows)]))))
                return
            tiles = rows.reshape(-1, *rows.shape[2:])
            write(tiles, out, draw=lambda these: image.grid(these, columns=rows.shape[1]))
            return
        rules |= {"make": options.make, "given": tuple(self.given), "alike": options.same_latent}
        shown = picture and options.make == "image"
        samples = self.sampler.sample(self.count, shown=shown, **rules)
        if out.suffix == ".gif" and not as_folder:
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
            names=next((each.names for each in self.given.values() if each.names), []),
        )

    def _columns(self) -> int | None:
        """Return how many samples a grid has in a row; None for about as many as there are rows."""
        if "label" in self.given:
            return None
        mixed = [name for name in self.given if self.game.fields[name].kind == "mixture"]
        return STEPS if mixed else self.game.columns

    def _view(self, **rules: Any) -> np.ndarray:
        """Return a view of the game's own, or rows of samples between latents."""
        from ganctl.training.latent_paths import BETWEEN, LatentPaths, views_of

        name, known = self.options.view, views_of(self.game)
        if name not in known:
            there = ", ".join(known) or "none"
            raise UsageError(f"view: expected one of {there}, got '{name}'.{suggest(name, known)}")
        if name != BETWEEN or name in self.game.views:
            return self.sampler.view(name, **rules)
        if not self.averaged:
            self.sampler.average = None
        found = LatentPaths(self.sampler).between(*ROWS, seed=self.options.seed)
        return np.reshape(np.asarray(found), (*ROWS, *self.game.fields["image"].shape))

    def _fields(self) -> Mapping[str, Field]:
        """Return what an example of the run's data has, from its own record where that says it."""
        facts = self.folder.data().get("fields")
        return from_facts(facts, self.folder.path / "run.json") if facts else self._dataset().fields

    def _read(self, name: str, text: str) -> Given:
        """Return what a user gives for one name."""
        known = [*self.game.makes[self.options.make], *self.game.accepts]
        known += self.game.conditions(np.arange(1))
        if name not in known:
            mistyped = [] if name in self.game.fields else [*known, *vars(self.options)]
            told = suggest(name, mistyped) or " See: ganctl sample RUN --help"
            raise UsageError(f"There is no option '{name}'.{told}")
        return read(name, self.game.fields[name], text)

    def _inputs(self) -> Any:
        """Return what samples are made of: what was given, and held-out examples for what was not."""
        needed = [name for name in self.game.makes[self.options.make] if name not in self.given]
        if not needed and not self.given:
            return None
        dataset = self._needed(needed) if needed else None

        def inputs(places: np.ndarray) -> dict[str, np.ndarray]:
            rows = dict(dataset.examples(places, held=dataset.held_out > 0)) if dataset else {}
            return rows | {name: each.values[places % len(each.values)] for name, each in self.given.items()}

        return inputs

    def _needed(self, names: list[str]) -> Any:
        """Return the run's data, of which examples are taken for what nobody gave.

        Raises:
            UsageError: when they are not there: what to type instead.
        """
        told = " ".join(hint(name, self.game.fields[name]) for name in names)
        try:
            dataset = self._dataset()
        except (UsageError, RunError) as error:
            told = " ".join(hint(name, self.game.fields[name]) for name in names)
            raise UsageError(
                f"{names[0]}: the run's own data are not there ({error}) Type {told}."
            ) from error
        kind = "held-out" if dataset.held_out else "training"
        told = " ".join(hint(name, self.game.fields[name]) for name in names)
        self.remarks.append(f"{', '.join(names)}: {kind} examples of {dataset.name}; or type {told}")
        return dataset

    def _dataset(self) -> Any:
        return build.dataset(self.config)

    def _labels(self) -> np.ndarray | None:
        """Return the labels of the samples, None where they have none."""
        if any(self.game.fields[name].kind == "mixture" for name in self.given):
            return None
        given = self.given.get("label")
        return self.sampler.labels(self.count) if given is None else np.resize(given.values, self.count)
