"""CoGAN: pairs of two domains that were never seen in pairs."""

import numpy as np
import pytest
from builders import a_batch, play, tiny
from scipy.ndimage import grey_dilation

from ganctl.dataset.pairs.halves import changed, halves
from ganctl.error import UsageError
from ganctl.model.gan import GAN

WORDS = [*tiny("cogan"), "dataset.of=digits"]


def test_the_domains_are_halves_without_pairs_and_the_second_is_changed():
    from ganctl.dataset.images.digits import digits

    images = digits().read(np.arange(20))
    edges = changed(images, "edges")
    for image, edge in zip(images[..., 0], edges[..., 0], strict=True):
        assert np.array_equal(edge, grey_dilation(image, size=3, mode="constant") - image)
    assert np.array_equal(changed(images, "negatives"), 255 - images) and changed(images, "same") is images
    found, same = halves(of="digits"), halves(of="digits", second="same")
    first, second = (same.kinds[kind].read(np.arange(len(same.kinds[kind]))) for kind in ("image", "input"))
    there = {image.tobytes() for image in first}
    assert len(first) + len(second) == len(digits()) and not any(i.tobytes() in there for i in second)
    assert np.array_equal(found.kinds["input"].read(np.arange(5)), changed(second[:5], "edges"))
    assert found.fingerprint != same.fingerprint and "label" not in found.fields


def test_layers_at_the_noise_and_at_the_deep_end_are_shared_and_the_others_are_not(make):
    _, _, trainer = make(*WORDS)
    game = trainer.game
    for networks, owned in ((list(game.generators.values()), 1), (game.players["discriminator"], 2)):
        first, second = ({id(w) for w in network.trainable_weights} for network in networks)
        assert len(first - second) == len(second - first) == owned
    shared = game.weights("generator")
    assert len(shared) == len({id(w) for w in shared})


def test_both_domains_pay_and_are_paid_by_the_same_latents(make, tensorflow):
    _, dataset, trainer = make(*WORDS)
    game, batch = trainer.game, a_batch(tensorflow, dataset)
    terms = game.losses("generator", batch)
    assert list(terms) == ["adversarial", "input/adversarial"]
    for name, network in zip(game.makes, game.players["discriminator"], strict=True):
        fake = game.generators[name](game.latents(batch), training=True)
        logits = network(fake, training=True)
        key = "adversarial" if name == "image" else "input/adversarial"
        assert float(terms[key]) == pytest.approx(float(game.loss.generator(logits)), rel=1e-3)


def test_each_turn_moves_its_own_weights(make, tensorflow):
    _, dataset, trainer = make(*WORDS)
    game, batch = trainer.game, next(iter(dataset.batches(8, seed=0)))
    key, step = tensorflow.constant([1, 2]), tensorflow.constant(0, "int64")
    for mover in game.players:
        before = {player: [w.numpy() for w in game.weights(player)] for player in game.players}
        play(trainer, batch, key, step, tensorflow.constant(True), player=mover)
        for player, weights in before.items():
            moved = [not np.array_equal(a, b) for a, b in zip(weights, game.weights(player), strict=True)]
            assert all(moved) if player == mover else not any(moved)


def test_one_network_for_both_makes_identical_pairs_and_nothing_shared_unrelated_ones(make, tensorflow):
    _, dataset, trainer = make(*WORDS, "model.own=1")
    trainer.train(trainer.batches(dataset))
    game = trainer.game
    first, second = game.generators.values()
    drawn = {make: trainer.sampler.sample(4, seed=0, make=make) for make in game.makes}
    assert not np.array_equal(*drawn.values())
    shown = trainer.sampler.sample(4, seed=0, shown=True)
    np.testing.assert_allclose(shown, np.stack([*drawn.values()], axis=1), atol=1e-6)
    second.set_weights(first.get_weights())
    drawn = [trainer.sampler.sample(4, seed=0, make=make) for make in game.makes]
    assert np.array_equal(*drawn)
    _, _, trainer = make(*WORDS, "model.own=0", "model.own_discriminator=9")
    both = [{id(w) for w in network.weights} for network in trainer.game.generators.values()]
    assert not both[0] & both[1]
    critics = [{id(w) for w in network.weights} for network in trainer.game.players["discriminator"]]
    assert not critics[0] & critics[1]
    assert not isinstance(trainer.game, GAN)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["dataset.second=colours"], "dataset.second"),
        (["dataset.of=cats"], "dataset.of"),
        (["model.own_discriminator=0"], "model.own_discriminator"),
    ],
)
def test_what_makes_no_sense_is_told(words, told, make):
    with pytest.raises(UsageError, match=told):
        make(*WORDS, *words)


def test_data_of_one_domain_are_refused(make):
    with pytest.raises(UsageError, match="dataset=halves"):
        make(*tiny("cogan"), "dataset=digits")
