"""HTML whose every text is escaped, and the page that it goes into."""

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

from ganctl import __version__

HERE = Path(__file__).parent
EMPTY = {"img", "input", "br"}
LONGEST = 300  # characters of one value; a stranger's may be a book


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = str | int | float | None | Iterable[Any]


def tag(name: str, *children: Child, **attributes: Any) -> Markup:
    """Return an element; children and attributes are escaped unless they are Markup.

    Args:
        name: of the element.
        children: texts, Markup, or iterables of them; None is nothing.
        attributes: `class_` is class, `data_step` is data-step; None leaves one out, True has no value.
    """
    told = ""
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        word = key.rstrip("_").replace("_", "-")
        told += f" {word}" if value is True else f' {word}="{escape(str(value))}"'
    if name in EMPTY:
        return Markup(f"<{name}{told}>")
    return Markup(f"<{name}{told}>{joined(children)}</{name}>")


def joined(children: Child) -> Markup:
    """Return children one after the other."""
    if children is None:
        return Markup()
    if isinstance(children, Markup):
        return children
    if isinstance(children, str | int | float):
        return Markup(escape(visible(str(children))))
    return Markup("".join(joined(child) for child in children))


def visible(text: str) -> str:
    """Return a text that shows what it is: in bounds, and with nothing that turns or hides its neighbours."""
    short = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return "".join(
        char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}" for char in short
    )


def page(title: str, body: Markup, data: Any) -> str:
    """Return a whole page: style, script, data and body in one file.

    Its policy lets a browser run the one script and apply the one style that are in it, show pictures that
    are in it, and fetch nothing at all.

    Args:
        title: of the window.
        body: what is read without the script.
        data: plain data for the script, finite numbers only.
    """
    style, script = (HERE / "page.css").read_text("utf-8"), (HERE / "page.js").read_text("utf-8")
    policy = (
        f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    parts = {
        "policy": policy,
        "version": __version__,
        "title": joined(title),
        "style": style,
        "body": body,
        # Within a script element nothing but "<" can end it or begin another.
        "data": text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"),
        "script": script,
    }
    frame = (HERE / "page.html").read_text("utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], frame)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
