"""Write docs/house.md: the tree of the package, each file with the first sentence of its docstring.

usage: python docs/house.py

`tests/test_docs.py` fails where the tree is not what this writes.
"""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "house.md"
START = "```\n"  # of the tree in the page
# Rooms from what is typed down to what knows nothing.
ORDER = ["commands", "config", "training", "game", "model", "network", "layer", "loss", "penalty", "augment"]
ORDER += ["remedy", "dataset", "metric", "extractor", "evaluate", "comparison", "report", "bench"]
ORDER += ["diagnosis", "run", "files"]


def said(file: Path) -> str:
    """Return the first sentence of a module, without its full stop."""
    text = (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").split("\n\n")[0]
    return " ".join(text.split()).rstrip(".")


def tree() -> str:
    """Return the package as a tree of files, one a line."""
    package = ROOT / "ganctl"
    lines = ["ganctl/"]
    lines += [_line(file, 1) for file in sorted(package.glob("*.py")) if not file.name.startswith("_")]
    unknown = {folder.name for folder in package.iterdir() if (folder / "__init__.py").is_file()} - set(ORDER)
    for room in [*ORDER, *sorted(unknown)]:
        lines += _room(package / room, 1)
    return "\n".join(lines) + "\n"


def _room(folder: Path, depth: int) -> list[str]:
    lines = [f"{'  ' * depth}{folder.name + '/':<{24 - 2 * depth}}{said(folder / '__init__.py')}"]
    lines += [_line(file, depth + 1) for file in sorted(folder.glob("*.py")) if file.stem != "__init__"]
    for inner in sorted(folder.iterdir()):
        if (inner / "__init__.py").is_file():
            lines += _room(inner, depth + 1)
    return lines


def _line(file: Path, depth: int) -> str:
    return f"{'  ' * depth}{file.name:<{24 - 2 * depth}}{said(file)}"


def page() -> str:
    """Return the page with the tree as it is now."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    _, end, after = rest.partition("```\n")
    return before + START + tree() + end + after


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE.relative_to(ROOT))
