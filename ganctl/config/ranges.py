"""What every number of a config may be: one table, read before anything is built.

Parts check what only they know. What they would believe without a word is here: a beta_1 of 1.5 trains and
learns nothing, a size of 1e8 ends the process. A user's own parts have keys that nobody here knows.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ganctl.error import UsageError
from ganctl.files.plain import leaves

LARGEST = 1e15  # of any number
OURS = ("ganctl.", "keras.")  # whose parts have keys that are known here


@dataclass(frozen=True)
class Range:
    """Numbers from `least` to `most`, or below it; None is always for the part to judge.

    Args:
        least, most: the ends, both allowed but for what `open` says.
        whole: whether they are whole.
        open: "" for both ends allowed, "least" or "most" for one that is not, "both" for neither.
        lists: whether a list of such numbers may stand there, too.
    """

    least: float = 0.0
    most: float = LARGEST
    whole: bool = False
    open: str = ""
    lists: bool = False

    def holds(self, value: Any) -> bool:
        """Return whether a value may stand there."""
        if self.lists and isinstance(value, list):
            return all(self.holds(each) for each in value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if self.whole and (not isinstance(value, int) or abs(value) > LARGEST):
            return False
        low = value > self.least if self.open in ("least", "both") else value >= self.least
        high = value < self.most if self.open in ("most", "both") else value <= self.most
        return math.isfinite(value) and low and high

    def __str__(self) -> str:
        if self.whole and (self.most <= 1e6 or self.most == 2**31 - 1):
            return f"a whole number from {self.least:.0f} to {self.most:.0f}"
        kind = "a whole number" if self.whole else "a number"
        low = f"above {self.least:g}" if self.open in ("least", "both") else f"of at least {self.least:g}"
        if self.most > 1e6:
            return f"{kind} {low}"
        high = f"below {self.most:g}" if self.open in ("most", "both") else f"at most {self.most:g}"
        return f"{kind} {low} and {high}"


COUNT = Range(1, 1_000_000_000, whole=True)
OFTEN = Range(0, 1_000_000_000_000, whole=True)
SIZE = Range(1, 65_536, whole=True, lists=True)  # features or latents of one layer: two of them make 16 GB
SHARE = Range(0, 1)
PART = Range(0, 1, open="most")
POSITIVE = Range(0, open="least")
NOT_NEGATIVE = Range()
SMALL = Range(1, 10_000, whole=True)

# By the last word of a key, or its last two where the word has several meanings.
RANGES: dict[str, Range] = {
    **dict.fromkeys(("beta_1", "beta_2", "rho", "ema_momentum", "dropout", "input_dropout", "flat"), PART),
    **dict.fromkeys(("momentum", "decay"), Range(0, 1)),
    **dict.fromkeys(("clipnorm", "clipvalue", "global_clipnorm", "bound", "radius", "spacing"), POSITIVE),
    **dict.fromkeys(("learning_rate", "end_learning_rate", "epsilon", "decay_rate", "power"), NOT_NEGATIVE),
    **dict.fromkeys(("weight_decay", "weight", "jitter", "deviation", "spread"), NOT_NEGATIVE),
    **dict.fromkeys(("noise", "input_noise"), NOT_NEGATIVE),
    **dict.fromkeys(("dense", "joint", "of_latent", "of_label", "of_image", "embedding", "code"), SIZE),
    **dict.fromkeys(("attention", "final_momentum", "mixing", "path_decay"), SHARE),
    **dict.fromkeys(
        ("cycle", "identity", "reconstruction", "discriminator_weight", "class_weight", "unlabelled"),
        NOT_NEGATIVE,
    ),
    **dict.fromkeys(("negative_slope", "share", "target", "alpha", "initial", "smoothing"), SHARE),
    **dict.fromkeys(("batch_size", "images", "fading", "most", "pairs", "patches", "training"), COUNT),
    **dict.fromkeys(("interval", "every", "accumulate", "devices", "turns"), SMALL),
    **dict.fromkeys(("path_every", "path_share", "penalties_every", "depth"), SMALL),
    **dict.fromkeys(("model.path", "generator.rate"), NOT_NEGATIVE),
    **dict.fromkeys(("log_every", "sample_every", "save_every", "evaluate_every", "keep"), OFTEN),
    **dict.fromkeys(("latent", "filters", "hidden", "base", "pieces", "kernels", "width", "gated"), SIZE),
    **dict.fromkeys(("blocks", "layers", "expansion", "splits", "neighbours"), SMALL),
    "freeze.discriminator": OFTEN,
    "freeze.generator": OFTEN,
    "decay_steps": COUNT,
    "trainer.steps": OFTEN,
    "trainer.rollbacks": OFTEN,
    "trainer.samples": Range(1, 100_000, whole=True),
    "trainer.epochs": Range(0, 1e9, open="least"),
    "dataset.rotate": Range(0, 180),
    "dataset.colour": Range(0, 1),
    "dataset.crop": Range(0, 65_536, whole=True),
    "dataset.size": Range(1, 65_536, whole=True, lists=True),
    "seed": Range(0, 2**31 - 1, whole=True),
}


def check(config: Mapping[str, Any]) -> None:
    """Refuse numbers that no part should be given.

    Args:
        config: resolved, plain data.

    Raises:
        UsageError: for the first, in one line.
    """
    for key, value in leaves(config):
        if not _of_ours(config, key):
            continue
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, int | float) and not isinstance(each, bool) and not abs(each) <= LARGEST:
                end = f", and none beyond {LARGEST:g}" if math.isfinite(each) else ""
                raise UsageError(f"{key}: expected {rule(key) or 'a finite number'}{end}, got '{each}'.")
        known = rule(key)
        if known and value is not None and not isinstance(value, str) and not known.holds(value):
            raise UsageError(f"{key}: expected {known}, got '{value}'.")


def rule(key: str) -> Range | None:
    """Return the range of a dotted key; None where only its part knows it."""
    parent, _, last = key.rpartition(".")
    if parent == "trainer.turns":
        return RANGES["turns"]
    group = key.partition(".")[0]
    return RANGES.get(f"{group}.{last}") or RANGES.get(last)


def whole(key: str) -> bool:
    """Return whether a key takes whole numbers only: what its default is, where nothing says otherwise."""
    known = rule(key)
    return known is None or known.whole


def _of_ours(config: Mapping[str, Any], key: str) -> bool:
    """Return whether a key is one of ganctl's own, or of a part of ganctl's or Keras's."""
    node: Any = config
    for part in key.split(".")[:-1]:
        target = node.get("_target_") if isinstance(node, Mapping) else None
        if isinstance(target, str) and not target.startswith(OURS):
            return False
        node = node.get(part) if isinstance(node, Mapping) else None
    target = node.get("_target_") if isinstance(node, Mapping) else None
    return not isinstance(target, str) or target.startswith(OURS)
