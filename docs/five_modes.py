"""How far MAD-GAN's generators are from the five modes, as its release measures it (metric.py).

ganctl train dataset=peaks model=madgan network=points model.generators=5
ganctl sample RUN n=1048576 out=samples.npy
python docs/five_modes.py samples.npy

KL(samples || data) over bins of 0.5 from -10 to 130 that hold data; what lies in bins without data costs
nothing there, so its share is said beside.
"""

import sys

import numpy as np

from ganctl.dataset.points.points import peaks

EDGES = np.arange(-10.0, 130.25, 0.5)


def main(path: str) -> None:
    """Print both numbers, and those of the data themselves."""
    samples = np.load(path, allow_pickle=False)[:, 0]
    data = peaks().take(len(samples))[:, 0]
    for name, points in (
        ("samples", samples),
        ("other data", peaks(size=len(samples)).take(len(samples))[:, 0]),
    ):
        kl, off = distance(points, data)
        print(f"{name}: KL {kl:.4f}, {off:.3%} where there are no data")


def distance(points: np.ndarray, data: np.ndarray) -> tuple[float, float]:
    """Return (KL of the histograms in nats, the share of points outside of the data's bins)."""
    found, true = (np.histogram(each, EDGES)[0] / len(each) for each in (points, data))
    both = (found > 0) & (true > 0)
    return float((found[both] * np.log(found[both] / true[both])).sum()), float(1 - found[true > 0].sum())


if __name__ == "__main__":
    main(sys.argv[1])
