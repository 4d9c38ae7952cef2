"""A run folder as anybody may read it: its paths, config, record, log, and where runs are."""

import shlex
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ganctl.error import RunError, UsageError, suggest
from ganctl.files import plain
from ganctl.game.field import Fields, from_facts
from ganctl.run import checkpoint, metrics_log, record
from ganctl.run.console import complain
from ganctl.run.held import is_held

PARTS = ("dataset", "model", "network", "loss", "optimizer", "trainer")  # what every config has
STATUSES = ("running", "finished", "stopped", "failed", "interrupted")


@dataclass(frozen=True, kw_only=True)
class Asks:
    """What samples of a run can be given.

    Args:
        fields: what the game knows of, by name.
        makes: what can be made.
        names: of the fields that can be given.
        views: whole pictures of the game's own.
    """

    fields: Fields
    makes: list[str]
    names: list[str]
    views: list[str]


class Folder:
    """A run folder as anybody may read it.

    Args:
        path: the folder, existing or not.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def path(self) -> Path:
        """Where the folder is."""
        return self._path

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def samples(self) -> Path:
        return self.path / "samples"

    @property
    def typed(self) -> str:
        """The path as it is typed in a shell."""
        return shlex.quote(str(self.path))

    @property
    def exists(self) -> bool:
        try:
            return (self.path / "config.yaml").is_file()
        except OSError as error:
            raise RunError(f"{self.path} cannot be read: {error.strerror or error}.") from error

    def config(self) -> dict[str, Any]:
        """Return the resolved config of this run, plain data.

        Raises:
            RunError: when the file is damaged.
        """
        config = plain.yaml_data(self.path / "config.yaml")
        parts = config if isinstance(config, dict) else {}
        lacking = [part for part in PARTS if not isinstance(parts.get(part), dict)]
        if lacking:
            raise RunError(
                f"{self.path / 'config.yaml'} is damaged: it lacks {', '.join(lacking[:3])}; "
                "put it back, or train under another name=..."
            )
        return parts

    def record(self) -> dict[str, Any]:
        """Return run.json; empty when there is none, and RunError when it cannot be read."""
        return record.read(self.path / "run.json")

    def data(self) -> dict[str, Any]:
        """Return what run.json says of the data; empty when it says nothing."""
        return self.record().get("data") or {}

    def asks(self) -> "Asks":
        """Return what samples of this run can be given, as the training noted it.

        Raises:
            RunError: when it was not noted, or is damaged.
        """
        facts, place = self.record().get("samples"), self.path / "run.json"
        facts = facts if isinstance(facts, dict) else {}
        lists = {name: [str(each) for each in facts.get(name) or []] for name in ("makes", "names", "views")}
        return Asks(fields=from_facts(facts.get("fields"), place), **lists)

    def log_lines(self) -> metrics_log.Log:
        """Return what metrics.jsonl holds, and what of it is damaged.

        Raises:
            RunError: when it cannot be read.
        """
        return metrics_log.read(self.path / "metrics.jsonl")

    def metrics(self) -> list[dict[str, Any]]:
        """Return the log lines of metrics.jsonl, oldest first, without the damaged; errors as `log_lines`."""
        return self.log_lines().lines

    @property
    def step(self) -> int:
        """The newest checkpoint's step, 0 when there is none."""
        return max([0, *checkpoint.steps(self.checkpoints)])

    def tensors(self, checkpoint_word: str = "last") -> tuple[int, dict[str, Any]]:
        """Return (step, tensors) of a checkpoint, and say which damaged ones were passed over.

        Args:
            checkpoint_word: see `ganctl.run.checkpoint.wanted`.

        Raises:
            UsageError: when there is no such checkpoint.
            RunError: when none is intact.
        """
        step, tensors, complaints = checkpoint.wanted(self.checkpoints, checkpoint_word)
        for complaint in complaints:
            complain(f"WARNING: {complaint} Using step {step} instead.")
        return step, tensors

    def touched(self) -> float:
        """Return when the run last wrote something, in seconds since the epoch."""
        times = [0.0]
        for name in ("config.yaml", "run.json", "metrics.jsonl"):
            with suppress(OSError):  # of many runs one may be damaged, or gone by now
                times.append((self.path / name).stat().st_mtime)
        return max(times)

    def status(self) -> str:
        """Return one of STATUSES; "interrupted" is a run that died without a word."""
        status = self.record().get("status", "interrupted")
        if status == "running" and not self._locked():
            return "interrupted"
        return status if status in STATUSES else "interrupted"

    def _locked(self) -> bool:
        if is_held(self.path):
            return True
        # Opening a lock empties it, and a stranger's may be a link.
        if not (self.path / "lock").is_file() or (self.path / "lock").is_symlink():
            return False
        try:
            with FileLock(self.path / "lock").acquire(timeout=0):
                return False
        except Timeout:
            return True
        except OSError:
            return False


def find(name: str, outputs: Path) -> Folder:
    """Return the run that a user means by a folder, its name under outputs or how that begins, or "latest".

    Raises:
        UsageError: when there is no such run, or several begin so.
    """
    runs = all_runs(outputs)
    if name == "latest":
        if not runs:
            raise UsageError(f"There is no run in {outputs}/ yet; start one: ganctl train")
        return max(runs, key=lambda run: run.touched())
    for path in (Path(name), outputs / name):
        if Folder(path).exists:
            return Folder(path)
    names = [str(run.path.relative_to(outputs)) for run in runs]
    begun = [run for run, known in zip(runs, names, strict=True) if name and known.startswith(name)]
    if len(begun) == 1:
        return begun[0]
    if begun:
        told = ", ".join(str(run.path.relative_to(outputs)) for run in begun[:3])
        raise UsageError(f"RUN: {len(begun)} runs begin with '{name}' ({told} ...); type more of the name.")
    hint = suggest(Path(name).name, names) or " See: ganctl runs"
    raise UsageError(f"RUN: expected a run folder (with a config.yaml) or 'latest', got '{name}'.{hint}")


def all_runs(outputs: Path) -> list[Folder]:
    """Return every run below a folder, sorted by name."""
    return [Folder(file.parent) for file in sorted(outputs.rglob("config.yaml"))]
