"""The two checkouts of a freeze, and the processes that run in them."""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from freezing.plan import Run

WORKER = Path(__file__).parent / "worker.py"
ROOT = Path(__file__).parents[2]
Told = Callable[[str, dict], None]


@contextlib.contextmanager
def checkouts(names: list[str], folder: Path) -> Iterator[list[Path]]:
    """Yield a folder for each name: the folder itself, or a worktree of a revision, which goes again."""
    made, found = [], []
    try:
        for index, name in enumerate(names):
            if Path(name).is_dir():
                found.append(Path(name).resolve())
                continue
            path = folder / f"checkout-{index}"
            _git("worktree", "add", "--detach", str(path), name)
            made.append(path)
            found.append(path)
        yield found
    finally:
        for path in made:
            _git("worktree", "remove", "--force", str(path))


def _git(*words: str) -> None:
    done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"git {' '.join(words)}: {done.stderr.strip()}")


class Side:
    """One checkout's processes, one for each number of devices, one after the other.

    Args:
        word: before or after.
        checkout: the folder with the package.
        folder: that takes the runs' folders.
        core: the processor that it may use.
        told: called with the word and the facts of each run that ended.
    """

    def __init__(self, word: str, checkout: Path, folder: Path, core: int, told: Told) -> None:
        self.word, self.checkout, self.folder, self.core, self.told = word, checkout, folder, core, told
        self.ended: dict[str, dict] = {}
        self.child: subprocess.Popen | None = None
        self.stopped = False
        folder.mkdir(parents=True)

    def start(self, runs: list[Run], places: dict[str, str]) -> threading.Thread:
        """Begin all runs; return the thread that waits for them."""
        thread = threading.Thread(target=self._all, args=(runs, places), daemon=True)
        thread.start()
        return thread

    def _all(self, runs: list[Run], places: dict[str, str]) -> None:
        # TensorFlow keeps the devices that it began with, so each number of them has a process.
        for devices in sorted({run.devices for run in runs}):
            if not self.stopped:
                self._process([run for run in runs if run.devices == devices], devices, places)

    def _process(self, runs: list[Run], devices: int, places: dict[str, str]) -> None:
        listed = [
            {
                "name": run.name,
                "codes": run.codes,
                "commands": [[_placed(word, places) for word in words] for words in run.commands],
            }
            for run in runs
        ]
        task = self.folder / f"task-{devices}.json"
        plain = {"checkout": str(self.checkout), "folder": str(self.folder / "runs"), "core": self.core}
        task.write_text(json.dumps(plain | {"runs": listed}))
        with (self.folder / f"errors-{devices}.txt").open("w") as errors:
            self.child = child = subprocess.Popen(
                [sys.executable, str(WORKER), str(task)],
                env=self._environment(),
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
            for line in child.stdout or ():
                facts = json.loads(line)
                self.ended[facts["run"]] = facts
                self.told(self.word, facts)
            child.wait()

    def stop(self) -> None:
        """End a process that is still at work, so that nothing outlives a freeze that was broken off."""
        self.stopped = True
        if self.child and self.child.poll() is None:
            self.child.kill()
            self.child.wait()

    def _environment(self) -> dict[str, str]:
        """Return the environment: this checkout's package, its own cache, nothing that differs."""
        own = {
            "PYTHONPATH": str(self.checkout),
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "COLUMNS": "80",
        }
        kept = {name: value for name, value in os.environ.items() if name != "HYDRA_FULL_ERROR"}
        return kept | own

    def said(self, run: str) -> str:
        """Return what a run's commands printed."""
        file = self.folder / "runs" / run / "said.txt"
        return file.read_text(errors="replace") if file.is_file() else ""

    def complaint(self) -> str:
        """Return the last line of what the processes complained of."""
        texts = [file.read_text().strip() for file in sorted(self.folder.glob("errors-*.txt"))]
        return next((text.splitlines()[-1] for text in reversed(texts) if text), "no word")


def _placed(word: str, places: dict[str, str]) -> str:
    for name, path in places.items():
        word = word.replace(f"{{{name}}}", path)
    return word
