"""Every YAML file composes, explains itself, and fits what it names."""

import inspect
import re
from collections.abc import Mapping

import pytest
import yaml
from hydra.utils import get_object

from ganctl.config.choices import CONFIGS, choices, describe, groups
from ganctl.config.compose import compose

FILES = sorted(CONFIGS.rglob("*.yaml"))
GIVEN = {  # parameters that the program gives and not the config
    "ganctl.model": {"network", "fields", "loss", "parts"},
    "ganctl.network": {"latent", "source", "shape", "labels", "channels", "features"},
    "ganctl.layer": {"layer"},
    "ganctl.training.schedule": {"initial_learning_rate"},
    "keras.optimizers.schedules": {"initial_learning_rate"},
    "ganctl.metric.evaluation": {"metrics", "extractor", "load", "plain"},
}
CHOICES = [(group, choice) for group in groups() for choice in choices(group)]


def override(group: str, choice: str) -> str:
    return (
        f"{group}=[{choice}]" if group in ("penalty", "augment", "remedy", "metric") else f"{group}={choice}"
    )


def targets(node, path=""):
    """Yield (path, node) of every part of a config that names a target."""
    if isinstance(node, Mapping):
        if "_target_" in node:
            yield path, node
        for key, value in node.items():
            yield from targets(value, f"{path}.{key}")


@pytest.mark.parametrize(("group", "choice"), CHOICES)
def test_every_choice_composes_and_its_keys_are_its_target_s_parameters(group, choice):
    config = compose([override(group, choice)]).plain()
    for path, node in targets(config):
        target = node["_target_"]
        known = set(inspect.signature(get_object(target)).parameters)
        given = set().union(*(names for start, names in GIVEN.items() if target.startswith(start)), set())
        keys = {key for key in node if not key.startswith("_")}
        assert keys <= known, f"{path}: {keys - known} are no parameters of {target}"
        if target.startswith("ganctl"):
            assert known - keys <= given, f"{path}: {known - keys - given} of {target} cannot be set"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(CONFIGS)))
def test_every_file_says_what_it_is_and_every_key_what_it_does(file):
    first = [
        line for line in file.read_text().splitlines() if line.startswith("#") and "@package" not in line
    ]
    assert first and len(first[0].lstrip("# ")) > 5
    relative = file.relative_to(CONFIGS)
    if relative.parts[0] in ("model", "experiment"):
        return  # what they change is explained where it is defined
    for line in file.read_text().splitlines():
        key = re.match(r"\s*(?:- )?([\w]+):\s*(\S.*)?$", line)
        if key and key[2] and not key[1].startswith("_") and "defaults" not in line and "- " not in line[:4]:
            assert "#" in line, f"no comment: {line}"


def test_every_choice_has_a_description_that_fits_a_line():
    for group, choice in CHOICES:
        text = describe(group, choice)
        assert text and len(text) <= 110 and "_target_" not in text, (group, choice)


def test_every_model_s_target_is_a_file_of_the_room():
    for choice in choices("model"):
        text = yaml.safe_load((CONFIGS / "model" / f"{choice}.yaml").read_text())
        while "model" not in text:  # it is another recipe, and more
            base = next(each for each in text["defaults"] if isinstance(each, str))
            text = yaml.safe_load((CONFIGS / "model" / f"{base}.yaml").read_text())
        assert re.fullmatch(r"ganctl\.model\.\w+\.\w+", text["model"]["_target_"])


@pytest.mark.parametrize("experiment", choices("experiment"))
def test_every_experiment_says_its_command_its_cost_and_its_result(experiment):
    text = (CONFIGS / "experiment" / f"{experiment}.yaml").read_text()
    head = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    assert f"ganctl train experiment={experiment}" in head
    assert re.search(r"\d+ (s|min|h)\b", head), "how long it takes, measured"
