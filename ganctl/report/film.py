"""The pictures in a run's page: the slider through its sample grids, and those of its evaluation."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ganctl.report import album
from ganctl.report.evaluation import Measurement

PICTURES = 12  # of an evaluation
CAPTIONS = {
    "real and fake": "real images on the left, samples on the right",
    "nearest": "a sample in the left column, beside it the training images nearest to it",
    "interpolations": "each row leads from one latent to another",
    "classes": "a row for each class, in the order of its labels",
}

Shots = Sequence[tuple[int, album.Picture]]


def shots(folder: Path) -> tuple[list[tuple[int, album.Picture]], int]:
    """Return (step, picture) of a run's sample grids, and how many of its files are none."""
    frames = album.grids(folder)
    share = _share(len(frames))
    found = [(step, album.opened(path, folder, share=share)) for step, path in frames]
    good = [(step, shot) for step, shot in found if shot]
    return good, len(found) - len(good)


def evaluated(
    found: Sequence[Measurement], folder: Path, classes: Sequence[Any]
) -> tuple[list[tuple[str, str, str, album.Picture]], list[str]]:
    """Return (name, source, what is where, picture) of an evaluation, and what to say of those left out.

    Args:
        found: the evaluations, those to be shown rather than others first; the first that has pictures is.
        folder: the run's.
        classes: names of the labels, in their order; empty without.
    """
    one = next((each for each in found if each.pictures), None)
    if not one:
        return [], []
    names, refused = album.named(one.pictures, folder, PICTURES)
    figures = []
    for name, path in names:
        shot = album.opened(path, folder, share=_share(len(album.grids(folder))))
        if shot:
            figures.append((name, one.source, _caption(name, classes), shot))
    refused += len(names) - len(figures)
    text = f"{refused} pictures are no PNG of this folder, or more than {PICTURES}, and were left out."
    return figures, [text] if refused else []


def _caption(name: str, classes: Sequence[Any]) -> str:
    """Return what is where in a picture of `ganctl.evaluate.pictures`; "" for others."""
    if name == "classes" and classes:
        return f"a row for each class, from the top {', '.join(map(str, classes))}"
    return CAPTIONS.get(name, "")


def _share(count: int) -> int:
    """Return the bytes that one picture may have; the last grid is in a page twice."""
    return album.BUDGET // (count + PICTURES + 1)
