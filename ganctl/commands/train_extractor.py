"""Train one of the small classifiers by which ganctl measures images.

usage: ganctl train-extractor mnist|fashion_mnist|digits|cifar10 [path=DIR]
                              [test=DIR] [out=FILE] [epochs=N] [seed=0]

  ganctl train-extractor digits
  ganctl train-extractor mnist path=data/mnist
  ganctl train-extractor fashion_mnist path=data/fashion_mnist seed=1

This is how the weights that ship with ganctl were made, on two cores:

  mnist           99.46 % of the 10,000 test digits, 10 minutes of one core
  fashion_mnist   93.07 % of the 10,000 test images, 80 s an epoch, 21 minutes
  digits          99.17 % of 360 held-out digits, 2.4 minutes
  cifar10         86.68 % of the 10,000 test images, taught by 20,000 of the
                  50,000 training images, 62 s an epoch, 25 minutes of one core

  path     the data's files; default: the download (digits need none)
  test     files of cifar10's test images, where they lie elsewhere, as zips do
  out      the weights; default: NAME.safetensors
  epochs   passes over the training images
  seed     of weights and order
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganctl.config.words import option, read
from ganctl.error import UsageError, suggest

HELD = 360  # of the digits, which have no test split


@dataclass(frozen=True)
class Recipe:
    """How one classifier is trained.

    Args:
        epochs: passes over the data.
        filters: channels of the four convolutions.
        layout: of `ganctl.extractor.classifier.LAYOUTS`.
        changes: random changes of the images.
    """

    epochs: int
    filters: tuple[int, ...]
    layout: str
    changes: dict[str, Any]


RECIPES = {
    "mnist": Recipe(20, (16, 32, 48, 64), "strided", {"crop": 2, "rotate": 12.0}),
    "fashion_mnist": Recipe(16, (32, 48, 96, 128), "pooled", {"crop": 1, "flip": True}),
    "cifar10": Recipe(24, (32, 48, 96, 128, 192, 256), "deep", {"crop": 4, "flip": True}),
    "digits": Recipe(150, (16, 32, 48, 64), "strided", {"crop": 2, "rotate": 12.0}),
}


@dataclass
class Options:
    """What a user asked for; 0 epochs are the recipe's."""

    name: str = ""
    path: str = option("")
    test: str = option("")
    out: str = option("")
    epochs: int = option(0, least=1)
    seed: int = option(0, least=0)


def run(words: list[str]) -> int:
    """Train what the words ask for, write it, say what it reaches; return the exit code."""
    options = read(words, Options, "train-extractor", first="name")
    name = options.name
    if name not in RECIPES:
        hint = suggest(name, RECIPES) or " See: ganctl train-extractor --help"
        raise UsageError(f"train-extractor: expected one of {', '.join(RECIPES)}, got '{name}'.{hint}")
    if options.test and name != "cifar10":
        raise UsageError(f"test: expected cifar10, whose test images may lie elsewhere, got {name}.")
    recipe = RECIPES[name]
    from ganctl.training.device import wake

    data, held_out = _data(name, recipe, options.path, options.test)
    tf, _ = wake()
    tf.config.experimental.enable_op_determinism()
    from ganctl.extractor.classifier import train

    epochs = options.epochs or recipe.epochs
    out = Path(options.out or f"{name}.safetensors")
    _say(
        f"Training on {len(data):,} images of {name} for {epochs} epochs; {len(held_out[1]):,} are held out."
    )
    rules = {"filters": recipe.filters, "layout": recipe.layout, "epochs": epochs, "seed": options.seed}
    accuracy, digest = train(
        data,
        held_out,
        out,
        told=lambda epoch, share: _say(f"epoch {epoch}/{epochs}  training {share:.2%}"),
        **rules,
    )
    _say(f"{out}: {accuracy:.2%} of held-out images, {out.stat().st_size:,} bytes, sha256 {digest}")
    return 0


def _data(name: str, recipe: Recipe, path: str, other: str) -> tuple[Any, tuple[Any, Any]]:
    """Return the training set, augmented, and the (images, labels) held out."""
    if name == "digits":
        import numpy as np

        from ganctl.dataset.images.digits import digits
        from ganctl.dataset.images.selection import Chosen
        from ganctl.image import to_float

        whole = digits(**recipe.changes)
        places, labels = np.arange(len(whole)), np.asarray(whole.labels)
        others = np.arange(HELD) * len(whole) // HELD  # those that the extractor in the package never saw
        held_out, used = (to_float(whole.read(others)), labels[others]), np.setdiff1d(places, others)
        whole.storage, whole.labels = Chosen(whole.storage, used), labels[used]
        return whole, held_out
    from ganctl.dataset.images import cifar10, mnist

    make = getattr(cifar10 if name == "cifar10" else mnist, name)
    test = make(path=path or None, split="test", **({"test": other} if other else {}))
    return make(path=path or None, **recipe.changes), (test.take(len(test)), test.labels)


def _say(text: str) -> None:
    from ganctl.run.console import say

    say(text)
