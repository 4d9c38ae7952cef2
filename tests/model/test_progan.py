"""Progressive growing: what is played when, exact at every edge, and resumed in the middle of a fade."""

import numpy as np
import pytest
from builders import built, tiny

from ganctl.error import UsageError
from ganctl.layer.growth import doubled, real_at

FEW = ["model.images=16", "model.fading=32", "trainer.batch_size=8", "model.batch_sizes=[8,8,4]"]


@pytest.fixture(scope="module")
def grown(tensorflow):
    """A trainer at step 0, its data, and the state of every step up to the second fade."""
    _, dataset, trainer = built(*tiny("progan"), *FEW, "model.rates=[1,1,0.5]")
    return trainer, dataset


def play(trainer, dataset, steps):
    """Play steps one by one, edges included, as `fit` does; return the state after each."""
    states, span, data = [], None, None
    for _ in range(steps):
        if trainer.timeline.at(trainer.played) is not span:
            span, data = trainer.timeline.at(trainer.played), trainer.batches(dataset)
        trainer.edges.enter(span, trainer.played)
        assert np.isfinite(trainer.train(data).numpy()).all()
        states.append(trainer.state.values())
    return states


def same(one, other):
    return all(one[name].tobytes() == other[name].tobytes() for name in one)


def test_levels_fades_batches_and_rates_follow_the_images_shown(grown):
    trainer, _ = grown
    found = [(s.phase.level, s.phase.fading, s.start, s.shown, s.batch_size) for s in trainer.timeline.spans]
    assert found == [
        (0, False, 0, 0, 8),
        (1, True, 2, 16, 8),
        (1, False, 6, 48, 8),
        (2, True, 8, 64, 4),
        (2, False, 16, 96, 4),
    ]
    assert [trainer.timeline.images(step) for step in (0, 5, 8, 9, 18)] == [0, 40, 64, 68, 104]
    assert [span.phase.rate for span in trainer.timeline.spans] == [1, 1, 1, 0.5, 0.5]
    assert float(trainer.timeline.spans[1].fade(np.int64(3))) == 0.25
    assert trainer.timeline.spans[2].fade(np.int64(7)) is None


def test_a_run_cut_in_mid_fade_and_at_an_edge_goes_on_bit_for_bit(grown):
    trainer, dataset = grown
    begin = trainer.state.values()
    states = play(trainer, dataset, 9)
    for cut in (4, 8):  # in the first fade, and where the second begins with moments that are forgotten
        trainer.state.restore(states[cut - 1])
        again = play(trainer, dataset, 9 - cut)
        assert same(again[-1], states[-1])
    names = [name for name in begin if name.startswith("optimizer/") and name.endswith(".iteration")]
    assert names and {int(states[8][name]) for name in names} == {1}  # forgotten at step 8, then one turn
    trainer.state.restore(begin)


def test_an_edge_changes_no_picture_and_a_level_is_that_of_its_networks(grown, tensorflow):
    trainer, _ = grown
    game, latent = trainer.game, tensorflow.random.stateless_normal((3, 8), (0, 1))
    pictures = []
    for step in (1, 2):  # at the end of the first level, and where the next one begins to fade in
        trainer.step.assign(step)
        pictures.append(trainer.sampler.sample(3, seed=0, averaged=False))
    assert np.array_equal(*pictures) and pictures[0].shape == (3, 28, 28, 1)
    small = game.generator(latent, level=0, fade=None, training=False)
    whole = game.generator(latent, level=1, fade=tensorflow.constant(0.0), training=False)
    assert np.array_equal(doubled(small), whole)
    sharp = game.generator(latent, level=1, fade=tensorflow.constant(1.0), training=False)
    assert np.array_equal(sharp, game.generator(latent, level=1, fade=None, training=False))
    trainer.step.assign(0)


def test_reals_have_the_level_s_size_and_fade_too(grown, tensorflow):
    _, dataset = grown
    image = tensorflow.constant(dataset.take(2))
    halves = [real_at(image, 1, tensorflow.constant(fade), levels=3).numpy() for fade in (0.0, 0.5, 1.0)]
    assert halves[0].shape == (2, 14, 14, 1) and not np.array_equal(halves[0], halves[2])
    np.testing.assert_allclose(halves[1], (halves[0] + halves[2]) / 2, atol=1e-6)
    assert np.array_equal(halves[2], real_at(image, 1, None, levels=3))
    assert np.array_equal(real_at(image, 2, None, levels=3), image)


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("network=dcgan", "expected networks that grow; type network=progan"),
        ("remedy=[replay]", "replay keeps fakes of one size"),
        ("penalty=[feature_matching]", r"penalty=\[feature_matching\] needs a discriminator"),
        ("model.images=0", r"model\.images: expected a whole number of at least 1"),
        ("model.batch_sizes=[0]", r"model\.batch_sizes\[0\]"),
        ("schedule=cosine", "phases have learning rates of their own"),
    ],
)
def test_what_cannot_grow_is_refused_in_one_line(word, told, make):
    words = [] if word.startswith("network=") else tiny("progan")[1:]
    with pytest.raises(UsageError, match=told):
        make("model=progan", *words, "model.rates=[1,0.5]", word)


def test_a_schedule_that_phases_would_begin_anew_is_refused(make):
    with pytest.raises(UsageError, match=r"schedule\.discriminator: this model's phases would begin it anew"):
        make(*tiny("progan"), "schedule=cosine")
