"""Training the auxiliary classifier game: with which parts, from a checkpoint, and to what end."""

import numpy as np
import pytest
from builders import tiny
from PIL import Image


@pytest.mark.parametrize("label", ["concatenated", "multiplied"])
def test_a_resumed_run_is_the_run_that_was_not_interrupted(label, make):
    words = [*tiny("acgan"), f"model.label={label}", "model.fakes=extra_class", "average=ema"]
    _, dataset, whole = make(*words)
    whole.train(whole.batches(dataset), 2)
    saved = whole.state.values()
    whole.train(whole.batches(dataset), 2)
    _, dataset, resumed = make(*words)
    resumed.state.restore(saved)
    resumed.train(resumed.batches(dataset), 2)
    ends = [
        {name: value.tobytes() for name, value in trainer.state.values().items()}
        for trainer in (whole, resumed)
    ]
    assert ends[0] == ends[1]
    assert np.array_equal(whole.sampler.sample(5, seed=1), resumed.sampler.sample(5, seed=1))


@pytest.mark.parametrize(
    "word",
    [
        "trainer.jit=true",
        "trainer.precision=bfloat16",
        "trainer.accumulate=2",
        "remedy=[unrolled]",
        "remedy=[top_k]",
        "penalty=[gradient_penalty]",
        "penalty=[feature_matching]",
        "loss=hinge",
        "network.logits=false",
    ],
)
def test_it_goes_with_what_trains_any_family(word, make):
    more = {
        "remedy=[unrolled]": ["remedy.unrolled.steps=1"],
        "penalty=[gradient_penalty]": ["norm.discriminator=none"],
    }
    words = [*tiny("acgan"), "model.label=multiplied", word, *more.get(word, ())]
    _, dataset, trainer = make(*words, "trainer.deterministic=false")
    report = trainer.train(trainer.batches(dataset), 2)
    assert report.dtype == "float32" and np.isfinite(report.numpy()).all()
    assert {str(w.dtype) for player in trainer.game.players for w in trainer.game.weights(player)} == {
        "float32"
    }
    assert np.isfinite(trainer.sampler.sample(3, seed=0)).all()


def pictures(tmp_path):
    """Dark images and bright ones in folders; return the words of the data set."""
    for index in range(64):
        folder, grey = ("dark", 40) if index % 2 else ("light", 215)
        (tmp_path / folder).mkdir(exist_ok=True)
        pixels = np.random.default_rng(index).integers(grey - 30, grey + 30, (8, 8), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / folder / f"{index}.png")
    return ["dataset=image_folder", f"dataset.path={tmp_path}", "dataset.size=8", "dataset.channels=1"]


@pytest.mark.parametrize("fakes", ["trained", "extra_class"])
def test_a_trained_generator_makes_what_it_is_asked_for(fakes, make, tmp_path):
    fast = [f"optimizer.{who}.learning_rate=0.002" for who in ("discriminator", "generator")]
    fast += [
        "trainer.batch_size=32",
        "network.generator.deviation=null",
        f"model.fakes={fakes}",
        "network.discriminator.dropout=0",
    ]
    _, dataset, trainer = make(*tiny("acgan"), *pictures(tmp_path), *fast, "average=ema")
    assert dataset.classes == ("dark", "light") and trainer.game.columns == 2
    batches = trainer.batches(dataset)
    for _ in range(10):
        report = trainer.train(batches, 15)
    samples, labels = trainer.sampler.sample(99, seed=3), trainer.sampler.labels(99)
    assert np.array_equal(labels, np.arange(99) % 2)
    bright = samples.mean(axis=(1, 2, 3))
    assert (bright[labels == 1] > 0).mean() > 0.95 and (bright[labels == 0] < 0).mean() > 0.95
    assert trainer.picture(dataset).shape[1] == 2 * 10 + 2  # a column for each class
    facts = dict(zip(trainer.rounds.terms, report.numpy(), strict=True))
    assert facts["discriminator/class_real"] > 0.95
