"""The name of a table → where it is written: `DOCUMENT`, `DOCUMENT/STEP`, `KIND:DOCUMENT/STEP`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from offerwright.errors import OfferwrightError
from offerwright.interchange.table.cells import Place
from offerwright.rules.decision_document import DecisionDocument
from offerwright.rules.document import FeesDocument, Table
from offerwright.rules.inventory_document import InventoryDocument
from offerwright.rules.mapping_document import MappingDocument
from offerwright.rules.pricing_document import PricingDocument
from offerwright.source.document import Document
from offerwright.source.located import Loaded, Path
from offerwright.source.suggest import suggest


@dataclass(frozen=True, slots=True)
class Written:
    """A table in its document. `part` is its step, fee or key; `path` leads to it."""

    loaded: Loaded[Any]
    part: str
    path: Path
    table: Table
    places: Mapping[str, Place]
    """What the results are, where they are not all numbers."""

    @property
    def name(self) -> str:
        return f"{self.loaded.name}/{self.part}" if self.part else self.loaded.name

    @property
    def data(self) -> Any:
        """The table as YAML gives it."""
        found = self.loaded.located.data
        for part in self.path:
            found = found[part]
        return found

    def place(self, result: str) -> Place:
        return self.places.get(result, "number")


def find_table(documents: Sequence[Loaded[Document]], address: str) -> Written:
    """The table of this name. Raises `OfferwrightError` with the names that there are."""
    head, _, part = address.partition("/")
    kind, colon, name = head.rpartition(":")
    found = [
        written
        for loaded in documents
        if loaded.name == name and (not colon or loaded.document.kind == kind)
        for written in tables_of(loaded)
        if not part or written.part == part
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        known = sorted({w.name for loaded in documents for w in tables_of(loaded)})
        hint = suggest(address, known) or "no document that could be read has a table"
        raise OfferwrightError(f"no table is called {address}; {hint}")
    kinds = {w.loaded.document.kind for w in found}
    names = sorted(f"{w.loaded.document.kind}:{w.name}" if len(kinds) > 1 else w.name
                   for w in found)  # fmt: skip
    raise OfferwrightError(f"{address} is several tables; name one: {', '.join(names)}")


def tables_of(loaded: Loaded[Document]) -> Iterator[Written]:
    """All tables of a document, in written order."""
    document = loaded.document
    if isinstance(document, PricingDocument):
        for number, step in enumerate(document.steps):
            if isinstance(step, Table) and step.is_table:
                yield Written(loaded, step.id, ("steps", number), step, {})
    elif isinstance(document, FeesDocument):
        for number, fee in enumerate(document.fees):
            yield Written(loaded, fee.id, ("fees", number), fee, {})
    elif isinstance(document, MappingDocument) and document.category is not None:
        places: dict[str, Place] = {"category": "text", "block": "text"}
        yield Written(loaded, "category", ("category",), document.category, places)
    elif isinstance(document, InventoryDocument):
        safety = document.pool.safety_stock
        if isinstance(safety, Table):
            yield Written(loaded, "safety_stock", ("pool", "safety_stock"), safety, {})
    elif isinstance(document, DecisionDocument):
        yield Written(loaded, "", (), document, dict(_results(document)))


def _results(document: DecisionDocument) -> Iterator[tuple[str, Place]]:
    for name, result in document.results.items():
        if result.type in ("text", "enum"):
            yield name, "text"
        elif result.type == "boolean":
            yield name, "boolean"
