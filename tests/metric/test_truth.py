"""How near what is made of data comes to the truth, and how different one input's pictures are."""

from types import SimpleNamespace

import numpy as np
import pytest
from builders import data, tiny

from ganctl.error import UsageError
from ganctl.metric.filling import classical, mean_colour
from ganctl.metric.truth import Truth, distances, of_holes
from ganctl.metric.variety import Variety, distance


def pictures(count=3, size=24, channels=3, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (count, size, size, channels)).astype(np.float32)


def test_distances_are_those_of_scikit_image():
    skimage = pytest.importorskip("skimage.metrics")
    one, other = pictures(), pictures(seed=1)
    other = np.clip(one + 0.3 * other, -1, 1)
    found = distances(one, other)
    for index in range(len(one)):
        first, second = (np.round(127.5 * (each[index] + 1)) / 255 for each in (one, other))
        rules = {"channel_axis": -1, "data_range": 1.0}
        gaussian = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
        _, values = skimage.structural_similarity(first, second, full=True, **rules, **gaussian)
        # The published index has whole windows only.
        assert found["ssim"][index] == pytest.approx(values[5:-5, 5:-5].mean(), abs=1e-4)
        assert found["psnr"][index] == pytest.approx(
            skimage.peak_signal_noise_ratio(first, second, data_range=1.0), abs=1e-3
        )
        assert found["l1"][index] == pytest.approx(np.abs(first - second).mean(), abs=1e-6)


def test_equal_pictures_have_no_distance():
    found = distances(pictures(), pictures())
    assert (found["l1"] == 0).all() and (found["psnr"] == 100).all()
    assert found["ssim"] == pytest.approx(1.0)
    assert "ssim" not in distances(pictures(size=8), pictures(size=8))


def test_a_hole_is_judged_within_itself():
    truth = np.zeros((1, 16, 16, 1), np.float32)
    mask = np.zeros((1, 16, 16, 1), np.float32)
    mask[:, 4:8, 4:8] = 1
    made = truth + 0.2 * mask + 0.9 * (1 - mask)  # what is outside does not count
    found = of_holes(made, truth, mask)
    error = (np.round(127.5 * 1.2) - np.round(127.5)) / 255
    assert found["hole_l1"] == pytest.approx(error)
    assert found["hole_psnr"] == pytest.approx(-20 * np.log10(error), abs=1e-4)
    assert found["hole_psnr_of_mean"] == 100 and found["hole_psnr_of_classical"] > 60


def test_fillings_without_learning():
    """The mean of what is known, and a plane that biharmonic filling continues exactly."""
    holes = np.zeros((1, 12, 12, 1), bool)
    holes[:, 4:8, 4:8] = True
    ramp = np.broadcast_to(np.linspace(0, 1, 12)[:, None, None], (1, 12, 12, 2)).astype(np.float32)
    means = mean_colour(ramp, holes)
    assert (means[~holes[..., 0]] == ramp[~holes[..., 0]]).all()
    assert means[holes[..., 0]] == pytest.approx(ramp[~holes[..., 0]].mean())
    assert classical(ramp, holes) == pytest.approx(ramp, abs=1e-4)


def test_a_run_is_held_to_its_truth_and_its_input_beside_it(make, tmp_path):
    words = [*tiny("pix2pix"), *data("pix2pix", tmp_path), "dataset.holdout=6", "metric=[truth,variety]"]
    words += ["evaluation.samples=6", "metric.variety.each=3"]
    _, dataset, trainer = make(*words, "trainer.evaluate_every=1")
    found = trainer.evaluate(dataset)
    made = trainer.sampler.sample(6, seed=0, key=3, inputs=lambda places: dataset.examples(places, held=True))
    examples = dataset.examples(np.arange(6), held=True)
    assert made.shape == examples["image"].shape
    assert 0 < found["truth/l1"] < 1 and found["truth/ssim"] < 0.5
    rest = distances(examples["input"], examples["image"])["ssim"].mean()
    assert found["truth/ssim_of_input"] == pytest.approx(rest)
    assert found["variety/share"] > 0  # dropout is the noise
    assert found["variety/of_data"] == pytest.approx(distance(examples["image"]))


def test_who_has_no_truth_or_input_is_told(make):
    _, dataset, _ = make(*tiny("dcgan"))
    with pytest.raises(UsageError, match="type dataset=paired, filtered or masked"):
        Truth().check(dataset)
    with pytest.raises(UsageError, match="type dataset=paired"):
        Variety().check(dataset)
    view = SimpleNamespace(
        fake=SimpleNamespace(count=2), samples=SimpleNamespace(game=None, count=2), dataset=dataset
    )
    with pytest.raises(UsageError, match="expected a run"):
        Truth()(view)


def test_distance_of_pairs_by_hand():
    flat = np.array([0.0, 1.0, 3.0]).reshape(3, 1, 1, 1)
    assert distance(flat) == pytest.approx((1 + 2 + 3) / 3)
