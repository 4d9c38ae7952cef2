"""Every file that ganctl writes: the old one or the new one, never a part, and never through a link."""

import contextlib
import os
import re
import secrets
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ganctl.error import UsageError

# What an interrupted write leaves: `.name.<random>.tmp`.
LEFTOVER = re.compile(r"\..+\.[0-9a-f]{16}\.tmp")
NOFOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


def write(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Write a file under a random name and rename it, so that a crash leaves the old file or the new one.

    Args:
        path: the file; its folder is made.
        content: all of it.
        sync: wait until the disk has it.

    Raises:
        UsageError: where a link stands in its place.
        OSError: when the disk is full or the folder cannot be written; nothing is left behind.
    """
    with writing(path, sync=sync) as file:
        file.write(content)


@contextlib.contextmanager
def writing(path: Path, *, sync: bool = True) -> Iterator[IO[bytes]]:
    """Yield a file that takes the place of `path` when the block ends well, and is gone when it does not.

    Args and errors are those of `write`.
    """
    refuse_link(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Nobody can have put a link where they do not know the name, and O_EXCL would refuse it.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | NOFOLLOW | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(temporary, flags, 0o666), "w+b") as file:
            yield file
            file.flush()
            if sync:
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if sync:
        _sync_folder(path.parent)


def append(path: Path, text: str, *, sync: bool = False) -> None:
    """Add text to a file, which is made where there is none.

    Raises:
        UsageError: where a link or anything but a file stands in its place.
        OSError: when the disk is full or the file cannot be written.
    """
    refuse_link(path)
    # A pipe that nobody reads would be waited for.
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | NOFOLLOW | getattr(os, "O_NONBLOCK", 0)
    with open(os.open(path, flags, 0o666), "a", encoding="utf-8") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise UsageError(f"{path}: expected a file, got something else; {_delete(path)}")
        file.write(text)
        file.flush()
        if sync:
            os.fsync(file.fileno())


def refuse_link(path: Path, within: Path | None = None) -> None:
    """Refuse to write to a path that is a link, for what is written would land elsewhere.

    Args:
        path: what is to be written.
        within: a folder above it; the folders between them must be no links either.

    Raises:
        UsageError: naming the link and where it leads.
    """
    parents = list(path.parents)
    between = parents[: parents.index(within)] if within in parents else []
    for place in (path, *between):
        if place.is_symlink():
            raise UsageError(
                f"{place} is a link ({place.readlink()}), and ganctl writes through none; {_delete(place)}"
            )


def clear(folder: Path, *, every: bool = False) -> None:
    """Delete what interrupted writes left in a folder.

    Args:
        folder: that nobody else writes now; it may be missing.
        every: whether every `*.tmp` is such a file, as in folders that only ganctl writes.
    """
    for leftover in folder.glob("*.tmp"):
        if every or LEFTOVER.fullmatch(leftover.name) or _of_old(leftover):
            with contextlib.suppress(OSError):  # a folder of that name is somebody's own
                leftover.unlink()


def aside(path: Path) -> Path:
    """Return a free name beside a damaged file, under which it, or what is wrong in it, may be kept."""
    names = (path.with_name(f"damaged-{path.name}" + (f".{n}" if n else "")) for n in range(10_000))
    return next(name for name in names if not os.path.lexists(name))


def _of_old(leftover: Path) -> bool:
    """Return whether a file is what older versions left, beside the file of which it was to be the next."""
    name = leftover.name.removesuffix(".tmp")
    return Path(name).suffix in (".json", ".jsonl", ".yaml", ".png", ".gif", ".html", ".safetensors")


def _delete(path: Path) -> str:
    return f"delete it: rm {shlex.quote(str(path))}"


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # some file systems cannot sync a folder
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
