"""The conditional GAN as published: perceptrons that know the label, and a momentum that grows."""

import numpy as np
import pytest
from builders import tiny

from ganctl.error import UsageError
from ganctl.network.cgan_mlp import discriminator, generator
from ganctl.training.momentum import RampedSGD


def test_the_networks_have_the_paper_s_sizes():
    made, judge = generator(100, (28, 28, 1), labels=10), discriminator((28, 28, 1), labels=10)
    assert made.count_params() == 100 * 200 + 200 + 10 * 1000 + 1000 + 1200 * 1200 + 1200 + 1200 * 784 + 784
    # 240 maxout units of 5 pieces each are 1,200 linear maps.
    expected = 784 * 1200 + 1200 + 10 * 250 + 250 + 290 * 960 + 960 + 240 + 1
    assert judge.count_params() == expected


def test_without_the_label_s_weights_the_output_does_not_depend_on_it():
    network = generator(4, (8, 8, 1), labels=3, of_latent=5, of_label=6, joint=7)
    latent = np.random.default_rng(0).normal(size=(2, 4)).astype("float32")
    given = [np.concatenate([latent, np.tile(np.eye(3)[label], (2, 1))], 1) for label in (0, 1)]
    assert not np.array_equal(*(network(each.astype("float32")) for each in given))
    for layer in network.layers:
        if getattr(layer, "kernel", None) is not None and layer.kernel.shape == (3, 6):
            layer.kernel.assign(np.zeros((3, 6)))
    assert np.array_equal(*(network(each.astype("float32")) for each in given))


def test_the_momentum_grows_on_a_line_and_stays(tensorflow):
    import keras

    weight = keras.Variable([1.0])
    optimizer = RampedSGD(0.1, momentum=0.5, final_momentum=0.7, ramp=4)
    optimizer.build([weight])
    value, kept = 1.0, 0.0
    for step in range(8):
        optimizer.apply([tensorflow.constant([2.0])])
        kept = kept * (0.5 + 0.2 * min(step / 4, 1)) - 0.1 * 2.0
        value += kept
        assert float(weight[0]) == pytest.approx(value, rel=1e-5)
    same = RampedSGD(0.1, momentum=0.5, final_momentum=0.5)
    plain = keras.optimizers.SGD(0.1, momentum=0.5)
    ends = []
    for each in (same, plain):
        weight = keras.Variable([1.0])
        each.build([weight])
        for step in range(5):
            each.apply([tensorflow.constant([float(step)])])
        ends.append(float(weight[0]))
    assert ends[0] == pytest.approx(ends[1], rel=1e-6)


def test_the_optimizer_goes_on_from_a_checkpoint_and_refuses_nonsense(make):
    _, dataset, trainer = make(*tiny("cgan_mlp"), "optimizer.generator.ramp=3")
    batches = trainer.batches(dataset)
    trainer.train(batches)
    saved, ends = trainer.state.values(), []
    for _ in range(2):
        trainer.state.restore(saved)
        trainer.train(trainer.batches(dataset))
        ends.append({name: value.tobytes() for name, value in trainer.state.values().items()})
    assert ends[0] == ends[1]
    with pytest.raises(UsageError, match="final_momentum"):
        make(*tiny("cgan_mlp"), "optimizer.generator.final_momentum=1.5")
