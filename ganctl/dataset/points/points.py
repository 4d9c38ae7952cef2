"""Points of a known distribution, drawn fresh for every batch or from a fixed sample."""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ganctl.check import expect_whole
from ganctl.dataset.contract import Paths, check_batch_size
from ganctl.dataset.options import between, positive
from ganctl.dataset.points.density import Mixture, Sine, SwissRoll
from ganctl.dataset.points.figure import field_places, picture
from ganctl.error import UsageError
from ganctl.game.field import Field
from ganctl.game.keys import FIXED_POINTS, POINTS

if TYPE_CHECKING:
    import tensorflow as tf

EPOCH = 100_000  # what a set without end calls its length
BLOCK = 16_384  # points drawn at once, of which batches are cut: one draw a batch costs ten times as much
SHOWN = {1: 10_000, 2: 2_000}  # samples in a picture, by dimensions
WALK = 41  # latents of which a picture shows where they go


class Points:
    """Points whose true distribution is known.

    Args:
        name: what the set is called.
        truth: the distribution (`ganctl.dataset.points.density`).
        size: None draws fresh points for every batch; a number draws, with replacement, from that many
            points, which are the same in every run.

    Attributes:
        shape: (dimensions,).
        fingerprint: sha256, in hexadecimal, of everything that decides what is seen.

    Raises:
        UsageError: for a size below 1.
    """

    labels = None
    classes: tuple[str, ...] = ()
    skipped, about = 0, ""
    held_out = 0

    def __init__(self, name: str, truth: Any, size: int | None = None):
        if size is not None:
            expect_whole("dataset.size", size, 1)
        self.name, self.truth, self.size = name, truth, size
        self.shape = (len(truth.box),)
        self.fields = {"image": Field(kind="point", shape=self.shape)}
        parts = {key: np.asarray(value).tolist() for key, value in sorted(vars(truth).items())}
        self.fingerprint = hashlib.sha256(repr((name, size, parts)).encode()).hexdigest()

    def __len__(self) -> int:
        return self.size or EPOCH

    def batches(self, batch_size: int, *, seed: int, start: int = 0) -> "tf.data.Dataset":
        """Return batches start, start + 1, ... without end; batch i is a pure function of (seed, i).

        Returns:
            dicts {"image": float32 (batch_size, dimensions)}.

        Raises:
            UsageError: a batch larger than a fixed sample.
        """
        check_batch_size(self, batch_size)
        import tensorflow as tf

        each = max(1, BLOCK // batch_size)
        fixed = None if self.size is None else tf.constant(self.take(self.size))

        def block(index: tf.Tensor) -> dict[str, tf.Tensor]:
            key = tf.random.fold_in(tf.constant([seed, POINTS]), tf.cast(index, tf.int32))
            count = each * batch_size
            if fixed is None:
                points = self.truth.sample(count, key)
            else:
                chosen = tf.random.stateless_uniform([count], key, 0, self.size, tf.int32, alg="philox")
                points = tf.gather(fixed, chosen)
            return {"image": tf.reshape(points, (each, batch_size, *self.shape))}

        # One thread makes the next block while batches are cut from this one. Each batch handed over by a
        # thread of its own (a second prefetch), or a tuner at work, costs more than the batch itself.
        options = tf.data.Options()
        options.autotune.enabled = False
        options.threading.private_threadpool_size = 1
        blocks = tf.data.Dataset.counter(start // each).map(block).prefetch(1)
        return blocks.unbatch().skip(start % each).with_options(options)

    def take(self, count: int) -> np.ndarray:
        """Return the first `count` points (at most `len` of them), float32 of shape (count, dimensions)."""
        import tensorflow as tf

        with tf.device("CPU"):
            drawn = self.truth.sample(len(self), tf.constant([0, FIXED_POINTS]))
        return drawn.numpy()[:count]

    def draw(self, samples: np.ndarray, columns: int | None = None) -> np.ndarray:
        """Return a uint8 picture, of shape (480, 480, 3), of samples of shape (n, dimensions)."""
        return picture(self.truth, samples)

    def held(self, count: int) -> np.ndarray:
        """Return no points: none is kept from training."""
        return np.zeros((0, *self.shape), np.float32)

    def examples(self, places: np.ndarray, *, held: bool = False) -> dict[str, np.ndarray]:
        """Return the points of `take` at some places."""
        return {"image": self.take(len(self))[places % len(self)]}

    def picture(self, paths: Paths, *, count: int) -> np.ndarray:
        """Return a uint8 picture of shape (480, 480, 3) of samples over the truth and the players' views.

        Args:
            paths: the game as a picture sees it.
            count: is not used: a picture of points shows thousands of them.
        """
        field, centre = paths.field(field_places(self.truth.box))
        walk = paths.walk(WALK) if self.shape == (1,) else None
        samples = paths.samples(SHOWN[self.shape[0]])
        return picture(self.truth, samples, field=field, centre=centre, walk=walk)


def ring(*, n: int = 8, radius: float = 2.0, sigma: float = 0.02, size: int | None = None) -> Points:
    """Return Gaussians in a circle around 0, the first on the right.

    Args:
        n: how many.
        radius: of the circle.
        sigma: standard deviation of each Gaussian.
        size: None for fresh points without end, or the number of points of a fixed sample.

    Raises:
        UsageError: an option outside its range.
    """
    expect_whole("dataset.n", n, 1)
    positive("radius", radius)
    positive("sigma", sigma)
    angle = 2 * np.pi * np.arange(n) / n
    modes = radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return Points("ring", Mixture(modes, sigma), size)


def grid(*, side: int = 5, spacing: float = 2.0, sigma: float = 0.05, size: int | None = None) -> Points:
    """Return side x side Gaussians in a square around 0.

    Args:
        side: Gaussians in a row; 5 gives 25 modes, 10 gives 100.
        spacing: between neighbours.
        sigma, size: as in `ring`.

    Raises:
        UsageError: an option outside its range.
    """
    places = _row("dataset.side", side, spacing)
    positive("sigma", sigma)
    modes = np.stack(np.meshgrid(places, places, indexing="ij"), axis=-1).reshape(-1, 2)
    return Points("grid", Mixture(modes, sigma), size)


def line(*, n: int = 3, spacing: float = 2.0, sigma: float = 0.3, size: int | None = None) -> Points:
    """Return Gaussians on a line, around 0; n=1 is the density of Goodfellow et al. (2014), figure 1.

    Args:
        n: how many.
        spacing: between neighbours.
        sigma, size: as in `ring`.

    Raises:
        UsageError: an option outside its range.
    """
    places = _row("dataset.n", n, spacing)
    positive("sigma", sigma)
    return Points("line", Mixture(places[:, None], sigma), size)


def peaks(
    *,
    places: Sequence[float] = (10.0, 20.0, 60.0, 80.0, 110.0),
    sigmas: Sequence[float] = (3.0, 3.0, 2.0, 2.0, 1.0),
    size: int | None = None,
) -> Points:
    """Return equally likely Gaussians of several widths on a line; the default is MAD-GAN's data.

    Ghosh et al. (2018), section 5.1, and their release (data_synthetic.py).

    Args:
        places: of the Gaussians.
        sigmas: the standard deviation of each.
        size: as in `ring`.

    Raises:
        UsageError: for lists of different lengths, or an option outside its range.
    """
    if not places or len(places) != len(sigmas):
        raise UsageError(
            f"dataset.sigmas: expected as many as places, at least one, got {len(sigmas)} of {len(places)}."
        )
    for sigma in sigmas:
        positive("sigmas", sigma)
    return Points("peaks", Mixture(np.array(places, np.float64)[:, None], list(sigmas)), size)


def _row(name: str, count: int, spacing: float) -> np.ndarray:
    """Return `count` places around 0; `name` is what the config calls their number."""
    expect_whole(name, count, 1)
    positive("spacing", spacing)
    return spacing * (np.arange(count) - (count - 1) / 2)


def sine(*, periods: int = 3, amplitude: float = 1.0, reach: float = 3.0, size: int | None = None) -> Points:
    """Return a wave on the line: (1 + amplitude sin(pi periods x / reach)) / (2 reach) for |x| <= reach.

    Args:
        periods: whole waves in the interval.
        amplitude: from 0 (uniform) to 1 (zero between the waves).
        reach: half the interval's length.
        size: as in `ring`.

    Raises:
        UsageError: an option outside its range.
    """
    expect_whole("dataset.periods", periods, 1)
    between("amplitude", amplitude, 1, "a number from 0 (uniform) to 1 (zero between the waves)")
    positive("reach", reach)
    return Points("sine", Sine(periods, amplitude, reach), size)


def swiss_roll(*, radius: float = 2.0, sigma: float = 0.03, size: int | None = None) -> Points:
    """Return a spiral in the plane, one and a half windings around 0.

    Args:
        radius: of its outer end; the inner one has a third.
        sigma: standard deviation of the noise around it.
        size: as in `ring`.

    Raises:
        UsageError: an option outside its range.
    """
    positive("radius", radius)
    positive("sigma", sigma)
    return Points("swiss_roll", SwissRoll(radius, sigma), size)
