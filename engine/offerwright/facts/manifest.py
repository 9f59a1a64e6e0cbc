"""What a snapshot is made of: hashes, row counts and columns, as data and as JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from offerwright import __version__
from offerwright.facts.join import Note
from offerwright.facts.schema import FactSchema

FORMAT = 2


@dataclass(frozen=True, slots=True)
class SourceCount:
    """One source of a snapshot: rows_in = kept + rejected; the hash is of the file as stored."""

    name: str
    file: str
    sha256: str
    rows_in: int
    kept: int
    rejected: int


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """One column: the fact's type in the language's words, the Polars dtype, a decimal's scale."""

    name: str
    fact: str
    type: str
    dtype: str
    scale: int | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """The label of a snapshot. It holds no time: equal inputs give equal manifests.

    `id` is the hash of sources, schema and engine version. `outputs` are the hashes of the files
    beside it, empty for a snapshot that was never written. `doubtful` are SKUs of which the
    catalogue has only refused rows, `nameless` is how many refused rows have no readable SKU: what
    is not in the snapshot because of them has not left the catalogue.
    """

    id: str
    engine: str
    schema_sha256: str
    rows: int
    sources: tuple[SourceCount, ...]
    columns: tuple[ColumnInfo, ...]
    notes: tuple[Note, ...]
    outputs: Mapping[str, str]
    doubtful: tuple[str, ...] = ()
    nameless: int = 0
    format: int = FORMAT

    def source(self, name: str) -> SourceCount | None:
        """The counts of one source, if the snapshot has it."""
        return next((one for one in self.sources if one.name == name), None)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def canonical(data: object) -> bytes:
    """JSON with sorted keys and no room for chance; dates and decimals as they are written."""
    text = json.dumps(
        data, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain
    )
    return text.encode()


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no canonical form")


def schema_hash(schema: FactSchema) -> str:
    """The hash of everything in a schema that a snapshot depends on: not places, not notes."""
    facts = [{**asdict(fact), "span": None} for fact in schema.facts.values()]
    sources = [asdict(source) for source in schema.sources.values()]
    scopes = {name: schema.scopes[name] for name in sorted(schema.scopes)}
    return sha256(canonical([facts, sources, schema.universe, scopes, schema.time_zone]))


def snapshot_id(schema_sha256: str, sources: Iterable[SourceCount]) -> str:
    """32 hexadecimal digits: the snapshot's name."""
    inputs = [[one.name, one.sha256] for one in sources]
    return sha256(canonical([FORMAT, __version__, schema_sha256, inputs]))[:32]


def columns_of(schema: FactSchema, frame: pl.DataFrame) -> tuple[ColumnInfo, ...]:
    """What stands in each column of a snapshot frame."""
    return tuple(_column(schema, name, dtype) for name, dtype in frame.schema.items())


def _column(schema: FactSchema, name: str, dtype: pl.DataType) -> ColumnInfo:
    fact = name.partition(".")[0].partition("@")[0]
    type_ = str(schema.facts[fact].type) if fact in schema.facts else "text"
    inner = dtype.inner if isinstance(dtype, pl.List) else dtype
    scale = inner.scale if isinstance(inner, pl.Decimal) else None
    return ColumnInfo(name, fact, type_, str(dtype), scale)


def manifest_json(manifest: Manifest) -> bytes:
    """The manifest as indented JSON with sorted keys, ending in a line break."""
    return (
        json.dumps(asdict(manifest), sort_keys=True, ensure_ascii=False, indent=2) + "\n"
    ).encode()


def manifest_from_json(content: bytes) -> Manifest:
    """The manifest that `manifest_json` wrote; ValueError or KeyError or TypeError if it is not."""
    data: dict[str, Any] = json.loads(content)
    if data["format"] != FORMAT:
        raise ValueError(f"it has format {data['format']}, this engine reads {FORMAT}")
    notes = (Note(n["code"], n["source"], n["count"], tuple(n["examples"])) for n in data["notes"])
    return Manifest(
        **{
            **data,
            "sources": tuple(SourceCount(**one) for one in data["sources"]),
            "columns": tuple(ColumnInfo(**one) for one in data["columns"]),
            "notes": tuple(notes),
            "doubtful": tuple(data["doubtful"]),
        }
    )
