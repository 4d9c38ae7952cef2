"""What lies about on a machine changes no run: a program in the working folder, Keras's own settings."""

import json
import os
import subprocess
import sys

from builders import tiny

from ganctl import cli
from ganctl.run import checkpoint

WORDS = [*tiny("dcgan"), "trainer.steps=2", "trainer.sample_every=0"]


def test_neither_a_keras_json_nor_a_keras_py_changes_a_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["train", *WORDS, "name=clean"]) == 0
    (tmp_path / "keras.py").write_text("raise ImportError('not Keras')\n")
    settings = {"image_data_format": "channels_first", "floatx": "float16", "epsilon": 0.1, "backend": "jax"}
    (tmp_path / "keras.json").write_text(json.dumps(settings))
    here = {"KERAS_HOME": str(tmp_path), "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    command = [sys.executable, "-m", "ganctl", "train", *WORDS, "name=dirty"]
    done = subprocess.run(command, env=os.environ | here, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    one, other = (
        checkpoint.read(checkpoint.path_of(tmp_path / "outputs" / name / "checkpoints", 2))[1]
        for name in ("clean", "dirty")
    )
    assert one.keys() == other.keys()
    assert all(one[name].tobytes() == other[name].tobytes() for name in one)
