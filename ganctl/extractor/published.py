"""Weights that others published: where they are kept, how they get there, and that they are the same."""

import hashlib
import http.client
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.request import urlopen

from ganctl.check import expect_switch
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

    @property
    def place(self) -> Path:
        """Where a download lies: in ganctl's cache.

        Raises:
            UsageError: where there is none.
        """
        folder = cache.folder()
        if folder is None:
            raise UsageError(
                f"{self.file}: there is no home folder to keep it in; set XDG_CACHE_HOME, or type "
                "extractor.path=FILE."
            )
        return folder / self.file


def locate(
    extractor: str, published: Sequence[Published], *, path: str | None, download: bool, verify: bool
) -> tuple[Path, str]:
    """Return the weights file that the settings mean, and its sha256; no network is asked unless they say so.

    Args:
        extractor: its name, for the messages.
        published: files that hold the same weights; the first is the one that is downloaded.
        path: one of them, or null for the downloaded one.
        download: whether to download it where it is not there.
        verify: whether the file must be one of `published`, byte by byte.

    Raises:
        UsageError: for a file that is not there, is another, or cannot be downloaded.
    """
    expect_switch("extractor.download", download)
    expect_switch("extractor.verify", verify)
    if path is not None and download:
        raise UsageError(
            "extractor.download=true: expected no extractor.path beside it; leave one of the two out."
        )
    first = published[0]
    place = first.place if path is None else Path(str(path)).expanduser()
    if not place.is_file():
        if not download:
            raise UsageError(
                f"extractor={extractor}: expected its weights at {place}, found no file; type "
                f"extractor.download=true to fetch {first.size / 1e6:.0f} MB from {first.url} , or "
                "extractor.path=FILE if you have them."
            )
        fetch(first, place)
    sha256 = checksum(place)
    if verify and sha256 not in {each.sha256 for each in published}:
        known = " or ".join(f"{each.file} ({each.sha256[:8]}...)" for each in published)
        raise UsageError(
            f"{place}: expected {known}, got a file whose sha256 begins {sha256[:8]}; "
            "type extractor.verify=false if it is to be another."
        )
    return place, sha256


def fetch(published: Published, place: Path) -> None:
    """Download a file, which takes its place once it is checked.

    Raises:
        UsageError: when it cannot be had, or is another.
    """
    print(f"Downloading {published.url} to {place} ({published.size / 1e6:.0f} MB) ...", file=sys.stderr)
    try:
        with atomic.writing(place) as out:
            if _copied(published, out) != published.sha256:
                raise UsageError(
                    f"{published.url}: expected a file whose sha256 begins {published.sha256[:8]}, got "
                    "another; get it by hand and type extractor.path=FILE."
                )
    except (OSError, http.client.HTTPException) as error:
        raise UsageError(
            f"{published.url}: its download to {place} failed ({in_short(error)}); get it on a machine that "
            "has a network, and type extractor.path=FILE."
        ) from error


def _copied(published: Published, out: IO[bytes]) -> str:
    """Copy what the address gives, not much more than is expected of it; return the sha256, in hex."""
    digest = hashlib.sha256()
    with urlopen(published.url, timeout=PATIENCE) as source:
        while (piece := source.read(PIECE)) and out.tell() <= published.size:
            out.write(piece)
            digest.update(piece)
    return digest.hexdigest()


def checksum(path: Path) -> str:
    """Return the sha256 of a file, in hex.

    Raises:
        UsageError: for a file that cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while piece := stream.read(PIECE):
                digest.update(piece)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read ({error.strerror}); type extractor.path= and another file."
        ) from error
    return digest.hexdigest()
