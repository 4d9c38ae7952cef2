"""Picture files: a grid into a PNG, a clip into a film, PNG files into a GIF."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from ganctl.error import UsageError
from ganctl.files import atomic


def save_png(path: Path, picture: np.ndarray) -> None:
    """Write a uint8 picture of shape (height, width, 1 or 3) as a whole."""
    squeezed = picture[..., 0] if picture.shape[-1] == 1 else picture
    with atomic.writing(path, sync=False) as file:
        Image.fromarray(squeezed).save(file, format="PNG")


def save_clip(path: Path, clip: np.ndarray, *, rate: float = 8.0) -> None:
    """Write a uint8 clip of shape (frames, height, width, 1 or 3), of so many frames a second.

    Args:
        path: a .gif or .webp file, which plays forever, or an .mp4 file.

    Raises:
        UsageError: for an .mp4 file where the library that makes them is not installed.
    """
    if path.suffix == ".mp4":
        return _save_mp4(path, clip, rate)
    first, *rest = [Image.fromarray(frame[..., 0] if frame.shape[-1] == 1 else frame) for frame in clip]
    options = {"save_all": True, "append_images": rest, "duration": int(1000 / rate), "loop": 0}
    options |= {"quality": 90} if path.suffix == ".webp" else {}
    with atomic.writing(path, sync=False) as file:
        first.save(file, format="WEBP" if path.suffix == ".webp" else "GIF", **options)


def _save_mp4(path: Path, clip: np.ndarray, rate: float) -> None:
    try:
        from imageio_ffmpeg import write_frames
    except ImportError as error:
        raise UsageError(
            f"out={path}: MP4 needs imageio-ffmpeg; type pip install 'ganctl[film]', or out=walk.webp."
        ) from error
    # Films have three colours and even sides.
    odd = [(0, 0), *((0, side % 2) for side in clip.shape[1:3]), (0, 0)]
    clip = np.pad(np.broadcast_to(clip, (*clip.shape[:3], 3)), odd, mode="edge")
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "film.mp4"
        writer = write_frames(str(made), clip.shape[2:0:-1], fps=rate, macro_block_size=2, quality=8)
        writer.send(None)
        for frame in clip:
            writer.send(np.ascontiguousarray(frame))
        writer.close()
        atomic.write(path, made.read_bytes(), sync=False)


def save_gif(path: Path, pictures: Sequence[Path], *, seconds: float = 8.0, frames: int = 100) -> None:
    """Write an animation of PNG files, in order; more than `frames` of them are thinned out evenly.

    It lasts about `seconds` and rests on its last frame for two seconds.
    """
    keep = np.unique(np.linspace(0, len(pictures) - 1, min(frames, len(pictures))).round().astype(int))
    stills = []
    for index in keep:
        with Image.open(pictures[index]) as picture:
            stills.append(picture.convert("L" if picture.mode == "L" else "RGB"))
    stills = [still for still in stills if still.size == stills[-1].size]
    duration = max(40, int(1000 * seconds / len(stills)))
    durations = [duration] * (len(stills) - 1) + [2000]
    options = {"save_all": True, "append_images": stills[1:], "duration": durations, "loop": 0}
    with atomic.writing(path, sync=False) as file:
        stills[0].save(file, format="GIF", **options)
