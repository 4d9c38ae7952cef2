"""How images get into a network that was made for other ones: as bytes, in its channels, chunk by chunk."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from ganctl.error import UsageError
from ganctl.image import to_uint8


def expect_images(extractor: str, shape: tuple[int, ...], channels: tuple[int, ...] = (1, 3)) -> None:
    """Raise UsageError unless a sample's shape is (height, width, channels), channels one of `channels`."""
    if len(shape) != 3 or shape[-1] not in channels:
        size, wanted = "x".join(map(str, shape)), " or ".join(map(str, channels))
        raise UsageError(
            f"extractor={extractor}: expected images of {wanted} channels, got samples of shape {size}; "
            "type another extractor, or another dataset."
        )


def as_bytes(images: np.ndarray, channels: int = 3) -> np.ndarray:
    """Return images (n, h, w, 1 or 3) in [-1, 1] as their PNG files' uint8, gray repeated to `channels`."""
    picture = to_uint8(images)
    return np.repeat(picture, channels, axis=-1) if picture.shape[-1] < channels else picture


def in_chunks(
    call: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]], images: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return what `call` returns, joined, for images taken `size` at a time, and in the end what is left."""
    # Widths are asked for without images too, and some processors multiply no matrix without rows.
    some = images if len(images) else np.zeros((1, *images.shape[1:]), images.dtype)
    with exact():
        parts = [call(some[start : start + size]) for start in range(0, len(some), size)]
    features, logits = (np.concatenate(each)[: len(images)] for each in zip(*parts, strict=True))
    return features, logits


@contextmanager
def exact() -> Iterator[None]:
    """Keep a GPU from rounding float32 to the 10 bits of TensorFloat-32: a measure has one precision."""
    import tensorflow as tf

    rounding = tf.config.experimental
    before = rounding.tensor_float_32_execution_enabled()
    rounding.enable_tensor_float_32_execution(False)
    try:
        yield
    finally:
        rounding.enable_tensor_float_32_execution(before)
