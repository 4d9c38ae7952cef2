"""Made-up logs of runs that are well and of sick ones."""

import math

import numpy as np

WELL = {
    "discriminator/adversarial": 1.0,
    "generator/adversarial": 1.0,
    "discriminator/real": 1.0,
    "discriminator/fake": -1.0,
    "discriminator/auc": 0.8,
    "discriminator/spread": 0.9,
    "discriminator/coverage": 0.8,
    "discriminator/density": 1.0,
    "discriminator/gradient": 2.0,
    "generator/gradient": 1.0,
    "discriminator/update": 1e-3,
    "generator/update": 1e-3,
}


def logged(steps: int = 4000, every: int = 50, batch: int = 100, seed: int = 0, **changes) -> list[dict]:
    """Return the log of a run that is well but for some numbers, each a function of the step.

    All others have the noise of a batch. Keys are the last words of names; "/" names keep theirs.
    """
    random = np.random.default_rng(seed)
    lines = []
    for step in range(every, steps + 1, every):
        line: dict = {"step": step, "images": step * batch, "seconds": step / 100}
        for name, value in WELL.items():
            line[name] = value * math.exp(0.05 * random.normal())
        for key, change in changes.items():
            name = key.replace("__", "/") if "__" in key else f"discriminator/{key}"
            value = change(step)
            line |= {} if value is None else {name: value}
        lines.append(line)
    return lines


def after(step: int, value: float, before: float):
    """Return a function of the step: one value up to a step, then another."""
    return lambda now: value if now > step else before


# By the sickness's name: what a log of it looks like. It begins at step 2,000.
SICK = {
    "non-finite": {"generator__adversarial": after(2000, math.nan, 1.0)},
    "divergence": {
        "generator__adversarial": lambda step: math.exp(max(0, step - 2000) / 200),
    },
    "discriminator wins": {
        "told": after(2000, 1.0, 0.9),
        "coverage": after(2000, 0.0, 0.3),
        "generator__gradient": after(2000, 1e-4, 1.0),
    },
    "generator wins": {"told": after(2000, 0.1, 0.8), "coverage": after(2000, 0.02, 0.5)},
    "mode collapse": {"spread": after(2000, 0.1, 0.9)},
    "oscillation": {
        "coverage": lambda step: 0.6 if step < 2000 else 0.2 * (1 + math.sin(step / 80)),
        "told": lambda step: 0.8 if step < 2000 else 0.8 - 0.18 * math.sin(step / 80),
        "generator__adversarial": lambda step: 1.0 if step < 2000 else 1.0 - 0.6 * math.sin(step / 80),
    },
    "stalled": {"generator__update": after(2000, 0.0, 1e-3), "coverage": lambda step: 0.1},
    "memorizing": {"recognized": after(2000, 0.9, 0.55)},
}
