"""Semi-supervised GAN: a classifier that few labels teach, beside a generator that matches features."""

import math

import numpy as np
import pytest
from builders import a_batch, play, tiny

from ganctl.dataset.images.digits import digits
from ganctl.dataset.pairs.known import chosen, few_labels
from ganctl.error import UsageError

WORDS = [*tiny("semisupervised"), "dataset.of=digits"]
STILL = ["network.discriminator.input_noise=0", "network.discriminator.noise=0"]


def test_equally_many_labels_of_each_class_are_known_always_the_same():
    labels = np.repeat(np.arange(4), [50, 10, 3, 100])
    found = chosen(labels, 12)
    assert np.bincount(labels[found]).tolist() == [3, 3, 3, 3] and np.array_equal(found, chosen(labels, 12))
    assert np.bincount(labels[chosen(labels, 15)]).tolist() == [4, 4, 3, 4]
    data = few_labels(of="digits", labelled=20)
    assert np.bincount(data.known).tolist() == [2] * 10 and len(data) == 1797
    whole = digits()
    batch = {name: value.numpy() for name, value in next(iter(data.batches(20, seed=1))).items()}
    assert sorted(batch["class"]) == sorted(data.known)
    by_content = {each.tobytes(): label for each, label in zip(whole.take(1797), whole.labels, strict=True)}
    seen = [(x.tobytes(), c) for x, c in zip(batch["known"], batch["class"], strict=True)]
    there = [(by_content[x], c) for x, c in seen if x in by_content]
    assert len(there) == 20 and all(label == found for label, found in there)
    kept = few_labels(of="digits", labelled=20, holdout=100)
    assert kept.held_out == 20  # as many as there are of the rarer kind
    assert len(kept) == 1697 and kept.fingerprint != data.fingerprint


def test_the_discriminator_pays_for_labels_and_half_of_the_original_loss(make, tensorflow):
    _, dataset, trainer = make(*WORDS, *STILL, "model.supervised=2")
    game, batch = trainer.game, a_batch(tensorflow, dataset)
    fake = game.generate(batch)
    of = {
        name: game.discriminator(x, training=True) for name, x in (("real", batch["image"]), ("fake", fake))
    }

    def any_class(name):
        return np.log(np.exp(of[name][1].numpy().astype("float64")).sum(axis=1))

    np.testing.assert_allclose(of["real"][0][:, 0], any_class("real"), rtol=1e-4, atol=1e-5)
    real, fakes = any_class("real"), any_class("fake")
    expected = 0.5 * (np.log1p(np.exp(real)) - real).mean() + 0.5 * np.log1p(np.exp(fakes)).mean()
    logits = game.discriminator(batch["known"], training=True)[1].numpy().astype("float64")
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    label = batch["class"].numpy()
    terms = game.losses("discriminator", batch)
    assert float(terms["adversarial"]) == pytest.approx(expected, rel=1e-4)
    assert float(terms["supervised"]) == pytest.approx(-2 * logs[np.arange(8), label].mean(), rel=1e-4)
    right = (logits.argmax(axis=1) == label).mean()
    assert float(batch.facts["known_right"]) == pytest.approx(right)


def test_without_a_weight_of_the_unlabelled_a_classifier_of_the_labelled_remains(make, tensorflow):
    _, dataset, trainer = make(*WORDS, *STILL, "model.unlabelled=0")
    game = trainer.game
    batch, other = a_batch(tensorflow, dataset), a_batch(tensorflow, dataset)
    other["image"] = -other["image"]
    terms = [game.losses("discriminator", each) for each in (batch, other)]
    assert float(terms[0]["adversarial"]) == 0.0
    assert float(sum(terms[0].values())) == float(sum(terms[1].values())) > 0


def test_the_generator_pays_the_distance_of_mean_features(make, tensorflow):
    _, dataset, trainer = make(*WORDS, *STILL)
    game, batch = trainer.game, a_batch(tensorflow, dataset)
    real, fake = (
        game.discriminator(x, training=True)[2].numpy().mean(axis=0)
        for x in (batch["image"], game.generate(batch))
    )
    found = float(game.losses("generator", batch)["adversarial"])
    assert found == pytest.approx(np.square(real - fake).mean(), rel=1e-4)
    same = a_batch(tensorflow, dataset)
    same.once("fake", lambda: same["image"])
    assert float(game.losses("generator", same)["adversarial"]) == 0.0


def test_a_discriminator_of_zeros_knows_the_logarithms_of_chance(make, tensorflow):
    _, dataset, trainer = make(*WORDS, "norm.discriminator=none")
    game, batch = trainer.game, a_batch(tensorflow, dataset)
    for weight in game.weights("discriminator"):
        weight.assign(tensorflow.zeros_like(weight))
    terms = game.losses("discriminator", batch)
    assert float(terms["supervised"]) == pytest.approx(math.log(10), rel=1e-5)
    # Ten classes of equal share: "real" has 10 / 11.
    assert float(terms["adversarial"]) == pytest.approx(0.5 * (math.log(1.1) + math.log(11)), rel=1e-5)


def test_each_turn_moves_its_own_weights_and_labels_are_learnt(make, tensorflow):
    _, dataset, trainer = make(*WORDS, "optimizer.discriminator.learning_rate=0.01")
    game, batch = trainer.game, next(iter(dataset.batches(8, seed=0)))
    key, step = tensorflow.constant([1, 2]), tensorflow.constant(0, "int64")
    for mover in game.players:
        before = {player: [w.numpy() for w in game.weights(player)] for player in game.players}
        play(trainer, batch, key, step, tensorflow.constant(True), player=mover)
        for player, weights in before.items():
            moved = [not np.array_equal(a, b) for a, b in zip(weights, game.weights(player), strict=True)]
            assert any(moved) if player == mover else not any(moved)
    for _ in range(60):
        report = play(trainer, batch, key, step, tensorflow.constant(True), player="discriminator")
    assert float(report["discriminator/known_right"]) > 0.8


def test_it_goes_on_from_a_checkpoint_bit_for_bit(make):
    _, dataset, trainer = make(*WORDS)
    trainer.train(trainer.batches(dataset))
    saved, ends = trainer.state.values(), []
    for _ in range(2):
        trainer.state.restore(saved)
        assert np.isfinite(trainer.train(trainer.batches(dataset)).numpy()).all()
        ends.append({name: value.tobytes() for name, value in trainer.state.values().items()})
    assert ends[0] == ends[1]


def test_the_averaged_classifier_is_what_a_user_asks(make):
    _, dataset, trainer = make(*WORDS, "average.ramp=false")
    trainer.train(trainer.batches(dataset))
    image = dataset.take(70)
    rules = {"seed": 0, "make": "class", "inputs": lambda at: {"image": image[at % 70]}}
    found = trainer.sampler.sample(70, **rules)
    assert found.shape == (70,) and found.dtype == np.int32
    last = trainer.game.discriminator(image, training=False)[1].numpy().argmax(axis=1)
    assert np.array_equal(trainer.sampler.sample(70, averaged=False, **rules), last)


def test_data_without_known_labels_are_refused(make):
    with pytest.raises(UsageError, match="type dataset=few_labels"):
        make(*tiny("semisupervised"), "dataset=digits")
    with pytest.raises(UsageError, match=r"dataset\.labelled"):
        make(*WORDS, "dataset.labelled=0")
    with pytest.raises(UsageError, match="as many pictures of each kind"):
        next(iter(few_labels(of="digits", labelled=4).batches(8, seed=0)))


def test_classes_are_numbers_and_no_picture(tmp_path):
    from ganctl.files.samples import write

    classes = np.array([3, 1, 4], np.int32)
    write(classes, tmp_path / "x.npy")
    assert np.load(tmp_path / "x.npy").tolist() == [3, 1, 4]
    for place in (tmp_path / "x.png", tmp_path / "folder"):
        with pytest.raises(UsageError, match=r"type out=x\.npy"):
            write(classes, place, as_folder=not place.suffix)
