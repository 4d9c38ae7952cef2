"""What ganctl writes: whole or not at all, under names that nobody knows before, and through no link."""

import ast
import os
from pathlib import Path

import numpy as np
import pytest
from builders import ROOT

from ganctl.error import UsageError
from ganctl.files import atomic, cache, pictures, samples
from ganctl.files.download import Published
from ganctl.run import checkpoint
from ganctl.run.writer import Run

PACKAGE = ROOT / "ganctl"
PICTURE = np.zeros((4, 4, 1), np.uint8)


def film(path):
    stills = path.parent / "stills"
    stills.mkdir(exist_ok=True)
    pictures.save_png(stills / "a.png", PICTURE)
    pictures.save_gif(path, [stills / "a.png"])


WRITERS = {
    "a file": lambda path: atomic.write(path, b"new"),
    "a file in a hurry": lambda path: atomic.write(path, b"new", sync=False),
    "a checkpoint": lambda path: checkpoint.write(path, {"a": np.ones(3)}, step=1),
    "a picture": lambda path: pictures.save_png(path, PICTURE),
    "a film": film,
    "samples": lambda path: samples.write(np.ones((2, 3), np.float32), path.with_suffix(".npy")),
    "config.yaml": lambda path: Run(path.parent).create("a: 1"),
    "run.json": lambda path: Run(path.parent).note(step=1),
    "log.txt": lambda path: Run(path.parent).say("word", quiet=True),
    "an added line": lambda path: atomic.append(path, "word"),
}
PLACE = {"samples": "file.npy", "config.yaml": "config.yaml", "run.json": "run.json", "log.txt": "log.txt"}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_link_in_the_place_of_a_file_is_refused(writer, tmp_path):
    path = tmp_path / "run" / PLACE.get(writer, "file")
    path.parent.mkdir()
    for target in ("mine", "absent"):
        (tmp_path / "mine").write_text("{}")
        path.symlink_to(tmp_path / target)
        with pytest.raises(UsageError, match=r"is a link .* delete it: rm "):
            WRITERS[writer](path)
        assert path.is_symlink() and (tmp_path / "mine").read_text() == "{}"
        assert not (tmp_path / "absent").exists()
        path.unlink()


@pytest.mark.parametrize("writer", WRITERS)
def test_no_name_that_is_written_to_is_known_before_but_the_file_s_own(writer, tmp_path, monkeypatch):
    opened, real = [], os.open

    def watched(path, flags, *rest, **options):
        if flags & (os.O_WRONLY | os.O_RDWR):
            opened.append((Path(path).name, flags))
        return real(path, flags, *rest, **options)

    monkeypatch.setattr(os, "open", watched)
    path = tmp_path / PLACE.get(writer, "file")
    for _ in range(2):
        WRITERS[writer](path)
    assert opened and all(flags & os.O_NOFOLLOW for _, flags in opened)
    if writer not in ("log.txt", "an added line"):
        names = [name for name, _ in opened]
        assert len(set(names)) == len(names) and all(flags & os.O_EXCL for _, flags in opened)
    assert not list(tmp_path.rglob("*.tmp")) and path.is_file()


@pytest.mark.parametrize("when", ["write", "replace", "fsync"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(when, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    path = tmp_path / "file"
    atomic.write(path, b"old")
    if when == "replace":
        monkeypatch.setattr(Path, "replace", full)
    if when == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"), atomic.writing(path) as file:
        file.write(b"new")
        if when == "write":
            full()
    assert path.read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 1


def test_what_is_no_file_takes_no_line_and_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "log.txt")
    with pytest.raises((OSError, UsageError)):
        atomic.append(tmp_path / "log.txt", "word")


def test_folders_on_the_way_are_no_links_either_but_those_above_the_run_may_be(tmp_path):
    (tmp_path / "real/run").mkdir(parents=True)
    (tmp_path / "outputs").symlink_to(tmp_path / "real")
    run = tmp_path / "outputs/run"
    atomic.refuse_link(run / "a/b.png", run)
    (run / "a").symlink_to(tmp_path)
    with pytest.raises(UsageError, match="/a is a link"):
        atomic.refuse_link(run / "a/b.png", run)


def test_what_interrupted_writes_left_goes_and_files_of_others_stay(tmp_path):
    left = [".run.json.0123456789abcdef.tmp", "run.json.tmp", "progress.gif.tmp", "config.yaml.tmp"]
    for name in [*left, "mine.tmp", "a.txt"]:
        (tmp_path / name).touch()
    (tmp_path / "folder.png.tmp").mkdir()
    atomic.clear(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "folder.png.tmp", "mine.tmp"]


def test_a_cache_whose_file_is_a_link_is_no_reason_to_fail(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache.remembered({"a": 1}, lambda: {"x": np.ones(2)})
    (file,) = (tmp_path / "ganctl/features").iterdir()
    file.unlink()
    file.symlink_to(tmp_path / "mine")
    assert cache.remembered({"a": 1}, lambda: {"x": np.ones(2)})["x"].sum() == 2
    assert not (tmp_path / "mine").exists()


WRITING = {"write_text", "write_bytes", "mkstemp", "NamedTemporaryFile", "touch"}


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*.py")), ids=lambda file: file.stem)
def test_no_module_writes_a_file_in_another_way(file):
    if file.name == "atomic.py":
        return
    for node in ast.walk(ast.parse(file.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        assert name not in WRITING, f"line {node.lineno}: {name}"
        modes = [
            str(each.value)
            for each in [*node.args, *(k.value for k in node.keywords)]
            if isinstance(each, ast.Constant) and isinstance(each.value, str)
        ]
        if name == "open" and "/proc/self/clear_refs" not in modes:
            assert not [mode for mode in modes if set(mode) <= set("rwaxbt+") and set(mode) & set("wax+")], (
                f"line {node.lineno}"
            )


def test_without_a_home_nothing_is_remembered_and_nothing_fails(monkeypatch):
    for name in ("XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", lambda _: (_ for _ in ()).throw(KeyError("nobody")))
    assert cache.folder() is None
    assert [cache.remembered({"a": 1}, lambda n=n: {"x": n}) for n in (1, 2)] == [{"x": 1}, {"x": 2}]
    with pytest.raises(UsageError, match="no home folder to keep it in; set XDG_CACHE_HOME"):
        Published("a.h5", "https://nowhere", "00", 1).place("type x")
