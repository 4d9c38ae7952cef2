"""What the diagnosis finds: a name, the step at which it began, and its evidence."""

from dataclasses import asdict, dataclass
from typing import Any

# What each sickness is, in a plain sentence; its keys are all the names that a finding can have.
SENTENCES = {
    "non-finite": "A number in the game is none any more (infinite, or NaN), and no step can mend it.",
    "divergence": "The game runs away: a loss or the logits have grown by orders of magnitude.",
    "discriminator wins": (
        "The discriminator tells every fake from real, and the generator no longer learns anything from it."
    ),
    "generator wins": (
        "The discriminator is fooled by samples that are not like the data, so it teaches nothing."
    ),
    "mode collapse": "The samples lack variety: the generator makes only a part of what is in the data.",
    "oscillation": (
        "The players chase each other in circles: samples come and go instead of getting better."
    ),
    "stalled": "Nothing moves any more, although the samples are not like the data.",
    "memorizing": (
        "The discriminator recognises the training images themselves, and judges no longer what is real."
    ),
}


@dataclass(frozen=True)
class Finding:
    """One sickness of a run.

    Args:
        name: one of SENTENCES; behind it the adversary's name in brackets, unless it is the game's first.
        step: at which it began.
        found: the step at which it was named.
        evidence: the numbers behind it, in words.
        until: the last step at which it still held, where it is gone.
    """

    name: str
    step: int
    found: int
    evidence: str
    until: int | None = None

    @property
    def sentence(self) -> str:
        return SENTENCES[sickness_of(self.name)]

    @property
    def gone(self) -> bool:
        return self.until is not None

    def facts(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self) | {"sentence": self.sentence}


def named(sickness: str, adversary: str) -> str:
    """Return the name of a finding: "mode collapse", or "mode collapse (input)" for the adversary `input`."""
    return f"{sickness} ({adversary})" if adversary else sickness


def sickness_of(name: str) -> str:
    """Return the sickness that a finding's name tells of, one of SENTENCES."""
    return name.partition(" (")[0]


def non_finite(name: str, value: object, step: int) -> Finding:
    """Return the finding that a term or a weight is no finite number."""
    return Finding("non-finite", step, step, f"{name} is {value} at step {step}")
