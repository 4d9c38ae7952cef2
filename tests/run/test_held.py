"""A run is held by its folder: moved, without its lock file, and where a file system has no locks."""

import errno
import os

import pytest

from ganctl.run import held
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
