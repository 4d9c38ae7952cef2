"""Whether samples are what they were asked to be: shares of labels, and categories paired with classes."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from builders import tiny

from ganctl.error import UsageError
from ganctl.metric.fidelity import LabelFidelity, agreement, fidelity


def test_shares_are_counted_by_class():
    logits = np.eye(3)[[0, 0, 1, 2, 2, 2]]
    found = fidelity(logits, np.array([0, 1, 1, 2, 2, 2]))
    assert found == {"share": pytest.approx(5 / 6), "worst": 0.5}


def test_categories_are_paired_at_their_best_and_chance_is_no_information():
    classes = np.repeat(np.arange(4), 25)
    renamed = np.array([2, 0, 3, 1])[classes]
    assert agreement(classes, renamed) == {"accuracy": 1.0, "information": pytest.approx(math.log(4))}
    spread = np.tile(np.arange(4), 25)
    found = agreement(np.repeat(np.arange(5), 20), np.tile(np.arange(5), 20))
    assert found == {"accuracy": pytest.approx(0.2), "information": pytest.approx(0.0, abs=1e-12)}
    # A category that has two halves of a class is paired with one class only.
    assert agreement(np.zeros(100, int), spread)["accuracy"] == 0.25


def test_real_digits_in_folders_by_class_have_the_fidelity_of_the_classifier(
    make, tmp_path, monkeypatch, capsys
):
    import json

    from PIL import Image

    from ganctl import cli, image
    from ganctl.dataset.images.digits import digits

    real = digits()
    for index in range(0, 1000, 5):
        place = tmp_path / "real" / str(real.labels[index]) / f"{index}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.to_uint8(real.take(index + 1)[index])[..., 0]).save(place)
    monkeypatch.chdir(tmp_path)
    words = ["evaluate", "real", "dataset=digits", "metric=[label_fidelity]", "--json", "n=200"]
    assert cli.main(words) == 0
    found = json.loads(capsys.readouterr().out)["values"]
    assert found["label_fidelity/share"] > 0.97 and found["label_fidelity/worst"] > 0.8


def test_labels_are_matched_by_their_names_and_unknown_ones_refused():
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(200, 10)), rng.integers(0, 10, 200)
    names = tuple("0123456789")

    def view(classes, marks, extractor="digits"):
        fake = SimpleNamespace(logits=logits, labels=marks, extractor=SimpleNamespace(name=extractor))
        return SimpleNamespace(fake=fake, dataset=SimpleNamespace(classes=classes))

    expected = LabelFidelity()(view(names, labels))
    assert expected["share"] == pytest.approx(float((logits.argmax(axis=1) == labels).mean()))
    assert LabelFidelity()(view(names[::-1], 9 - labels)) == expected
    with pytest.raises(UsageError, match="knows the classes"):
        LabelFidelity()(view(("cat", "dog"), labels % 2))
    with pytest.raises(UsageError, match="got inception"):
        LabelFidelity()(view(names, labels, "inception"))


def test_a_run_is_measured_by_labels_or_categories_and_others_are_refused(make):
    words = ["evaluation.samples=200", "trainer.evaluate_every=1"]
    _, dataset, trainer = make(*tiny("infogan"), *words, "metric=[code_accuracy]")
    found = trainer.evaluate(dataset)
    assert 0.1 <= found["code_accuracy/accuracy"] < 0.6 and found["code_accuracy/information"] >= 0
    _, dataset, trainer = make(*tiny("cgan"), *words, "metric=[label_fidelity]")
    assert 0 <= trainer.evaluate(dataset)["label_fidelity/share"] < 0.6
    _, dataset, trainer = make(*tiny("dcgan"), *words, "metric=[code_accuracy]")
    with pytest.raises(UsageError, match="samples with a category"):
        trainer.evaluate(dataset)
