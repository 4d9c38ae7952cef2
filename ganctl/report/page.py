"""A page: a template with everything in one file, every text escaped and in bounds."""

import base64
import functools
import hashlib
import json
from pathlib import Path
from typing import Any

from ganctl import __version__

HERE = Path(__file__).parent
LONGEST = 300  # characters of one value; a stranger's may be a book


def page(template: str, title: str, data: Any, **context: Any) -> str:
    """Return a whole page: style, script, data and body in one file.

    Its policy lets a browser run the one script and apply the one style that are in it, show pictures that
    are in it, and fetch nothing at all.

    Args:
        template: the name of one in `templates/`.
        title: of the window, and of the page.
        data: plain data for the script, finite numbers only.
        context: what the template shows.
    """
    from markupsafe import Markup

    style, script = (_joined(*files) for files in (STYLES, SCRIPTS))
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return (
        _templates()
        .get_template(template)
        .render(
            policy=Markup(
                f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}; "
                "base-uri 'none'; form-action 'none'"
            ),
            version=__version__,
            title=title,
            style=Markup(style),
            script=Markup(script),
            # Within a script element nothing but "<" can end it or begin another.
            data=Markup(
                text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
            ),
            **context,
        )
    )


# uPlot 1.6.32 (MIT), as it is released: vendor/LICENSE.
STYLES = ("vendor/uPlot.min.css", "templates/page.css")
SCRIPTS = ("vendor/uPlot.iife.min.js", "templates/page.js")


def _joined(*files: str) -> str:
    return "\n".join((HERE / file).read_text("utf-8") for file in files)


@functools.cache
def _templates() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def visible(value: Any) -> Any:
    """Return a text that shows what it is: in bounds, and with nothing that turns or hides its neighbours.

    What is HTML already, as macros make it, stays as it is; None is nothing.
    """
    if hasattr(value, "__html__"):
        return value
    text = "" if value is None else str(value)
    short = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return "".join(
        char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}" for char in short
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
