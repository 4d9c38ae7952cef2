"""Walks through what a generator can make, and the films they become."""

import numpy as np
import pytest
from builders import tiny
from PIL import Image

from ganctl import cli
from ganctl.error import UsageError
from ganctl.files.pictures import save_clip


@pytest.mark.parametrize("model", ["dcgan", "stylegan2", "cgan"])
def test_a_walk_is_closed_even_and_repeatable(model, make):
    from ganctl.training.walk import walk

    sampler = make(*tiny(model), "average=ema")[2].sampler
    rules = {"count": 3, "seconds": 3.0, "averaged": True, "rate": 10}
    found = walk(sampler, seed=1, **rules)
    assert found.shape == (3, 30, 28, 28, 1) and np.abs(found).max() <= 1
    steps = np.abs(np.diff(np.concatenate([found, found[:, :1]], axis=1), axis=1)).mean(axis=(2, 3, 4))
    assert (
        steps.min() > 0 and (steps.max(axis=1) < 8 * np.median(steps, axis=1)).all()
    )  # no jump, nor at the end
    assert np.array_equal(found, walk(sampler, seed=1, **rules))
    assert not np.array_equal(found, walk(sampler, seed=2, **rules))


def test_the_command_writes_a_film_and_asks_for_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["train", *tiny("gan"), "trainer.steps=1", "name=a"]) == 0
    assert cli.main(["sample", "a", "view=walk", "seconds=1", "n=2", "out=x.gif"]) == 0
    with Image.open("x.gif") as film:
        assert film.n_frames > 1 and film.info["duration"] == 50
    capsys.readouterr()
    for words, told in (
        (["view=walk"], "view=walk: expected a film to write to, as out=walk.webp"),
        (["view=walk", "out=x.png"], "view=walk: expected a film"),
        (["view=walk", "seconds=0", "out=x.gif"], "seconds: expected"),
    ):
        assert cli.main(["sample", "a", *words]) == 2
        assert told in capsys.readouterr().err
    assert cli.main(["sample", "a", "--help"]) == 0
    assert "view=walk" in capsys.readouterr().out


def clip(frames=6, height=15, width=20):
    noise = np.random.default_rng(0)
    return noise.integers(0, 256, (frames, height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_films_that_play_forever(kind, tmp_path):
    save_clip(tmp_path / f"x.{kind}", clip(), rate=10)
    with Image.open(tmp_path / f"x.{kind}") as film:
        assert (film.n_frames, film.size, film.info["loop"]) == (6, (20, 15), 0)


def test_films_as_mp4_have_even_sides(tmp_path):
    ffmpeg = pytest.importorskip(
        "imageio_ffmpeg", reason="no imageio-ffmpeg; install it: pip install 'ganctl[film]'"
    )
    save_clip(tmp_path / "x.mp4", clip(frames=20), rate=10)
    frames, seconds = ffmpeg.count_frames_and_secs(str(tmp_path / "x.mp4"))
    assert frames == 20 and seconds == pytest.approx(2, abs=0.1)


def test_without_the_library_mp4_is_refused_in_a_line(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "imageio_ffmpeg", None)
    with pytest.raises(UsageError, match=r"MP4 needs imageio-ffmpeg; type pip install 'ganctl\[film\]'"):
        save_clip(tmp_path / "x.mp4", clip())
    assert not list(tmp_path.iterdir())
