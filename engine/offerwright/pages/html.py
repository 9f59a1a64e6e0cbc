"""A book of rules → HTML files that need nothing but a browser: no script, no network."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from offerwright.pages.drawing import STYLE
from offerwright.pages.page import Book, head, place


def html_pages(book: Book) -> dict[str, bytes]:
    """File name → bytes: `index.html`, a page per document, a drawing per lifecycle."""
    environment = _environment()
    style = _style()
    shared = {
        "book": book,
        "say": book.words.say,
        "kinds": list(dict.fromkeys(page.kind for page in book.pages)),
        "place": place,
        "style": style,
        "style_hash": base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    }
    found = {"index.html": environment.get_template("index.html.jinja").render(shared)}
    template = environment.get_template("document.html.jinja")
    for page in book.pages:
        svg = page.drawing.svg if page.drawing is not None else None
        told = {"page": page, "svg": svg, "head": head(page, book.words)}
        found[f"{page.stem}.html"] = template.render({**shared, **told})
        if page.drawing is not None:
            found[f"{page.stem}.svg"] = page.drawing.file
    return {name: text.encode("utf-8") for name, text in sorted(found.items())}


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("offerwright.pages"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip


def _style() -> str:
    return (files("offerwright.pages") / "style.css").read_text("utf-8") + STYLE
