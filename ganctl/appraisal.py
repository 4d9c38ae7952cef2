"""What is evaluated: a run's samples, samples in files, or the data themselves; and what is kept of it."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ganctl import build, checkpoint, gallery, image
from ganctl.comparison.entry import evaluation_of
from ganctl.error import RunError, UsageError
from ganctl.metric.view import pieces
from ganctl.run import Folder

FILE = "evaluation.json"
ARRAYS = (".npy", ".npz")


@dataclass(kw_only=True)
class Subject:
    """What is measured.

    Args:
        title: what it is called.
        dataset: that it is compared with.
        stream: count -> samples in parts.
        out: the folder that takes the pictures and evaluation.json.
        count: samples there are; None for as many as one likes.
        labels: of the samples, or None.
        seed: of the latents, None for samples that were there.
        averaged: whether the averaged weights drew them.
        facts: what else evaluation.json says of it, such as its checkpoint.
        node: the data set's config, where it is not the command's.
        between: (rows, columns) -> samples between latents, or None.
    """

    title: str
    dataset: Any
    stream: Callable[[int], Iterator[np.ndarray]]
    out: Path
    count: int | None = None
    labels: np.ndarray | None = None
    seed: int | None = None
    averaged: bool = False
    facts: dict[str, Any] = field(default_factory=dict)
    node: dict[str, Any] | None = None
    between: Callable[[int, int], np.ndarray | None] = lambda rows, columns: None


def of_run(
    folder: Folder, config: dict[str, Any], step: int, tensors: Mapping[str, Any], wish: Any
) -> Subject:
    """Return a run's generator as it was at a checkpoint.

    Args:
        folder: the run's.
        config: its config, with which its networks are built.
        step, tensors: the checkpoint.
        wish: has `n`, `seed` (None for the run's), `average` and `checkpoint`.
    """
    from ganctl.scene import Scene
    from ganctl.trainer import EVALUATE

    config |= {"metric": {}, "trainer": config["trainer"] | {"devices": 1, "best": "none"}}
    dataset = build.dataset(config)
    trainer = build.trainer(config, shape=dataset.shape, classes=len(dataset.classes))
    trainer.restore(tensors)
    if not wish.average:
        trainer.average = None
    seed = config["seed"] if wish.seed is None else wish.seed
    return Subject(
        title=f"{folder.path}, step {step}",
        dataset=dataset,
        stream=partial(trainer.stream, seed=seed, key=EVALUATE),
        out=folder.path,
        labels=trainer.labels(wish.n),
        seed=seed,
        averaged=bool(trainer.average),
        facts={"checkpoint": wish.checkpoint, "step": step},
        node=config["dataset"],
        between=Scene(trainer).between,
    )


def of_files(path: Path, dataset: Any, count: int) -> Subject:
    """Return the samples in a folder or zip of images, or in an .npy or .npz file.

    Args:
        path: where they are.
        dataset: that they are compared with.
        count: how many will be asked for; fewer than there are, and they are taken in a random order.

    Raises:
        UsageError: for samples of another shape than the data's.
    """
    if path.suffix in ARRAYS:
        samples, labels = _arrays(path, dataset.shape)
        stream = pieces(lambda part: _floats(samples[part]), len(samples))
        subject = Subject(title=str(path), dataset=dataset, stream=stream, out=_beside(path))
        subject.count, subject.labels = len(samples), labels
        return subject
    from ganctl.dataset.folder import image_folder

    images = image_folder(
        path=str(path), size=list(dataset.shape[:2]), channels=dataset.shape[2], cache=False
    )
    _same_size(path, images, dataset.shape)
    subject = of_images(str(path), images, dataset, count)
    if set(images.classes) == set(dataset.classes):
        places = [dataset.classes.index(name) for name in images.classes]
        subject.labels = np.array(places)[images.labels] if places else None
    else:
        subject.labels = None
    subject.out = _beside(path)
    return subject


def of_images(title: str, images: Any, dataset: Any, count: int) -> Subject:
    """Return images in the place of samples, in a random order where not all of them are asked for."""
    places = np.arange(len(images))
    places = places if count >= len(images) else np.random.default_rng(0).permutation(places)
    stream = pieces(lambda part: image.to_float(images.read(places[part])), len(places))
    labels = None if images.labels is None else images.labels[places]
    return Subject(
        title=title, dataset=dataset, stream=stream, out=Path("outputs"), count=len(images), labels=labels
    )


def keep(
    subject: Subject,
    values: Mapping[str, float],
    protocol: Mapping[str, Any],
    seconds: float,
    pictures: list[Path],
) -> Path:
    """Add a result to evaluation.json, in place of an older one of the same checkpoint and protocol."""
    path = subject.out / FILE
    entry = {
        **subject.facts,
        "values": dict(values),
        "protocol": dict(protocol),
        "seconds": round(seconds, 2),
        "made": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "pictures": [picture.relative_to(subject.out).as_posix() for picture in pictures],
    }
    same = ("checkpoint", "step", "protocol")
    older = [each for each in results(subject.out) if any(each.get(key) != entry.get(key) for key in same)]
    text = json.dumps({"version": 1, "results": [*older, entry]}, indent=2) + "\n"
    checkpoint.write_safely(path, text.encode())
    return path


def results(folder: Path) -> list[dict[str, Any]]:
    """Return what evaluation.json of a folder holds, oldest first; nothing where it is missing or damaged."""
    try:
        found = evaluation_of(folder).get("results")
    except RunError:
        return []
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def portray(subject: Subject, view: Any) -> list[Path]:
    """Draw the pictures of an evaluation of images; return their paths."""
    between = subject.between(gallery.ROWS, gallery.COLUMNS)
    folder = subject.out / "evaluation" if subject.facts else subject.out
    return gallery.draw(folder, view, subject.dataset.classes, between)


def _beside(path: Path) -> Path:
    """Return the folder that takes what is said of files: not among them."""
    whole = path if path.name else path.resolve()
    return whole.with_name(f"{whole.stem}-evaluation")


def _floats(samples: np.ndarray) -> np.ndarray:
    return image.to_float(samples) if samples.dtype == np.uint8 else samples.astype(np.float32)


def _arrays(path: Path, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the samples and labels in an array file, as they lie there.

    Raises:
        RunError: for a file that cannot be read.
        UsageError: for samples of another shape, or labels of another number.
    """
    try:
        with path.open("rb") as file:
            found = np.load(file, allow_pickle=False) if path.suffix == ".npz" else None
            samples = np.load(path, mmap_mode="r", allow_pickle=False) if found is None else found["images"]
            labels = found["labels"] if found is not None and "labels" in found else None
    except Exception as error:  # NumPy's reader raises whatever a damaged file makes it raise
        raise RunError(
            f"{path} cannot be read ({' '.join(str(error).split())[:120]}); .npz needs 'images'."
        ) from error
    if samples.shape[1:] == tuple(shape)[:-1] and shape[-1] == 1:
        samples = samples[..., None]
    if samples.shape[1:] != tuple(shape) or samples.dtype.kind not in "fu":
        raise UsageError(
            f"{path}: expected samples of (n, {', '.join(map(str, shape))}), float in [-1, 1] or uint8, "
            f"got {samples.dtype} of {samples.shape}."
        )
    if samples.dtype.kind == "u" and samples.dtype != np.uint8:
        raise UsageError(f"{path}: expected float in [-1, 1] or uint8, got {samples.dtype}.")
    if labels is not None and labels.shape != (len(samples),):
        raise UsageError(f"{path}: expected {len(samples)} labels, got {labels.shape}.")
    return samples, labels


def _same_size(path: Path, images: Any, shape: tuple[int, ...]) -> None:
    """Raise UsageError for images that would have to be resized: that changes what is measured."""
    import io

    from PIL import Image

    storage = images.storage
    with Image.open(io.BytesIO(storage.source.read(storage.names[0]))) as first:
        if first.size != (shape[1], shape[0]):
            wanted, got = f"{shape[0]}x{shape[1]}", f"{first.size[1]}x{first.size[0]}"
            raise UsageError(
                f"{path}: expected images of {wanted}, like the data, got {got}; resize them first."
            )
