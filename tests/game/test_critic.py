"""What a critic remembers: an opinion of one discriminator on one image beside one condition, once."""

import keras
import numpy as np
from games import LABELS, Duel, Small, batch_of, perceptron

from ganctl.game.adversary import Adversary
from ganctl.game.critic import Critic


class Labelled(Small):
    """The label stands beside the image, one-hot."""

    @staticmethod
    def build(shape):
        return perceptron(shape[0] + len(LABELS))

    def judged_by(self):
        return {"condition": "label", "see": self.see}

    def see(self, image, label):
        return keras.ops.concatenate([image, keras.ops.one_hot(label, len(LABELS))], axis=1)


def test_two_discriminators_have_opinions_of_their_own_of_one_image(tensorflow):
    game, batch = Duel(), batch_of()
    image = batch["image"]
    near, far = (adversary.critic(batch).logits(image) for adversary in (game.adversary, game.far))
    assert np.abs(near - far).max() > 1e-3
    for adversary, said in ((game.adversary, near), (game.far, far)):
        np.testing.assert_array_equal(said, adversary.network(image))
        assert adversary.critic(batch).logits(image) is said  # another critic of the same one remembers, too


def test_one_discriminator_has_an_opinion_for_each_condition(tensorflow):
    game, batch = Labelled(), batch_of()
    image, other = batch["image"], (batch["label"] + 1) % len(LABELS)
    own, swapped = game.adversary.critic(batch), game.adversary.critic(batch, beside=other)
    for critic, label in ((own, batch["label"]), (swapped, other)):
        seen = np.concatenate([image, np.eye(len(LABELS))[label]], axis=1)
        np.testing.assert_allclose(critic.logits(image), game.adversary.network(seen), rtol=1e-6)
    assert np.abs(own.logits(image) - swapped.logits(image)).min() > 1e-4
    assert game.adversary.critic(batch).logits(image) is own.logits(image)
    assert game.adversary.critic(batch, beside=other).logits(image) is swapped.logits(image)


def test_of_several_outputs_the_first_are_the_logits_and_all_are_computed_once(tensorflow):
    calls, batch = [], batch_of()

    def network(image, training, **rules):
        calls.append((training, rules))
        return [image[:, :1], 2.0 * image, image[:, 1:] - 1.0]

    critic = Critic(network, lambda image: image, batch, rules={"level": 3})
    image = batch["image"]
    logits, double, last = critic.outputs(image)
    np.testing.assert_array_equal(logits, image[:, :1])
    np.testing.assert_array_equal(double, 2.0 * image)
    np.testing.assert_array_equal(last, image[:, 1:] - 1.0)
    assert critic.logits(image) is logits and calls == [(True, {"level": 3})]
    np.testing.assert_array_equal(critic(image, training=False), image[:, :1])  # a tape may watch this one
    assert calls[1:] == [(False, {"level": 3})]


def test_a_discriminator_of_several_outputs_plays_by_its_first(tensorflow):
    def two(shape):
        entry = keras.Input(shape)
        inner = keras.layers.Dense(4, activation="tanh")(entry)
        return keras.Model(entry, [keras.layers.Dense(1)(inner), keras.layers.Dense(3)(inner)])

    game, batch = Small(), batch_of()
    game.adversaries.clear()
    adversary = Adversary(game, two)
    terms = adversary.discriminator(batch, game.generate(batch))
    said = [
        adversary.network(image)[0].numpy().astype(np.float64)
        for image in (batch["image"], game.generate(batch))
    ]
    expected = np.log1p(np.exp(-said[0])).mean() + np.log1p(np.exp(said[1])).mean()
    assert set(terms) == {"adversarial"}
    np.testing.assert_allclose(terms["adversarial"], expected, rtol=1e-5)
    assert [output.shape[1] for output in adversary.critic(batch).outputs(batch["image"])] == [1, 3]


def test_a_batch_of_other_weights_has_nothing_judged_and_the_same_fakes(tensorflow):
    game, batch = Small(), batch_of()
    said, fake = game.adversary.critic(batch).logits(batch["image"]), game.generate(batch)
    fork = batch.fork(0, imagined=True)
    game.adversary.network.trainable_weights[0].assign_add(np.ones((2, 5)))
    assert np.abs(game.adversary.critic(fork).logits(batch["image"]) - said).max() > 1e-3
    assert game.generate(fork) is fake and game.adversary.critic(batch).logits(batch["image"]) is said
