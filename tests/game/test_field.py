"""Fields as plain data: what data sets have comes back, and what none has is refused."""

import json

import pytest

from ganctl.error import RunError
from ganctl.game.field import LARGEST, Field, from_facts

GOOD = {
    "image": Field(kind="image", shape=(28, 28, 1)),
    "label": Field(kind="label", classes=("a", "b c")),
    "clip": Field(kind="clip", shape=(8, 16, 16, 3)),
    "mask": Field(kind="mask", shape=(28, 28, 1)),
    "words": Field(kind="tokens", shape=(12,), classes=("the", "a")),
    "point": Field(kind="point", shape=(2,)),
    "age": Field(kind="number"),
    "code": Field(kind="number", shape=(3,)),
}


def test_fields_come_back_from_their_facts_through_a_file():
    facts = json.loads(json.dumps({name: field.facts() for name, field in GOOD.items()}))
    assert from_facts(facts, "run.json") == GOOD


SHAPES = [
    ("image", [28, 28]),
    ("image", [0, 28, 1]),
    ("image", [True, 28, 1]),
    ("image", ["28", 28, 1]),
    ("image", [28.0, 28, 1]),
    ("image", [-1, 28, 1]),
    ("image", [LARGEST, 2, 1]),
    ("image", "2"),
    ("clip", [28, 28, 1]),
    ("label", [1]),
    ("point", [2, 2]),
    ("number", [2, 2]),
    ("tokens", []),
]


@pytest.mark.parametrize(("kind", "shape"), SHAPES)
def test_a_shape_that_no_data_have_is_refused(kind, shape):
    with pytest.raises(RunError, match=r"^run\.json is damaged: its data cannot have the shape"):
        from_facts({"image": {"kind": kind, "shape": shape}}, "run.json")


@pytest.mark.parametrize(
    "classes", [["..", "a"], ["."], [""], ["a/b"], ["a\\b"], ["a\0"], "ab", [1, 2], {"a": 1}]
)
def test_classes_that_would_be_other_folders_are_refused(classes):
    with pytest.raises(RunError, match=r"^run\.json is damaged: its data cannot have the classes"):
        from_facts({"label": {"kind": "label", "classes": classes}}, "run.json")


@pytest.mark.parametrize("name", ["", "a b", "../x", "1st", "a=b"])
def test_a_name_that_cannot_be_typed_is_refused(name):
    with pytest.raises(RunError, match=r"cannot have a field '.*' of kind 'image'"):
        from_facts({name: GOOD["image"].facts()}, "run.json")


@pytest.mark.parametrize("facts", [{"kind": "sound", "shape": [3]}, {"shape": [3]}, {}, [], 3, None, "image"])
def test_a_kind_that_there_is_not_is_refused(facts):
    with pytest.raises(RunError, match=r"cannot have a field 'image' of kind"):
        from_facts({"image": facts}, "run.json")


@pytest.mark.parametrize("facts", [None, {}, [], "image", 3])
def test_a_record_without_fields_is_refused(facts):
    with pytest.raises(RunError, match="does not say what an example of its data has"):
        from_facts(facts, "run.json")
