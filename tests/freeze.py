"""Compare what two versions of ganctl compute, bit by bit, on the same tiny runs on this machine.

usage: python tests/freeze.py BEFORE AFTER [--only WORD] [--out FOLDER]

  python tests/freeze.py main HEAD
  python tests/freeze.py main .            a folder that holds a checkout
  python tests/freeze.py main . --only model-cgan

BEFORE and AFTER are revisions or folders. Both play every run at the same time, each on a core of its own.
Every array of a checkpoint, log line, picture, sample and measured number that differs is named; times do not
count. Nothing is stored, because bits differ between processors. GANCTL_DATA is the folder of the real data.

exit codes: 0 no difference, 1 differences, or a part that no run uses, 2 a wrong command
"""

import argparse
import os
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

from freezing import material
from freezing.difference import Seen, differences
from freezing.parts import unused
from freezing.plan import Run, plan
from freezing.side import ROOT, Side, checkouts

DATA = Path(os.environ.get("GANCTL_DATA", ROOT.parent / "shared" / "data")).resolve()
MOST = 12  # differences of one run that are printed; --out keeps all


def main() -> int:
    """Freeze; return the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # worktrees go then, too
    parser = argparse.ArgumentParser(usage=(__doc__ or "").split("usage: ")[1].splitlines()[0])
    parser.add_argument("before")
    parser.add_argument("after")
    parser.add_argument("--only", default="", help="only the runs whose names hold this word")
    parser.add_argument("--out", type=Path, help="an empty folder that keeps what the runs left")
    wish = parser.parse_args()
    runs = [run for run in plan() if wish.only in run.name]
    if not runs:
        parser.error(f"--only: no run's name holds '{wish.only}'; there are {_names(plan())}")
    if wish.out and wish.out.exists() and any(wish.out.iterdir()):
        parser.error(f"--out: {wish.out} is not empty")
    with tempfile.TemporaryDirectory(prefix="freeze-") as scratch:
        out = (wish.out or Path(scratch) / "out").resolve()
        with checkouts([wish.before, wish.after], Path(scratch)) as both:
            lacking = [] if wish.only else unused(both[0], plan())
            return freeze(both, runs, out, lacking)


def freeze(both: list[Path], runs: list[Run], out: Path, lacking: list[str]) -> int:
    """Play the runs on both sides, print what differs; return the exit code."""
    print("\n".join(lacking), end="\n" if lacking else "", flush=True)
    here = [run for run in runs if run.has(DATA)]
    if len(here) < len(runs):
        print(f"No real data at {DATA}: left out are {_names([run for run in runs if run not in here])}.")
    material.make(out / "made")
    sides = play(both, here, out)
    seen = Seen()
    found = {run.name: compared(run, sides, seen) for run in here}
    lines = [f"{name}: {text}" for name, texts in found.items() for text in texts]
    (out / "differences.txt").write_text("".join(f"{line}\n" for line in lines))
    for name, texts in found.items():
        for text in texts[:MOST]:
            print(f"{name}: {text}")
        if len(texts) > MOST:
            print(f"{name}: ... and {len(texts) - MOST} more")
    counts = f"{seen['arrays']} arrays, {seen['log lines']} log lines, {seen['pictures']} pictures"
    if not lines:
        print(f"no difference in {len(here)} runs: {counts}")
    else:
        differing = sum(map(bool, found.values()))
        print(f"{len(lines)} differences in {differing} of {len(here)} runs: {counts}")
    return 1 if lines or lacking else 0


def play(both: list[Path], runs: list[Run], out: Path) -> list[Side]:
    """Play all runs on both sides at once, telling how far they are."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
    began, lock = time.monotonic(), threading.Lock()

    def told(word: str, facts: dict) -> None:
        with lock:
            done = " ".join(f"{side.word} {len(side.ended)}/{len(runs)}" for side in sides)
            took = f"{facts['seconds']:.1f} s"
            print(f"[{time.monotonic() - began:4.0f} s] {done}  {word} {facts['run']} {took}", flush=True)

    sides = [
        Side(word, checkout, out / word, core, told)
        for word, checkout, core in zip(("before", "after"), both, (cores[0], cores[-1]), strict=True)
    ]
    try:
        waits = [side.start(runs, {"data": str(DATA), "made": str(out / "made")}) for side in sides]
        for thread in waits:
            thread.join()
    finally:
        for side in sides:
            side.stop()
    return sides


def compared(run: Run, sides: list[Side], seen: Seen) -> list[str]:
    """Return all that differs in one run, and whether it did what it is there for."""
    facts = [side.ended.get(run.name) for side in sides]
    for side, each in zip(sides, facts, strict=True):
        if not each:
            return [f"{side.word} did not get here: {side.complaint()}"]
    found = []
    for side, each in zip(sides, facts, strict=True):
        wrong = [code for code in each["codes"] if code not in run.codes]
        if wrong:
            found.append(
                f"{side.word} ended with exit code {wrong[0]}: {side.said(run.name).splitlines()[-1]}"
            )
        elif run.says not in side.said(run.name):
            found.append(f"{side.word} does not say '{run.says}'")
    if facts[0]["codes"] != facts[1]["codes"]:
        found.append(f"exit codes {facts[0]['codes']} are now {facts[1]['codes']}")
    folders = [side.folder / "runs" / run.name for side in sides]
    return found + list(differences(*folders, seen))


def _names(runs: list[Run]) -> str:
    return ", ".join(run.name for run in runs)


if __name__ == "__main__":
    sys.exit(main())
