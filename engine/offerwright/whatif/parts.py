"""A document → the parts of it that can be left out: steps, rows, fees, guards, attributes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from offerwright.errors import OfferwrightError, Span
from offerwright.guards.document import GuardsDocument
from offerwright.rules.decision_document import DecisionDocument
from offerwright.rules.document import FeesDocument, Table
from offerwright.rules.inventory_document import InventoryDocument
from offerwright.rules.mapping_document import MappingDocument
from offerwright.rules.pricing_document import PricingDocument
from offerwright.source.document import Document
from offerwright.source.located import Loaded, Path
from offerwright.source.suggest import suggest

OTHERWISE = "otherwise"
"""What a trace calls the part of a table that counts where no row does."""
KINDS = ("pricing", "inventory", "mapping", "fees", "lists", "decision", "guards", "approvals")
"""Kinds that an offer, or the verdict on it, is made of."""

_NAMED = 3


@dataclass(frozen=True, slots=True)
class Part:
    """
    A document, or a part of one.

    `name` is the part's in its document, empty for all of it; `path` leads to it in the YAML. A row
    of a CSV file has `row`, its number from 0, and `csv`, the file. `number` is the place of a row
    in its table, from 1; 0 of what is no row.
    """

    kind: str
    document: str
    file: str
    name: str
    path: Path
    span: Span
    number: int = 0
    csv: str = ""
    row: int = 0

    @property
    def title(self) -> str:
        """As it is named on the command line."""
        return f"{self.document}/{self.name}" if self.name else self.document

    @property
    def step(self) -> str:
        """The step, fee or guard that it is, or whose row it is."""
        return self.name.partition("/")[0]

    @property
    def is_otherwise(self) -> bool:
        """Whether it is the `otherwise` of a table."""
        return not self.csv and self.path[-1:] == (OTHERWISE,)

    @property
    def is_of_table(self) -> bool:
        """Whether it is a row of a table, or its `otherwise`."""
        return self.number > 0 or self.is_otherwise


def find_part(documents: Sequence[Loaded[Any]], address: str) -> Part:
    """
    What `[KIND:]DOCUMENT[/RULE]` names.

    A row is named by its step and its id, by its id alone where that is unique in the document, or
    by its step and its number; `otherwise` of a table is named as a row is. Raises
    `OfferwrightError` with the names that there are.
    """
    head, slash, rule = address.partition("/")
    document = _document(documents, head)
    if not slash:
        return whole(document)
    parts = tuple(parts_of(document))
    for names in (_full, _short, _numbered):
        found = [part for part in parts if names(part) == rule]
        if len(found) == 1:
            return found[0]
        if found:
            listed = ", ".join(sorted(part.title for part in found))
            raise OfferwrightError(f"{address} is several rules; name one: {listed}")
    kind = document.document.kind
    known = [part.name for part in parts] + [_short(p) for p in parts if p.is_of_table]
    hint = suggest(rule, known) or f"a document of kind {kind} is left out as a whole: {head}"
    raise OfferwrightError(f"{kind} {document.name} has no rule {rule!r}; {hint}")


def _full(part: Part) -> str:
    return part.name


def _short(part: Part) -> str:
    return part.name.rpartition("/")[2]


def _numbered(part: Part) -> str:
    table = part.name.rpartition("/")[0]
    return f"{table}/{part.number}" if table else str(part.number) if part.number else ""


def _document(documents: Sequence[Loaded[Any]], head: str) -> Loaded[Any]:
    kind, _, name = head.rpartition(":")
    if kind and kind not in KINDS:
        raise OfferwrightError(_of_no_offer(kind))
    named = [one for one in documents if one.name == name and kind in ("", one.document.kind)]
    found = [one for one in named if one.document.kind in KINDS]
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(sorted(f"{one.document.kind}:{name}" for one in found))
        raise OfferwrightError(f"{name} is several documents; name one: {listed}")
    if named:
        raise OfferwrightError(_of_no_offer(named[0].document.kind))
    of_kind = f" of kind {kind}" if kind else ""
    hint = _rule_of(documents, name) or suggest(name, _names(documents, kind))
    raise OfferwrightError(f"no document{of_kind} is called {name!r}; {hint}")


def _names(documents: Sequence[Loaded[Any]], kind: str) -> list[str]:
    kinds = (kind,) if kind else KINDS
    return [one.name for one in documents if one.document.kind in kinds]


def _rule_of(documents: Sequence[Loaded[Any]], name: str) -> str:
    """Traces name most rules without their document; here they need it."""
    if name in ("", OTHERWISE):
        return ""
    parts = (part for one in documents for part in parts_of(one))
    found = sorted({part.title for part in parts if name in (part.name, _short(part))})
    return f"it is a rule of one; write {' or '.join(found[:_NAMED])}" if found else ""


def _of_no_offer(kind: str) -> str:
    if kind in ("routing", "lifecycle"):
        return f"no offer is made by documents of kind {kind}: they are about orders"
    if kind == "facts":
        return "facts cannot be left out, for rules stand on them; try another value with --set"
    return f"{kind!r} is no kind of rule; kinds: {', '.join(KINDS)}"


def whole(loaded: Loaded[Any]) -> Part:
    """All of a document."""
    span = loaded.located.key(("name",))
    return Part(loaded.document.kind, loaded.name, loaded.file, "", (), span)


def parts_of(loaded: Loaded[Document]) -> Iterator[Part]:
    """The parts that have a name, in written order; a table before its rows."""
    document = loaded.document
    if isinstance(document, PricingDocument):
        for number, step in enumerate(document.steps):
            yield from _with_rows(loaded, step.id, ("steps", number), step)
    elif isinstance(document, FeesDocument):
        for number, fee in enumerate(document.fees):
            yield from _with_rows(loaded, fee.id, ("fees", number), fee)
    elif isinstance(document, GuardsDocument):
        for number, guard in enumerate(document.guards):
            yield _part(loaded, guard.id, ("guards", number))
    elif isinstance(document, DecisionDocument):
        yield from _rows(loaded, "", (), document)
    elif isinstance(document, MappingDocument):
        yield from _of_mapping(loaded, document)
    elif isinstance(document, InventoryDocument):
        yield from _of_inventory(loaded, document)


def _of_mapping(loaded: Loaded[Any], document: MappingDocument) -> Iterator[Part]:
    if document.category is not None:
        yield from _with_rows(loaded, "category", ("category",), document.category)
    for name in document.attributes:
        yield _part(loaded, f"attributes/{name}", ("attributes", name))
    for key in ("title", "description", "images"):
        if getattr(document, key) is not None:
            yield _part(loaded, key, (key,))


def _of_inventory(loaded: Loaded[Any], document: InventoryDocument) -> Iterator[Part]:
    safety = document.pool.safety_stock
    if "safety_stock" in document.pool.model_fields_set:
        yield from _with_rows(loaded, "safety_stock", ("pool", "safety_stock"), safety)
    for number, entry in enumerate(document.allocate.marketplaces):
        name = entry.account or entry.marketplace
        if name:
            yield _part(loaded, name, ("allocate", "marketplaces", number))
    if document.kits is not None:
        yield _part(loaded, "kits", ("kits",))


def _with_rows(loaded: Loaded[Any], name: str, path: Path, table: object) -> Iterator[Part]:
    yield _part(loaded, name, path)
    if isinstance(table, Table):
        yield from _rows(loaded, f"{name}/", path, table)


def _rows(loaded: Loaded[Any], prefix: str, path: Path, table: Table) -> Iterator[Part]:
    for at, row in enumerate(table.rules or ()):
        part = _part(loaded, f"{prefix}{row.id}", (*path, "rules", at))
        yield replace(part, number=at + 1)
    if table.otherwise is not None:
        yield _part(loaded, f"{prefix}{OTHERWISE}", (*path, OTHERWISE))
    csv = loaded.tables.get(table.file or "")
    if csv is None or "id" not in csv.position:
        return
    column = csv.position["id"]
    for at, cells in enumerate(csv.rows):
        span = csv.cell(at, column)
        yield Part(
            loaded.document.kind, loaded.name, loaded.file, f"{prefix}{cells[column]}", path, span,
            at + 1, csv.file, at,
        )  # fmt: skip


def _part(loaded: Loaded[Any], name: str, path: Path) -> Part:
    located = loaded.located
    span = located.at((*path, "id")) if isinstance(path[-1], int) else located.key(path)
    return Part(loaded.document.kind, loaded.name, loaded.file, name, path, span)
