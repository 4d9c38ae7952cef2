"""A sweep: one process a run, finished ones skipped, broken ones resumed, failed ones summed up."""

import ctypes
import itertools
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from ganctl.config.compose import Composition, compose
from ganctl.config.overrides import parse, swept_values
from ganctl.config.run_name import checked_name, file_name, outputs_of, run_name, short_key
from ganctl.error import UsageError
from ganctl.run.console import complain, console, say
from ganctl.run.folder import Folder
from ganctl.run.listing import row
from ganctl.run.table import show

SKIPPED, DONE = "skipped", "finished"
PARENT_DEATH = 1  # the number of Linux's prctl for it


class Result(NamedTuple):
    """How one run of a sweep ended."""

    job: str
    status: str
    code: int
    path: Path
    seconds: float
    last: str  # complaint


def run(options) -> int:
    """Train every combination of a `ganctl train -m` options; return 0 when all are finished, else 1.

    Every run is a process of its own, so that none can harm the next, and each is exactly the run that
    its command alone would give.
    """
    jobs = expand(options.overrides, options.config_dir)
    if options.cfg or options.dry_run:
        raise UsageError("-m trains; leave it out with --cfg and --dry-run.")
    # All configs are composed first: a typo stops the sweep before its first run.
    compositions = [compose(lines, options.config_dir) for _, lines in jobs]
    first = compositions[0]
    outputs, name = outputs_of(first.config), sweep_name(first, options.overrides, options.config_dir)
    folder = outputs / name
    say(f"Sweep of {len(jobs)} runs in {folder}")
    results: list[Result] = []
    for number, (job, lines) in enumerate(jobs, start=1):
        say(f"\n[{number}/{len(jobs)}] {job}{_left(results, len(jobs) - number + 1)}")
        started, path = time.monotonic(), folder / job
        before = Folder(path).status(), Folder(path).step
        code, last = _train(lines, f"{name}/{job}", options.config_dir)
        status = "failed" if code in (1, 2) else Folder(path).status()
        if before == (DONE, Folder(path).step):
            status = SKIPPED
        results.append(Result(job, status, code, path, time.monotonic() - started, last))
        if code in (130, 143):
            say(f"Stopped. Go on with the same command; not begun yet: {len(jobs) - number}.")
            return code
    _summary(results)
    return 0 if all(result.code == 0 for result in results) else 1


def expand(words: list[str], config_dir: Path | None = None) -> list[tuple[str, list[str]]]:
    """Return (job name, its overrides) of every combination of swept values."""
    overrides = parse(words, config_dir)
    swept = [override for override in overrides if override.is_sweep_override()]
    if not swept:
        raise UsageError("-m: expected at least one key=a,b,c; for a single run leave -m out.")
    for override in swept:
        if override.key_or_group in ("name", "outputs"):
            raise UsageError(f"-m: {override.key_or_group} is of the whole sweep; give one value.")
    fixed = [str(override.input_line) for override in overrides if not override.is_sweep_override()]
    lists = [[f"{o.get_key_element()}={value}" for value in swept_values(o, config_dir)] for o in swept]
    jobs = []
    for combination in itertools.product(*lists):
        name = file_name(",".join(_short(line) for line in combination))
        jobs.append((name, [*fixed, *combination]))
    return jobs


def _short(line: str) -> str:
    key, _, value = line.partition("=")
    return f"{short_key(key)}={value}"


def sweep_name(first: Composition, words: list[str], config_dir: Path | None = None) -> str:
    """Return the folder of a sweep: name=..., or the fixed part's run name and the swept keys."""
    if first.config.name:
        return checked_name(str(first.config.name))
    overrides = parse(words, config_dir)
    fixed = [str(override.input_line) for override in overrides if not override.is_sweep_override()]
    keys = [short_key(o.get_key_element()) for o in overrides if o.is_sweep_override()]
    base = run_name(compose(fixed, config_dir), config_dir)
    return f"{base}-sweep-{'-'.join(keys)}"


def _train(lines: list[str], name: str, config_dir: Path | None) -> tuple[int, str]:
    """Train one run in a process of its own; return (its exit code as in a shell, its last complaint)."""
    lines = [line for line in lines if not line.startswith("name=")]
    command = [sys.executable, "-m", "ganctl", "train", *lines, f"name={name}"]
    if config_dir:
        command += ["--config-dir", str(config_dir)]
    child = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        preexec_fn=_end_with_the_sweep if sys.platform == "linux" else None,
    )
    before = signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    last = ""
    try:
        while True:
            try:
                for line in child.stderr or ():
                    print(line, end="", file=sys.stderr, flush=True)
                    last = line.strip() or last
                code = child.wait()
                return code if code >= 0 else 128 - code, last
            except KeyboardInterrupt:
                continue  # the child got the same Ctrl-C: it saves, and we wait
    finally:
        signal.signal(signal.SIGTERM, before)


def _end_with_the_sweep() -> None:
    """Ask for a SIGTERM when the sweep dies, even of a SIGKILL: its run saves, and does not go on alone."""
    ctypes.CDLL(None).prctl(PARENT_DEATH, signal.SIGTERM)


def _left(results: list[Result], runs: int) -> str:
    """Return how long the rest will take, by what the others took; "" where nothing is known."""
    seconds = [each.seconds for each in results if each.status != SKIPPED]
    if not seconds:
        return ""
    return f"  (about {round(sum(seconds) / len(seconds) * runs / 60) or 1} min for the rest)"


def _summary(results: list[Result]) -> None:
    rows = []
    for each in results:
        found = row(Folder(each.path), each.path.parent)
        minutes = f"{each.seconds / 60:.1f}"
        rows.append((each.job, each.status, str(found.step), minutes, found.diagnosis, found.best))
    console.print()
    shown = [at for at in range(6) if at < 4 or any(line[at] for line in rows)]
    headings = ("run", "status", "step", "minutes", "diagnosis", "best")
    lines = [[line[at] for at in shown] for line in rows]
    show([headings[at] for at in shown], lines, right=("step", "minutes"))
    for each in results:
        if each.code:
            reason = each.last.removeprefix("ganctl: ") or f"it ended with exit code {each.code}"
            complain(f"{each.job} {each.status}: {reason}")
