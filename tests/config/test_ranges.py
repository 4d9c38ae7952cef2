"""Every number of every part has a range, and is checked before anything is built."""

import math

import pytest

from ganctl.config import ranges
from ganctl.config.choices import choices, groups
from ganctl.config.compose import compose
from ganctl.error import UsageError
from ganctl.files.plain import leaves

SEVERAL = ("penalty", "augment", "remedy", "metric")
NONSENSE = [-1, -0.5, 1e23, 10**23, math.nan, math.inf, -math.inf, [1.5], [-1], True, "many"]

# Numbers whose own part says what they may be, by the ends of their keys; a new one has to be put somewhere.
OF_THEIR_PARTS = (
    *("holdout", "evaluation.samples", "evaluation.real", "kernel", "limit", "sigma", "start", "batches"),
    *("dataset.side", "channels", "dataset.n", "periods", "amplitude", "reach", "fourier", "a", "b", "c"),
    *("nonsaturating", "minimax", "least_squares", "wasserstein", "hinge", "relativistic", "group", "size"),
    *("relativistic_average", "accuracy_score.epochs", "groups", "adversarial", "scale", "steps", "halve"),
    *("rate", "shift", "fakes", "labelled", "gamma", "margin", "generators", "code", "attention", "shared"),
    *("final_momentum", "ramp", "of_latent", "of_label", "of_image", "joint", "joint_pieces", "dense", "own"),
    *("own_discriminator", "categories", "codes", "query", "embedding", "temperature", "supervised"),
    *("metric.pairs.samples", "metric.variety.inputs", "metric.variety.each"),
    *("of_reals", "of_fakes", "contrast", "places", "units", "dilations", "patches"),
    *("divergence", "recovery", "scales"),
)


def everything() -> dict[str, dict]:
    """Return by key a config that has the number, over all choices of all groups."""
    found: dict[str, dict] = {}
    for group in groups():
        together = [f"[{','.join(choices(group))}]"] if group in SEVERAL else choices(group)
        for choice in together:
            words = [f"{group}={choice}"]
            try:
                config = compose(words).plain()
            except UsageError as error:  # what some parts need is the user's to give
                assert "expected a number" not in str(error) and "whole number" not in str(error), error
                continue
            for key, value in leaves(config):
                if (isinstance(value, int | float) and not isinstance(value, bool)) or ranges.rule(key):
                    found.setdefault(key, config)
    return found


NUMBERS = everything()


def with_value(config: dict, key: str, value: object) -> dict:
    """Return a config with another value at a dotted key."""
    head, _, rest = key.partition(".")
    return config | {head: with_value(config[head], rest, value) if rest else value}


def test_every_number_has_a_range_or_a_part_that_judges_it():
    unknown = [key for key in NUMBERS if not ranges.rule(key)]
    assert [
        key for key in unknown if not f".{key}".endswith(tuple(f".{end}" for end in OF_THEIR_PARTS))
    ] == []
    assert len(NUMBERS) > 150


@pytest.mark.parametrize("value", NONSENSE, ids=str)
def test_nonsense_is_refused_in_a_line_wherever_it_stands(value):
    for key, config in NUMBERS.items():
        known = ranges.rule(key)
        may = known.holds(value) if known else not isinstance(value, float) or math.isfinite(value)
        may = may or isinstance(value, str) or (not known and not isinstance(value, int | float | list))
        try:
            ranges.check(with_value(config, key, value))
        except UsageError as error:
            assert str(error).startswith(f"{key}: expected ") and str(error).count("\n") == 0
            assert not known or not known.holds(value)
        else:
            large = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) > 1e15
            assert may and not large, (key, value)


WRONG = {
    "optimizer.generator.beta_1=1.5": "expected a number of at least 0 and below 1, got '1.5'",
    "optimizer.generator.epsilon=-1": "expected a number of at least 0, got '-1.0'",
    "optimizer.generator.epsilon=[1]": "expected a number of at least 0, got '[1]'",
    "optimizer.generator.clipnorm=-1": "expected a number above 0, got '-1'",
    "optimizer.generator.weight_decay=-5": "expected a number of at least 0, got '-5'",
    "network.generator.negative_slope=nan": "expected a number of at least 0 and at most 1, got 'nan'",
    "trainer.steps=1e23": "expected a whole number of at least 0",
    "trainer.turns.discriminator=1e23": "expected a whole number from 1 to 10000",
    "model.latent=100000000": "expected a whole number from 1 to 65536",
    "dataset.colour=2": "dataset.colour",
}


@pytest.mark.parametrize("word", WRONG)
def test_what_trained_silently_is_refused(word):
    with pytest.raises(UsageError) as caught:
        compose([word] if "colour" not in word else ["dataset=cifar10", word]).plain()
    assert WRONG[word] in str(caught.value)


@pytest.mark.parametrize("words", [["dataset=cifar10", "dataset.colour=0.5"], ["dataset.rotate=7.5"]])
def test_a_number_is_no_whole_one_because_its_default_is(words):
    key, _, value = words[-1].partition("=")
    assert compose(words).plain()["dataset"][key.removeprefix("dataset.")] == float(value)
    with pytest.raises(UsageError, match="expected a whole number"):
        compose(["dataset.crop=1.5"])


def test_a_user_s_own_parts_have_keys_of_their_own():
    own = {"_target_": "mine.Optimizer", "beta_1": 7.0, "inner": {"beta_1": 9}}
    config = compose([]).plain()
    ranges.check(config | {"optimizer": {"generator": own}})
    with pytest.raises(UsageError, match="beta_1"):
        ranges.check(config | {"optimizer": {"generator": own | {"_target_": "keras.optimizers.Adam"}}})
