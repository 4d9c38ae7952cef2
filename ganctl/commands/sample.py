"""Draw samples from a run.

usage: ganctl sample RUN [n=64] [seed=0] [checkpoint=last|best|STEP]
                         [average=true] [out=PATH] [--trust]

  ganctl sample latest
  ganctl sample outputs/mnist-dcgan n=100 seed=7 out=grid.png
  ganctl sample mnist-dcgan n=1000 out=fakes/          single PNG files, of a
                                        conditional model in a folder a class
  ganctl sample mnist-dcgan n=50000 out=fakes.npy      raw samples

RUN is a run's folder, its name under outputs/, or `latest` (the default).

  n           samples to draw
  seed        of the latents; the same seed draws the same samples
  checkpoint  last (the newest intact one), best (by a metric), or a step
  average     use averaged weights where the run keeps an average
  out         a file.png for one grid, a folder/ for single pictures, a
              file.npy for raw float32 samples (images in [-1, 1], channels
              last; points in the data's own units).
              Default: RUN/samples/step-STEP-seed-SEED.png
  --trust     build whatever the folder's config names; only for folders
              whose origin you know
"""

import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ganctl.check import expect_whole
from ganctl.error import RunError, UsageError, suggest

LARGEST = 2**26  # numbers in one example


@dataclass
class Wish:
    """What to draw."""

    n: int = 64
    seed: int = 0
    checkpoint: str = "last"
    average: bool = True
    out: str = ""


def read(words: list[str]) -> tuple[str, Wish, bool]:
    """Return (run, wish, whether to trust its config).

    Raises:
        UsageError: for anything that is not of the usage.
    """
    wish = Wish()
    trust, left = "--trust" in words, [word for word in words if word != "--trust"]
    # A run's own name may hold a "=", so the first word is the run unless it is an option.
    first = left[0] if left else ""
    name = left.pop(0) if first and first.partition("=")[0] not in vars(wish) else "latest"
    for word in left:
        key, sign, value = word.partition("=")
        if key not in vars(wish):
            hint = suggest(key, vars(wish)) or " See: ganctl sample --help"
            raise UsageError(f"There is no option '{word}'.{hint}")
        if not sign:
            raise UsageError(f"Expected {key}=VALUE, got '{word}'. See: ganctl sample --help")
        setattr(wish, key, _value(key, value, getattr(wish, key)))
    expect_whole("n", wish.n, 1)
    expect_whole("seed", wish.seed, 0)
    if wish.seed >= 2**31:
        raise UsageError(f"seed: expected a whole number from 0 to 2147483647, got '{wish.seed}'.")
    if not _is_folder(wish.out) and Path(wish.out).suffix not in (".png", ".npy"):
        raise UsageError(f"out: expected a file.png, a file.npy or a folder/, got '{wish.out}'.")
    return name, wish, trust


def run(words: list[str]) -> int:
    """Draw and write what the words ask for; return the exit code."""
    from ganctl.config.trust import admit
    from ganctl.run.folder import find

    name, wish, trust = read(words)
    folder = find(name, Path("outputs"))
    config = folder.config()
    admit(config, folder.path, trust=trust)
    _draw(folder, config, wish)
    return 0


def _draw(folder: Any, config: dict[str, Any], wish: Wish) -> None:
    from ganctl import image
    from ganctl.run.console import say
    from ganctl.training import build

    config = build.to_draw(config)
    shape, classes = _known(folder)
    if not shape:
        dataset = build.dataset(config)
        shape, classes = dataset.shape, dataset.classes
    step, tensors = checkpoint_of(folder, wish.checkpoint)
    trainer = build.trainer(config, shape=tuple(shape), classes=len(classes))
    trainer.restore(tensors)
    samples = trainer.sample(wish.n, seed=wish.seed, averaged=wish.average)
    out = Path(wish.out) if wish.out else folder.samples / f"step-{step:06d}-seed-{wish.seed}.png"
    points = len(shape) == 1 and out.suffix == ".png"
    draw = build.dataset(config).draw if points else partial(image.grid, columns=trainer.game.columns)
    labels = trainer.labels(wish.n)
    folders = None if labels is None else [classes[label] for label in labels]
    write(samples, out, as_folder=bool(wish.out) and _is_folder(wish.out), draw=draw, folders=folders)
    weights = "averaged weights" if trainer.average and wish.average else "the last weights"
    say(f"{wish.n} samples of step {step} ({weights}, seed {wish.seed}): {out}")


def _known(folder: Any) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return the shape of one example and the names of the classes, as run.json tells them; else both empty.

    Raises:
        RunError: for a shape or classes that no data have.
    """
    shape, classes = folder.data().get("shape") or [], folder.data().get("classes") or []
    whole = isinstance(shape, list) and all(type(side) is int and side > 0 for side in shape)
    if not whole or len(shape) > 4 or math.prod(shape) > LARGEST:
        raise RunError(f"{folder.path / 'run.json'} is damaged: its data cannot have the shape {shape}.")
    # Classes become folders: a stranger's must not lie elsewhere.
    if not isinstance(classes, list) or not all(isinstance(name, str) and _is_name(name) for name in classes):
        raise RunError(f"{folder.path / 'run.json'} is damaged: its data cannot have the classes {classes}.")
    return tuple(shape), tuple(classes)


def _is_name(text: str) -> bool:
    return text not in ("", ".", "..") and not set(text) & set("/\\\0")


def checkpoint_of(folder: Any, wanted: str) -> tuple[int, dict[str, Any]]:
    """Return (step, tensors) of the checkpoint that was asked for."""
    from ganctl.run import checkpoint
    from ganctl.run.console import complain

    if wanted == "last":
        step, tensors, complaints = checkpoint.newest(folder.checkpoints)
        for complaint in complaints:
            complain(f"WARNING: {complaint} Using step {step} instead.")
        return step, tensors
    known = checkpoint.steps(folder.checkpoints)
    path = folder.checkpoints / checkpoint.BEST
    if wanted == "best" and path.is_file():
        return checkpoint.read(path)
    if wanted.isdigit() and int(wanted) in known:
        return checkpoint.read(checkpoint.path_of(folder.checkpoints, int(wanted)))
    there = ["last", "best"] if path.is_file() else ["last"]
    reason = "no metric chose a best one in this run" if wanted == "best" else f"got '{wanted}'"
    hint = suggest(wanted, there)
    raise UsageError(f"checkpoint: expected {', '.join(there)} or one of the steps {known}; {reason}.{hint}")


def write(samples: Any, out: Path, *, as_folder: bool = False, draw: Any = None, folders: Any = None) -> None:
    """Write samples as one picture (.png), as raw numbers (.npy), or as single pictures into a folder.

    Args:
        samples: float32 of shape (n, ...).
        out: where to.
        as_folder: whether that is a folder.
        draw: what makes one picture of samples; None tiles images into a grid.
        folders: of each single picture, by its class; None for pictures without.

    Raises:
        UsageError: for a folder of points, which are no pictures one by one.
    """
    import numpy as np

    from ganctl import image
    from ganctl.files import atomic
    from ganctl.files.pictures import save_png

    if as_folder and samples.ndim == 2:
        raise UsageError(f"out: expected a file.png or a file.npy for points, got the folder '{out}'.")
    (out if as_folder else out.parent).mkdir(parents=True, exist_ok=True)
    if as_folder:
        digits = len(str(len(samples) - 1))
        for index, picture in enumerate(image.to_uint8(samples)):
            place = out / folders[index] if folders else out
            place.mkdir(exist_ok=True)
            save_png(place / f"{index:0{digits}d}.png", picture)
    elif out.suffix == ".npy":
        with atomic.writing(out, sync=False) as file:
            np.save(file, samples)
    else:
        save_png(out, (draw or image.grid)(samples))


def _is_folder(out: str) -> bool:
    return out.endswith("/") or Path(out).is_dir() or not Path(out).suffix


def _value(key: str, text: str, default: Any) -> Any:
    if isinstance(default, bool):
        if text.lower() not in ("true", "false"):
            raise UsageError(f"{key}: expected true or false, got '{text}'.")
        return text.lower() == "true"
    if isinstance(default, int):
        if not text.lstrip("-").isdigit():
            raise UsageError(f"{key}: expected a whole number, got '{text}'.")
        return int(text)
    return text
