"""Every "type ..." that ganctl prints is typed: its commands, groups, choices and keys are there."""

import ast
import re
from pathlib import Path

import pytest

import ganctl
from ganctl.commands import COMMANDS
from ganctl.config.choices import choices, groups
from ganctl.config.compose import compose
from ganctl.config.manual import explain
from ganctl.error import UsageError

SOURCE = Path(ganctl.__file__).parent
ADVICE = re.compile(r"\b[Tt]ype:? (.*?)(?:[;.](?:\s|$)|$|: )")
WORD = re.compile(r"\+?([a-z_][\w.@<>]*)=(\[[^\]]*\]|[^\s,;:()'\"]*)")
# A part that has to be chosen before its keys are there.
CHOSEN = {"average": "average=ema", "remedy": "remedy=[unrolled]", "loss": "loss=mixture"}
OF_COMMANDS = {"out", "by", "n"}  # options of commands, and of no config
OPEN = ("{", "FOLDER", "FILE", "...", "PATH")


def told() -> dict[str, str]:
    """Return by place every advice in a string of the source, what is filled in as {}."""
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        nodes = list(ast.walk(tree))
        homes = (ast.Module, ast.ClassDef, ast.FunctionDef)
        docs = {id(n.body[0].value) for n in nodes if isinstance(n, homes) and ast.get_docstring(n)}
        parts = {id(part) for n in nodes if isinstance(n, ast.JoinedStr) for part in n.values}
        for node in nodes:
            if id(node) in docs | parts:
                continue
            if isinstance(node, ast.JoinedStr):
                text = "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value
            else:
                continue
            for index, match in enumerate(ADVICE.finditer(text)):
                found[f"{path.relative_to(SOURCE)}:{node.lineno}.{index}"] = match[1]
    return found


TOLD = told()


def typed(text: str) -> None:
    """Do what an advice says, as far as that goes without a run; raise where it is refused."""
    for command in re.findall(r"\bganctl ([a-z-]+)", text):
        assert command in COMMANDS, command
    for key, value in WORD.findall(text):
        key = key.replace("<player>", "discriminator")
        group = key.partition("@")[0]
        if key in OF_COMMANDS or key.startswith("{") or "{" in key:
            continue
        filled = value and not any(hole in value for hole in OPEN)
        if group in groups():
            for choice in value.strip("[]").split(","):
                assert not filled or not choice or choice in choices(group), (group, choice)
        elif re.fullmatch(r"norm\.(discriminator|generator)", key):
            assert not filled or value in choices("norm"), value
        elif key.split(".")[0] in CHOSEN and filled:
            compose([CHOSEN[key.split(".")[0]], f"{key}={value}"])
        else:
            explain(re.sub(r"^norm\.\w+\.", "norm.", key))


def test_advice_is_found():
    assert len(TOLD) > 60 and any("ganctl" in text for text in TOLD.values())


@pytest.mark.parametrize("place", TOLD)
def test_every_advice_can_be_typed(place):
    typed(TOLD[place])


@pytest.mark.parametrize(
    "wrong",
    [
        "ganctl evalute RUN",
        "model=dcgam",
        "metric=[fjd]",
        "trainer.stepps=5",
        "loss.weights.hing=1",
        "norm.generator=x",
    ],
)
def test_a_wrong_advice_would_be_seen(wrong):
    with pytest.raises((AssertionError, UsageError)):
        typed(f"{wrong}, or leave it out")
