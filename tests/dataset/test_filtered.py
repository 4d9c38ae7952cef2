"""Photographs and filtered ones: a truth for what is made of them."""

import numpy as np
import pytest
from PIL import Image

from ganctl import image
from ganctl.dataset.pairs.filtered import FILTERS, changed, filtered
from ganctl.error import UsageError


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photographs")
    random = np.random.default_rng(0)
    for split, count in (("train", 12), ("test", 5)):
        (folder / split).mkdir()
        for index in range(count):
            pixels = random.integers(0, 256, (16, 16, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / split / f"{index:02d}.png")
    return folder


@pytest.mark.parametrize("filter", FILTERS)
@pytest.mark.parametrize("channels", [1, 3])
def test_filters_change_each_picture_by_itself_and_keep_its_shape(filter, channels):
    pictures = np.random.default_rng(0).integers(0, 256, (3, 16, 20, channels), dtype=np.uint8)
    found = changed(pictures, filter)
    assert found.shape == pictures.shape and found.dtype == np.uint8 and (found != pictures).any()
    assert (found[1:2] == changed(pictures[1:2], filter)).all()


def test_filters_by_hand():
    steps = changed(np.array([0, 63, 64, 191, 192, 255], np.uint8).reshape(1, 1, 6, 1), "posterized")
    assert steps.ravel().tolist() == [0, 0, 85, 170, 255, 255]
    moonlit = changed(np.array([51, 255, 102], np.uint8).reshape(1, 1, 1, 3), "recoloured")
    assert moonlit.ravel().tolist() == [41, 51, 255]  # 255 * 0.4^2, red, 255 * sqrt(1)
    flat = changed(np.full((1, 32, 32, 3), 90, np.uint8), "sketched")
    assert (flat == 255).all()  # a pencil draws nothing where nothing changes


def test_pairs_are_a_photograph_and_its_own_filtered_one(photographs):
    data = filtered(path=str(photographs), filter="recoloured", paired=True, size=16)
    for held, count in ((False, 12), (True, 5)):
        examples = data.examples(np.arange(count), held=held)
        assert (examples["image"] == data.truths(examples)).all()
    batch = next(iter(data.batches(4, seed=0)))
    assert np.array_equal(batch["image"], data.truths({"input": batch["input"].numpy()}))


def test_without_pairs_no_photograph_is_in_both_halves_and_the_truth_is_known(photographs):
    data = filtered(path=str(photographs), filter="posterized", size=16)
    assert (len(data.kinds["input"]), len(data.kinds["image"])) == (6, 6) and data.held_out == 5
    examples = data.examples(np.arange(6))
    made_of = {each.tobytes() for each in changed(image.to_uint8(examples["input"]), "posterized")}
    assert not made_of & {each.tobytes() for each in image.to_uint8(examples["image"])}
    held = data.examples(np.arange(5), held=True)
    assert (held["image"] == data.truths(held)).all()


def test_slips_are_told_in_one_line(photographs):
    with pytest.raises(UsageError, match=r"dataset\.filter is posterized, sketched or recoloured"):
        filtered(path=str(photographs), filter="sketch")
    with pytest.raises(UsageError, match=r"dataset\.paired is true or false"):
        filtered(path=str(photographs), paired="yes")
    with pytest.raises(UsageError, match=r"dataset\.path=FOLDER"):
        filtered()
