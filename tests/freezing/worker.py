"""One side of a freeze: the runs, one after the other, in one process on one core, with one TensorFlow."""

import contextlib
import json
import os
import sys
import time
from pathlib import Path


def main() -> None:
    """Run what a task file says; tell each run's end on a line of its own."""
    task = json.loads(Path(sys.argv[1]).read_text())
    sys.path.pop(0)  # this file's own folder: its modules are none of the checkout's
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {task["core"]})
    tell = os.fdopen(os.dup(1), "w", buffering=1)
    command = _command(task["checkout"])
    for run in task["runs"]:
        folder = Path(task["folder"]) / run["name"]
        folder.mkdir(parents=True)
        began = time.monotonic()
        codes = _play(command, run, folder)
        facts = {"run": run["name"], "codes": codes, "seconds": time.monotonic() - began}
        tell.write(json.dumps(facts) + "\n")


def _command(checkout: str):
    """Return the checkout's `ganctl`, and no other's."""
    import ganctl
    from ganctl.cli import main as command

    if not Path(ganctl.__file__).resolve().is_relative_to(Path(checkout).resolve()):
        raise SystemExit(f"{ganctl.__file__} is not of {checkout}")
    return command


def _play(command, run: dict, folder: Path) -> list[int]:
    """Return the exit codes of commands in a folder, up to one that failed; said.txt has their words."""
    os.chdir(folder)
    codes: list[int] = []
    with _said(folder / "said.txt"):
        for words in run["commands"]:
            print("ganctl", *words, flush=True)
            codes.append(_code(command, words))
            if codes[-1] not in run["codes"]:
                break
    return codes


@contextlib.contextmanager
def _said(file: Path):
    """Let the process write into a file; its streams stay what they are: libraries keep hold of them."""
    kept = os.dup(1), os.dup(2)
    with file.open("w") as said:
        for number in (1, 2):
            os.dup2(said.fileno(), number)
        try:
            yield
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, before in zip((1, 2), kept, strict=True):
                os.dup2(before, number)
                os.close(before)


def _code(command, words: list[str]) -> int:
    import traceback

    try:
        return command(words)
    except BaseException:  # a part that is no more must not end the other runs
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()


if __name__ == "__main__":
    main()
