"""Pictures found again among what a generator makes."""

import numpy as np
import pytest
from builders import tiny
from PIL import Image

from ganctl import cli
from ganctl.error import UsageError


@pytest.fixture
def inversion(make):
    """Return what searches in a small untrained game."""
    from ganctl.training.inversion import Inversion

    def build(*words, **rules):
        return Inversion(make(*words)[2].sampler, **rules)

    return build


def test_the_distance_is_the_mean_over_scales(tensorflow):
    from ganctl.training.inversion import distance

    image = tensorflow.random.stateless_normal((2, 8, 8, 1), (0, 1))
    assert np.array_equal(distance(image, image), [0, 0])
    assert distance(image + 0.5, image).numpy() == pytest.approx([0.25, 0.25])
    stripes = tensorflow.tile([[[[1.0], [-1.0]]]], (2, 8, 4, 1))  # which the halves do not see
    assert distance(stripes, 0 * stripes).numpy() == pytest.approx([1 / 3, 1 / 3])


@pytest.mark.parametrize("space", ["latent", "style"])
def test_a_generator_s_own_sample_is_found_again(space, inversion, tensorflow):
    words = tiny("stylegan2") if space == "style" else ["model=gan", "model.latent=2", "average=ema"]
    found = inversion(*words, space=space)
    # Alike noise, so that the sample can be found at all; its code is not among those drawn.
    batch = found._batch(3, None)
    code = found.space.keep(
        0.7 * found.space.draw(batch) + 0.3 * found.space.draw(found._batch(3, None))[::-1]
    )
    pictures = found.space.make(code, batch).numpy()
    result = found.search(pictures, steps=60, tries=16)
    assert result.codes.shape == code.shape and result.film.shape[:2] == (3, 40)
    assert (result.distances < 0.2 * result.begun).all() or (result.distances < 1e-5).all()
    np.testing.assert_allclose(result.images, pictures, atol=0.2)
    again = found.search(pictures, steps=60, tries=16)
    assert np.array_equal(again.codes, result.codes)  # the same seed finds the same
    if space == "latent":
        np.testing.assert_allclose(
            (result.codes**2).mean(axis=1), 1.0, rtol=1e-4
        )  # as far out as latents lie


def test_labels_are_the_pictures(inversion):
    found = inversion(*tiny("cgan"))
    batch = found._batch(4, np.array([3, 1, 4, 1]))
    assert batch["label"].numpy().tolist() == [3, 1, 4, 1] and found.name == "latent"
    pictures = found.space.make(found.space.draw(batch), batch).numpy()
    assert (
        found.search(pictures, steps=2, tries=4, labels=np.array([3, 1, 4, 1])).images.shape == pictures.shape
    )


def test_a_game_without_latents_and_an_unknown_space_are_refused(inversion):
    with pytest.raises(UsageError, match="expected one of latent, got 'stile'"):
        inversion(*tiny("gan"), space="stile")


def test_the_command_writes_what_it_found_under_the_files_names(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["train", *tiny("cgan"), "trainer.steps=1", "name=a"]) == 0
    (tmp_path / "in/deep").mkdir(parents=True)
    for name in ("one", "deep/two"):
        Image.new("RGB", (40, 30), "grey").save(tmp_path / f"in/{name}.png")
    (tmp_path / "in/bad.png").write_bytes(b"no picture")
    capsys.readouterr()
    assert cli.main(["project", "a", "input=in", "steps=3", "label=7"]) == 0
    said = capsys.readouterr()
    assert "one.png: " in said.out and "bad.png is left out" in said.err
    place = tmp_path / "outputs/a/projection"
    assert {f.relative_to(place).as_posix() for f in place.rglob("*.*")} == {
        f"{name}.{kind}" for name in ("one", "deep/two") for kind in ("png", "npy", "gif")
    }
    assert np.load(place / "one.npy").shape == (8,)
    (place / "away").symlink_to(tmp_path)
    assert cli.main(["project", "a", "input=in", "label=7"]) == 2 and "is a link" in capsys.readouterr().err
    (place / "away").unlink()
    for words, told in (
        ([], "project: expected a picture, a folder or a zip"),
        (["input=in", "label=x"], "label: expected a number from 0 to 9, got 'x'"),
        (["input=in"], "label: expected a number from 0 to 9, got ''"),
        (["input=nothing"], "input: expected a picture, a folder or a zip of pictures, got 'nothing'"),
        (["input=in", "steps=0"], "steps: expected"),
    ):
        assert cli.main(["project", "a", *words]) == 2
        assert told in capsys.readouterr().err
