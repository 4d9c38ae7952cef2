"""ganctl from Python: runs opened, trained, played step by step. Said with examples in docs/python.md."""

import io
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganctl.error import UsageError

if TYPE_CHECKING:
    import keras
    import numpy as np

    from ganctl.training.drawing import Drawing


class TrainedRun:
    """A run that was trained, or is; its folder is read whenever it is asked for something.

    Args:
        folder: the run's.
        checkpoint: "last", "best", a step, or "sigma-S"; see `ganctl sample --help`.
        trust: whether to build what the config names even if it is no part of ganctl.
    """

    def __init__(self, folder: Any, checkpoint: str = "last", *, trust: bool = False) -> None:
        from ganctl.config.trust import admit

        self.folder, self.checkpoint = folder, checkpoint
        self.config: dict[str, Any] = folder.config()
        admit(self.config, folder.path, trust=trust)

    def __repr__(self) -> str:
        return f"ganctl.open('{self.path}')  # {self.folder.status()}, step {self.folder.step}"

    def _repr_png_(self) -> bytes:
        """Return a grid of samples, which a notebook shows."""
        from PIL import Image

        from ganctl import image

        picture = image.grid(self.generate(n=36))
        file = io.BytesIO()
        Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture).save(file, format="PNG")
        return file.getvalue()

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self.folder.path

    @property
    def metrics(self) -> dict[str, list[Any]]:
        """What was logged, a list for each number, None where a line lacks it; as data frames take it."""
        lines = self.folder.metrics()
        names = list(dict.fromkeys(name for line in lines for name in line))
        return {name: [line.get(name) for line in lines] for name in names}

    @cached_property
    def _loaded(self) -> tuple[int, dict[str, Any]]:
        return self.folder.tensors(self.checkpoint)

    @property
    def step(self) -> int:
        """The step of the checkpoint that samples are drawn from."""
        return self._loaded[0]

    def generate(
        self,
        n: int = 64,
        *,
        seed: int = 0,
        average: bool = True,
        make: str = "image",
        same_latent: bool = False,
        as_bytes: bool = False,
        **given: Any,
    ) -> "np.ndarray":
        """Return samples: numpy (n, height, width, channels), float32 in [-1, 1]; points (n, d).

        The same arguments give the same samples, and `ganctl sample` gives them too.

        Args:
            n: how many; of pictures that are given, of each.
            seed: of the latents.
            average: whether averaged weights draw, where the run keeps them.
            make: what is made, where a model makes several things.
            same_latent: whether all have the first one's noise.
            as_bytes: uint8 in [0, 255] in place of floats.
            given: what samples are made of, such as `label=7`, `label=[3, 5]`, `truncation=0.7` or
                `input="photos/"`.

        Raises:
            UsageError: for what the run cannot be given.
        """
        from ganctl import image

        words = [f"{name}={_text(value)}" for name, value in given.items()]
        rules = {"seed": seed, "average": average, "make": make, "same_latent": same_latent}
        samples = self._drawing(n=n, words=words, **rules).samples()
        return image.to_uint8(samples) if as_bytes else samples

    @cached_property
    def generator(self) -> "keras.Model":
        """The generator's (first) network, a Keras model, with averaged weights where the run keeps them."""
        drawing = self._drawing(n=1)
        average = drawing.sampler.average
        for weight, shadow in average.shadows.get("generator", ()) if average else ():
            weight.assign(shadow)
        return drawing.game.players["generator"][0]

    def _drawing(self, **options: Any) -> "Drawing":
        """Return what draws as `ganctl sample` does with these options."""
        from ganctl.commands.sample import Options
        from ganctl.training.drawing import Drawing

        return Drawing(self.folder, self.config, self._loaded[1], Options(**options))


def open(name: str | Path = "latest", checkpoint: str | int = "last", *, trust: bool = False) -> TrainedRun:
    """Return a run by its folder, its name under outputs/, or "latest".

    Args:
        name: of the run.
        checkpoint: "last", "best", a step, or "sigma-S" of `ganctl average`.
        trust: build what its config names even if it is no part of ganctl; only for folders you know.

    Raises:
        UsageError: when there is no such run.
    """
    from ganctl.run.folder import find

    return TrainedRun(find(str(name), Path("outputs")), str(checkpoint), trust=trust)


def train(*words: str) -> TrainedRun:
    """Train what the words of a `ganctl train` command ask for, or go on with it; return the run.

    Raises:
        UsageError: for wrong words.
        RunError: when it fails or was stopped; its checkpoints are intact.
    """
    from ganctl.commands.train import inherited
    from ganctl.config.compose import compose
    from ganctl.config.run_name import outputs_of, run_name
    from ganctl.error import RunError
    from ganctl.run.folder import Folder
    from ganctl.training import session

    composition = compose(inherited(list(words)))
    name = run_name(composition, None)
    code = session.begin(composition, name)
    folder = Folder(outputs_of(composition.plain()) / name)
    if code:
        raise RunError(f"{folder.path} was stopped at step {folder.step}; ganctl.train goes on with it.")
    return TrainedRun(folder)


def steps(*words: str) -> Iterator[dict[str, Any]]:
    """Play what the words of a `ganctl train` command ask for, a round at a time, and write nothing.

    Yields:
        after each round "step" and the terms that a log line has, by name, with "trainer" beside them: the
        `ganctl.training.trainer.Trainer`, whose game and sampler may be looked at.

    Raises:
        UsageError: for wrong words.
    """
    from ganctl.config.compose import compose
    from ganctl.training import build

    config = compose(list(words)).plain()
    dataset = build.dataset(config)
    trainer = build.trainer(config, dataset.fields)
    span, data = None, iter(())
    while trainer.played < trainer.settings.steps:
        now = trainer.timeline.at(trainer.played)
        if now is not span:
            span, data = now, trainer.batches(dataset)
        trainer.edges.enter(span, trainer.played)
        values = trainer.train(data).numpy().tolist()
        yield {"step": trainer.played, "trainer": trainer} | dict(
            zip(trainer.rounds.terms, values, strict=True)
        )


def _text(value: Any) -> str:
    """Return a value as it would be typed behind `ganctl sample NAME=`.

    Raises:
        UsageError: for what cannot be typed.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | Path | Sequence):
        raise UsageError(f"expected numbers, names or a path, got {type(value).__name__}.")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ",".join(_text(each) for each in value)
    return str(value)
