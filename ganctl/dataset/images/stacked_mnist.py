"""Three random MNIST digits in the channels of one picture: a thousand modes that a reader can count."""

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ganctl import image
from ganctl.dataset.contract import Paths, check_batch_size
from ganctl.dataset.images.image_set import Images
from ganctl.dataset.images.mnist import mnist
from ganctl.game.field import Field

if TYPE_CHECKING:
    import tensorflow as tf

CHANNELS, DIGITS = 3, 10


class Thousand:
    """The truth of three independent digits: a thousand modes, taken as equally likely.

    That is the protocol (Metz et al., 2017; Srivastava et al., 2017; Lin et al., 2018): 26,000 samples, each
    channel read by a classifier, one sample enough for a mode. MNIST's digits are not quite equally frequent:
    real triples have a divergence of 0.004 nats from it.
    """

    protocol, least, reader = 26_000, 0.0, "mnist"
    weights = np.full(DIGITS**CHANNELS, 1 / DIGITS**CHANNELS)

    def assign(self, samples: np.ndarray, read: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Return the number, from 0 to 999, that the red, green and blue digits of each sample spell.

        Args:
            samples: of shape (n, 28, 28, 3) in [-1, 1].
            read: (n, 28, 28, 1) -> digits of shape (n,).
        """
        red, green, blue = (read(samples[..., channel, None]) for channel in range(CHANNELS))
        return 100 * red + 10 * green + blue


class Stacked:
    """Pictures whose channels are digits, chosen independently.

    In every epoch each channel shows each digit of MNIST once, in an order of its own: the picture at a
    position depends on it and the seed alone.

    Args:
        digits: grey images of shape (28, 28, 1).

    Attributes:
        shape: (28, 28, 3).
        fingerprint: sha256, in hexadecimal, of everything that decides what is seen.
    """

    name = "stacked_mnist"
    labels = None
    classes: tuple[str, ...] = ()
    skipped, about = 0, ""
    held_out = 0

    def __init__(self, digits: Images) -> None:
        self.storage = digits.storage
        self.shape = (*digits.shape[:2], CHANNELS)
        self.fields = {"image": Field(kind="image", shape=self.shape)}
        self.truth = Thousand()
        self.fingerprint = hashlib.sha256(f"{self.name} {digits.fingerprint}".encode()).hexdigest()

    def __len__(self) -> int:
        return len(self.storage)

    def batches(self, batch_size: int, *, seed: int, start: int = 0) -> "tf.data.Dataset":
        """Return batches start, start + 1, ... without end; batch i is a pure function of (seed, i).

        Returns:
            dicts {"image": float32 (batch_size, 28, 28, 3) in [-1, 1]}.

        Raises:
            UsageError: a batch larger than the set of digits.
        """
        check_batch_size(self, batch_size)
        import tensorflow as tf

        from ganctl.dataset.stream import order

        def load(batch: tf.Tensor) -> tf.Tensor:
            positions = batch * batch_size + tf.range(batch_size, dtype=tf.int64)
            # Seeds are below 2^31, so that each channel's is one that no run has.
            seeds = [seed + (channel << 31) for channel in range(CHANNELS)]
            indices = tf.stack([order(positions, count=len(self), seed=own) for own in seeds])
            # A pure function of the indices; see `ganctl.dataset.stream`.
            images = tf.numpy_function(self._read, [indices], tf.uint8, stateful=False)
            return tf.ensure_shape(images, (batch_size, *self.shape))

        def finish(images: tf.Tensor) -> dict[str, tf.Tensor]:
            return {"image": tf.cast(images, tf.float32) / 127.5 - 1.0}

        batches = tf.data.Dataset.counter(start)
        for step in (load, finish):
            batches = batches.map(step, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        return batches.prefetch(4)

    def _read(self, indices: np.ndarray) -> np.ndarray:
        """Return the uint8 pictures, of shape (n, 28, 28, 3), of the digits at indices of shape (3, n)."""
        return np.concatenate([self.storage.read(channel) for channel in indices], axis=-1)

    def read(self, places: np.ndarray) -> np.ndarray:
        """Return one picture for each digit in the first channel, the others' fixed: uint8 (n, 28, 28, 3)."""
        orders = [np.random.default_rng(channel).permutation(len(self)) for channel in range(1, CHANNELS)]
        return self._read(np.stack([places, *(order[places] for order in orders)]))

    def held(self, count: int) -> np.ndarray:
        """Return no pictures: none is kept from training."""
        return np.zeros((0, *self.shape), np.float32)

    def examples(self, places: np.ndarray, *, held: bool = False) -> dict[str, np.ndarray]:
        """Return pictures of `read`, float32 in [-1, 1]."""
        return {"image": image.to_float(self.read(places % len(self)))}

    def picture(self, paths: Paths, *, count: int) -> np.ndarray:
        """Return a uint8 picture of `count` samples, as a grid."""
        return self.draw(paths.shown(count), columns=paths.columns)

    def take(self, count: int) -> np.ndarray:
        """Return the first `count` pictures of seed 0 (at most `len` of them), float32 in [-1, 1]."""
        count = min(count, len(self))
        return next(iter(self.batches(count, seed=0)))["image"].numpy()

    def draw(self, samples: np.ndarray, columns: int | None = None) -> np.ndarray:
        """Return a uint8 picture of samples in [-1, 1] of shape (n, 28, 28, 3), as a grid."""
        return image.grid(samples, columns=columns)


def stacked_mnist(*, path: str | None = None, split: str = "train", verify: bool = True) -> Stacked:
    """Return pictures of three digits in three channels (Metz et al., 2017, arXiv:1611.02163).

    Args:
        path, split, verify: as in `ganctl.dataset.images.mnist.mnist`.

    Raises:
        UsageError: an option outside its range, no data, or damaged data.
    """
    return Stacked(mnist(path=path, split=split, verify=verify))
