"""Checkpoint files: what they keep, and what they refuse."""

import numpy as np
import pytest

from ganctl.error import RunError
from ganctl.run import checkpoint

TENSORS = {
    "scalar": np.array(7, np.int64),
    "seed": np.array([1, 2], np.uint32),
    "kernel": np.arange(12, dtype=np.float32).reshape(3, 4).T,
    "empty": np.zeros((0, 3), np.float16),
}


def test_what_is_written_is_read_again(tmp_path):
    path = checkpoint.path_of(tmp_path, 12)
    checkpoint.write(path, TENSORS, step=12)
    step, tensors = checkpoint.read(path)
    assert step == 12 and tensors.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert tensors[name].dtype == tensor.dtype and np.array_equal(tensors[name], tensor)
        assert tensors[name].shape == tensor.shape


def test_whichever_bit_is_flipped_nothing_else_is_believed(tmp_path):
    """Every bit of the file, the step and the names in its header among them."""
    path = checkpoint.path_of(tmp_path, 1)
    checkpoint.write(path, {"seed": TENSORS["seed"], "scalar": TENSORS["scalar"]}, step=71)
    whole = path.read_bytes()
    for place in range(8 * len(whole)):
        content = bytearray(whole)
        content[place // 8] ^= 1 << place % 8
        path.write_bytes(content)
        try:
            step, tensors = checkpoint.read(path)
        except RunError as error:
            assert "checkpoint" in str(error) or "damaged" in str(error)
        else:
            assert step == 71 and tensors["seed"].tolist() == [1, 2] and tensors["scalar"] == 7


def test_a_file_of_an_older_version_is_read_and_its_damage_noticed(tmp_path):
    from safetensors.numpy import save

    from ganctl.files.tensors import digest

    path, arrays = tmp_path / "old.safetensors", {"seed": TENSORS["seed"]}
    path.write_bytes(save(arrays, metadata={"step": "3", "sha256": digest(arrays)}))
    assert checkpoint.read(path)[0] == 3
    for step in ("x3", "-1", "9" * 40, ""):
        path.write_bytes(save(arrays, metadata={"step": step, "sha256": digest(arrays)}))
        with pytest.raises(RunError, match="damaged"):
            checkpoint.read(path)


@pytest.mark.parametrize("length", [0, 4, 100, -3])
def test_a_truncated_file_is_noticed(length, tmp_path):
    path = checkpoint.path_of(tmp_path, 1)
    checkpoint.write(path, TENSORS, step=1)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(RunError):
        checkpoint.read(path)


def test_the_newest_intact_one_is_found_with_a_complaint_for_each_damaged_one(tmp_path):
    for step in (2, 10, 9):
        checkpoint.write(checkpoint.path_of(tmp_path, step), TENSORS, step=step)
    checkpoint.path_of(tmp_path, 10).write_bytes(b"rubbish")
    step, _, complaints = checkpoint.newest(tmp_path)
    assert step == 9 and len(complaints) == 1 and "step-000010" in complaints[0]


def test_none_intact_is_an_error_that_names_them(tmp_path):
    with pytest.raises(RunError, match="No checkpoint"):
        checkpoint.newest(tmp_path)
    checkpoint.path_of(tmp_path, 3).write_bytes(b"")
    with pytest.raises(RunError, match=r"No intact checkpoint.*step-000003"):
        checkpoint.newest(tmp_path)


def test_pruning_keeps_the_newest_and_clears_what_a_crash_left(tmp_path):
    for step in (1, 2, 30, 4):
        checkpoint.write(checkpoint.path_of(tmp_path, step), TENSORS, step=step)
    (tmp_path / "step-000031.safetensors.tmp").write_bytes(b"half")
    (tmp_path / "best.safetensors").write_bytes(b"kept")
    checkpoint.prune(tmp_path, keep=2)
    assert checkpoint.steps(tmp_path) == [4, 30]
    assert not list(tmp_path.glob("*.tmp")) and (tmp_path / "best.safetensors").exists()
    checkpoint.prune(tmp_path, keep=0)
    assert checkpoint.steps(tmp_path) == [4, 30]


def test_a_failed_write_leaves_no_part_behind(tmp_path, monkeypatch):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ganctl.files.atomic.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        checkpoint.write(checkpoint.path_of(tmp_path, 1), TENSORS, step=1)
    assert not list(tmp_path.iterdir())
