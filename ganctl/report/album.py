"""Pictures of a run folder, perhaps a stranger's, as data in a page: PNGs inside it, and not too big."""

import base64
import io
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

BUDGET = 10_500_000  # bytes of all pictures of a page, which base64 makes 14 MB
GRIDS = 60  # sample grids of a page
SIDE = 960  # pixels of a picture's longer side
PIXELS = 64_000_000  # of a file: more would fill the memory
BYTES = 100_000_000  # of a file
SHOWN = 560  # pixels to which small pictures grow


@dataclass(frozen=True)
class Picture:
    """A picture ready for a page: its data, and the size at which it is shown, in pixels."""

    uri: str
    width: int
    height: int
    pixels: bool  # whether it is shown larger than it is


def inside(path: Path, folder: Path) -> bool:
    """Return whether a path is in a folder, links followed."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # links in a circle, a null character
        return False


def grids(folder: Path, most: int = GRIDS) -> list[tuple[int, Path]]:
    """Return (step, path) of a run's sample grids in order; too many are thinned out evenly, ends kept."""
    found = []
    for path in sorted((folder / "samples").glob("step-*.png")):
        step = re.fullmatch(r"step-(\d{1,15})\.png", path.name)
        if step:
            found.append((int(step[1]), path))
    found.sort()
    if len(found) <= most:
        return found
    return [found[round(place * (len(found) - 1) / (most - 1))] for place in range(most)]


def opened(path: Path, folder: Path, *, share: int = BUDGET, side: int = SIDE) -> Picture | None:
    """Return a picture in at most `share` bytes, None when it is no PNG inside the folder.

    It is drawn anew, so that nothing of the file but its pixels gets into the page.
    """
    from PIL import Image

    if not inside(path, folder):
        return None
    try:
        if not path.is_file() or path.stat().st_size > BYTES:
            return None
        with Image.open(path, formats=("PNG",)) as file:
            if file.width * file.height > PIXELS:
                return None
            picture = file.convert("L" if file.mode in ("1", "L") else "RGB")
    except (OSError, ValueError, SyntaxError, zlib.error, Image.DecompressionBombError):
        return None
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    width, height = picture.size
    times = max(1, SHOWN // max(width, height, 1))
    return Picture(_encoded(picture, share), width * times, height * times, times > 1)


def _encoded(picture, share: int) -> str:
    """Return a picture as a data URI: without loss where that fits, else with as much as it takes."""
    content = _bytes(picture, "PNG", optimize=True)
    kind = "png"
    for quality in (90, 75, 50):
        if len(content) > share:
            content, kind = _bytes(picture, "JPEG", quality=quality), "jpeg"
    while len(content) > share and max(picture.size) > 32:
        picture = picture.resize((max(1, picture.width // 2), max(1, picture.height // 2)))
        content = _bytes(picture, "JPEG", quality=50)
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def _bytes(picture, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format=kind, **options)
    return buffer.getvalue()


def named(names: object, folder: Path, most: int) -> tuple[list[tuple[str, Path]], int]:
    """Return (name, path) of pictures that a file of the folder names, and how many are refused.

    Args:
        names: what the file says, a list of paths relative to the folder.
        folder: the run's.
        most: so many are taken.
    """
    listed: Sequence[object] = names if isinstance(names, list) else []
    good = []
    for name in listed[:most]:
        path = Path(name) if isinstance(name, str) and "\0" not in name else None
        if path and not path.is_absolute() and ".." not in path.parts and inside(folder / path, folder):
            good.append((path.stem.replace("-", " "), folder / path))
    return good, len(listed) - len(good)
