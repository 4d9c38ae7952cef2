"""What networks of pictures ask of shapes and numbers before they are built."""

from collections.abc import Sequence

from ganctl.check import expect_whole
from ganctl.error import UsageError

SMALLEST = 4  # pixels that a side keeps however often it is halved


def expect_picture(network: str, shape: tuple[int, ...], **numbers: int | Sequence[int]) -> None:
    """Raise UsageError for points, or for numbers or lists of numbers, by name, that are not above 0."""
    if len(shape) != 3:
        raise UsageError(
            f"network.{network}: convolutions need images, got samples of shape {tuple(shape)}; "
            "type network=points."
        )
    for name, number in numbers.items():
        if isinstance(number, int):
            expect_whole(f"network.{network}.{name}", number, 1)
            continue
        if not number:
            raise UsageError(f"network.{network}.{name}: expected at least one number, got none.")
        for index, each in enumerate(number):
            expect_whole(f"network.{network}.{name}[{index}]", each, 1)


def halvings(network: str, shape: tuple[int, ...], most: int) -> int:
    """Return how often both sides can be halved exactly and keep SMALLEST pixels, at most `most` times.

    Raises:
        UsageError: when they cannot be halved at all, though that was wanted.
    """
    height, width = shape[:2]
    count = 0
    while count < most and not (height >> count) % 2 and not (width >> count) % 2:
        if min(height, width) >> (count + 1) < SMALLEST:
            break
        count += 1
    if most and not count:
        raise UsageError(
            f"network.{network}: expected even sides of at least {2 * SMALLEST} pixels, "
            f"got images of {height}x{width}; type network=mlp."
        )
    return count
