"""What runs of a freeze read and nobody has: pictures and a Keras file, made from a seed, once for both."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image


def make(folder: Path) -> None:
    """Write pictures/ (two classes, several sizes and kinds, one of them bad) and reader.keras."""
    rng = np.random.default_rng(5)
    for index in range(40):
        size = tuple(rng.integers(16, 40, 2))
        place = folder / "pictures" / ("odd" if index % 2 else "even")
        place.mkdir(parents=True, exist_ok=True)
        slope = np.add.outer(np.arange(size[0]), np.arange(size[1])) * rng.integers(1, 6)
        pixels = (slope[..., None] + rng.integers(0, 256, 3)) % 256
        name = f"{index:02d}.{'jpg' if index % 5 == 0 else 'png'}"
        Image.fromarray(pixels.astype(np.uint8)).save(place / name)
    (folder / "pictures" / "odd" / "bad.png").write_bytes(b"no picture")
    # In a process of its own: this one needs no TensorFlow, and nobody needs what it says when it is loaded.
    words = [sys.executable, __file__, str(folder / "reader.keras")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"no Keras file: {done.stderr}")


def _reader(file: Path) -> None:
    os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    pictures = keras.Input((28, 28, 1))
    pooled = layers.GlobalAveragePooling2D()(layers.Conv2D(8, 3, activation="relu")(pictures))
    keras.Model(pictures, layers.Dense(10, activation="softmax")(pooled)).save(file)


if __name__ == "__main__":
    _reader(Path(sys.argv[1]))
