"""A linked repository → what every page shows, before it becomes HTML or Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from zoneinfo import ZoneInfo

from offerwright.errors import Span
from offerwright.expressions.conditions import Condition
from offerwright.pages.drawing import MOST_STATES, Drawing, draw
from offerwright.pages.reach import Reached, reached_accounts
from offerwright.pages.tables import TableView, table_views
from offerwright.sentences.sentence import Sentence
from offerwright.sentences.telling import Linked, Telling, linked_conditions
from offerwright.sentences.wording import Language, Wording, wording
from offerwright.sentences.write import WRITERS, document_sentences, told_documents
from offerwright.source.document import Document, RuleDocument
from offerwright.source.located import Loaded


@dataclass(frozen=True, slots=True)
class Page:
    """One document: its head, every rule as a sentence, its tables, its drawing."""

    stem: str
    """The name of its file without the ending."""
    kind: str
    name: str
    owner: str
    note: str
    version: str
    file: str
    revision: str
    scope: str
    """Where and when it applies, in words; empty for documents that apply always."""
    reach: str
    """The accounts that it reaches, in words."""
    sentences: tuple[Sentence, ...]
    tables: tuple[TableView, ...]
    drawing: Drawing | None

    @property
    def rules(self) -> int:
        """How many rules the page tells."""
        return len({sentence.rule for sentence in self.sentences})


@dataclass(frozen=True, slots=True)
class Book:
    """All pages of a repository, in the order of the index."""

    shop: str
    digest: str
    words: Wording
    pages: tuple[Page, ...]


def book(linked: Linked, language: Language = "en") -> Book:
    """
    Everything that the pages of a repository show. Pure, and the same on every machine.

    Args:
        linked: what `pipeline` has linked, without errors.
        language: of sentences and headings.
    """
    words = wording(language)
    conditions = linked_conditions(linked)
    told = sorted(told_documents(linked), key=lambda d: list(WRITERS).index(d.document.kind))
    stems = _stems(told)
    pages = tuple(_page(d, stems[d.file], linked, words, conditions) for d in told)
    return Book(linked.shop.name, linked.rules.digest, words, pages)


def _stems(documents: list[Loaded[Document]]) -> dict[str, str]:
    """File names that also differ on disks which do not tell capitals from small letters."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for loaded in documents:
        stem = f"{loaded.document.kind}-{loaded.name}"
        numbered = (f"{stem}-{number}" for number in range(2, len(documents) + 1))
        found[loaded.file] = next(s for s in chain([stem], numbered) if s.casefold() not in taken)
        taken.add(found[loaded.file].casefold())
    return found


def _page(
    loaded: Loaded[Document],
    stem: str,
    linked: Linked,
    words: Wording,
    conditions: Mapping[Span, Condition],
) -> Page:
    document = loaded.document
    told = document_sentences(loaded, linked, words.language, conditions)
    is_scoped = isinstance(document, RuleDocument)
    telling = Telling(loaded, linked, words, conditions, ZoneInfo(linked.rules.time_zone))
    return Page(
        stem=stem,
        kind=document.kind,
        name=document.name,
        owner=document.owner or "",
        note=document.note or "",
        version="" if document.version is None else str(document.version),
        file=loaded.file,
        revision=loaded.revision,
        scope=told[0].text if is_scoped else "",
        reach=_reach(telling),
        sentences=told[1:] if is_scoped else told,
        tables=table_views(telling),
        drawing=_drawing(loaded, linked, words),
    )


def _reach(telling: Telling) -> str:
    found = reached_accounts(telling.loaded, telling.linked)
    if found is None:
        return telling.say("page.every_account")
    return "; ".join(_account(one, telling) for one in found) or telling.say("page.no_account")


def _account(reached: Reached, telling: Telling) -> str:
    account, other = reached.account, reached.replaced_by
    text = f"{account.name} ({account.marketplace})"
    if other is None:
        return text
    replaced = telling.say("page.replaced", name=other.name)
    return ", ".join(filter(None, [text, replaced, telling.window(other.window)]))


def _drawing(loaded: Loaded[Document], linked: Linked, words: Wording) -> Drawing | None:
    lifecycle = linked.lifecycles.get(loaded.name) if loaded.document.kind == "lifecycle" else None
    if lifecycle is None or len(lifecycle.states) > MOST_STATES:
        return None
    return draw(lifecycle, words)


def head(page: Page, words: Wording) -> list[tuple[str, str]]:
    """What a page says of its document before the rules: heading and text."""
    found = (
        ("page.kind", words.say(f"kind.{page.kind}")), ("page.file", page.file),
        ("page.owner", page.owner), ("page.scope", page.scope), ("page.reach", page.reach),
        ("page.version", page.version), ("page.revision", page.revision),
        ("page.note", page.note),
    )  # fmt: skip
    return [(words.say(key), value) for key, value in found if value]


def place(span: object) -> str:
    """`rules/pricing/shop.yaml:12`."""
    return str(span).rsplit(":", 1)[0]
