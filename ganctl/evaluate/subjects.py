"""What is evaluated: a run's samples, samples in files, or the data themselves; and what is kept of it."""

import itertools
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ganctl import image
from ganctl.comparison.entry import evaluation_of
from ganctl.dataset.images.order import digests
from ganctl.error import RunError, UsageError
from ganctl.evaluate import pictures
from ganctl.files import atomic
from ganctl.files.arrays import arrays, in_range
from ganctl.metric.samples import Samples
from ganctl.metric.view import order_of, pieces
from ganctl.run.console import complain
from ganctl.run.folder import Folder
from ganctl.training import build

FILE = "evaluation.json"
ARRAYS = (".npy", ".npz")
FEWEST = 2  # samples that anything can be said of


@dataclass(kw_only=True)
class Subject(Samples):
    """What is measured: samples, and where they are from.

    Args:
        title: what it is called.
        dataset: that it is compared with.
        out: the folder that takes the pictures and evaluation.json.
        seed: of the latents, None for samples that were there.
        averaged: whether the averaged weights drew them.
        inputs: names of the held-out data that they are made of.
        facts: what else evaluation.json says of it, such as its checkpoint.
        node: the data set's config, where it is not the command's.
        between: (rows, columns) -> samples between latents, or None.
    """

    title: str
    dataset: Any
    out: Path
    seed: int | None = None
    averaged: bool = False
    inputs: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    node: dict[str, Any] | None = None
    between: Callable[[int, int], np.ndarray | None] = lambda rows, columns: None


def of_run(
    folder: Folder, config: dict[str, Any], step: int, tensors: Mapping[str, Any], options: Any
) -> Subject:
    """Return a run's generator as it was at a checkpoint.

    Args:
        folder: the run's.
        config: its config, with which its networks are built.
        step, tensors: the checkpoint.
        options: has `n`, `seed` (None for the run's), `average` and `checkpoint`.
    """
    from ganctl.training.latent_paths import LatentPaths
    from ganctl.training.sampler import samples_of

    config = build.to_draw(config)
    dataset = build.dataset(config)
    sampler, state = build.sampler(config, dataset.fields)
    state.restore(tensors)
    if not options.average:
        sampler.average = None
    seed = config["seed"] if options.seed is None else options.seed
    return Subject(
        **vars(samples_of(sampler, dataset, options.n, seed=seed)),
        title=f"{folder.path}, step {step}",
        dataset=dataset,
        out=folder.path,
        seed=seed,
        averaged=bool(sampler.average),
        inputs=sampler.game.makes["image"],
        facts={"checkpoint": options.checkpoint, "step": step},
        node=config["dataset"],
        between=LatentPaths(sampler, dataset).between,
    )


def of_files(path: Path, dataset: Any, count: int) -> Subject:
    """Return the samples in a folder or zip of images, or in an .npy or .npz file.

    Args:
        path: where they are.
        dataset: that they are compared with.
        count: how many will be asked for. They come as if shuffled, whatever the order of the files is.

    Raises:
        UsageError: for samples of another shape than the data's, or labels that are not theirs.
    """
    subject = (_of_array if path.suffix in ARRAYS else _of_folder)(path, dataset, count)
    if (subject.count or 0) < FEWEST:
        raise UsageError(f"{path}: expected {FEWEST} samples or more, got {subject.count}.")
    return subject


def _of_folder(path: Path, dataset: Any, count: int) -> Subject:
    """Return the samples in a folder or zip of images."""
    from ganctl.dataset.images.folder import image_folder

    images = image_folder(
        path=str(path), size=list(dataset.shape[:2]), channels=dataset.shape[2], cache=False
    )
    _same_size(path, images, dataset.shape)
    subject = of_images(str(path), images, dataset, count)
    if subject.labels is not None and set(images.classes) == set(dataset.classes):
        places = [dataset.classes.index(name) for name in images.classes]
        subject.labels = np.array(places)[subject.labels]
    else:
        subject.labels = None
    subject.out = _beside(path)
    return subject


def _of_array(path: Path, dataset: Any, count: int) -> Subject:
    """Return the samples in an .npy or .npz file."""
    samples, labels = arrays(path, dataset)

    def pixels(some: np.ndarray) -> np.ndarray:
        return image.to_uint8(in_range(path, samples[some]))

    places = np.argsort(digests(pixels, len(samples)), kind="stable")

    def part(some: slice) -> np.ndarray:
        return in_range(path, samples[places[some]])

    return Subject(
        title=str(path),
        dataset=dataset,
        stream=pieces(part, len(samples)),
        out=_beside(path),
        count=len(samples),
        labels=None if labels is None else labels[places],
    )


def of_images(title: str, images: Any, dataset: Any, count: int) -> Subject:
    """Return images in the place of samples."""
    places = order_of(images)
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
    """Add a result to evaluation.json, in place of an older one of the same checkpoint and protocol.

    A file that is damaged is set aside, and said to be.
    """
    path = subject.out / FILE
    try:
        evaluation_of(subject.out)
    except RunError:
        aside = atomic.aside(path)
        path.replace(aside)
        complain(f"WARNING: {path} was damaged, and begins anew; what it held is {aside}.")
    entry = {
        **subject.facts,
        "values": dict(values),
        "protocol": dict(protocol),
        "seconds": round(seconds, 2),
        "made": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "pictures": [picture.relative_to(subject.out).as_posix() for picture in pictures],
    }
    older = [each for each in results(subject.out) if not _is_same(each, entry)]
    text = json.dumps({"version": 1, "results": [*older, entry]}, indent=2) + "\n"
    atomic.write(path, text.encode())
    return path


def _is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two results are of the same checkpoint, measured in the same way."""
    return all(one.get(key) == other.get(key) for key in ("checkpoint", "step", "protocol"))


def _decides_pictures(result: Mapping[str, Any]) -> list[Any]:
    """Return all of a result that its pictures depend on."""
    protocol = result.get("protocol")
    names = ("samples", "seed", "averaged", "extractor_sha256")
    return [result.get("step"), *(isinstance(protocol, dict) and protocol.get(name) for name in names)]


def results(folder: Path) -> list[dict[str, Any]]:
    """Return what evaluation.json of a folder holds, oldest first; nothing where it is missing or damaged."""
    try:
        found = evaluation_of(folder).get("results", [])
    except RunError:
        return []
    return [each for each in found if isinstance(each, dict)]


def draw_pictures(subject: Subject, view: Any, protocol: Mapping[str, Any]) -> list[Path]:
    """Draw the pictures of an evaluation of images; return their paths.

    They get a folder in which no older result's pictures lie that would look otherwise.
    """
    between = subject.between(pictures.ROWS, pictures.COLUMNS)
    own = {**subject.facts, "protocol": dict(protocol)}
    others = [each for each in results(subject.out) if _decides_pictures(each) != _decides_pictures(own)]
    named = [each["pictures"] for each in others if isinstance(each.get("pictures"), list)]
    taken = {Path(str(name)).parent.as_posix() for names in named for name in names}
    base = f"evaluation/step-{subject.facts['step']:06d}" if subject.facts else "."
    places = itertools.chain([base], (f"{base.strip('.') or 'samples'}-{n}" for n in itertools.count(2)))
    place = next(place for place in places if place not in taken)
    return pictures.draw(subject.out / place, view, subject.dataset.classes, between)


def _beside(path: Path) -> Path:
    """Return the folder that takes what is said of files: not among them."""
    whole = path if path.name else path.resolve()
    return whole.with_name(f"{whole.stem}-evaluation")


def _same_size(path: Path, images: Any, shape: tuple[int, ...]) -> None:
    """Raise UsageError for images that would have to be resized: that changes what is measured."""
    import io

    from PIL import Image

    storage = images.storage
    wanted, others, first = (shape[1], shape[0]), 0, ""
    for name in storage.names:
        with Image.open(io.BytesIO(storage.source.read(name))) as picture:
            if picture.size != wanted:
                others += 1
                first = first or f"{name} of {picture.size[1]}x{picture.size[0]}"
    if others:
        raise UsageError(
            f"{path}: expected images of {shape[0]}x{shape[1]}, like the data, got {others} of "
            f"{len(storage.names)} of another size, {first}; resize them first."
        )
