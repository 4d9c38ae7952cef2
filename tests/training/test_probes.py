"""How much better averaged weights draw than the last ones: right, traceless, and part of the evidence."""

import numpy as np
import pytest
from builders import SMALL, tiny

from ganctl.training.probes import MOST, AverageProbe

RING = ["dataset=ring", "model=points", "model.latent=8", "network.generator.hidden=[16]", *SMALL]


def coverage(reals, fakes):
    """Count the reals with a fake nearer than their fifth nearest real, one by one."""
    found = 0
    for real in reals:
        near = np.sort(np.linalg.norm(reals - real, axis=1))[5]
        found += np.linalg.norm(fakes - real, axis=1).min() <= near
    return found / len(reals)


def test_both_coverages_are_counted_and_nothing_of_the_game_moves(make):
    _, dataset, trainer = make(*RING, "average=ema", "average.decay=0.5", "average.ramp=false", "penalty=[]")
    for weight in trainer.game.weights("generator"):  # the last weights draw elsewhere than their average
        weight.assign(3 * weight)
    before = {name: value.tobytes() for name, value in trainer.state.values().items()}
    facts = trainer.averaging(dataset)
    reals = dataset.take(MOST)
    for name, averaged in (("average/coverage", True), ("average/coverage_of_last", False)):
        assert facts[name] == pytest.approx(
            coverage(reals, trainer.sampler.preview(MOST, averaged)), abs=1e-6
        )
    assert facts["average/coverage"] != facts["average/coverage_of_last"]
    assert before == {name: value.tobytes() for name, value in trainer.state.values().items()}


def test_without_an_average_or_with_few_images_there_is_nothing_to_compare(make):
    _, dataset, trainer = make(*RING)
    assert trainer.averaging(dataset) == {}

    class Few:
        def __len__(self):
            return MOST - 1

        def examples(self, places):
            return {"image": np.zeros((len(places), 2), np.float32)}

    assert AverageProbe(lambda count, averaged, dataset: None)(Few()) == {}


def test_a_conditional_game_is_probed_where_the_labels_of_held_out_images_are_known(make):
    _, dataset, trainer = make(*tiny("cgan"), "dataset.holdout=97")
    facts = trainer.overfitting(dataset, 0)
    assert set(facts) == {"discriminator/training", "discriminator/held_out", "discriminator/recognized"}
    # The label counts: of the same images beside other labels the discriminator says something else.
    known, held = trainer.overfitting._sets
    trainer.overfitting._sets = known, held | {"label": (held["label"] + 1) % 10}
    other = trainer.overfitting(dataset, 0)
    assert other["discriminator/training"] == facts["discriminator/training"]
    assert other["discriminator/held_out"] != facts["discriminator/held_out"]
    trainer.overfitting._sets = known, {"image": held["image"]}
    assert trainer.overfitting(dataset, 0) == {}
