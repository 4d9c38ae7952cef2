"""Files from the network: checked before they get their names, never larger than announced, with a bar.

Own code and not pooch, which downloads whatever a server sends for as long as it sends it.
"""

import hashlib
import http.client
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.request import urlopen

from ganctl.error import UsageError, in_short
from ganctl.files import atomic, cache

PIECE = 1 << 20  # bytes read at a time
PATIENCE = 60  # seconds that a server may be silent


@dataclass(frozen=True)
class Published:
    """A file: its name, where it is on the network, its sha256 in hex and its size in bytes."""

    file: str
    url: str
    sha256: str
    size: int

    def place(self, otherwise: str) -> Path:
        """Return where a download lies: in ganctl's cache.

        Args:
            otherwise: what to type instead.

        Raises:
            UsageError: where there is none.
        """
        folder = cache.folder()
        if folder is None:
            raise UsageError(
                f"{self.file}: there is no home folder to keep it in; set XDG_CACHE_HOME, or {otherwise}."
            )
        return folder / self.file


def fetch(published: Published, place: Path, otherwise: str) -> None:
    """Download a file, which takes its place once it is checked.

    Args:
        published: what it is.
        place: where it goes.
        otherwise: what to type where there is no network.

    Raises:
        UsageError: when it cannot be had, or is another.
    """
    print(f"Downloading {published.url} to {place} ({published.size / 1e6:.0f} MB) ...", file=sys.stderr)
    try:
        with atomic.writing(place) as out:
            found = _copied(published, out)
            if found != published.sha256 and out.tell() < published.size:
                raise OSError(f"it broke off after {out.tell():,} of {published.size:,} bytes")
            if found != published.sha256:
                raise UsageError(
                    f"{published.url}: expected a file whose sha256 begins {published.sha256[:8]}, got "
                    f"another; get it by hand and {otherwise}."
                )
    except (OSError, http.client.HTTPException) as error:
        raise UsageError(
            f"{published.url}: its download to {place} failed ({in_short(error)}). It needs a network: get "
            f"it where there is one, and {otherwise}."
        ) from error


def _copied(published: Published, out: IO[bytes]) -> str:
    """Copy what the address gives, not much more than is expected of it; return the sha256, in hex."""
    digest = hashlib.sha256()
    with urlopen(published.url, timeout=PATIENCE) as source, _bar(published) as advance:
        while (piece := source.read(PIECE)) and out.tell() <= published.size:
            out.write(piece)
            digest.update(piece)
            advance(len(piece))
    return digest.hexdigest()


@contextmanager
def _bar(published: Published) -> Iterator[Any]:
    """Show how far a download is, on a terminal; yield what counts its bytes."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    columns = BarColumn(), DownloadColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=published.size)
        yield lambda count: progress.update(task, advance=count)
