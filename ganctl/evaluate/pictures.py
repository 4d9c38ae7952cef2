"""The pictures that people look at when they judge samples: beside real ones, by class, between latents."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ganctl import image
from ganctl.files.pictures import save_png
from ganctl.metric.neighbours import nearest

GRID = 64  # pictures in one of two grids side by side
ROWS, COLUMNS = 8, 10  # of pictures with a row for each case
GAP = 12  # white pixels between two grids
HEADING = 16  # pixels of a line of words
FONT = 11  # pixels


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
        rows = image.grid(between, columns=COLUMNS)
        pictures["interpolations"] = headed(rows, "from one latent (left) to another")
    if len(classes) > 1 and (fake.extractor or fake.labelled):
        pictures["classes"] = by_class(fake, classes)
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        save_png(folder / f"{name}.png", picture)
    return [folder / f"{name}.png" for name in pictures]


def beside(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return two uint8 pictures of one height, real ones on the left, with a gap between and words above."""
    left, right = headed(left, "real"), headed(right, "generated")
    height = max(len(left), len(right))
    wide = [
        np.pad(each, ((0, height - len(each)), (0, 0), (0, 0)), constant_values=255) for each in (left, right)
    ]
    gap = np.full((height, GAP, left.shape[-1]), 255, np.uint8)
    return np.concatenate([wide[0], gap, wide[1]], axis=1)


def neighbours(view: Any) -> np.ndarray:
    """Return rows of a fake, on the left, and the training images nearest to it by features."""
    training = view.trained(view.searched)
    places, _ = nearest(view.fake.features[:ROWS], training.features, COLUMNS - 1)
    fakes, wanted = view.fake.images(ROWS), set(places.flat)
    # One part of the training images is in memory at a time.
    numbered = enumerate(one for part in training.parts(training.count) for one in part)
    among = {place: one for place, one in numbered if place in wanted}
    rows = [[fake, *(among[place] for place in row)] for fake, row in zip(fakes, places, strict=False)]
    picture = image.grid(np.concatenate(rows), columns=min(COLUMNS, 1 + places.shape[1]))
    return headed(picture, f"generated | nearest of {training.count:,} training images")


def by_class(fake: Any, classes: Sequence[str]) -> np.ndarray:
    """Return a row of samples for each class: of its label, or of what the extractor takes it for."""
    labels = fake.labels if fake.labelled else np.argmax(fake.logits[:, : len(classes)], axis=1)
    many = min(fake.count, 2000)
    images = fake.images(many)
    blank = np.ones((1, *images.shape[1:]), np.float32)
    rows = []
    for label in range(len(classes)):
        some = images[labels[:many] == label][:COLUMNS]
        rows += [some, *[blank] * (COLUMNS - len(some))]
    picture = image.grid(np.concatenate(rows), columns=COLUMNS)
    words = "asked for, by row" if fake.labelled else "by row, what the extractor sees"
    return headed(named(picture, classes), words)


def headed(picture: np.ndarray, words: str) -> np.ndarray:
    """Return a uint8 picture (height, width, channels) with a line of words above it, cut at its width."""
    line = written(words, picture.shape[1], HEADING, picture.shape[-1])
    return np.concatenate([line, picture])


def named(picture: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Return a picture of equally high rows with each one's name to its left."""
    font = ImageFont.load_default(FONT)
    width = max(int(np.ceil(font.getlength(name))) for name in names) + 6
    height = (len(picture) - image.GUTTER) // len(names)
    lines = [written(name, width, height, picture.shape[-1]) for name in names]
    end = np.full((image.GUTTER, width, picture.shape[-1]), 255, np.uint8)
    return np.concatenate([np.concatenate([*lines, end]), picture], axis=1)


def written(words: str, width: int, height: int, channels: int) -> np.ndarray:
    """Return black words on white, uint8 of shape (height, width, channels), in the middle of its height."""
    canvas = Image.new("L", (width, height), 255)
    place = (image.GUTTER, height / 2)
    ImageDraw.Draw(canvas).text(place, words, fill=0, font=ImageFont.load_default(FONT), anchor="lm")
    return np.repeat(np.asarray(canvas)[..., None], channels, axis=-1)
