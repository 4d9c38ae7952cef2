"""The house rules: who imports whom, how long a file and a function may be, what no file may hold."""

import ast
from pathlib import Path

import pytest
from builders import python

PACKAGE = Path(__file__).parents[1] / "ganctl"
FILES = sorted(PACKAGE.rglob("*.py"))
ROOT_FILES = {"__init__.py", "__main__.py", "cli.py", "error.py", "check.py", "image.py", "python.py"}
HYDRA = "config"  # the only room that knows Hydra
# What commands need before, or without, TensorFlow.
LIGHT = (
    "cli",
    "commands",
    "config",
    "files",
    "run",
    "diagnosis",
    "comparison",
    "report",
    "evaluate",
    "bench",
)
LIGHT_FILES = ("game.field", "game.keys", "training.session", "training.settings", "training.build")


def imports(tree: ast.AST) -> list[str]:
    """Return the dotted names that a tree imports."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def module(file: Path) -> str:
    return ".".join(file.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def test_rooms_import_downwards():
    from importlinter.cli import lint_imports

    # The layers are in pyproject.toml; `lint-imports` draws what is broken.
    assert lint_imports(config_filename=str(PACKAGE.parent / "pyproject.toml"), no_cache=True) == 0


def test_only_a_few_files_are_loose():
    assert {file.name for file in PACKAGE.glob("*.py")} == ROOT_FILES


def test_only_one_room_knows_hydra():
    for file in FILES:
        named = {name.split(".")[0] for name in imports(ast.parse(file.read_text()))}
        if module(file).split(".")[0] != HYDRA:
            assert not named & {"hydra", "omegaconf"}, file


def test_light_rooms_are_imported_without_tensorflow():
    light = [name for name in map(module, FILES) if name.split(".")[0] in LIGHT or name in LIGHT_FILES]
    lines = [f"import ganctl.{name}" for name in light]
    lines.append("import sys; print(sorted({'tensorflow', 'keras'} & sys.modules.keys()))")
    assert python("\n".join(lines)).strip() == "[]"


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
    families = [*(PACKAGE / "model").glob("*.py"), *(PACKAGE / "game").glob("*.py")]
    for file in [file for file in families if file.name != "signals.py"]:  # which only watches
        tree = ast.parse(file.read_text())
        named = {getattr(node, "attr", getattr(node, "id", "")) for node in ast.walk(tree)}
        assert not named & {"GradientTape", "optimizers", "stop_gradient"}, file.name
        targets = [target for node in ast.walk(tree) for target in getattr(node, "targets", ())]
        frozen = [target for target in targets if getattr(target, "attr", "") == "trainable"]
        assert not frozen, f"{file.name} freezes weights"
