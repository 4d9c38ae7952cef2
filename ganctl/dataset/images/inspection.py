"""Every file of a set decoded once before training, so that a bad one is found now and not after hours."""

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress

from ganctl.dataset.images.order import digest_of
from ganctl.dataset.images.picture import KINDS, WORKERS, BadImage, Form, decode
from ganctl.dataset.images.source import Folder, Zip, shown
from ganctl.error import UsageError
from ganctl.files import atomic, cache

CHUNK = 1024
PATIENCE = 1.0  # seconds without a progress bar


@dataclass
class Inspection:
    """What a look at every file found.

    Args:
        good: positions of the whole images in the list of names, ascending.
        bad: reasons by name.
        content: sha256 over names and bytes of the whole images.
        digests: of the whole images, as they are in their form, uint64 (n,).
        array: the images at `good`, uint8 (n, height, width, channels), when they were to be kept.
    """

    good: np.ndarray
    bad: dict[str, str]
    content: str
    digests: np.ndarray
    array: np.ndarray | None = None


def inspect(source: Folder | Zip, names: Sequence[str], form: Form, *, keep: bool) -> Inspection:
    """Decode every file, in parallel; `keep` keeps the images.

    Without `keep`, files that were found whole before, and have not changed, are not looked at again.
    """
    record = None if keep else record_path(source, names, form)
    if record and (known := recall(record, names)):
        return known
    array = np.empty((len(names), *form.shape), np.uint8) if keep else None
    good: list[int] = []
    digests: list[int] = []
    bad: dict[str, str] = {}
    content = hashlib.sha256()
    with ThreadPoolExecutor(WORKERS) as pool:
        results = look(pool, source, names, form)
        for index, result in enumerate(watched(results, len(names))):
            if isinstance(result, BadImage):
                bad[names[index]] = str(result)
                continue
            content.update(f"{names[index]}\0".encode("utf-8", "surrogateescape") + result[0])
            digests.append(digest_of(np.ascontiguousarray(result[1]).data))
            if array is not None:
                array[len(good)] = result[1]
            good.append(index)
    told = np.array(digests, np.uint64)
    found = Inspection(np.array(good, np.int64), bad, content.hexdigest(), told)
    found.array = None if array is None else array[: len(good)]
    if record:
        remember(record, found)
    return found


def look(
    pool: ThreadPoolExecutor, source: Folder | Zip, names: Sequence[str], form: Form
) -> Iterator[tuple[bytes, np.ndarray] | BadImage]:
    """Yield each file's (sha256, image), or what is wrong with it, in order."""

    def one(name: str) -> tuple[bytes, np.ndarray] | BadImage:
        try:
            data = source.read(name)
            return hashlib.sha256(data).digest(), decode(data, form)
        except BadImage as error:
            return error

    for start in range(
        0, len(names), CHUNK
    ):  # by chunks: a million images do not fit into the memory at once
        yield from pool.map(one, names[start : start + CHUNK])


def watched(results: Iterable, total: int) -> Iterator:
    """Pass results on; on a terminal, show how far it is when it takes longer than a second."""
    began, progress = time.monotonic(), Progress(console=Console(stderr=True), transient=True)
    task = progress.add_task("Checking images", total=total)
    started = False
    try:
        for result in results:
            yield result
            progress.advance(task)
            if not started and progress.console.is_terminal and time.monotonic() - began > PATIENCE:
                progress.start()
                started = True
    finally:
        if started:
            progress.stop()


def refuse_bad(source: Folder | Zip, found: Inspection, *, skip: bool) -> None:
    """Raise UsageError when files are bad, unless they are to be skipped and others remain."""
    if not found.bad or (skip and len(found.good)):
        return
    total = len(found.bad) + len(found.good)
    reasons = shown([f"{name} ({reason})" for name, reason in list(found.bad.items())[:4]])
    way_out = " Mend or delete them, or leave them out with dataset.on_bad=skip" if len(found.good) else ""
    raise UsageError(
        f"{len(found.bad)} of {total} images in {source.path} cannot be read: {reasons}. "
        f"Expected whole {KINDS} files.{way_out}"
    )


def record_path(source: Folder | Zip, names: Sequence[str], form: Form) -> Path | None:
    """Return where it is noted that just these files, unchanged, were inspected; None where it cannot."""
    place, key = cache.folder(), hashlib.sha256(f"2 {form} {source.path.absolute()}".encode())
    try:
        for name in names:
            key.update(f"{name} {source.stamp(name)}\n".encode("utf-8", "surrogateescape"))
    except OSError:
        return None
    return place / f"inspected-{key.hexdigest()[:32]}.json" if place else None


def recall(record: Path, names: Sequence[str]) -> Inspection | None:
    """Return the inspection noted in a record, or None when there is none that can be read."""
    try:
        noted = json.loads(record.read_text())
        bad, content = dict(noted["bad"]), str(noted["content"])
        digests = np.frombuffer(bytes.fromhex(noted["digests"]), np.uint64)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    good = [index for index, name in enumerate(names) if name not in bad]
    return Inspection(np.array(good, np.int64), bad, content, digests) if len(digests) == len(good) else None


def remember(record: Path, found: Inspection) -> None:
    """Note an inspection; when that fails, the next start inspects again."""
    try:
        facts = {"content": found.content, "bad": found.bad, "digests": found.digests.tobytes().hex()}
        text = json.dumps(facts)
        atomic.write(record, text.encode(), sync=False)
    except (OSError, UsageError):
        pass
