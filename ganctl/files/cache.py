"""What is kept between commands because it takes long to get: features of real images, large weights."""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ganctl.error import RunError, UsageError
from ganctl.files import tensors


def folder() -> Path | None:
    """Return ganctl's folder in the user's cache, existing or not; XDG_CACHE_HOME moves it.

    None where there is no home: then nothing is kept, which is no reason to fail.
    """
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "ganctl"
    except RuntimeError:
        return None


def remembered(key: Mapping[str, Any], compute: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Return arrays by name as they were computed under this key, or compute and keep them.

    A file that is damaged is made again, and a disk that takes none is no reason to fail.
    """
    place, text = folder(), json.dumps(key, sort_keys=True)
    if place is None:
        return compute()
    path = place / "features" / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.safetensors"
    with contextlib.suppress(RunError):
        return tensors.read(path)[1]
    found = compute()
    with contextlib.suppress(OSError, UsageError):
        tensors.write(path, found, step=0)
    return found
