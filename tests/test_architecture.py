"""The house rules: who imports whom, how long a file and a function may be, what no file may hold."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "ganctl"
FILES = sorted(PACKAGE.rglob("*.py"))
LEAVES = {"atomic", "error", "image", "plain", "settings"}  # imported by anybody
# What each room may import of ganctl, besides the leaves and the files of its own folder.
MAY = {
    "cli": {"commands", "__init__"},
    "commands": {"*"},
    "curves": {"diagnosis"},
    "checkup": {"checkpoint", "diagnosis", "run", "standing"},
    "standing": {"metric", "run"},
    "play": {
        "build",
        "checkpoint",
        "checkup",
        "compose",
        "device",
        "display",
        "identity",
        "run",
        "summary",
        "trust",
        "__init__",
    },
    "summary": {"build", "cost", "device", "display", "run", "checkpoint"},
    "build": {"device", "metric", "trainer", "trust"},
    "trust": {"catalogue"},
    "identity": {"compose"},
    "compose": {"catalogue", "trust"},
    "catalogue": set(),
    "cost": {"trainer", "game", "device"},
    "race": {"build", "cost", "display", "game", "run"},
    "hindsight": {"signals"},
    "recognition": {"game", "signals"},
    "trainer": {"average", "game", "hindsight", "recognition", "scene", "turn"},
    "scene": {"game"},
    "turn": {"average", "game"},
    "signals": set(),
    "diagnosis": set(),
    "average": {"game"},
    "penalty": {"game", "layer"},
    "augment": {"game"},
    "remedy": {"game", "layer"},
    "layer": set(),
    "array_file": set(),
    "appraisal": {
        "array_file",
        "build",
        "checkpoint",
        "comparison",
        "dataset",
        "display",
        "gallery",
        "metric",
        "run",
        "scene",
        "trainer",
    },
    "gallery": {"metric"},
    "comparison": {"catalogue", "metric", "run", "standing"},
    "report": {"comparison", "curves", "diagnosis", "display", "metric", "standing", "__init__"},
    "metric": {"cache", "extractor", "__init__"},
    "extractor": {"cache", "dataset", "trust"},
    "cache": {"checkpoint"},
    "model": {"game", "layer"},
    "network": {"layer"},
    "metrics_log": {"display"},
    "record": set(),
    "run": {"checkpoint", "display", "metrics_log", "record"},
    "checkpoint": set(),
    "display": set(),
    "device": set(),
    "game": {"signals"},
    "loss": set(),
    "dataset": set(),
    "atomic": set(),
    "error": set(),
    "plain": set(),
    "image": set(),
    "settings": set(),
    "__init__": set(),
    "__main__": {"cli"},
}
HYDRA = {"build", "compose"}  # the only rooms that know Hydra
LIGHT = {
    "cli",
    "commands",
    "compose",
    "catalogue",
    "error",
    "settings",
    "checkpoint",
    "run",
    "play",
    "display",
    "diagnosis",
    "comparison",
    "report",
}


def room(file: Path) -> str:
    return file.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(tree: ast.AST) -> list[str]:
    """Return the dotted names that a tree imports."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def rooms_imported(file: Path) -> set[str]:
    names = [name.split(".") for name in imports(ast.parse(file.read_text())) if name.startswith("ganctl")]
    return {parts[1] if len(parts) > 1 and not parts[1].startswith("__") else "__init__" for parts in names}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_run_one_way(file):
    here = room(file)
    assert here in MAY, f"say in MAY what {here} may import"
    if "*" not in MAY[here]:
        assert rooms_imported(file) <= MAY[here] | LEAVES | {here}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_only_two_rooms_know_hydra_and_light_rooms_import_no_tensorflow_at_the_top(file):
    tree = ast.parse(file.read_text())
    named = {name.split(".")[0] for name in imports(tree)}
    if room(file) not in HYDRA:
        assert not named & {"hydra", "omegaconf"}
    direct = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    top = {name.split(".")[0] for node in direct for name in imports(node)}
    if room(file) in LIGHT:
        assert not {n for n in top if n in ("tensorflow", "keras")}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_files_and_functions_stay_short_and_begin_with_a_sentence(file):
    text = file.read_text()
    tree = ast.parse(text)
    assert len(text.splitlines()) <= 300
    assert (ast.get_docstring(tree) or "").strip(), "a module says what it is"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
            assert lines <= 40, f"{node.name} has {lines} lines"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_no_pickle_no_vague_names_no_asserts(file):
    text = file.read_text()
    assert file.stem not in {"utils", "base", "helpers", "manager", "handler", "common", "misc"}
    tree = ast.parse(text)
    assert not any(isinstance(node, ast.Assert) for node in ast.walk(tree)), "errors have words"
    if "pickle" in {name.split(".")[0] for name in imports(tree)}:
        assert "find_class" in text, "only an unpickler that names what it allows"


def test_families_see_no_tape_no_optimizer_and_stop_no_gradient():
    for file in [*(PACKAGE / "model").glob("*.py"), PACKAGE / "game.py"]:
        code = ast.dump(ast.parse(file.read_text()))
        for forbidden in ("GradientTape", "optimizers", "stop_gradient", "'trainable'"):
            assert forbidden not in code, (file.name, forbidden)
