"""Metrics against closed forms, brute force, and what other libraries say of the same features."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import linalg

from ganctl.error import UsageError
from ganctl.metric.classes import IntraFID, distances
from ganctl.metric.frechet import FID, between_gaussians, frechet_distance, moments
from ganctl.metric.goal import GOALS, better, first
from ganctl.metric.inception_score import inception_score
from ganctl.metric.kernel import KID, kernel_distance
from ganctl.metric.nearest import copying
from ganctl.metric.neighbours import density_coverage, nearest, precision_recall, radii
from ganctl.metric.sliced import projected, pyramid, sliced_wasserstein
from ganctl.metric.spread import mean_distance, similarity

EXACT = 1e-4  # relative, of what other libraries say


def features(count, width=16, shift=0.0, seed=0):
    """Features of a made-up extractor: a mixture, correlated, above 0 as after a ReLU."""
    random = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).standard_normal((width, width)) / np.sqrt(width)
    found = random.standard_normal((count, width)) @ mixing + shift + 2.0 * random.integers(0, 3, (count, 1))
    return np.maximum(found, 0).astype(np.float32)


REAL, FAKE = features(500), features(400, shift=0.3, seed=1)


def view(real, fake, labels=None):
    once = lambda name, compute: compute()  # noqa: E731
    side = lambda found, marks: SimpleNamespace(features=found, labels=marks, count=len(found), once=once)  # noqa: E731
    remarks: list[str] = []
    marks = labels or (None, None)
    return SimpleNamespace(
        real=side(real, marks[0]), fake=side(fake, marks[1]), remark=remarks.append, remarks=remarks
    )


# -- Frechet ---------------------------------------------------------------------------------------


def test_frechet_distance_of_gaussians_is_the_closed_form_where_covariances_commute():
    one, other = np.diag([1.0, 4.0, 9.0]), np.diag([4.0, 1.0, 16.0])
    mean = np.array([1.0, -2.0, 0.5])
    expected = (mean**2).sum() + ((np.sqrt(np.diag(one)) - np.sqrt(np.diag(other))) ** 2).sum()
    assert between_gaussians(mean, one, np.zeros(3), other) == pytest.approx(expected, rel=1e-12)


def test_frechet_distance_equals_scipys_matrix_root_for_any_covariances():
    (m1, s1), (m2, s2) = moments(REAL), moments(FAKE)
    expected = ((m1 - m2) ** 2).sum() + np.trace(s1 + s2 - 2 * linalg.sqrtm(s1 @ s2).real)
    assert frechet_distance(REAL, FAKE) == pytest.approx(expected, rel=1e-8)
    assert np.allclose(s1, np.cov(REAL.astype(np.float64), rowvar=False))


def test_samples_of_one_gaussian_are_as_far_apart_as_theory_says():
    # E of the squared gap of means is tr(S) (1/n + 1/m); the covariances' part is of a smaller order here.
    random = np.random.default_rng(3)
    found = [frechet_distance(*random.standard_normal((2, 20_000, 4))) for _ in range(20)]
    assert 4 * 2 / 20_000 < np.mean(found) < 3 * 4 * 2 / 20_000


def test_fewer_samples_than_features_give_a_number_and_a_remark():
    real, fake = features(20, 64), features(15, 64, shift=0.5, seed=1)
    seen = view(real, fake)
    found = FID()(seen)["fid"]
    assert np.isfinite(found) and found > 0
    assert "15 samples cannot fill a covariance of 64 features" in seen.remarks[0]
    # Both covariances are singular; the nuclear norm of the cross product is another way to the same root.
    a, b = (each.astype(np.float64) - each.astype(np.float64).mean(0) for each in (real, fake))
    cross = linalg.svdvals(a @ b.T).sum() / np.sqrt((len(a) - 1) * (len(b) - 1))
    gap = real.astype(np.float64).mean(0) - fake.astype(np.float64).mean(0)
    spread = (a**2).sum() / (len(a) - 1) + (b**2).sum() / (len(b) - 1)
    assert found == pytest.approx(gap @ gap + spread - 2 * cross, rel=1e-6)


def test_a_set_is_at_no_distance_from_itself():
    assert frechet_distance(REAL, REAL) == pytest.approx(0, abs=1e-8)


# -- kernel ----------------------------------------------------------------------------------------


def kernel(a, b):
    return (a.astype(np.float64) @ b.astype(np.float64).T / a.shape[1] + 1) ** 3


def test_kernel_distance_is_the_unbiased_estimate_over_all_pairs():
    within = [kernel(side, side) for side in (REAL, FAKE)]
    sums = [(each.sum() - np.trace(each)) / (len(each) * (len(each) - 1)) for each in within]
    expected = sum(sums) - 2 * kernel(REAL, FAKE).mean()
    assert kernel_distance(REAL, FAKE)[0] == pytest.approx(expected, rel=1e-10)


def test_kernel_distance_has_no_bias_and_its_error_is_its_true_deviation():
    found = np.array(
        [
            kernel_distance(features(100, seed=2 * each), features(120, seed=2 * each + 1))
            for each in range(200)
        ]
    )
    true = found[:, 0].std()
    assert abs(found[:, 0].mean()) < 3 * true / np.sqrt(200)
    apart = np.array(
        [
            kernel_distance(features(100, seed=2 * each), features(120, 16, 0.5, 2 * each + 1))
            for each in range(200)
        ]
    )
    assert np.median(apart[:, 1]) == pytest.approx(apart[:, 0].std(), rel=0.25)


def test_the_kernels_error_is_the_jackknifes():
    real, fake = REAL[:12], FAKE[:9]
    drop = lambda side, index: np.delete(side, index, axis=0)  # noqa: E731
    without_real = [kernel_distance(drop(real, index), fake)[0] for index in range(12)]
    without_fake = [kernel_distance(real, drop(fake, index))[0] for index in range(9)]
    expected = np.sqrt(11 * np.var(without_real) + 8 * np.var(without_fake))
    assert kernel_distance(real, fake)[1] == pytest.approx(expected, rel=1e-9)


# -- inception score -------------------------------------------------------------------------------


def test_inception_score_of_sure_and_even_answers_is_the_number_of_classes():
    assert inception_score(50.0 * np.eye(10)[np.arange(1000) % 10])[0] == pytest.approx(10, rel=1e-9)
    assert inception_score(np.zeros((1000, 10)))[0] == pytest.approx(1)
    assert inception_score(50.0 * np.eye(10)[np.zeros(1000, int)])[0] == pytest.approx(1)


# -- neighbours ------------------------------------------------------------------------------------


def brute(a, b):
    return np.sqrt(((a[:, None].astype(np.float64) - b[None].astype(np.float64)) ** 2).sum(-1))


def test_radii_and_neighbours_are_those_of_brute_force():
    distances = np.sort(brute(REAL, REAL), axis=1)
    assert np.sqrt(radii(REAL, 3)) == pytest.approx(distances[:, 3], rel=1e-6)
    places, found = nearest(FAKE, REAL, 4)
    expected = np.argsort(brute(FAKE, REAL), axis=1)[:, :4]
    assert np.array_equal(places, expected)
    assert np.sqrt(found) == pytest.approx(np.sort(brute(FAKE, REAL), axis=1)[:, :4], rel=1e-6)


def test_collapse_costs_recall_and_coverage_and_noise_costs_precision_and_density():
    narrow, noise = FAKE[:5].repeat(80, axis=0), 20 + features(400, seed=5)
    found = precision_recall(REAL, narrow) | density_coverage(REAL, narrow)
    assert found["recall"] < 0.1 and found["coverage"] < 0.2 and found["precision"] > 0.8
    far = precision_recall(REAL, noise) | density_coverage(REAL, noise)
    assert far["precision"] == 0 and far["density"] == 0 and far["coverage"] == 0


def test_copies_are_seen():
    random = np.random.default_rng(0)
    training, unseen, fresh = random.standard_normal((3, 1000, 4))
    honest = copying(fresh, training, unseen, training)
    assert honest["closer"] == pytest.approx(0.5, abs=4 * honest["error"]) and honest["copies"] < 0.04
    assert honest["data_copying"] == pytest.approx(0.5, abs=0.05)
    copied = copying(training[:500] + 1e-6, training, unseen, training)
    assert copied["closer"] == copied["copies"] == copied["data_copying"] == 1
    assert copying(np.concatenate([training[:250], fresh[:250]]), training, unseen, training)["copies"] > 0.5
    assert copying(training, training, training, training)["closer"] == 0.5
    # Far from the data: no copies, and farther than what was held out.
    assert copying(fresh + 9, training, unseen, training)["data_copying"] < 0.01


def test_a_copy_is_found_among_all_training_images_however_few_are_held_out():
    training, unseen = np.split(np.random.default_rng(0).standard_normal((5100, 4)), [5000])
    found = copying(training[1:400], training, unseen, training[::50])
    assert found["copies"] == 1 and found["data_copying"] == 1
    assert found["closer"] < 0.7  # which sees but a fiftieth of them


def test_data_copying_is_the_share_of_pairs():
    training, unseen, fake = np.random.default_rng(1).standard_normal((3, 40, 3))
    near = lambda some: brute(some, training).min(axis=1)  # noqa: E731
    expected = (near(fake)[:, None] < near(unseen)[None]).mean()
    assert copying(fake, training, unseen, training)["data_copying"] == pytest.approx(expected)


# -- patches ---------------------------------------------------------------------------------------


def pictures(count, side=32, channels=3, seed=0):
    random = np.random.default_rng(seed)
    smooth = (
        random.standard_normal((count, 5, 5, channels)).repeat(8, axis=1).repeat(8, axis=2)[:, :side, :side]
    )
    return np.tanh(smooth + 0.2 * random.standard_normal(smooth.shape)).astype(np.float32)


def test_a_laplacian_pyramid_adds_up_to_the_picture():
    import scipy.ndimage

    images = pictures(3)
    levels = pyramid(images, 2)
    assert [each.shape[1] for each in levels] == [32, 16]
    weights = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256  # the paper's 5x5 filter
    blurred = scipy.ndimage.convolve(images, weights[None, :, :, None], mode="mirror")
    assert levels[1] == pytest.approx(blurred[:, ::2, ::2], abs=1e-5)
    larger = np.zeros_like(images)
    larger[:, ::2, ::2] = levels[1]
    larger = scipy.ndimage.convolve(larger, 4 * weights[None, :, :, None], mode="mirror")
    assert levels[0] + larger == pytest.approx(images, abs=1e-5)


def test_projected_distance_is_wasserstein_1_of_the_projections():
    from scipy.stats import wasserstein_distance

    a, b = REAL[:400], FAKE
    found = projected(a, b, np.random.default_rng(0))
    random, expected = np.random.default_rng(0), []
    for _ in range(4):
        directions = random.standard_normal((16, 128))
        directions /= np.linalg.norm(directions, axis=0)
        expected += [wasserstein_distance(a @ way, b @ way) for way in directions.T]
    assert found == pytest.approx(np.mean(expected), rel=EXACT)


def test_sliced_distance_sees_blur_at_the_fine_scale_and_nothing_between_equal_sets():
    from scipy import ndimage

    one, other = pictures(256), pictures(256, seed=1)
    blurred = ndimage.gaussian_filter(other, (0, 1, 1, 0))
    floor, found = sliced_wasserstein(one, other), sliced_wasserstein(one, blurred)
    assert floor.keys() == {"32", "16", "mean"} and found["32"] > 5 * floor["32"]
    assert found["mean"] == pytest.approx((found["32"] + found["16"]) / 2)
    with pytest.raises(UsageError, match="expected square images of 16 pixels or more, got 8x8"):
        sliced_wasserstein(one[:, :8, :8], other[:, :8, :8])


# -- spread ----------------------------------------------------------------------------------------


def test_mean_distance_is_that_of_brute_force():
    expected = brute(FAKE, FAKE).sum() / (400 * 399)
    assert mean_distance(FAKE) == pytest.approx(expected, rel=1e-5)


def test_equal_pictures_are_alike_and_different_ones_are_not():
    one = pictures(1).repeat(10, axis=0)
    assert similarity(one) == pytest.approx(1, abs=1e-5)
    assert similarity(pictures(200)) < 0.5


# -- classes ---------------------------------------------------------------------------------------


def test_intra_class_distance_is_the_mean_over_classes_and_sees_swapped_labels():
    marks, classes = np.arange(500) % 2, np.arange(400) % 2
    real, fake = REAL + 3 * marks[:, None], FAKE + 3 * classes[:, None]
    found = IntraFID()(view(real, fake, (marks, classes)))
    each = [frechet_distance(real[marks == label], fake[classes == label]) for label in (0, 1)]
    assert found == {"mean": pytest.approx(np.mean(each)), "worst": pytest.approx(max(each))}
    swapped = IntraFID()(view(real, fake, (marks, 1 - classes)))
    assert swapped["mean"] > 10 * found["mean"]
    assert frechet_distance(real, fake) == pytest.approx(frechet_distance(real, fake[::-1]))
    with pytest.raises(UsageError, match="expected 2 samples of every class or more, got 0 of class 1"):
        distances(real, marks, fake, np.zeros(400, int))


# -- goals -----------------------------------------------------------------------------------------


def test_every_metric_that_can_be_chosen_has_goals_for_its_numbers():
    from ganctl.config.choices import choices

    assert set(choices("metric")) == set(GOALS)
    assert (better("fid/fid"), better("modes/captured"), better("kid/error")) == ("lower", "higher", None)
    assert first("fid") == "fid/fid" and first("density_coverage") == "density_coverage/coverage"
    with pytest.raises(UsageError, match=r"metric\.kid\.most: expected a whole number of at least 3"):
        KID(most=1)


# -- other libraries, on REAL and FAKE ---------------------------------------------------------------

# torchmetrics 1.9.0 (_compute_fid, poly_mmd in float64), torch-fidelity 0.4.0 (fid_statistics_to_metric,
# kid_features_to_metric with one subset of all 400, isc_features_to_metric with 10 splits), prdc 0.2.
RECORDED = {
    "torchmetrics fid": 1.092239335357263,
    "torch-fidelity fid": 1.092239576173597,
    "torchmetrics kid": 38.30669047681249,
    "torch-fidelity kid": 38.3067626953125,
    "torch-fidelity is": (1.39860828263486, 0.053296549191441576),
    "prdc 3": {"precision": 0.7575, "recall": 0.808, "density": 0.6725, "coverage": 0.644},
    "prdc 5": {"precision": 0.8625, "recall": 0.898, "density": 0.683, "coverage": 0.802},
}


@pytest.mark.parametrize("library", ["torchmetrics", "torch-fidelity"])
def test_distances_are_those_of_other_libraries(library):
    assert frechet_distance(REAL, FAKE) == pytest.approx(RECORDED[f"{library} fid"], rel=EXACT)
    assert kernel_distance(REAL[:400], FAKE)[0] == pytest.approx(RECORDED[f"{library} kid"], rel=EXACT)


def test_the_inception_score_is_that_of_torch_fidelity():
    assert inception_score(FAKE) == pytest.approx(RECORDED["torch-fidelity is"], rel=EXACT)


@pytest.mark.parametrize("neighbours", [3, 5])
def test_manifold_metrics_are_those_of_prdc(neighbours):
    found = precision_recall(REAL, FAKE, neighbours=neighbours)
    found |= density_coverage(REAL, FAKE, neighbours=neighbours)
    assert found == pytest.approx(RECORDED[f"prdc {neighbours}"], rel=EXACT)


def test_similarity_is_that_of_its_formula():
    from scipy.ndimage import correlate1d

    window = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    window /= window.sum()

    def blurred(images):  # over whole windows only, as Wang et al. have it
        return correlate1d(correlate1d(images, window, axis=1), window, axis=2)[:, 5:-5, 5:-5]

    def parts(a, b):
        means, other = blurred(a), blurred(b)
        variances = blurred(a * a) - means**2 + blurred(b * b) - other**2
        contrast = (2 * (blurred(a * b) - means * other) + 0.06**2) / (variances + 0.06**2)
        luminance = (2 * means * other + 0.02**2) / (means**2 + other**2 + 0.02**2)
        return [np.maximum(each.mean((1, 2)), 0) for each in (contrast, luminance * contrast)]

    images = pictures(40, channels=1)[..., 0].astype(np.float64)
    halves = images.reshape(40, 16, 2, 16, 2).mean((2, 4))
    (fine, _), (_, coarse) = (parts(each[::2], each[1::2]) for each in (images, halves))
    expected = fine ** (0.0448 / 0.3304) * coarse ** (0.2856 / 0.3304)
    assert similarity(pictures(40, channels=1)) == pytest.approx(expected.mean(), rel=EXACT)
