"""The pictures in a run's page: the slider through its sample grids, and those of its evaluation."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ganctl.report import album
from ganctl.report.element import Markup, tag
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


def section(found: Shots, failed: int) -> Markup:
    """Return the section with the slider through the sample grids."""
    many = len(found) > 1
    note = "There is no sample grid." if not found else ""
    if many:
        note = f"{len(found)} grids, the same latents in each. Arrow keys go from one to the next."
    lost = f"{failed} files are no PNG of this folder and were left out." if failed else None
    return tag(
        "section",
        tag("h2", "Samples"),
        tag("figure", _frame(found), _player(found) if many else None, class_="film") if found else None,
        [tag("p", text, class_="quiet") for text in (note, lost) if text],
        id="samples",
    )


def _frame(found: Shots) -> Markup:
    step, last = found[-1]
    return image(last, f"samples at step {step}", id="frame")


def _player(found: Shots) -> Markup:
    last = len(found) - 1
    return tag(
        "div",
        tag("button", "Play", type="button", id="play"),
        tag("input", type="range", id="slider", min=0, max=last, value=last, aria_label="sample grid"),
        tag("output", f"step {found[-1][0]:,}", id="frame-step", for_="slider"),
        class_="player",
    )


def evaluated(
    found: Sequence[Measurement], folder: Path, classes: Sequence[Any]
) -> tuple[Markup | None, list[str]]:
    """Return the pictures of an evaluation, and what to say of those that are left out.

    Args:
        found: the evaluations, those to be shown rather than others first; the first that has pictures is.
        folder: the run's.
        classes: names of the labels, in their order; empty without.
    """
    one = next((each for each in found if each.pictures), None)
    if not one:
        return None, []
    names, refused = album.named(one.pictures, folder, PICTURES)
    figures = []
    for name, path in names:
        shot = album.opened(path, folder, share=_share(len(album.grids(folder))))
        if shot:
            told = _caption(name, classes)
            caption = tag("figcaption", tag("b", name), f" ({one.source})", f": {told}" if told else None)
            figures.append(tag("figure", image(shot, name), caption))
    refused += len(names) - len(figures)
    text = f"{refused} pictures are no PNG of this folder, or more than {PICTURES}, and were left out."
    return tag("div", figures, class_="pictures") if figures else None, [text] if refused else []


def _caption(name: str, classes: Sequence[Any]) -> str:
    """Return what is where in a picture of `ganctl.evaluate.pictures`; "" for others."""
    if name == "classes" and classes:
        return f"a row for each class, from the top {', '.join(map(str, classes))}"
    return CAPTIONS.get(name, "")


def image(shot: album.Picture, text: str, **attributes: Any) -> Markup:
    """Return a picture at its size, with what it shows in words."""
    look = "pixels" if shot.pixels else None
    return tag("img", src=shot.uri, width=shot.width, height=shot.height, alt=text, class_=look, **attributes)


def _share(count: int) -> int:
    """Return the bytes that one picture may have; the last grid is in a page twice."""
    return album.BUDGET // (count + PICTURES + 1)
