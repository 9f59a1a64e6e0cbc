"""What a shop document must say so that its sources can be read: files, currencies, time zone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from offerwright.errors import Diagnostic, Span
from offerwright.facts.document import ShopDocument, SourceFile
from offerwright.facts.schema import FileFormat
from offerwright.money import CURRENCY_DIGITS
from offerwright.source.located import Loaded
from offerwright.source.suggest import suggest

FORMATS: dict[str, FileFormat] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".csv.gz": "csv",
    ".tsv.gz": "csv",
    ".txt.gz": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".jsonl.gz": "jsonl",
    ".ndjson.gz": "jsonl",
    ".parquet": "parquet",
}


def source_format(file: str) -> FileFormat | None:
    """The format that a file's name tells; None for an unknown ending."""
    endings = sorted(FORMATS, key=len, reverse=True)
    return next((FORMATS[end] for end in endings if file.lower().endswith(end)), None)


def check_shop(loaded_shop: Loaded[ShopDocument]) -> Iterator[Diagnostic]:
    """Every currency, time zone and source file of the shop that cannot be used."""
    shop, located = loaded_shop.document, loaded_shop.located
    try:
        ZoneInfo(shop.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield Diagnostic(
            "UNKNOWN_TIME_ZONE",
            f"`{shop.time_zone}` is no time zone",
            located.at(("time_zone",)),
            hint="write a name of the time zone database, such as America/Sao_Paulo",
        )
    currencies = {("currency",): shop.currency} | {
        ("accounts", name, "currency"): account.currency
        for name, account in shop.accounts.items()
        if account.currency is not None
    }
    for path, currency in currencies.items():
        if currency not in CURRENCY_DIGITS:
            hint = suggest(currency, CURRENCY_DIGITS)
            message = f"`{currency}` is no currency that we know"
            yield Diagnostic("UNKNOWN_CURRENCY", message, located.at(path), hint=hint)
    for name, source in shop.sources.items():
        yield from _check_source(name, source, located.at(("sources", name, "file")))


def _check_source(name: str, source: SourceFile, span: Span) -> Iterator[Diagnostic]:
    path = PurePosixPath(source.file)
    if path.is_absolute() or ".." in path.parts or "\\" in source.file or "\0" in source.file:
        yield Diagnostic(
            "SOURCE_OUTSIDE",
            f"the file of the source `{name}` lies outside the repository: `{source.file}`",
            span,
            hint="write a path inside the repository, such as data/stock.csv, and use "
            "`--data PATH` for files kept elsewhere",
        )
    format_ = source_format(source.file)
    if format_ is None:
        yield Diagnostic(
            "UNKNOWN_FILE_TYPE",
            f"the ending of `{source.file}` is no file type that we read",
            span,
            hint=f"give the file one of the endings {', '.join(FORMATS)}",
        )
    elif format_ != "csv" and source.decimal_comma:
        yield Diagnostic(
            "DECIMAL_COMMA_WITHOUT_CSV",
            f"`decimal_comma` is for CSV files, and `{source.file}` is none",
            span,
            hint="drop `decimal_comma`: numbers in JSON and Parquet have a point",
        )
