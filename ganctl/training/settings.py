"""The trainer's settings, checked before TensorFlow is imported."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from ganctl.check import expect_one_of, expect_switch, expect_whole
from ganctl.error import UsageError

CHOICES = {
    "order": ("alternating", "simultaneous"),
    "precision": ("auto", "float32", "bfloat16", "float16"),
    "jit": ("auto", True, False),
    "on_sick": ("warn", "stop", "rollback"),
}
AT_LEAST = {
    "steps": 0,
    "batch_size": 1,
    "log_every": 0,
    "sample_every": 0,
    "save_every": 0,
    "evaluate_every": 0,
    "accumulate": 1,
    "rollbacks": 1,
    "keep": 0,
    "samples": 1,
    "devices": 1,
}


@dataclass(kw_only=True)
class Settings:
    """How long and in what manner a game is played; every interval is in steps, and 0 means never.

    Args:
        steps: rounds of all players' turns.
        epochs: passes over the data; where it is given, it sets `steps`.
        batch_size: real images of one turn, over all devices.
        turns: of each player in a round.
        order: "alternating" turns, or "simultaneous" ones from one shared forward pass.
        accumulate: parts that a batch is taken in, one after the other, to save memory.
        log_every, sample_every, save_every: steps between log lines, sample grids and checkpoints.
        evaluate_every: steps between measurements of the samples, where there is a metric.
        keep: newest checkpoints that are kept; 0 keeps all.
        samples: pictures in a sample grid.
        precision: "auto" (float32), "float32", "bfloat16" or "float16" (with loss scaling).
        jit: compile the turns with XLA; "auto" does so on a GPU.
        devices: over which a batch is split.
        threads: that share one operation on a CPU; "auto" is one for points, where operations are small
            and run side by side instead, and all cores for images.
        on_sick: what a finding of the diagnosis does: "warn", "stop", or "rollback" to the last healthy
            checkpoint with lowered learning rates.
        rollbacks: how often a run may roll back.
        best: the metric, or its number, by which the best checkpoint is kept beside the newest: "auto" for
            the first metric's, "none" for no such checkpoint.
        deterministic: whether the same seed gives the same run, bit for bit.

    Raises:
        UsageError: for a value outside its range.
    """

    steps: int = 3000
    epochs: float | None = None
    batch_size: int = 128
    turns: Mapping[str, int] = field(default_factory=dict)
    order: str = "alternating"
    accumulate: int = 1
    log_every: int = 50
    sample_every: int = 500
    save_every: int = 500
    evaluate_every: int = 500
    keep: int = 3
    samples: int = 64
    precision: str = "auto"
    jit: str | bool = "auto"
    devices: int = 1
    threads: int | str = "auto"
    deterministic: bool = True
    on_sick: str = "warn"
    rollbacks: int = 3
    best: str = "auto"

    def __post_init__(self) -> None:
        for name, least in AT_LEAST.items():
            expect_whole(f"trainer.{name}", getattr(self, name), least)
        for player, count in self.turns.items():
            expect_whole(f"trainer.turns.{player}", count, 1)
        for name, choices in CHOICES.items():
            expect_one_of(f"trainer.{name}", getattr(self, name), choices)
        if self.epochs is not None and not _is_positive(self.epochs):
            raise UsageError(f"trainer.epochs: expected a number above 0 or null, got '{self.epochs}'.")
        expect_switch("trainer.deterministic", self.deterministic)
        if self.order == "simultaneous" and any(count != 1 for count in self.turns.values()):
            raise UsageError(
                f"trainer.order=simultaneous: expected one turn of each player, got {dict(self.turns)}; "
                "type trainer.order=alternating, or leave trainer.turns at 1."
            )
        if self.threads != "auto":
            expect_whole("trainer.threads", self.threads, 1)
        if self.batch_size % (self.devices * self.accumulate):
            raise UsageError(
                f"trainer.batch_size: expected a multiple of trainer.devices={self.devices} times "
                f"trainer.accumulate={self.accumulate}, got {self.batch_size}."
            )

    @property
    def batches_per_step(self) -> int:
        """Batches of real images that one round uses; the i-th turns of all players see the same one."""
        return max([1, *self.turns.values()])

    @property
    def images_per_step(self) -> int:
        return self.batch_size * self.batches_per_step


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf
