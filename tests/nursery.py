"""Start ganctl as a process of its own that need not import TensorFlow again: it is forked from one that has.

An import takes seconds, and the tests start a hundred processes. TensorFlow is imported here and never used,
so it has no threads that a fork would lose.
"""

import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from ganctl import device


class Nursery:
    """The parent of the processes, as the tests see it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, words, cwd, env=None, timeout: int = 240) -> subprocess.CompletedProcess:
        """Run `ganctl *words` in a folder; return the finished process, its code -14 if it took too long."""
        with tempfile.TemporaryDirectory() as folder:
            said = [Path(folder) / name for name in ("out", "err")]
            task = {"words": words, "cwd": str(cwd), "env": dict(env or os.environ), "timeout": timeout}
            task["said"] = [str(path) for path in said]
            print(json.dumps(task), file=self._process.stdin, flush=True)
            code = int(self._process.stdout.readline())
            return subprocess.CompletedProcess(words, code, *(path.read_text() for path in said))

    def close(self) -> None:
        self._process.communicate()


def born(words: list[str], cwd: str, env: dict[str, str], timeout: int, said: list[str]) -> None:
    """Be `python -m ganctl *words`: in the child."""
    signal.alarm(timeout)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    for descriptor, path in enumerate(("/dev/null", *said)):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), descriptor)
    sys.path[:0] = ["", *filter(None, env.get("PYTHONPATH", "").split(os.pathsep))]
    sys.argv[1:] = words
    runpy.run_module("ganctl", run_name="__main__", alter_sys=True)


def serve() -> None:
    """Fork a child for each line that comes, and answer with its exit code."""
    with device.quiet():
        import keras  # noqa: F401
        import tensorflow  # noqa: F401
    for line in sys.stdin:
        child = os.fork()
        if not child:
            born(**json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    serve()
