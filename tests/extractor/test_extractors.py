"""ganctl's own extractors: what they reach, that they are the published ones, and how they are made."""

import hashlib
from types import SimpleNamespace

import numpy as np
import pytest

from ganctl import cli
from ganctl.commands.train_extractor import RECIPES
from ganctl.dataset.images import cifar10, mnist
from ganctl.dataset.images.digits import digits
from ganctl.error import RunError, UsageError
from ganctl.extractor import pinned
from ganctl.extractor.auto import Auto
from ganctl.extractor.pinned import Pinned
from ganctl.image import to_float

LEAST = {"mnist": 0.994, "fashion_mnist": 0.925, "cifar10": 0.85}  # of the test images


def test_each_is_small_and_has_a_recipe():
    assert set(pinned.SHA256) == set(RECIPES)
    for name, sha256 in pinned.SHA256.items():
        content = (pinned.WEIGHTS / f"{name}.safetensors").read_bytes()
        assert len(content) < 2_000_000 and hashlib.sha256(content).hexdigest() == sha256


@pytest.mark.parametrize("name", LEAST)
def test_it_reads_the_real_images_that_it_has_never_seen(name, real_data):
    if name == "cifar10":
        test = cifar10.cifar10(path=str(real_data / "cifar10" / "cifar10-test10k.zip"), limit=2000)
    else:
        test = getattr(mnist, name)(path=str(real_data / name.replace("_", "-")), split="test")
    right = pinned.pinned(name)(test.take(len(test))) == test.labels
    assert right.mean() >= LEAST[name]


def test_the_digits_reader_reads_held_out_digits_as_well():
    whole = digits()
    others = np.arange(360) * len(whole) // 360
    right = pinned.pinned("digits")(to_float(whole.storage.read(others))) == whole.labels[others]
    assert right.mean() >= 0.98


def test_features_and_scores_do_not_depend_on_what_is_read_with_them():
    images = digits().take(501)  # one more than a call
    extract = Pinned("digits")
    features, logits = extract(images)
    assert features.shape == (501, 64) and logits.shape == (501, 10) and features.dtype == np.float32
    again, _ = extract(images[498:])
    assert np.allclose(again, features[498:], rtol=1e-4, atol=1e-5)
    # The scores are a linear map of the features: they are what the last layer sees.
    dense = extract._classifier.model.layers[-1]
    kernel, bias = (variable.numpy() for variable in dense.weights)
    assert np.allclose(features @ kernel + bias, logits, rtol=1e-3, atol=1e-3)


def test_the_data_choose_and_wrong_choices_are_told(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert Auto().of(digits()).name == "digits"
    assert Auto().of(SimpleNamespace(name="photos", shape=(32, 32, 3))).name == "cifar10"
    with pytest.raises(
        UsageError, match=r"extractor=mnist: expected images of 28x28x1, got 32x32x3; type extra"
    ):
        Pinned("mnist").check((32, 32, 3))
    with pytest.raises(UsageError, match="extractor: expected one of"):
        Pinned("mnits")


def test_a_damaged_file_is_refused(tmp_path, monkeypatch):
    content = (pinned.WEIGHTS / "mnist.safetensors").read_bytes()
    monkeypatch.setattr(pinned, "WEIGHTS", tmp_path)
    with pytest.raises(RunError, match="install ganctl again"):
        pinned.pinned("mnist")
    (tmp_path / "mnist.safetensors").write_bytes(content[:-1] + b"\0" + content[-1:])
    with pytest.raises(RunError, match="wrong checksum"):
        pinned.pinned("mnist")


def test_one_command_makes_one_and_the_same_seed_the_same(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for out in ("one.safetensors", "two.safetensors"):
        assert cli.main(["train-extractor", "digits", "epochs=1", f"out={out}"]) == 0
    said = capsys.readouterr().out
    one, two = (tmp_path / f"{out}.safetensors" for out in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    assert hashlib.sha256(one.read_bytes()).hexdigest() in said and "of held-out images" in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fashion"], "expected one of mnist, fashion_mnist, cifar10, digits, got 'fashion'"),
        ([], "expected one of mnist, fashion_mnist, cifar10, digits, got ''"),
        (["digits", "epoch=3"], "There is no option 'epoch=3'. Did you mean 'epochs'?"),
        (["digits", "epochs=0"], "epochs: expected a whole number of at least 1, got '0'"),
        (["digits", "test=x"], "test: expected cifar10"),
        (["digits", "seed=x"], "seed: expected a whole number of at least 0, got 'x'"),
    ],
)
def test_wrong_words_are_told(words, message, capsys):
    assert cli.main(["train-extractor", *words]) == 2
    assert message in capsys.readouterr().err
