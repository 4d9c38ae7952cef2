"""Pictures made of pictures: a file, a folder or a zip in, the same names out; holes filled; any size."""

import zipfile

import numpy as np
import pytest
from builders import data, tiny
from PIL import Image

from ganctl import cli


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Runs of one step from pictures to pictures, by model, each trained when it is first asked for."""
    folder = tmp_path_factory.mktemp("pictures")

    def of(model):
        run = folder / "outputs" / model
        if not run.exists():
            words = [*tiny(model), *data(model, folder / model), "trainer.steps=1", "trainer.batch_size=2"]
            assert cli.main(["train", *words, f"outputs={run.parent}", f"name={model}"]) == 0
        return run

    return of


@pytest.fixture
def sample(outputs, tmp_path, monkeypatch, capsys):
    """Sample from a run in a folder with photographs, a torn one and masks; return what was said."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    for name, size in (("a.png", (30, 20)), ("b.jpg", (24, 16)), ("deep/a.png", (24, 16))):
        place = tmp_path / "photos" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (*size[::-1], 3), dtype=np.uint8)).save(place)
    (tmp_path / "photos/torn.png").write_bytes(b"\x89PNG torn")

    def run(model, *words, code=0):
        folder = str(outputs(model))
        capsys.readouterr()
        assert cli.main(["sample", folder, *words]) == code
        said = capsys.readouterr()
        return said.err if code else said.out

    return run


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.png"))


def size(path):
    with Image.open(path) as opened:
        return opened.size


def test_a_folder_or_a_zip_becomes_a_folder_of_the_same_names_and_bad_files_are_told(sample, tmp_path):
    said = sample("cyclegan", "input=photos/", "out=made/")
    assert files(tmp_path / "made") == ["a.png", "b.png", "deep/a.png"]
    assert "1 of 4 left out: torn.png" in said
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for name in ("a.png", "deep/a.png"):
            archive.write(tmp_path / "photos" / name, name)
        archive.write(tmp_path / "photos/a.png", "../../out.png")
    sample("cyclegan", "input=photos.zip", "out=zipped/")
    assert set(files(tmp_path / "zipped")) <= {"a.png", "deep/a.png", "out.png"}  # and nowhere else
    assert not (tmp_path.parent / "out.png").exists()
    assert (tmp_path / "zipped/a.png").read_bytes() == (tmp_path / "made/a.png").read_bytes()


def test_the_way_back_and_several_pictures_of_each(sample, tmp_path):
    sample("cyclegan", "make=input", "image=photos/b.jpg", "out=back/")
    assert files(tmp_path / "back") == ["b.png"]
    sample("bicyclegan", "input=photos/", "n=3", "out=styles/")
    assert files(tmp_path / "styles") == sorted(
        f"{name}-{index}.png" for name in ("a", "b", "deep/a") for index in range(3)
    )
    sample("bicyclegan", "input=photos/a.png", "n=5", "out=sheet.png")
    sample("bicyclegan", "view=styles", "out=view.png")
    assert size(tmp_path / "view.png")[0] > 8 * 24


def test_pictures_keep_their_size_where_networks_take_any(sample, tmp_path):
    sample("cyclegan", "input=photos/", "out=own/", "size=own")
    assert size(tmp_path / "own/a.png") == (30, 20) and size(tmp_path / "own/b.png") == (24, 16)
    sample("cyclegan", "input=photos/b.jpg", "out=one/")  # of the trained size
    own, one = (np.asarray(Image.open(tmp_path / name / "b.png"), int) for name in ("own", "one"))
    assert np.abs(own - one).max() <= 1
    told = sample("inpainting", "image=photos/a.png", "size=own", "out=x/", code=2)
    assert "size=own: mask has to be given, too" in told
    assert "type out=FOLDER/" in sample("cyclegan", "input=photos/a.png", "size=own", code=2)


def test_a_hole_is_filled_by_mask_by_transparency_or_as_in_training(sample, tmp_path):
    photo = np.asarray(Image.open(tmp_path / "photos/deep/a.png"))
    hole = np.zeros(photo.shape[:2], np.uint8)
    hole[4:9, 5:20] = 255
    Image.fromarray(hole).save(tmp_path / "mask.png")
    Image.fromarray(np.dstack([photo, 255 - hole])).save(tmp_path / "torn.png")
    sample("inpainting", "image=photos/deep/a.png", "mask=mask.png", "out=filled/")
    filled = np.asarray(Image.open(tmp_path / "filled/a.png"))
    assert np.array_equal(filled[hole == 0], photo[hole == 0]) and (filled != photo).any()
    sample("inpainting", "image=torn.png", "out=torn/")
    assert np.array_equal(np.asarray(Image.open(tmp_path / "torn/torn.png")), filled)
    said = sample("inpainting", "image=photos/b.jpg", "out=as-trained/")
    assert "Note: mask: training examples" in said
    sample("inpainting", "image=torn.png", "out=sheet.png")
    assert size(tmp_path / "sheet.png")[0] > 2 * 24


def test_masks_that_do_not_fit_are_told(sample, tmp_path):
    Image.fromarray(np.full((16, 24), 255, np.uint8)).save(tmp_path / "full.png")
    Image.fromarray(np.eye(8, dtype=np.uint8) * 255).save(tmp_path / "small.png")
    photo = "image=photos/b.jpg"
    assert "full.png has nothing but white" in sample("inpainting", photo, "mask=full.png", "out=x/", code=2)
    told = sample("inpainting", photo, "mask=small.png", "out=x/", code=2)
    assert "expected pictures of equal size; b.jpg has 24x16 pixels, small.png 8x8." in told
    for name in ("one", "two"):
        (tmp_path / "masks").mkdir(exist_ok=True)
        Image.fromarray(np.eye(16, 24, dtype=np.uint8) * 255).save(tmp_path / f"masks/{name}.png")
    told = sample("inpainting", "image=photos/", "mask=masks/", "out=x/", code=2)
    assert "mask: expected one picture, or as many as for image, 3, got 2." in told
    (tmp_path / "nothing").mkdir()
    assert "there is none" in sample("cyclegan", "input=nothing/", "out=x/", code=2)


def test_of_files_that_show_both_pictures_the_input_s_half_is_taken(sample, tmp_path):
    """The run's files have A on the left and B, here the image, on the right."""
    random = np.random.default_rng(1)
    both = random.integers(0, 256, (16, 48, 3), dtype=np.uint8)
    for name, pixels in (("both.png", both), ("left.png", both[:, :24])):
        Image.fromarray(pixels).save(tmp_path / name)
    for name in ("both", "left"):
        sample("bicyclegan", f"input={name}.png", f"out={name}/")
    assert (tmp_path / "both/both.png").read_bytes() == (tmp_path / "left/left.png").read_bytes()
    sample("bicyclegan", "input=both.png", "out=made.png")
    sample("bicyclegan", "input=both.png", "image=both.png", "out=sheet.png")
    made, sheet = (np.asarray(Image.open(tmp_path / name)) for name in ("made.png", "sheet.png"))
    assert sheet.shape[1] > made.shape[1] + 23 and np.array_equal(sheet[2:18, -26:-2], both[:, 24:])
