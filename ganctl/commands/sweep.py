"""A sweep: one process a run, finished ones skipped, broken ones resumed, failed ones summed up."""

import itertools
import subprocess
import sys
import time
from pathlib import Path

from ganctl.compose import Composition, compose, parse
from ganctl.display import complain, console, say
from ganctl.error import UsageError
from ganctl.identity import checked_name, file_name, run_name, short_key
from ganctl.run import Folder

SKIPPED, DONE = "skipped", "finished"


def run(request) -> int:
    """Train every combination of a `ganctl train -m` request; return 0 when all are finished, else 1.

    Every run is a process of its own, so that none can harm the next, and each is exactly the run that
    its command alone would give.
    """
    jobs = expand(request.overrides, request.config_dir)
    if request.cfg or request.dry_run:
        raise UsageError("-m trains; leave it out with --cfg and --dry-run.")
    # All configs are composed first: a typo stops the sweep before its first run.
    compositions = [compose(lines, request.config_dir) for _, lines in jobs]
    first = compositions[0]
    folder = Path(str(first.config.outputs)) / sweep_name(first, request.overrides, request.config_dir)
    say(f"Sweep of {len(jobs)} runs in {folder}")
    results = []
    for number, (job, lines) in enumerate(jobs, start=1):
        say(f"\n[{number}/{len(jobs)}] {job}")
        started, path = time.monotonic(), folder / job
        before = Folder(path).status() if Folder(path).exists else ""
        code = _train(lines, f"{folder.name}/{job}", request.config_dir)
        status = Folder(path).status() if Folder(path).exists else "failed"
        skipped = before == DONE and status == DONE
        results.append((job, SKIPPED if skipped else status, code, path, time.monotonic() - started))
        if code in (130, 143):
            say(f"Stopped. Go on with the same command; {len(jobs) - number} runs have not begun.")
            return code
    _summary(results)
    return 0 if all(code == 0 for _, _, code, _, _ in results) else 1


def expand(words: list[str], config_dir: Path | None = None) -> list[tuple[str, list[str]]]:
    """Return (job name, its overrides) of every combination of swept values."""
    overrides = parse(words, config_dir)
    swept = [override for override in overrides if override.is_sweep_override()]
    if not swept:
        raise UsageError("-m: expected at least one key=a,b,c; for a single run leave -m out.")
    fixed = [str(override.input_line) for override in overrides if not override.is_sweep_override()]
    lists = [[f"{o.get_key_element()}={value}" for value in o.sweep_string_iterator()] for o in swept]
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


def _train(lines: list[str], name: str, config_dir: Path | None) -> int:
    """Train one run in a process of its own; return its exit code, as a shell would."""
    lines = [line for line in lines if not line.startswith("name=")]
    command = [sys.executable, "-m", "ganctl", "train", *lines, f"name={name}"]
    if config_dir:
        command += ["--config-dir", str(config_dir)]
    child = subprocess.Popen(command)
    while True:
        try:
            code = child.wait()
            return code if code >= 0 else 128 - code
        except KeyboardInterrupt:
            continue  # the child got the same Ctrl-C: it saves, and we wait


def _summary(results: list[tuple[str, str, int, Path, float]]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("run", "status", "step", "minutes"):
        table.add_column(heading, justify="right" if heading in ("step", "minutes") else "left")
    for job, status, _, path, seconds in results:
        table.add_row(job, status, str(Folder(path).step), f"{seconds / 60:.1f}")
    console.print()
    console.print(table)
    for job, status, code, path, _ in results:
        if code:
            reason = Folder(path).record().get("error") or f"it ended with exit code {code}"
            complain(f"{job} {status}: {reason}")
