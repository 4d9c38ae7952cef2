"""Pictures of points: size and sameness, what they show of a game, and that a resumed run repeats them."""

import numpy as np
import pytest

from ganctl.dataset.points import figure, points
from ganctl.training.latent_paths import LatentPaths

TINY = [
    "network=points",
    "network.generator.hidden=[16]",
    "network.discriminator.hidden=[16]",
    "trainer.batch_size=16",
]
MAKERS = [points.ring, points.line, points.sine, points.swiss_roll]


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_pictures_are_of_one_size_and_the_same_twice(maker):
    dataset = maker()
    samples, places = dataset.take(500), figure.field_places(dataset.truth.box)
    plain = dataset.draw(samples)
    full = [
        figure.picture(dataset.truth, samples, field=places.sum(axis=1), centre=0.0, walk=samples[:9])
        for _ in range(2)
    ]
    assert plain.shape == full[0].shape == (480, 480, 3) and plain.dtype == full[0].dtype == np.uint8
    assert full[0].tobytes() == full[1].tobytes() and (full[0] != plain).any()
    assert dataset.draw(np.full_like(samples, np.nan)).shape == plain.shape


def test_a_mode_that_is_missed_is_drawn_in_another_colour():
    dataset = points.ring()
    samples = dataset.take(2000)

    def pixels(picture, colour):
        wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
        return int((abs(picture.astype(int) - wanted).max(axis=-1) < 8).sum())

    whole, collapsed = dataset.draw(samples), dataset.draw(samples[dataset.truth.assign(samples) == 0])
    assert pixels(whole, figure.MISS) == 0 < pixels(collapsed, figure.MISS)
    assert pixels(whole, figure.HIT) > 4 * pixels(collapsed, figure.HIT) > 0


def test_a_field_is_shown_around_its_boundary_and_an_undecided_one_is_pale():
    assert figure.scaled(np.full(5, 0.02), 0.0).max() == pytest.approx(0.02)
    assert figure.scaled(np.array([100.0, 103.0, 106.0]), None).tolist() == pytest.approx(
        [-1, 0, 1], rel=0.05
    )
    assert np.abs(figure.scaled(np.linspace(-9, 9, 99), 0.0)).max() == 1


def test_the_field_is_the_discriminator_s_and_packed_ones_have_none(make):
    _, dataset, trainer = make("dataset=ring", "model=gan", *TINY)
    places = figure.field_places(dataset.truth.box)
    field, centre = LatentPaths(trainer.sampler).field(places)
    judged = trainer.game.discriminator(places, training=False).numpy()[:, 0]
    assert np.array_equal(field, judged) and centre == 0.0
    _, dataset, packed = make("dataset=ring", "model=gan", "remedy=[packing]", *TINY)
    assert LatentPaths(packed.sampler).field(places) == (None, None)
    assert packed.picture(dataset).shape == (480, 480, 3)


def test_a_latent_of_one_number_walks_through_its_prior_in_order(make):
    _, _, trainer = make("dataset=line", "model=gan", "model.latent=1", "model.prior=uniform", *TINY)
    trainer.game.generator = lambda latents, training: latents
    walk = LatentPaths(trainer.sampler).walk(41)
    assert walk.shape == (41, 1) and (np.diff(walk[:, 0]) > 0).all()
    assert np.allclose(walk[:, 0], np.linspace(-1, 1, 41), atol=0.06)
    _, _, several = make("dataset=line", "model=gan", "model.latent=3", "average=ema", *TINY)
    assert LatentPaths(several.sampler).walk(41).shape == (41, 1)


def test_a_run_resumed_in_the_middle_of_a_block_equals_one_that_was_left_alone(make):
    words = ["dataset=line", "model=gan", "average=ema", *TINY]

    def play(trainer, data, until):
        trainer.train(trainer.batches(data), until - trainer.played)

    _, data, whole = make(*words)
    play(whole, data, 12)
    _, data, begun = make(*words)
    play(begun, data, 6)
    saved = begun.state.values()
    _, data, resumed = make(*words)
    resumed.state.restore(saved)
    play(resumed, data, 12)
    first, second = whole.state.values(), resumed.state.values()
    assert all(first[name].tobytes() == second[name].tobytes() for name in first)
    assert whole.picture(data).tobytes() == resumed.picture(data).tobytes()
