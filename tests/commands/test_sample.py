"""Samples of a run: as a grid, as single pictures, as numbers; the same for the same seed."""

import json
import shutil

import numpy as np
import pytest
from builders import tiny
from PIL import Image

from ganctl import cli, image
from ganctl.run import checkpoint


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """A run of six steps with averaged weights and three checkpoints, and one without an average."""
    folder = tmp_path_factory.mktemp("sample")
    words = ["train", *tiny("gan"), "trainer.steps=6", "trainer.save_every=3", f"outputs={folder}/outputs"]
    assert cli.main([*words, "average=ema", "average.decay=0.5", "name=run"]) == 0
    assert cli.main([*words, "name=plain"]) == 0
    return folder / "outputs"


@pytest.fixture
def draw(outputs, tmp_path, monkeypatch, capsys):
    """Sample from the run in an empty folder; return what was said."""
    monkeypatch.chdir(tmp_path)

    def sample(*words, run="run", code=0):
        assert cli.main(["sample", str(outputs / run), *words]) == code
        said = capsys.readouterr()
        return said.err if code else said.out

    return sample


@pytest.fixture
def numbers(draw, tmp_path):
    """Sample raw numbers; return them."""

    def sample(*words, run="run"):
        draw(*words, "out=raw.npy", run=run)
        return np.load(tmp_path / "raw.npy")

    return sample


def test_a_grid_is_the_default_and_lies_with_the_run_s_samples(draw, outputs):
    assert "outputs/run/samples/step-000006-seed-0.png" in draw("n=5")
    with Image.open(outputs / "run/samples/step-000006-seed-0.png") as picture:
        gutter = image.GUTTER
        assert picture.size == (3 * (28 + gutter) + gutter, 2 * (28 + gutter) + gutter)


def test_a_film_goes_through_a_view_forth_and_back(draw, tmp_path):
    assert "walk.gif" in draw("view=interpolation", "out=walk.gif")
    with Image.open(tmp_path / "walk.gif") as walk:
        assert walk.n_frames == 2 * 10 - 2 and max(walk.size) >= 184
        frames = []
        for index in range(walk.n_frames):
            walk.seek(index)
            frames.append(np.asarray(walk.convert("L"), int))
    assert np.array_equal(frames[1], frames[-1]) and not np.array_equal(frames[0], frames[9])
    draw("n=6", "out=some.gif")
    with Image.open(tmp_path / "some.gif") as some:
        assert some.n_frames == 10  # each sample alone
    assert "expected a file.png, .npy, .gif" in draw("out=x.jpg", code=2)


def test_a_folder_gets_one_picture_a_sample_and_a_file_gets_the_numbers(draw, numbers, tmp_path):
    draw("n=11", "out=new/fakes/")
    files = sorted((tmp_path / "new/fakes").iterdir())
    assert [file.name for file in files] == [f"{index:02d}.png" for index in range(11)]
    raw = numbers("n=11")
    assert raw.shape == (11, 28, 28, 1) and raw.dtype == np.float32 and np.abs(raw).max() <= 1
    for file, sample in zip(files, raw, strict=True):
        with Image.open(file) as picture:
            assert np.array_equal(np.asarray(picture), image.to_uint8(sample)[..., 0])


def test_a_folder_with_other_files_is_refused_and_one_that_is_replaced_is_not(
    draw, outputs, capsys, tmp_path
):
    """Twelve files and then eight of another seed were twenty of two, which nobody can tell apart."""
    draw("n=12", "out=f/")
    first = (tmp_path / "f/03.png").read_bytes()
    draw("n=12", "seed=1", "out=f/")  # each is replaced
    assert (tmp_path / "f/03.png").read_bytes() != first
    said = draw("n=8", "seed=1", "out=f/", code=2)
    assert "f holds 12 (00.png, 01.png ...); give another one, or delete it: rm -r f" in said
    assert len(list((tmp_path / "f").iterdir())) == 12


def test_the_number_of_samples_need_not_be_a_multiple_of_a_batch_and_does_not_change_them(numbers):
    many = numbers("n=300")
    assert len(many) == 300 and np.array_equal(many[:3], numbers("n=3"))
    assert len(np.unique(many.reshape(300, -1), axis=0)) == 300


def test_the_same_seed_draws_the_same_and_another_seed_others(numbers):
    first = numbers("n=4", "seed=7")
    assert np.array_equal(first, numbers("n=4", "seed=7"))
    assert not np.array_equal(first, numbers("n=4", "seed=8"))


def test_a_checkpoint_is_chosen_by_its_step(draw, numbers):
    assert np.array_equal(numbers("n=2"), numbers("n=2", "checkpoint=6"))
    assert not np.array_equal(numbers("n=2"), numbers("n=2", "checkpoint=3"))
    assert "one of the steps [0, 3, 6]; got '4'" in draw("checkpoint=4", code=2)
    assert "no metric chose a best one" in draw("checkpoint=best", code=2)


def test_averaged_weights_draw_where_the_run_keeps_them(draw, numbers):
    assert "averaged weights" in draw("n=1") and "the last weights" in draw("n=1", "average=false")
    assert not np.array_equal(numbers("n=2"), numbers("n=2", "average=false"))
    # The average changes nothing in the training itself.
    assert np.array_equal(numbers("n=2", "average=false"), numbers("n=2", run="plain"))
    assert "the last weights" in draw("n=1", run="plain")


def test_a_damaged_newest_checkpoint_is_passed_over_loudly(outputs, tmp_path, monkeypatch, capsys):
    shutil.copytree(outputs / "run", tmp_path / "outputs/hurt")
    monkeypatch.chdir(tmp_path)
    newest = checkpoint.path_of(tmp_path / "outputs/hurt/checkpoints", 6)
    newest.write_bytes(newest.read_bytes()[:1000])
    assert cli.main(["sample", "hurt", "n=1"]) == 0
    said = capsys.readouterr()
    assert "WARNING" in said.err and "1 samples of step 3" in said.out
    for file in newest.parent.iterdir():
        file.write_bytes(b"\xff" * 20)
    assert cli.main(["sample", "hurt", "n=1"]) == 1
    assert capsys.readouterr().err.startswith("ganctl: No intact checkpoint in outputs/hurt/checkpoints")
    shutil.rmtree(newest.parent)
    assert cli.main(["sample", "hurt", "n=1"]) == 1
    assert (
        capsys.readouterr().err
        == "ganctl: No checkpoint in outputs/hurt/checkpoints; train first: ganctl resume outputs/hurt\n"
    )


def test_a_checkpoint_of_another_network_is_refused(outputs, tmp_path, monkeypatch, capsys):
    shutil.copytree(outputs / "run", tmp_path / "outputs/mixed")
    shutil.copy(outputs / "plain/checkpoints/step-000006.safetensors", tmp_path / "outputs/mixed/checkpoints")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["sample", "latest", "n=1"]) == 1
    assert "The checkpoint is of another game" in capsys.readouterr().err


@pytest.mark.parametrize("shape", [[10**9, 10**9, 1], [0, 28, 1], ["28", 28, 1], [28.0, 28, 1], "2", [2] * 9])
def test_a_shape_that_no_data_have_is_refused_before_anything_is_built(outputs, tmp_path, capsys, shape):
    shutil.copytree(outputs / "run", tmp_path / "odd")
    record = json.loads((tmp_path / "odd/run.json").read_text())
    record["data"]["fields"]["image"]["shape"] = shape
    (tmp_path / "odd/run.json").write_text(json.dumps(record))
    assert cli.main(["sample", str(tmp_path / "odd")]) == 1
    assert "run.json is damaged: its data cannot have the shape" in capsys.readouterr().err


def test_a_lost_record_is_no_hindrance_while_the_data_are_there(outputs, tmp_path, capsys):
    shutil.copytree(outputs / "run", tmp_path / "bare")
    (tmp_path / "bare/run.json").unlink()
    assert cli.main(["sample", str(tmp_path / "bare"), "n=1", f"out={tmp_path}/a.png"]) == 0


def test_help_of_a_run_that_is_made_of_latents_alone_knows_no_names(outputs, capsys):
    assert cli.main(["sample", str(outputs / "run"), "--help"]) == 0
    told = f"{outputs}/run makes image, and can be given:\n  view=interpolation\n  view=walk\n"
    assert capsys.readouterr().out.endswith(f"\n\n{told}")
    assert cli.main(["sample", str(outputs / "run"), "label=7"]) == 2
    assert "There is no option 'label'. See: ganctl sample RUN --help" in capsys.readouterr().err


def test_samples_of_several_seeds_are_each_seed_s_own(numbers, draw):
    apart = [numbers("n=2", f"seed={seed}") for seed in (3, 4, 9)]
    assert np.array_equal(numbers("n=2", "seeds=3-4,9"), np.concatenate(apart))
    assert np.array_equal(numbers("seeds=4"), apart[1][:1])
    assert "weights, seeds 3-4): " in draw("seeds=3-4") and "seeds-3-4.png" in draw("seeds=3-4")
    for word in ("seeds=a", "seeds=3-", "seeds=-3", "seeds=1,,2"):
        assert "seeds: expected a range or a list, as 0-15 or 3,7,12" in draw(word, code=2)
    assert "seeds: expected at most 1024" in draw("seeds=0-9999", code=2)
    assert "type seed=N" in draw("seeds=1,2", "view=interpolation", code=2)
