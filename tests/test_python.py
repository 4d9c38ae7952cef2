"""ganctl from Python: what docs/python.md says, typed."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from builders import ROOT, python, tiny

import ganctl
from ganctl import cli
from ganctl.error import UsageError


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of conditional digits, and the folder that it is in."""
    folder = tmp_path_factory.mktemp("python")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        words = ["dataset=digits", *tiny("cgan"), "average=ema", "trainer.steps=4", "trainer.log_every=2"]
        run = ganctl.train(*words, "name=digits-cgan")
        assert run.folder.status() == "finished"
    return folder


def test_a_run_is_opened_and_gives_the_command_s_samples(trained, monkeypatch):
    monkeypatch.chdir(trained)
    run = ganctl.open("digits-cgan")
    images = run.generate(n=5, label=7, seed=1)
    assert images.shape == (5, 28, 28, 1) and images.dtype == np.float32 and np.abs(images).max() <= 1
    assert cli.main(["sample", "digits-cgan", "n=5", "label=7", "seed=1", "out=x.npy"]) == 0
    assert np.array_equal(images, np.load("x.npy"))
    assert run.generate(n=2, label=[3, 5], as_bytes=True).dtype == np.uint8
    assert "finished, step 4" in repr(run) and run.step == 4 and run.path.name == "digits-cgan"
    assert run._repr_png_()[:4] == b"\x89PNG"
    assert run.metrics["step"] == [2, 4] and len(run.metrics["generator/adversarial"]) == 2
    with pytest.raises(UsageError, match="label"):
        run.generate(label="nothing")
    with pytest.raises(UsageError, match="expected numbers, names or a path, got dict"):
        run.generate(label={})


def test_samples_of_several_seeds_have_the_labels_that_were_given(trained, monkeypatch):
    monkeypatch.chdir(trained)
    assert cli.main(["sample", "digits-cgan", "seeds=1,2", "label=3,5", "out=both/"]) == 0
    names = sorted(file.relative_to("both").as_posix() for file in Path("both").rglob("*.png"))
    assert [name.split("/")[0] for name in names] == ["3", "3", "5", "5"]
    cli.main(["sample", "digits-cgan", "seeds=1,2", "label=3,5", "out=both.npy"])
    each = [ganctl.open("digits-cgan").generate(n=2, label=[3, 5], seed=seed) for seed in (1, 2)]
    assert np.array_equal(np.load("both.npy"), np.concatenate(each))


def test_the_generator_is_a_keras_model_with_averaged_weights(trained, monkeypatch):
    monkeypatch.chdir(trained)
    run = ganctl.open(trained / "outputs/digits-cgan")
    averaged = [tensor for name, tensor in run._loaded[1].items() if name.startswith("average/generator/0")]
    for weight, tensor in zip(run.generator.variables, averaged, strict=False):
        assert np.array_equal(weight.numpy(), tensor)
    assert run.generator(np.zeros((2, 18), "float32")).shape == (2, 28, 28, 1)


def test_steps_are_the_command_s_steps(trained, monkeypatch):
    monkeypatch.chdir(trained)
    words = ["dataset=digits", *tiny("cgan"), "average=ema", "trainer.steps=4"]
    found = list(ganctl.steps(*words))
    logged = ganctl.open("digits-cgan").metrics
    assert [each["step"] for each in found] == [1, 2, 3, 4]
    for step, index in ((2, 0), (4, 1)):
        assert found[step - 1]["generator/adversarial"] == logged["generator/adversarial"][index]


def test_what_the_page_says_works(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    ganctl.train("dataset=digits", "model=cgan", "trainer.steps=1")
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs/python.md").read_text(), re.DOTALL)
    assert len(blocks) == 4
    scope: dict = {}
    for block in blocks:
        exec(block, scope)
    assert scope["images"].shape == (16, 28, 28, 1) and scope["run"].step == 10
    assert capsys.readouterr().out.rstrip().endswith("(4, 2)")


def test_importing_costs_nothing():
    code = "import sys, ganctl; print(sorted({'tensorflow', 'keras', 'numpy', 'hydra'} & sys.modules.keys()))"
    assert python(code).strip() == "[]"
    with pytest.raises(AttributeError, match="no attribute 'close'"):
        _ = ganctl.close
    assert "ganctl" in sys.modules
