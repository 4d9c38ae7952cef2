"""Points against their closed forms, and batches that depend on (seed, number) alone."""

import numpy as np
import pytest
from scipy import integrate, stats

from ganctl.dataset.points import points
from ganctl.error import UsageError


def unequal(sigma=None):
    """Three Gaussians of unequal widths, on a line as short as the others."""
    return points.peaks(places=[-1.5, 0.0, 2.0], sigmas=[0.3, 0.5, 0.2])


MAKERS = [points.ring, points.grid, points.line, unequal, points.sine, points.swiss_roll]
EACH = pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)


def images(dataset, count, batch=100, **where):
    return [element["image"].numpy() for element in dataset.batches(batch, **where).take(count)]


@EACH
def test_a_batch_is_a_function_of_seed_and_number_alone(maker):
    dataset = maker()
    whole = images(dataset, 170, seed=3)
    assert whole[0].shape == (100, *dataset.shape) and whole[0].dtype == np.float32
    for start in (1, 163, 169):  # before and after the edge of a block
        assert np.array_equal(images(dataset, 1, seed=3, start=start)[0], whole[start])
    assert not np.array_equal(images(dataset, 1, seed=4)[0], whole[0])
    assert len({batch.tobytes() for batch in whole}) == len(whole)


@EACH
def test_the_density_integrates_to_one_and_is_that_of_the_samples(maker):
    truth = maker(sigma=0.3).truth if maker not in (points.sine,) else maker().truth
    low, high = truth.box.T
    edges = [np.linspace(a, b, 201) for a, b in zip(low - 1.25, high + 1.25, strict=True)]
    middles = [(edge[1:] + edge[:-1]) / 2 for edge in edges]
    places = np.stack(np.meshgrid(*middles, indexing="ij"), axis=-1).reshape(-1, len(low))
    mass = truth.density(places).reshape([200] * len(low)) * np.prod([e[1] - e[0] for e in edges])
    assert mass.sum() == pytest.approx(1, abs=2e-3)
    samples = points.Points("any", truth).take(100_000)
    coarse = mass.reshape([x for _ in low for x in (10, 20)]).sum(axis=tuple(range(1, 2 * len(low), 2)))
    counts = np.histogramdd(samples, [edge[::20] for edge in edges])[0]
    enough = coarse * len(samples) > 10
    expected = len(samples) * coarse[enough]
    chi = ((counts[enough] - expected) ** 2 / expected).sum()
    assert stats.chi2(enough.sum() - 1).sf(chi) > 1e-3


@pytest.mark.parametrize("maker", [points.line, unequal, points.sine], ids=lambda maker: maker.__name__)
def test_on_a_line_the_cdf_is_the_integral_of_the_density_and_the_samples_follow_it(maker):
    truth = maker().truth
    for place in (-2.3, -0.4, 1.1, 2.9):
        area = integrate.quad(
            lambda x: truth.density(np.array([[x]]))[0], -6, place, points=[-3, 0], limit=200
        )
        assert truth.cdf(place) == pytest.approx(area[0], abs=1e-6)
    samples = points.Points("any", truth).take(20_000)[:, 0]
    assert stats.kstest(samples, truth.cdf).pvalue > 1e-3
    assert truth.cdf(np.array([-9.0, 9.0])).tolist() == pytest.approx([0, 1])


def test_the_modes_are_where_the_papers_have_them():
    ring, grid = points.ring().truth, points.grid().truth
    assert np.allclose(np.linalg.norm(ring.modes, axis=1), 2) and len(ring.modes) == 8 and ring.sigma == 0.02
    assert {tuple(mode) for mode in grid.modes} == {(x, y) for x in range(-4, 5, 2) for y in range(-4, 5, 2)}
    assert len(points.grid(side=10).truth.modes) == 100 and len(points.line(n=1).truth.modes) == 1
    assert np.allclose(points.grid(side=7).truth.modes.mean(axis=0), 0)


def test_moments_of_the_ring_are_those_of_its_formula():
    samples = points.ring().take(100_000)
    nearest = samples - points.ring().truth.modes[points.ring().truth.assign(samples)]
    good = points.ring().truth.assign(samples) >= 0
    assert samples.mean(axis=0) == pytest.approx([0, 0], abs=0.02)
    assert (samples**2).sum(axis=1).mean() == pytest.approx(4 + 2 * 0.02**2, abs=2e-3)
    # The radius is Rayleigh's: within 3 sigma are 1 - exp(-9/2).
    assert good.mean() == pytest.approx(1 - np.exp(-4.5), abs=1e-3)
    assert nearest[good].std() == pytest.approx(0.02, rel=0.05)


def test_a_sample_belongs_to_the_nearest_mode_or_to_none():
    truth = points.ring(n=4, sigma=0.1).truth
    given = np.array([[2.0, 0.29], [2.0, 0.31], [0.0, 2.2], [0.0, 0.0], [np.nan, 0.0], [1e30, 0.0]])
    assert truth.assign(given).tolist() == [0, -1, 1, -1, -1, -1]
    near = points.line(sigma=1.0).truth  # three sigma of neighbours overlap
    assert near.assign(np.array([[-0.9], [0.9], [1.1]])).tolist() == [1, 1, 2]
    wide = points.peaks().truth  # three of its own sigmas: 9 to either side of 20, 3 of 110
    assert wide.assign(np.array([[28.9], [29.1], [112.9], [113.1]])).tolist() == [1, -1, 4, -1]
    wave = points.sine().truth
    assert wave.assign(np.array([[-3.0], [3.0], [3.1], [0.01], [np.nan]])).tolist() == [0, 99, -1, 50, -1]


def test_the_swiss_roll_finds_the_nearest_point_of_its_curve():
    truth = points.swiss_roll().truth
    angle = np.random.default_rng(0).uniform(truth.first + 0.2, truth.last - 0.2, 500)
    normal = np.stack([np.sin(angle) + angle * np.cos(angle), angle * np.sin(angle) - np.cos(angle)], axis=1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    for offset in (0.0, 0.08, -0.08):
        found, distance = truth.angles(truth.curve(angle) + offset * normal)
        assert np.allclose(found, angle, atol=1e-6) and np.allclose(distance, abs(offset), atol=1e-6)
    ends = truth.angles(1.1 * truth.curve(np.array([truth.first, truth.last])))[0]
    assert truth.first <= ends.min() and ends.max() <= truth.last
    assert np.linalg.norm(truth.curve(np.array([truth.last]))) == pytest.approx(2)
    good = truth.assign(points.swiss_roll().take(100_000)) >= 0
    assert good.mean() == pytest.approx(stats.chi(1).cdf(3), abs=1e-3)


def test_a_fixed_sample_is_finite_and_the_same_for_every_seed():
    dataset = points.ring(size=50)
    own = {point.tobytes() for point in dataset.take(1000)}
    assert len(dataset) == len(own) == 50
    seen = [point.tobytes() for batch in images(dataset, 20, batch=40, seed=9) for point in batch]
    assert set(seen) == own
    assert np.array_equal(images(dataset, 1, batch=40, seed=9, start=7)[0], images(dataset, 8, 40, seed=9)[7])


def test_the_fingerprint_tells_options_apart():
    sets = [points.ring(), points.ring(), points.ring(sigma=0.03), points.ring(n=9), points.ring(size=500)]
    prints = [dataset.fingerprint for dataset in sets]
    assert prints[0] == prints[1] and len(set(prints)) == 4


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: points.ring(n=0), "dataset.n: expected a whole number of at least 1"),
        (lambda: points.ring(sigma=0), "dataset.sigma is a number above 0"),
        (lambda: points.ring(size=2.5), "dataset.size"),
        (lambda: points.grid(side="5"), "dataset.side"),
        (lambda: points.grid(spacing=-1), "dataset.spacing"),
        (lambda: points.line(spacing=float("inf")), "dataset.spacing"),
        (lambda: points.peaks(sigmas=[1.0]), "dataset.sigmas: expected as many as places"),
        (lambda: points.peaks(places=[1], sigmas=[0]), "dataset.sigmas is a number above 0"),
        (lambda: points.sine(amplitude=1.5), "dataset.amplitude is a number from 0"),
        (lambda: points.sine(periods=1.5), "dataset.periods"),
        (lambda: points.sine(reach=True), "dataset.reach"),
        (lambda: points.swiss_roll(radius=None), "dataset.radius"),
        (lambda: points.ring(size=10).batches(11, seed=0), "batch size from 1 to 10"),
    ],
)
def test_an_impossible_option_is_refused_in_one_line(make, said):
    with pytest.raises(UsageError, match=said) as raised:
        make()
    assert "\n" not in str(raised.value)
