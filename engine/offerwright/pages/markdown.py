"""A book of rules → Markdown files, for places that show Markdown beside the code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from offerwright.pages.page import Book, Page, head, place
from offerwright.sentences.wording import Wording

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~$&])")


def markdown_pages(book: Book) -> dict[str, bytes]:
    """File name → bytes: `index.md`, a page per document, a drawing per lifecycle."""
    found = {"index.md": _index(book)}
    for page in book.pages:
        found[f"{page.stem}.md"] = "\n".join(_document(page, book.words)) + "\n"
        if page.drawing is not None:
            found[f"{page.stem}.svg"] = page.drawing.file
    return {name: text.encode("utf-8") for name, text in sorted(found.items())}


def plain(text: str) -> str:
    """Text in which nothing is read as Markdown or HTML."""
    return _SPECIAL.sub(r"\\\1", re.sub(r"\s+", " ", text).strip())


def _index(book: Book) -> str:
    say = book.words.say
    lines = [f"# {plain(say('page.title', shop=book.shop))}", ""]
    for kind in dict.fromkeys(page.kind for page in book.pages):
        lines += [f"## {plain(say(f'kind.{kind}'))}", ""]
        headings = ("page.document", "page.owner", "page.scope", "page.rules", "page.revision")
        rows = [
            (f"[{plain(p.name)}]({p.stem}.md)", plain(p.owner), plain(p.scope), str(p.rules),
             p.revision)
            for p in book.pages
            if p.kind == kind
        ]  # fmt: skip
        lines += [*_table([plain(say(h)) for h in headings], rows), ""]
    return "\n".join([*lines, plain(say("page.digest", digest=book.digest)), ""])


def _document(page: Page, words: Wording) -> Iterator[str]:
    say = words.say
    yield f"# {plain(page.name)}"
    yield f"\n[{plain(say('page.back'))}](index.md)\n"
    for key, value in head(page, words):
        yield f"- {plain(key)}: {plain(value)}"
    if page.drawing is not None:
        yield f"\n## {plain(say('page.drawing_heading'))}\n\n```mermaid\n{page.drawing.mermaid}```"
    yield f"\n## {plain(say('page.rules'))}\n"
    rows = [(plain(s.rule), plain(s.text), plain(place(s.span))) for s in page.sentences]
    yield from _table([plain(say(h)) for h in ("page.rule", "page.sentence", "page.place")], rows)
    for table in page.tables:
        yield f"\n## {plain(say('page.table', name=table.name))}\n"
        headings = [say("page.row"), *table.columns, say("page.place")]
        cells = [(r.id, *r.cells, place(r.span)) for r in table.rows]
        yield from _table([*map(plain, headings)], [tuple(map(plain, row)) for row in cells])


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(headings)} |"
    yield f"|{'---|' * len(headings)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
