"""Where image files are: a folder or a zip, found in bounded time and read in bounded memory."""

import os
import stat
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from ganctl.dataset.images.picture import BadImage
from ganctl.error import UsageError, in_short

DEEPEST = 8  # folders
BYTES = 256_000_000  # of one file, unpacked; a picture of 100 megapixels has fewer
RUN = ("config.yaml", "run.json")  # what a run folder of ganctl holds: its own grids are no data


class Folder:
    """The files in a folder and in the folders in it, by their relative names.

    Links are followed, but not into a folder that was seen already; pipes and devices are passed over, and
    so are run folders.
    """

    def __init__(self, path: Path):
        self.path = path
        self.names: list[str] = []
        known = {os.path.realpath(path)}
        for parent, folders, files in os.walk(path, followlinks=True):
            inside = Path(parent).relative_to(path)
            if set(RUN) <= set(files):
                folders[:], files = [], []
            folders[:] = [each for each in sorted(folders) if seen(each) and len(inside.parts) < DEEPEST]
            real = {each: os.path.realpath(os.path.join(parent, each)) for each in folders}
            folders[:] = [each for each in folders if real[each] not in known]
            known |= {real[each] for each in folders}
            self.names += [
                (inside / file).as_posix() for file in files if seen(file) and _readable(parent, file)
            ]

    def read(self, name: str) -> bytes:
        """Return a file's bytes, or raise BadImage."""
        try:
            with open(self.path / name, "rb") as file:
                return bounded(file.read(BYTES + 1))
        except OSError as error:
            raise BadImage(error.strerror or str(error)) from error

    def stream(self, name: str) -> IO[bytes]:
        """Return a file opened for reading, of which no more is read than is asked for."""
        return open(self.path / name, "rb")

    def stamp(self, name: str) -> tuple[int, int]:
        """Return what changes when a file does."""
        status = (self.path / name).stat()
        return status.st_size, status.st_mtime_ns


class Zip:
    """The members of a zip file, which are only ever read in memory. Of two of one name the later counts."""

    def __init__(self, path: Path):
        self.path = path
        try:
            self.archive = zipfile.ZipFile(path)
        except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
            raise UsageError(
                f"dataset.path={path} is not a folder, nor a whole zip file ({in_short(error, 100)})."
            ) from error
        members = [member for member in self.archive.infolist() if not member.is_dir()]
        self.members = {plain(member.filename): member for member in members}
        self.names = [name for name in self.members if name and all(map(seen, name.split("/")))]
        self.twice = len(members) - len(self.members)

    def read(self, name: str) -> bytes:
        """Return a member's bytes, or raise BadImage."""
        member = self.members[name]
        if member.flag_bits & 1:
            raise BadImage("behind a password; unpack it, and give the folder")
        try:
            with self.archive.open(member) as file:
                return bounded(file.read(BYTES + 1))
        except BadImage:
            raise
        except NotImplementedError as error:
            raise BadImage(f"{in_short(error, 60)}; unpack it, and give the folder") from error
        except Exception as error:  # each way of packing has errors of its own
            raise BadImage(f"damaged: {in_short(error, 100)}") from error

    def stream(self, name: str) -> IO[bytes]:
        """Return a member opened for reading, of which no more is unpacked than is asked for."""
        return self.archive.open(self.members[name])

    def stamp(self, name: str) -> tuple[int, int]:
        """Return what changes when a member does."""
        member = self.members[name]
        return member.file_size, member.CRC


def bounded(data: bytes) -> bytes:
    """Return a file's bytes; raise BadImage for more than any picture has."""
    if len(data) > BYTES:
        raise BadImage(f"more than {BYTES // 10**6} MB")
    return data


def plain(name: str) -> str:
    """Return a member's name without "./", and "" for one that leads out of the zip."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return "/".join(parts) if parts and ".." not in parts and not name.startswith("/") else ""


def seen(name: str) -> bool:
    """Return whether a file or folder is the user's, and not the system's."""
    return not name.startswith(".") and name not in ("__MACOSX", "Thumbs.db", "desktop.ini")


def _readable(parent: str, file: str) -> bool:
    """Return whether a file can be opened without waiting for somebody: pipes and devices cannot."""
    try:
        return stat.S_ISREG(os.stat(os.path.join(parent, file)).st_mode)
    except OSError:
        return True  # a link to nowhere is named when it is read


def text_of(name: str) -> str:
    """Return a name as it can be written: bytes of another encoding become the sign for unknown letters."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def shown(names: Sequence[str]) -> str:
    """Return the first three names, and an ellipsis when there are more."""
    return ", ".join(map(text_of, names[:3])) + (", ..." if len(names) > 3 else "")


def shared(names: Sequence[str]) -> Iterator[str]:
    """Yield the folders, from the outside in, that are around all names: no classes."""
    folders = [PurePosixPath(name).parts[:-1] for name in names]
    while folders and all(folders) and len({folder[0] for folder in folders}) == 1:
        yield folders[0][0]
        folders = [folder[1:] for folder in folders]
