"""Pictures with holes: masks that are drawn, each by its number alone, and a user's own."""

import numpy as np
import pytest
from PIL import Image

from ganctl.dataset.pairs.masked import masked
from ganctl.dataset.pairs.masks import COUNT, KINDS, Masks
from ganctl.error import UsageError


@pytest.fixture
def photographs(tmp_path):
    folder, random = tmp_path / "photographs", np.random.default_rng(0)
    for split, count in (("train", 9), ("test", 4)):
        (folder / split).mkdir(parents=True)
        for index in range(count):
            pixels = random.integers(0, 256, (20, 24, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / split / f"{index}.png")
    return folder


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("side", [(64, 64), (20, 24), (8, 8)], ids=str)
def test_every_mask_is_a_hole_and_depends_on_its_number_alone(kind, side):
    masks = Masks(kind, side)
    found = masks.read(np.arange(100))
    assert found.shape == (100, *side, 1) and found.dtype == np.uint8 and set(np.unique(found)) == {0, 1}
    shares = found.mean(axis=(1, 2, 3))
    assert shares.min() > 0 and shares.max() < 1
    assert np.array_equal(masks.read(np.array([5, 7, 5])), found[[5, 7, 5]])
    assert np.array_equal(masks.read(np.array([COUNT + 3])), found[3:4])
    assert (len(np.unique(found, axis=0)) == 1) == (kind == "centre")


def test_holes_cover_what_the_papers_say():
    centre, blobs = (Masks(kind, (64, 64)).read(np.arange(200)) for kind in ("centre", "blobs"))
    assert centre[0, 16:48, 16:48].all() and centre[0].sum() == 32 * 32
    shares = blobs.mean(axis=(1, 2, 3))
    assert shares.min() > 0.19 and shares.max() < 0.31


def test_a_stream_is_a_function_of_seed_and_position_and_masks_are_not_moved(photographs):
    data = masked(path=str(photographs), mask="free", size=[16, 24], flip=True, crop=4)
    batches = [next(iter(data.batches(4, seed=1, start=2))) for _ in range(2)]
    for name in ("image", "mask"):
        assert np.array_equal(batches[0][name], batches[1][name])
    assert batches[0]["mask"].dtype == np.float32 and set(np.unique(batches[0]["mask"])) == {0.0, 1.0}
    other = next(iter(data.batches(4, seed=2, start=2)))
    assert not np.array_equal(other["mask"], batches[0]["mask"])
    still = masked(path=str(photographs), mask="centre", size=16, flip=True, crop=4)
    mask = next(iter(still.batches(4, seed=0)))["mask"].numpy()
    assert (mask == Masks("centre", (16, 16)).read(np.arange(1))).all()


def test_examples_have_masks_and_the_test_folder_is_held_out(photographs):
    data = masked(path=str(photographs), mask="strokes", size=16)
    assert len(data) == 9 and data.held_out == 4 and data.fields["mask"].kind == "mask"
    held = data.examples(np.arange(4), held=True)
    assert held["image"].shape == (4, 16, 16, 3) and held["mask"].shape == (4, 16, 16, 1)
    assert data.truths(held) is held["image"]
    same = masked(path=str(photographs), mask="strokes", size=16)
    other = masked(path=str(photographs), mask="blobs", size=16)
    assert data.fingerprint == same.fingerprint != other.fingerprint


def test_own_masks_are_turned_to_where_the_hole_is(photographs, tmp_path):
    own = tmp_path / "masks"
    own.mkdir()
    for index in range(3):
        pixels = np.zeros((16, 16), np.uint8)
        pixels[index : index + 4] = 255
        Image.fromarray(pixels).save(own / f"{index}.png")
    rules = {"path": str(photographs), "size": 16, "masks": str(own)}
    white, black = (masked(**rules, hole=hole).examples(np.arange(4))["mask"] for hole in ("white", "black"))
    assert white[1, 1:5].all() and white[1].sum() == 64 and np.array_equal(black, 1 - white)
    assert "own holes of 25 %" in masked(**rules).name
    Image.fromarray(np.full((16, 16), 255, np.uint8)).save(own / "full.png")
    with pytest.raises(UsageError, match=r"1 of 4 are empty or everything \(full.png\).*dataset.hole=black"):
        masked(**rules)


def test_slips_are_told(photographs):
    for rules, told in (
        ({"mask": "center"}, "dataset.mask is centre"),
        ({"hole": "grey"}, "dataset.hole is white or black"),
        ({"masks": "nowhere"}, "dataset.masks=nowhere does not exist"),
        ({"of": "mnis"}, "dataset.of: expected one of images, mnist"),
    ):
        with pytest.raises(UsageError, match=told):
            masked(**{"path": str(photographs)} | rules)
    with pytest.raises(UsageError, match=r"dataset\.path=FOLDER"):
        masked()


def test_the_digits_have_holes_too():
    data = masked(of="digits", mask="rectangle", holdout=50)
    assert data.held_out == 50 and data.fields["mask"].shape == (*data.shape[:2], 1)
