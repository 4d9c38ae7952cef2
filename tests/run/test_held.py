"""A run is held by its folder: moved, without its lock file, and where a file system has no locks."""

import errno
import os
from unittest.mock import Mock

import numpy as np
import pytest

from ganctl.files import atomic
from ganctl.run import checkpoint, held, record
from ganctl.run.held import Held, is_held
from ganctl.run.writer import Run


def test_a_held_folder_is_held_once_and_followed_wherever_it_goes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").mkdir()
    folder = Held(tmp_path / "a")
    assert is_held(tmp_path / "a")
    with pytest.raises(BlockingIOError):
        Held(tmp_path / "a", patience=0.05)
    (tmp_path / "deep").mkdir()
    os.rename("a", "deep/b")
    assert str(folder.place()) == os.path.join("deep", "b") and is_held(tmp_path / "deep/b")
    (tmp_path / "deep/b").rmdir()
    assert str(folder.place()) == os.path.join("deep", "b")  # gone: where it was last
    folder.release()
    (tmp_path / "deep/b").mkdir()
    assert not is_held(tmp_path / "deep/b")


@pytest.mark.parametrize("number", [errno.EOPNOTSUPP, errno.ENOLCK, errno.ENOSYS])
def test_a_file_system_without_locks_trains_all_the_same(number, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(held.fcntl, "flock", refuse)
    run = Run(tmp_path / "a")
    with run.locked():
        run.create("x: 1\n")
        assert run.status() == "interrupted"  # nobody can tell
        os.rename(tmp_path / "a", tmp_path / "b")
        run.note(status="stopped")
    assert (tmp_path / "b/run.json").is_file() and not (tmp_path / "a").exists()


def test_a_system_without_handles_keeps_the_path(tmp_path, monkeypatch):
    monkeypatch.setattr(held, "fcntl", None)
    assert Held(tmp_path).place() == tmp_path and not is_held(tmp_path)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="the system has no paths through handles")
def test_a_folder_that_is_moved_between_asking_for_its_place_and_writing_loses_nothing(tmp_path, monkeypatch):
    homes = [tmp_path / "a", tmp_path / "b"]

    def moving(act):
        def moved(*args, **options):
            if homes[0].exists():
                homes[0].rename(homes[1])
                homes.reverse()
            return act(*args, **options)

        return moved

    run = Run(homes[0])
    told = {"images.return_value": 4, "read.return_value": (1.0, 4.0), "line.return_value": "a line"}
    run.display = run.meter = Mock(**told)
    run.board, run.seconds = Mock(), 0.0
    with run.locked():
        run.create("x: 1\n")
        run.note(data={"kept": 1})
        for name in ("write", "writing", "append"):
            monkeypatch.setattr(atomic, name, moving(getattr(atomic, name)))
        monkeypatch.setattr(record, "read", moving(record.read))
        run.log(1, {"loss": 0.5})
        run.show(1, np.zeros((4, 4, 1), np.uint8))
        run.save(1, {"weights": np.zeros(3)})
        run.save(1, {"weights": np.zeros(3)}, best=True)
        run.say("a line")
        run.note(status="stopped")
        assert run.data() == {"kept": 1} and run.record()["step"] == 1
    there = homes[0] if homes[0].exists() else homes[1]
    assert [folder for folder in homes if folder.exists()] == [there]
    for name in ("metrics.jsonl", "log.txt", "samples/step-000001.png", "checkpoints/best.safetensors"):
        assert (there / name).is_file(), name
    assert checkpoint.steps(there / "checkpoints") == [1]
