"""Averages of any length from those of a few lengths, kept at many times (Karras et al., 2024, section 3.2).

A power average after t turns gives turn s the weight (g + 1) s^g / t^(g + 1). Those that were kept are such
functions of s, and a sum of them that is nearest to another one is the same sum of the averages themselves.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ganctl.error import UsageError
from ganctl.files.tensors import read
from ganctl.run import checkpoint

LONGEST = 12**-0.5  # the sigma of an average over all turns alike
AVERAGED = "average/"

Profile = tuple[float, float]  # turns, exponent


def exponent(sigma: float) -> float:
    """Return the g of a length; equation 4, sigma^2 = (g + 1) / ((g + 2)^2 (g + 3)), solved by bisection.

    Args:
        sigma: in (0, LONGEST).
    """
    low, high = 0.0, 1.0
    while _sigma(high) > sigma:
        high *= 2.0
    for _ in range(200):
        middle = (low + high) / 2.0
        low, high = (middle, high) if _sigma(middle) > sigma else (low, middle)
    return (low + high) / 2.0


def mixture(kept: Sequence[Profile], wanted: Profile) -> tuple[np.ndarray, float]:
    """Return what each kept average counts in a wanted one, and how far the nearest sum is from it.

    The distance is that of the two functions over the wanted one's norm: 0 where it was kept itself.
    """
    turns, powers = np.array([*kept, wanted], np.float64).T
    products = _products(turns, powers)
    inner, along, own = products[:-1, :-1], products[:-1, -1], products[-1, -1]
    shares = np.linalg.lstsq(inner, along, rcond=1e-13)[0]
    squared = own - 2.0 * shares @ along + shares @ inner @ shares
    return shares, float(np.sqrt(max(squared, 0.0) / own))


def averaged(
    folder: Path, sigmas: Sequence[float], wanted: Sequence[float]
) -> tuple[int, list[tuple[dict[str, np.ndarray], float]]]:
    """Return (step, averages by name and their distance, of each length) from what a run kept.

    Args:
        folder: of the kept averages, which are read one file at a time.
        sigmas: the lengths that were kept.
        wanted: the lengths that are wanted, at the newest of them.

    Raises:
        UsageError: when nothing was kept.
        RunError: for a damaged file.
    """
    steps = [step for step in checkpoint.steps(folder) if step]
    if not steps:
        raise UsageError(
            f"{folder} holds no averages; they are kept at every checkpoint of a run with average=power."
        )
    played = [_turns(checkpoint.path_of(folder, step)) for step in steps]
    profiles = [(turns, exponent(each)) for turns in played for each in sigmas]
    mixtures = [mixture(profiles, (played[-1], exponent(sigma))) for sigma in wanted]
    totals: list[dict[str, np.ndarray]] = [{} for _ in wanted]
    for number, step in enumerate(steps):
        _, tensors = read(checkpoint.path_of(folder, step))
        for total, (shares, _) in zip(totals, mixtures, strict=True):
            for index, each in enumerate(sigmas):
                _add(total, tensors, each if index else None, shares[number * len(sigmas) + index])
    found = [{name: array.astype(np.float32) for name, array in total.items()} for total in totals]
    return steps[-1], [(made, far) for made, (_, far) in zip(found, mixtures, strict=True)]


def _turns(path: Path) -> float:
    """Return after how many turns averages were kept."""
    return next(float(tensor) for name, tensor in read(path)[1].items() if name.endswith("/turns"))


def _add(total: dict, tensors: Mapping[str, np.ndarray], sigma: float | None, share: float) -> None:
    """Add a share of one length's averages to sums by name; those of the first length have no mark."""
    mark = "" if sigma is None else f"@{sigma:g}"
    for name, tensor in tensors.items():
        player, _, weight = name.removeprefix(AVERAGED).partition("/")
        if weight != "turns" and player.endswith(mark) and ("@" in player) == bool(mark):
            plain = f"{AVERAGED}{player.removesuffix(mark)}/{weight}"
            total[plain] = total.get(plain, 0.0) + share * tensor.astype(np.float64)


def _sigma(power: float) -> float:
    return ((power + 1.0) / ((power + 2.0) ** 2 * (power + 3.0))) ** 0.5


def _products(turns: np.ndarray, powers: np.ndarray) -> np.ndarray:
    """Return the inner products of all pairs of profiles, times the last one's turns."""
    one, other = np.meshgrid(np.arange(len(turns)), np.arange(len(turns)), indexing="ij")
    shorter, longer = (
        np.where(turns[one] <= turns[other], one, other),
        np.where(turns[one] <= turns[other], other, one),
    )
    ratio = (turns[shorter] / turns[longer]) ** powers[longer]
    gains = (powers[one] + 1.0) * (powers[other] + 1.0) / (powers[one] + powers[other] + 1.0)
    return gains * ratio / turns[longer] * turns[-1]
