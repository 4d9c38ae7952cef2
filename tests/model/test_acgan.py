"""The auxiliary classifier game: both players want classes right, and samples are of the class asked for."""

import math

import numpy as np
import pytest
from builders import a_batch, play, tiny

from ganctl.error import UsageError
from ganctl.game.batch import Batch
from ganctl.game.classes import surprise
from ganctl.model.acgan import FAKES, ClassLoss
from ganctl.model.gan import GAN

PLAIN = ["network.discriminator.dropout=0"]


def loss_of(logits, label):
    """Return the mean cross entropy, in float64."""
    logits = np.asarray(logits, np.float64)
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -logs[np.arange(len(label)), label].mean()


@pytest.mark.parametrize("fakes", FAKES)
def test_each_policy_s_class_loss_is_what_numpy_says(fakes, tensorflow):
    rng, label = np.random.default_rng(0), np.array([0, 3, 3, 1, 2])
    term = ClassLoss(4, fakes, 1.0)
    assert term.units == (5 if fakes == "extra_class" else 4)
    real, fake = rng.normal(size=(2, 5, term.units), scale=3).astype("float32")
    expected = loss_of(real, label) * (2 if fakes == "doubled" else 1)
    if fakes == "trained":
        expected += loss_of(fake, label)
    elif fakes == "extra_class":
        expected += loss_of(fake, np.full(5, 4))
    found = term.discriminator(*map(tensorflow.constant, (real, fake, label)))
    assert float(found) == pytest.approx(expected, rel=1e-6)
    assert float(surprise(tensorflow.constant(fake), label)) == pytest.approx(loss_of(fake, label), rel=1e-6)


def test_logits_go_through_one_softmax(tensorflow):
    # Two would leave a certain and right classifier at log(e + 9) - 1 = 1.46.
    logits = 50 * np.eye(10, dtype="float32")
    assert float(surprise(tensorflow.constant(logits), np.arange(10))) < 1e-6
    assert float(surprise(tensorflow.zeros((4, 10)), np.arange(4))) == pytest.approx(math.log(10))
    large = tensorflow.constant([[1e4, -1e4]])
    assert float(surprise(large, np.array([1]))) == pytest.approx(2e4)


@pytest.mark.parametrize(
    ("fakes", "discriminator", "generator"),
    [
        ("trained", 5.9915, 2.9957),
        ("untrained", 3.6889, 2.9957),
        ("doubled", 5.9915, 2.9957),
        ("extra_class", 2 * math.log(2) + 2 * math.log(11), math.log(2) + math.log(11)),
    ],
)
def test_a_discriminator_that_knows_nothing_pays_chance(fakes, discriminator, generator, make, tensorflow):
    _, dataset, trainer = make(*tiny("acgan"), f"model.fakes={fakes}")
    game, batch = trainer.game, a_batch(tensorflow, dataset)
    for weight in game.weights("discriminator"):
        weight.assign(tensorflow.zeros_like(weight))
    terms = {player: game.losses(player, batch) for player in game.players}
    assert all(list(found) == ["adversarial", "class"] for found in terms.values())
    totals = [sum(map(float, terms[player].values())) for player in ("discriminator", "generator")]
    assert totals == pytest.approx([discriminator, generator], abs=1e-4)


def test_both_players_pay_the_sum_of_source_and_class_and_accuracies_are_noted(make, tensorflow):
    _, dataset, trainer = make(*tiny("acgan"), *PLAIN, "model.class_weight=3")
    game, batch = trainer.game, a_batch(tensorflow, dataset)
    label, fake = batch["label"].numpy(), game.generate(batch)
    (real_logits, of_reals), (fake_logits, of_fakes) = (
        game.discriminator(image, training=True) for image in (batch["image"], fake)
    )
    terms, facts = game.losses("discriminator", batch), batch.facts
    expected = 3 * (loss_of(of_reals, label) + loss_of(of_fakes, label))
    assert float(terms["class"]) == pytest.approx(expected, rel=1e-5)
    assert float(terms["adversarial"]) == pytest.approx(
        float(game.loss.discriminator(real_logits, fake_logits)), rel=1e-5
    )
    for name, logits in (("class_real", of_reals), ("class_fake", of_fakes)):
        share = (np.argmax(logits, axis=1) == label).mean()
        assert float(facts[name]) == pytest.approx(share)
    terms = game.losses("generator", batch)
    assert float(terms["class"]) == pytest.approx(3 * loss_of(of_fakes, label), rel=1e-5)


@pytest.mark.parametrize(("fakes", "label"), [*zip(FAKES, ["concatenated", "multiplied"] * 2, strict=True)])
def test_each_turn_moves_its_own_weights_all_of_them_and_logs_its_terms(fakes, label, make, tensorflow):
    words = [f"model.fakes={fakes}", f"model.label={label}", "trainer.order=alternating"]
    _, dataset, trainer = make(*tiny("acgan"), *words)
    game, batch = trainer.game, next(iter(dataset.batches(8, seed=0)))
    key, step = tensorflow.constant([1, 2]), tensorflow.constant(0, "int64")
    for mover, notes in (("discriminator", {"class_real", "class_fake"}), ("generator", set())):
        before = {player: [w.numpy() for w in game.weights(player)] for player in game.players}
        report = play(trainer, batch, key, step, tensorflow.constant(True), player=mover)
        named = {"adversarial", "class"} | notes
        assert {f"{mover}/{name}" for name in named} <= report.keys()
        for player, weights in before.items():
            moved = [
                not np.array_equal(a, b.numpy()) for a, b in zip(weights, game.weights(player), strict=True)
            ]
            assert all(moved) if player == mover else not any(moved), (mover, player, moved)


class Labelled(GAN):
    """The plain game with a generator that is given labels: what the class loss is added to."""

    def made_of(self):
        return self.latent + 10, self.fields["image"].shape

    def conditions(self, index):
        return {"label": index % 10}

    def generate_from(self, latent, batch, *, training):
        import tensorflow as tf

        code = tf.one_hot(batch["label"], 10, dtype=latent.dtype)
        return self.generator(tf.concat([latent, code], axis=1), training=training)


def ends_of(trainer, dataset, rounds=4):
    """Train; return every variable of the networks but the class head's, and the report by name."""
    report = trainer.train(trainer.batches(dataset), rounds).numpy()
    networks = [network for networks in trainer.game.players.values() for network in networks]
    kept = [v.numpy() for n in networks for v in n.variables if "class_head" not in v.path]
    return kept, dict(zip(trainer.rounds.terms, report, strict=True))


@pytest.mark.parametrize("order", ["simultaneous", "alternating"])
def test_without_class_weight_it_is_the_plain_game_bit_for_bit(order, make, monkeypatch):
    words = [*tiny("acgan"), f"trainer.order={order}", "model.class_weight=0", "model.fakes=extra_class"]
    config, dataset, trainer = make(*words)
    head = trainer.game.discriminator.get_layer("class_head").kernel.numpy()
    ends, report = ends_of(trainer, dataset)
    assert np.array_equal(trainer.game.discriminator.get_layer("class_head").kernel.numpy(), head)
    monkeypatch.setattr("ganctl.model.gan.GAN", Labelled)
    plain = {k: v for k, v in config["model"].items() if k not in ("label", "fakes", "class_weight")}
    _, dataset, trainer = make(*words, model=plain | {"_target_": "ganctl.model.gan.GAN"})
    assert type(trainer.game) is Labelled
    plain_ends, plain_report = ends_of(trainer, dataset)
    assert len(ends) == len(plain_ends)
    assert all(np.array_equal(a, b) for a, b in zip(ends, plain_ends, strict=True))
    assert report["discriminator/class"] == report["generator/class"] == 0
    of_head = ("discriminator/weights", "discriminator/update")  # norms over the head's weights too
    assert all(report[name] == value for name, value in plain_report.items() if name not in of_head)


def test_the_generator_is_given_the_label_and_the_discriminator_is_not(make, tensorflow):
    _, _, trainer = make(*tiny("acgan"))
    game, label = trainer.game, tensorflow.constant([7, 0, 7])
    assert game.generator.input_shape == (None, 18) and game.discriminator.input_shape == (None, 28, 28, 1)
    assert [shape[1:] for shape in game.discriminator.output_shape] == [(1,), (10,)]
    batch = Batch({"label": label}, size=3, key=tensorflow.constant([1, 2]))
    made = game.generate_from(tensorflow.ones((3, 8)), batch, training=False).numpy()
    code = np.concatenate([np.ones((3, 8)), np.eye(10)[[7, 0, 7]]], axis=1)
    np.testing.assert_allclose(made, game.generator(code, training=False).numpy(), atol=1e-6)
    assert not np.array_equal(made[0], made[1])


def test_a_label_s_numbers_multiply_the_latent(make, tensorflow):
    _, _, trainer = make(*tiny("acgan"), "model.label=multiplied")
    made, inner = trainer.game.generator, trainer.game.generator.layers[-1]
    rows = made.get_layer("embedding").kernel.numpy()
    latent, label = np.random.default_rng(0).normal(size=(3, 8)).astype("float32"), [7, 0, 7]
    assert rows.shape == (10, 8) and made.input_shape == (None, 18) and inner.input_shape == (None, 8)
    code = np.eye(10, dtype="float32")[label]
    seen = inner(latent * rows[label], training=False)
    found = made(np.concatenate([latent, code], axis=1), training=False)
    np.testing.assert_allclose(found, seen, rtol=1e-4, atol=1e-6)


def test_the_generator_s_class_term_is_of_the_discriminator_ahead(make, tensorflow):
    rate = ["remedy.unrolled.steps=1", "remedy.unrolled.optimizer=sgd"]
    words = [*tiny("acgan"), *PLAIN, "remedy=[unrolled]", *rate]
    paid = {}
    for pace in (1e-9, 0.5):
        _, dataset, trainer = make(*words, f"remedy.unrolled.rate={pace}")
        batch = a_batch(tensorflow, dataset)
        paid[pace] = float(trainer.game.losses("generator", batch)["class"])
        now = trainer.game.discriminator(trainer.game.generate(batch), training=True)[1]
        if pace < 0.1:
            assert paid[pace] == pytest.approx(loss_of(now, batch["label"].numpy()), rel=1e-4)
    assert abs(paid[0.5] - paid[1e-9]) > 1e-3


def test_what_cannot_be_is_refused_in_one_line(make):
    told = "model=acgan: expected data with labels of 2 classes or more, got 0"
    with pytest.raises(UsageError, match=told):
        make("dataset=ring", "model=acgan", "network=points")
    for remedy in ("packing", "replay"):
        with pytest.raises(UsageError, match=f"model=acgan: {remedy} would mix images of different labels"):
            make(*tiny("acgan"), f"remedy=[{remedy}]")
    for word, told in (
        ("model.fakes=trainned", "model.fakes: expected one of .* Did you mean 'trained'"),
        ("model.label=concat", "model.label: expected one of concatenated, multiplied"),
        ("model.class_weight=-1", "model.class_weight: expected a number of at least 0"),
    ):
        with pytest.raises(UsageError, match=told):
            make(*tiny("acgan"), word)
