"""Weights that others published: where they are kept, how they get there, and that they are the same."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from ganctl.check import expect_switch
from ganctl.error import UsageError
from ganctl.files.download import PIECE, Published, fetch

__all__ = ["Published", "locate"]

BY_HAND = "type extractor.path=FILE"


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
    place = first.place(BY_HAND) if path is None else Path(str(path)).expanduser()
    if not place.is_file():
        if not download:
            raise UsageError(
                f"extractor={extractor}: expected its weights at {place}, found no file; type "
                f"extractor.download=true to fetch {first.size / 1e6:.0f} MB from {first.url} , or "
                "extractor.path=FILE if you have them."
            )
        fetch(first, place, BY_HAND)
    sha256 = checksum(place)
    if verify and sha256 not in {each.sha256 for each in published}:
        known = " or ".join(f"{each.file} ({each.sha256[:8]}...)" for each in published)
        raise UsageError(
            f"{place}: expected {known}, got a file whose sha256 begins {sha256[:8]}; "
            "type extractor.verify=false if it is to be another."
        )
    return place, sha256


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
