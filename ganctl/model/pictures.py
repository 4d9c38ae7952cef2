"""What families from pictures to pictures share: their check of the data, and pictures side by side."""

import tensorflow as tf

from ganctl.error import UsageError
from ganctl.game.field import Fields


def expect_pictures(model: str, fields: Fields, hint: str) -> None:
    """Raise UsageError, with what to type, unless examples have two images, "input" and "image"."""
    missing = [name for name in ("input", "image") if name not in fields or fields[name].kind != "image"]
    if missing:
        there = ", ".join(f"{name} ({field.kind})" for name, field in fields.items())
        raise UsageError(
            f"model={model}: expected data with two pictures, input and image, got {there}; type {hint}."
        )


def tiles(*images: tf.Tensor) -> tf.Tensor:
    """Return groups (n, tiles, height, width, channels) of images (n, height, width, 1 or 3) each."""
    channels = max(image.shape[-1] for image in images)
    alike = (tf.broadcast_to(image, (*image.shape[:-1], channels)) for image in images)
    return tf.stack(list(alike), axis=1)
