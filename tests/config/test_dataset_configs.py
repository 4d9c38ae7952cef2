"""The data sets' YAML files say what their factories take."""

import importlib
import inspect
from pathlib import Path

import pytest
import yaml

FOLDER = Path(__file__).parents[2] / "configs" / "dataset"
FILES = sorted(FOLDER.glob("*.yaml"))
IMAGES = [
    file for file in FILES if file.stem in ("digits", "mnist", "fashion_mnist", "cifar10", "image_folder")
]


def parameters(target: str) -> dict[str, inspect.Parameter]:
    module, name = target.rsplit(".", 1)
    return dict(inspect.signature(getattr(importlib.import_module(module), name)).parameters)


def test_all_the_image_sets_are_there():
    assert len(IMAGES) == 5


@pytest.mark.parametrize("file", IMAGES, ids=lambda file: file.stem)
def test_keys_and_values_are_the_parameters_and_their_defaults(file):
    config = yaml.safe_load(file.read_text())
    expected = {name: parameter.default for name, parameter in parameters(config.pop("_target_")).items()}
    assert {
        key: None if value is inspect.Parameter.empty else value for key, value in expected.items()
    } == config


@pytest.mark.parametrize("file", IMAGES, ids=lambda file: file.stem)
def test_the_first_line_describes_the_set_and_every_key_has_a_comment(file):
    first, *lines = file.read_text().splitlines()
    assert first.startswith("# ") and len(first) < 110
    for line in lines:
        assert line.startswith("_target_:") or "  # " in line, line
