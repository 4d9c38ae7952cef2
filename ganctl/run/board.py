"""The run in TensorBoard: its numbers, grids and settings, without those of a life that was lost."""

import os
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ganctl.files import atomic
from ganctl.files.plain import leaves

HEAD, TAIL = 12, 4  # bytes around a record: its length and the length's checksum, and its own checksum
SAMPLES = "samples"

# What a number is, by the last word of its name; TensorBoard shows it beside the curve.
DESCRIPTIONS = {
    "adversarial": "what the player's loss is, without penalties",
    "real": "mean logit of real images",
    "fake": "mean logit of samples",
    "auc": "share of pairs of a real and a fake in which the real has the larger logit; 0.5 is chance",
    "right_real": "share of reals on the right side of the loss's boundary",
    "right_fake": "share of fakes on the right side of the loss's boundary",
    "spread": "mean distance between samples over that between reals; 1 is equal variety",
    "coverage": "share of reals that have a sample near (Naeem et al., 2020)",
    "density": "how near samples are to reals (Naeem et al., 2020)",
    "gradient": "norm of the player's gradient",
    "update": "norm of the last move over the norm of the weights",
    "weights": "norm of the player's weights",
    "recognized": "share of pairs in which a training image looks more real than a held-out one",
    "learning_rate": "of the player's optimizer, in the last update",
    "images_per_second": "real images shown to the players in a second",
    "verdict": "of the diagnosis: 0 healthy, 1 too early to judge, 2 sick",
}


class Board:
    """Writes a run's event files.

    Args:
        folder: theirs; nothing in it may be a link.
        step: from which the run goes on: events after it go, as the log's lines do.
        config: the run's, resolved; shown as text, its settings as hyperparameters.
    """

    def __init__(self, folder: Path, step: int, config: Mapping[str, Any]) -> None:
        import tensorflow as tf  # late: whoever only reads a run folder does not pay for TensorFlow

        atomic.refuse_link(folder)
        fresh = not cut(folder, step)
        self.summary = tf.summary
        self.writer = tf.summary.create_file_writer(str(folder))
        if fresh:
            with self.writer.as_default(step=step):
                self._introduce(config)

    def _introduce(self, config: Mapping[str, Any]) -> None:
        from tensorboard.plugins.hparams import api

        text = "".join(f"    {line}\n" for line in yaml.safe_dump(dict(config)).splitlines())
        self.summary.text("config", text, description="what `ganctl train --cfg job` prints")
        # The page of hyperparameters shows the last value of every number beside them.
        told = {key: value for key, value in leaves(config) if isinstance(value, bool | int | float | str)}
        api.hparams({key: value for key, value in told.items() if not key.endswith("_target_")})

    def numbers(self, step: int, values: Mapping[str, float]) -> None:
        """Write numbers by name."""
        with self.writer.as_default(step=step):
            for name, value in values.items():
                self.summary.scalar(name, value, description=DESCRIPTIONS.get(name.rpartition("/")[2]))

    def picture(self, step: int, picture: np.ndarray) -> None:
        """Write a sample grid, uint8 (height, width, 1 or 3)."""
        with self.writer.as_default(step=step):
            self.summary.image(SAMPLES, picture[None])

    def close(self) -> None:
        self.writer.close()


def cut(folder: Path, step: int) -> bool:
    """Remove from event files what came after a step, and a last record that a crash cut off.

    A grid of the step itself goes too: the life that begins there draws it again.

    Returns:
        whether events are left.
    """
    left = False
    for file in sorted(folder.glob("*tfevents*")):
        atomic.refuse_link(file)
        end = kept = 0
        for place, event in events(file):
            drawn = any(value.tag == SAMPLES for value in event.summary.value)
            if event.step > step or (event.step == step and drawn):
                break
            end, kept = place, kept + len(event.summary.value)
        if not kept:
            file.unlink()
        elif end < file.stat().st_size:
            os.truncate(file, end)
        left = left or kept > 0
    return left


def events(file: Path) -> Iterator[tuple[int, Any]]:
    """Yield (where it ends, the event) of every whole record of an event file; damage ends it."""
    from google.protobuf.message import DecodeError
    from tensorboard.compat.proto.event_pb2 import Event

    size = file.stat().st_size
    with file.open("rb") as stream:
        while size - stream.tell() >= HEAD + TAIL:
            (length,) = struct.unpack_from("<Q", stream.read(HEAD))
            if length > size - stream.tell() - TAIL:  # cut off, or a length that was damaged
                return
            data = stream.read(length)
            stream.seek(TAIL, os.SEEK_CUR)
            try:
                yield stream.tell(), Event.FromString(data)
            except DecodeError:
                return
