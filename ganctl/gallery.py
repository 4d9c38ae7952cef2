"""The pictures that people look at when they judge samples: beside real ones, by class, between latents."""

from pathlib import Path
from typing import Any

import numpy as np

from ganctl import image
from ganctl.metric.neighbours import nearest

GRID = 64  # pictures in one of two grids side by side
ROWS, COLUMNS = 8, 10  # of pictures with a row for each case
AMONG = 10_000  # training images of which the nearest are shown
GAP = 12  # white pixels between two grids


def draw(folder: Path, view: Any, classes: tuple[str, ...], between: np.ndarray | None) -> list[Path]:
    """Write all pictures that can be drawn; return their paths.

    Args:
        folder: where to.
        view: `ganctl.metric.view.View`, of images.
        classes: the names of the labels; empty without.
        between: samples along rows of ROWS x COLUMNS latents, or None.
    """
    count = min(GRID, len(view.dataset))
    fake, real = view.fake, image.to_float(view.dataset.read(np.arange(count) * len(view.dataset) // count))
    pictures = {"real-and-fake": beside(image.grid(real), image.grid(fake.images(GRID)))}
    if fake.extractor:
        pictures["nearest"] = neighbours(view)
    if between is not None:
        pictures["interpolations"] = image.grid(between, columns=COLUMNS)
    if len(classes) > 1 and (fake.extractor or fake.labelled):
        pictures["classes"] = by_class(fake, len(classes))
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        image.save_png(folder / f"{name}.png", picture)
    return [folder / f"{name}.png" for name in pictures]


def beside(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return two uint8 pictures of one height, real ones on the left, with a gap between."""
    height = max(len(left), len(right))
    wide = [
        np.pad(each, ((0, height - len(each)), (0, 0), (0, 0)), constant_values=255) for each in (left, right)
    ]
    gap = np.full((height, GAP, left.shape[-1]), 255, np.uint8)
    return np.concatenate([wide[0], gap, wide[1]], axis=1)


def neighbours(view: Any) -> np.ndarray:
    """Return rows of a fake, on the left, and the training images nearest to it by features."""
    training = view.seen_and_unseen(AMONG)[0] if len(view.dataset.held(1)) else view.real
    places, _ = nearest(view.fake.features[:ROWS], training.features, COLUMNS - 1)
    fakes, wanted = view.fake.images(ROWS), set(places.flat)
    # One part of the training images is in memory at a time.
    numbered = enumerate(one for part in training.parts(training.count) for one in part)
    among = {place: one for place, one in numbered if place in wanted}
    rows = [[fake, *(among[place] for place in row)] for fake, row in zip(fakes, places, strict=False)]
    return image.grid(np.concatenate(rows), columns=COLUMNS)


def by_class(fake: Any, count: int) -> np.ndarray:
    """Return a row of samples for each class: of its label, or of what the extractor takes it for."""
    labels = fake.labels if fake.labelled else np.argmax(fake.logits[:, :count], axis=1)
    many = min(fake.count, 2000)
    images = fake.images(many)
    blank = np.ones((1, *images.shape[1:]), np.float32)
    rows = []
    for label in range(count):
        some = images[labels[:many] == label][:COLUMNS]
        rows += [some, *[blank] * (COLUMNS - len(some))]
    return image.grid(np.concatenate(rows), columns=COLUMNS)
