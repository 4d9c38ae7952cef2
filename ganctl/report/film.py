"""The pictures in a run's page: the slider through its sample grids, and those of its evaluation."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ganctl.comparison.protocol import results_of
from ganctl.report import album
from ganctl.report.element import Markup, tag

PICTURES = 12  # of an evaluation

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


def evaluated(evaluation: Mapping[str, Any], folder: Path) -> tuple[Markup | None, list[str]]:
    """Return the pictures of the newest evaluation, and what to say of those that are left out."""
    newest: Mapping[str, Any] = max(
        results_of(evaluation), key=lambda each: str(each.get("made", "")), default={}
    )
    names, refused = album.named(newest.get("pictures"), folder, PICTURES)
    figures = []
    for name, path in names:
        shot = album.opened(path, folder, share=_share(len(album.grids(folder))))
        if shot:
            figures.append(tag("figure", image(shot, name), tag("figcaption", name)))
    refused += len(names) - len(figures)
    text = f"{refused} pictures are no PNG of this folder, or more than {PICTURES}, and were left out."
    return tag("div", figures, class_="pictures") if figures else None, [text] if refused else []


def image(shot: album.Picture, text: str, **attributes: Any) -> Markup:
    """Return a picture at its size, with what it shows in words."""
    look = "pixels" if shot.pixels else None
    return tag("img", src=shot.uri, width=shot.width, height=shot.height, alt=text, class_=look, **attributes)


def _share(count: int) -> int:
    """Return the bytes that one picture may have; the last grid is in a page twice."""
    return album.BUDGET // (count + PICTURES + 1)
