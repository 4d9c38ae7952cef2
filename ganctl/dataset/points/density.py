"""Distributions known in closed form, so that what a generator learned can be compared with the truth.

Each has `sample(count, key)` in TensorFlow, which is a pure function of the key, and in NumPy what is true of
it: `density`, in one dimension `cdf`, and the cells by which samples are counted (`assign`, `weights`).
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

PROTOCOL = 10_000  # samples of which a generator is judged
LEAST = 0.001  # the share of them that captures a mode
BINS = 100  # cells of a truth without modes
NEAR = 3.0  # standard deviations: what is farther from the truth is of no mode


class Mixture:
    """Equally likely Gaussians, each of one standard deviation in every direction.

    Args:
        modes: their centres, of shape (k, d).
        sigma: the standard deviation of all, or of each.

    Attributes:
        modes: as given, in float64.
        sigmas, sigma: the standard deviation of each, of shape (k,), and the largest.
        weights: the modes' probabilities, of shape (k,).
        box: (low, high) along each axis of all that is to be seen, of shape (d, 2).
        protocol, least: samples, and share of them in a mode, by which modes are counted.
    """

    protocol, least, reader = PROTOCOL, LEAST, None

    def __init__(self, modes: Sequence[Sequence[float]] | np.ndarray, sigma: float | Sequence[float]) -> None:
        self.modes = np.asarray(modes, np.float64)
        self.sigmas = np.broadcast_to(np.asarray(sigma, np.float64), len(self.modes))
        self.sigma = float(self.sigmas.max())
        self.weights = np.full(len(self.modes), 1 / len(self.modes))
        low, high = self.modes.min(axis=0), self.modes.max(axis=0)
        # Room for a generator's errors: a fifth of the whole, or what the Gaussians themselves need.
        margin = max(0.2 * float((high - low).max()), 4 * self.sigma)
        self.box = np.stack([low - margin, high + margin], axis=1)

    def sample(self, count: int, key: "tf.Tensor") -> "tf.Tensor":
        """Return float32 samples of shape (count, d) for an int32 key of shape (2,)."""
        import tensorflow as tf

        modes = tf.constant(self.modes, tf.float32)
        which = tf.random.stateless_uniform(
            [count], tf.random.fold_in(key, 1), 0, len(self.modes), tf.int32, alg="philox"
        )
        noise = tf.random.stateless_normal([count, modes.shape[1]], tf.random.fold_in(key, 2), alg="philox")
        sigmas = tf.constant(self.sigmas[:, None], tf.float32)
        return tf.gather(modes, which) + tf.gather(sigmas, which) * noise

    def density(self, points: np.ndarray) -> np.ndarray:
        """Return the density at points of shape (n, d), as float64 of shape (n,)."""
        points = np.asarray(points, np.float64)
        total = np.zeros(len(points))
        for mode, sigma in zip(self.modes, self.sigmas, strict=True):
            scale = (2 * math.pi * sigma**2) ** (points.shape[1] / 2)
            total += np.exp(-((points - mode) ** 2).sum(axis=1) / (2 * sigma**2)) / scale
        return total / len(self.modes)

    def cdf(self, places: np.ndarray) -> np.ndarray:
        """Return the probability below places on a line, of any shape; only where d is 1."""
        scaled = (np.asarray(places, np.float64)[..., None] - self.modes[:, 0]) / (self.sigmas * math.sqrt(2))
        return (0.5 * (1 + np.vectorize(math.erf, otypes=[float])(scaled))).mean(axis=-1)

    def assign(self, samples: np.ndarray) -> np.ndarray:
        """Return which mode is nearest to each sample of (n, d), in its own sigmas, -1 for none within 3."""
        samples = np.asarray(samples, np.float64)
        nearest, best = np.full(len(samples), -1), np.full(len(samples), NEAR**2)
        for index, (mode, sigma) in enumerate(zip(self.modes, self.sigmas, strict=True)):
            squared = ((samples - mode) ** 2).sum(axis=1) / sigma**2
            nearer = squared <= best
            nearest[nearer], best[nearer] = index, squared[nearer]
        return nearest


class Sine:
    """A wave on an interval: p(x) = (1 + amplitude sin(pi periods x / reach)) / (2 reach) for |x| <= reach.

    Args:
        periods: whole waves in the interval.
        amplitude: in [0, 1]; with 1 the density falls to zero between the waves.
        reach: half the interval's length.
    """

    modes, protocol, least, reader = None, PROTOCOL, None, None

    def __init__(self, periods: int, amplitude: float, reach: float) -> None:
        self.periods, self.amplitude, self.reach = periods, float(amplitude), float(reach)
        self.sigma = self.reach / (10 * periods)  # the grain at which this density is looked at
        self.edges = np.linspace(-self.reach, self.reach, BINS + 1)
        self.weights = np.diff(self.cdf(self.edges))
        self.box = np.array([[-1.25, 1.25]]) * self.reach

    def sample(self, count: int, key: "tf.Tensor") -> "tf.Tensor":
        """Return float32 samples of shape (count, 1) for an int32 key of shape (2,).

        Exact without rejection: a uniform x is kept with probability (1 + amplitude sin) / 2 and mirrored to
        -x otherwise, where the sine has the other sign, so x and -x together give p.
        """
        import tensorflow as tf

        place, chance = tf.unstack(tf.random.stateless_uniform([2, count, 1], key, alg="philox"))
        place = self.reach * (2.0 * place - 1.0)
        wave = self.amplitude * tf.sin(math.pi * self.periods / self.reach * place)
        return tf.where(chance < 0.5 * (1.0 + wave), place, -place)

    def density(self, points: np.ndarray) -> np.ndarray:
        """Return the density at points of shape (n, 1), as float64 of shape (n,)."""
        places = np.asarray(points, np.float64)[:, 0]
        wave = 1 + self.amplitude * np.sin(math.pi * self.periods * places / self.reach)
        return np.where(np.abs(places) <= self.reach, wave / (2 * self.reach), 0.0)

    def cdf(self, places: np.ndarray) -> np.ndarray:
        """Return the probability below places on the line, of any shape."""
        places = np.clip(np.asarray(places, np.float64), -self.reach, self.reach)
        angle = math.pi * self.periods
        swing = np.cos(angle) - np.cos(angle * places / self.reach)
        return (places + self.reach) / (2 * self.reach) + self.amplitude * swing / (2 * angle)

    def assign(self, samples: np.ndarray) -> np.ndarray:
        """Return in which of 100 equal bins each sample of (n, 1) is, -1 outside the interval."""
        return _bins(np.asarray(samples, np.float64)[:, 0], self.edges)


class SwissRoll:
    """A spiral of uniform angle t in [1.5 pi, 4.5 pi] at radius t, with Gaussian noise around it.

    It is scikit-learn's `make_swiss_roll` without its flat axis, scaled to the given outer radius.

    Args:
        radius: of the outer end.
        sigma: standard deviation of the noise in either direction.
    """

    modes, protocol, least, reader = None, PROTOCOL, None, None
    first, last = 1.5 * math.pi, 4.5 * math.pi

    def __init__(self, radius: float, sigma: float) -> None:
        self.radius, self.sigma = float(radius), float(sigma)
        self.scale = self.radius / self.last
        self.weights = np.full(BINS, 1 / BINS)
        self.box = np.array([[-1.25, 1.25]] * 2) * self.radius

    def sample(self, count: int, key: "tf.Tensor") -> "tf.Tensor":
        """Return float32 samples of shape (count, 2) for an int32 key of shape (2,)."""
        import tensorflow as tf

        angle = tf.random.stateless_uniform(
            [count], tf.random.fold_in(key, 1), self.first, self.last, alg="philox"
        )
        noise = tf.random.stateless_normal([count, 2], tf.random.fold_in(key, 2), alg="philox")
        return self.scale * angle[:, None] * tf.stack([tf.cos(angle), tf.sin(angle)], 1) + self.sigma * noise

    def curve(self, angle: np.ndarray) -> np.ndarray:
        """Return the points, of shape (n, 2), of the spiral at angles of shape (n,)."""
        return self.scale * angle[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)

    def angles(self, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the angle of the spiral's point nearest to each sample of (n, 2), and its distance."""
        samples = np.asarray(samples, np.float64)
        best, distance = np.full(len(samples), self.first), np.full(len(samples), np.inf)
        # At most two windings pass near a point: Newton's steps from the samples' own angle in each of them.
        own = np.arctan2(samples[:, 1], samples[:, 0])
        starts = [np.clip(own + 2 * math.pi * turn, self.first, self.last) for turn in range(4)]
        for angle in starts:
            for _ in range(8):
                angle = np.clip(angle - self._newton(angle, samples), self.first, self.last)
            found = np.linalg.norm(samples - self.curve(angle), axis=1)
            nearer = found < distance
            best[nearer], distance[nearer] = angle[nearer], found[nearer]
        return best, distance

    def _newton(self, angle: np.ndarray, samples: np.ndarray) -> np.ndarray:
        """Return a Gauss-Newton step of the squared distance."""
        cosine, sine = np.cos(angle), np.sin(angle)
        slope = self.scale * np.stack([cosine - angle * sine, sine + angle * cosine], axis=1)
        gap = self.curve(angle) - samples
        return (gap * slope).sum(axis=1) / (slope**2).sum(axis=1)

    def density(self, points: np.ndarray) -> np.ndarray:
        """Return the density at points of shape (n, 2), as float64 of shape (n,).

        The noise's density, integrated over the curve by the midpoint rule at a tenth of sigma.
        """
        length = self.scale * (self.last**2 - self.first**2) / 2
        steps = math.ceil(10 * length / self.sigma)
        middles = self.first + (np.arange(steps) + 0.5) * (self.last - self.first) / steps
        curve, total = self.curve(middles), np.zeros(len(points))
        for start in range(0, len(points), 500):
            gap = np.asarray(points, np.float64)[start : start + 500, None] - curve
            total[start : start + 500] = np.exp(-(gap**2).sum(axis=2) / (2 * self.sigma**2)).mean(axis=1)
        return total / (2 * math.pi * self.sigma**2)

    def assign(self, samples: np.ndarray) -> np.ndarray:
        """Return in which of 100 equal parts of the angle each sample of (n, 2) is, -1 beyond 3 sigma."""
        angle, distance = self.angles(samples)
        bins = _bins(angle, np.linspace(self.first, self.last, BINS + 1))
        return np.where(distance <= NEAR * self.sigma, bins, -1)


def _bins(places: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return in which bin each place is, the last edge included, -1 outside."""
    found = np.searchsorted(edges, places, side="right") - 1
    found = np.where(places == edges[-1], len(edges) - 2, found)
    return np.where((places >= edges[0]) & (places <= edges[-1]), found, -1)
