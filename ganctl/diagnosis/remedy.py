"""What to try against a sickness: overrides to paste behind the command, made to fit the run's own config."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from ganctl.diagnosis.finding import sickness_of

Config = Mapping[str, Any]
PLAYERS = ("discriminator", "generator")
RATE = 2e-4  # Adam's in most published recipes, for a player whose rate is 0


def remedies(name: str, config: Config) -> list[str]:
    """Return overrides against the sickness of this name, the first to be tried first.

    Each is a complete thing to try, one or more words; none repeats what the config already has.

    Args:
        name: of a finding.
        config: the run's, plain data, which may be a stranger's.
    """
    found = (advise(config) for advise in ADVICE.get(sickness_of(name), ()))
    return list(dict.fromkeys(each for each in found if each))


def rate(player: str, factor: float) -> Callable[[Config], str]:
    """Return advice to multiply a player's learning rate."""

    def advise(config: Config) -> str:
        now = _at(config, "optimizer", player, "learning_rate")
        if not isinstance(now, int | float) or isinstance(now, bool):
            return ""
        # Two digits are enough, and a rate of 0 has no multiple.
        return f"optimizer.{player}.learning_rate={float(f'{now * factor or RATE:.2g}'):g}"

    return advise


def rates(factor: float) -> Callable[[Config], str]:
    """Return advice to multiply all players' learning rates."""
    return lambda config: " ".join(filter(None, (rate(each, factor)(config) for each in players(config))))


def players(config: Config) -> list[str]:
    """Return the players that have an optimizer, and the two that most games have."""
    known = _at(config, "optimizer")
    # A name that a stranger made up is not repeated.
    others = (
        [str(name) for name in known if re.fullmatch(r"\w+", str(name))] if isinstance(known, dict) else []
    )
    return list(dict.fromkeys([*PLAYERS, *others]))


def also(group: str, *names: str) -> Callable[[Config], str]:
    """Return advice to choose parts of a group beside those that are chosen."""

    def advise(config: Config) -> str:
        chosen = _at(config, group)
        # A name that a stranger made up is not repeated.
        old = [name for name in chosen if re.fullmatch(r"\w+", str(name))] if isinstance(chosen, dict) else []
        new = [name for name in names if name not in old]
        return f"{group}=[{','.join([*old, *new])}]" if new else ""

    return advise


def loss(name: str, target: str, *penalties: str) -> Callable[[Config], str]:
    """Return advice to change to a loss with its penalties, which replace the chosen ones."""

    def advise(config: Config) -> str:
        if _is_own(config):  # which the family will not have changed
            return ""
        penalized = set(_at(config, "penalty") or {}) >= set(penalties)
        if str(_at(config, "loss", "_target_")).endswith(f".{target}") and penalized:
            return ""
        # Slopes of single images mean nothing where batch normalization mixes them.
        mixing = "Batch" in str(_at(config, "network", "discriminator", "norm"))
        norm = " norm.discriminator=layer" if mixing and penalties else ""
        return f"loss={name}" + (f" penalty=[{','.join(penalties)}]" if penalties else "") + norm

    return advise


def turns(player: str, *, fewer: bool = False) -> Callable[[Config], str]:
    """Return advice to give a player one more turn in a round, or only one."""

    def advise(config: Config) -> str:
        now = _at(config, "trainer", "turns", player)
        simultaneous = _at(config, "trainer", "order") == "simultaneous"
        if type(now) is not int or (fewer and now == 1) or (simultaneous and not fewer):
            return ""
        return f"trainer.turns.{player}={1 if fewer else now + 1}"

    return advise


def unsaturated(config: Config) -> str:
    """Return advice to leave a loss whose gradient vanishes where the discriminator is sure."""
    target = str(_at(config, "loss", "_target_"))
    return "loss=nonsaturating" if target.endswith(".Minimax") else ""


def averaged(config: Config) -> str:
    """Return advice to sample from averaged weights."""
    return "" if _at(config, "average") else "average=ema"


def falling(config: Config) -> str:
    """Return advice to let the learning rates fall, where none does."""
    if any(_at(config, "schedule", player) for player in players(config)):
        return ""
    return " ".join(f"schedule.{player}=cosine" for player in players(config))


def exact(config: Config) -> str:
    """Return advice to leave float16, whose largest number is 65,504."""
    return "trainer.precision=float32" if _at(config, "trainer", "precision") == "float16" else ""


def unlimited(config: Config) -> str:
    """Return advice to use all the data."""
    return "dataset.limit=null" if _at(config, "dataset", "limit") else ""


ADVICE: dict[str, tuple[Callable[[Config], str], ...]] = {
    "non-finite": (exact, rates(0.1), also("penalty", "r1")),
    "divergence": (rates(0.1), also("penalty", "r1"), loss("relativistic", "Relativistic", "r1", "r2")),
    "discriminator wins": (
        turns("discriminator", fewer=True),
        unsaturated,
        rate("discriminator", 0.25),
        also("penalty", "r1"),
        loss("wasserstein", "Wasserstein", "gradient_penalty"),
        also("augment", "instance_noise"),
    ),
    "generator wins": (rate("discriminator", 4), rate("generator", 0.25), turns("discriminator")),
    "mode collapse": (
        loss("relativistic", "Relativistic", "r1", "r2"),
        also("remedy", "packing"),
        also("remedy", "unrolled"),
        rate("generator", 0.25),
    ),
    "oscillation": (
        loss("relativistic", "Relativistic", "r1", "r2"),
        averaged,
        falling,
        rates(0.25),
    ),
    "stalled": (unsaturated, rates(10)),
    "memorizing": (
        unlimited,
        also("augment", "adaptive"),
        also("augment", "diffaugment"),
        also("penalty", "r1"),
    ),
}


def _is_own(config: Config) -> bool:
    """Return whether the family brings its own loss."""
    return str(_at(config, "loss", "_target_")).endswith(".Own")


def _at(config: Any, *path: str) -> Any:
    """Return what lies at a path of keys, None where there is nothing."""
    for key in path:
        config = config.get(key) if isinstance(config, dict) else None
    return config
