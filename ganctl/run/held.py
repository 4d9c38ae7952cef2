"""A folder that a process holds, wherever it is moved and whatever becomes of the lock file in it."""

import errno
import os
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock

try:
    import fcntl
except ImportError:  # Windows, where a folder in use cannot be moved
    fcntl = None  # type: ignore[assignment]


NO_LOCKS = (errno.EOPNOTSUPP, errno.ENOLCK, errno.ENOSYS, errno.EINVAL)


class Held:
    """A folder, held by a handle to itself: its lock and its place are the folder's own, not its path's.

    Where the system knows no such handles, or its file system no locks, nothing is held, and the path stays.

    Args:
        path: of a folder that exists.
        patience: seconds to wait for another process, such as one that asks for an instant who holds it.

    Raises:
        BlockingIOError: when another process holds it.
    """

    def __init__(self, path: Path, patience: float = 0.0) -> None:
        self.path = path
        self._handle: int | None = None
        if fcntl is None:
            return
        with suppress(OSError):
            self._handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        end = time.monotonic() + patience
        while self._handle is not None:
            try:
                return fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= end:
                    self.release()
                    raise
                time.sleep(0.02)
            except OSError:
                return  # a file system without locks

    def release(self) -> None:
        """Let go of the folder."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def place(self) -> Path:
        """Return where the folder is now; the path that it had, where that cannot be told."""
        if self._handle is not None and not self._is(self.path):
            with suppress(OSError):
                found = _path_of(self._handle)
                if found and self._is(found):
                    here = Path.cwd()
                    self.path = found.relative_to(here) if found.is_relative_to(here) else found
        return self.path

    def through(self) -> Path:
        """Return a path that leads into the folder even while it is moved; its place, where there is none."""
        if self._handle is not None and os.fstat(self._handle).st_nlink:  # none are left to a deleted folder
            through = Path(f"/proc/self/fd/{self._handle}")
            if self._is(through):
                return through
        return self.place()

    def _is(self, path: Path) -> bool:
        try:
            return os.path.samestat(os.fstat(self._handle or 0), path.stat())
        except OSError:
            return False


@contextmanager
def lock_file(path: Path, patience: float) -> Iterator[None]:
    """Hold a lock file; on a file system without locks, nothing.

    Raises:
        filelock.Timeout: when another process holds it.
        OSError: when it cannot be made.
    """
    lock = FileLock(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a soft lock in its place
            lock.acquire(timeout=patience)
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
    try:
        yield
    finally:
        lock.release()


def is_held(path: Path) -> bool:
    """Return whether a process holds a folder."""
    try:
        Held(path).release()
    except BlockingIOError:
        return True
    return False


def _path_of(handle: int) -> Path | None:
    """Return the path of an open folder as the system knows it, or None."""
    if sys.platform == "darwin":
        return Path(os.fsdecode(fcntl.fcntl(handle, fcntl.F_GETPATH, bytes(1024)).rstrip(b"\0")))
    place = Path(f"/proc/self/fd/{handle}")
    return Path(os.readlink(place)) if place.exists() else None
