"""
Rates of exchange, written in lists or in CSV files → by pair of currencies, in order of time.

Rates are never turned round and never chained: what a bank takes for the way back is another rate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

from offerwright.errors import Related, Span
from offerwright.expressions.typing import DatedRate
from offerwright.money import CURRENCY_DIGITS, SCALE, scaled
from offerwright.rules.document import ListsDocument
from offerwright.rules.rows import Findings, Window, check_window, csv_window, is_never
from offerwright.source.located import CsvTable, Loaded
from offerwright.source.suggest import suggest

_HEADINGS = ("from", "to", "rate", "valid.from", "valid.before")
_MOST = Decimal(10) ** 9


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """What one unit of `source` is in `target`, when (microseconds), and where it is written."""

    source: str
    target: str
    rate: Decimal
    window: Window
    span: Span
    document: str

    @property
    def pair(self) -> tuple[str, str]:
        return self.source, self.target


def link_rates(
    lists: Sequence[Loaded[ListsDocument]], zone: ZoneInfo, findings: Findings
) -> tuple[ExchangeRate, ...]:
    """All rates by pair and time; two that count at one moment are a finding."""
    found = [rate for loaded in lists for rate in _written(loaded, zone, findings)]
    sound = [rate for rate in found if _is_sound(rate, findings) and not is_never(rate.window)]
    ordered = sorted(sound, key=lambda r: (r.pair, _start(r), r.span))
    for one, other in pairwise(ordered):
        end = one.window[1]
        if one.pair == other.pair and (end is None or _start(other) < end):
            findings.say(
                "RATES_OVERLAP", other.span,
                f"two rates from {one.source} to {one.target} count at one moment: "
                f"{one.rate} and {other.rate}",
                "let one end where the next begins: `before` is not included",
                related=(Related(one.span, "the other one"),),
            )  # fmt: skip
    return tuple(ordered)


def by_pair(rates: Sequence[ExchangeRate]) -> Mapping[tuple[str, str], tuple[DatedRate, ...]]:
    """As expressions ask for them; `rates` come from `link_rates`."""
    return {
        pair: tuple((rate.window, rate.rate) for rate in group)
        for pair, group in groupby(rates, key=lambda r: r.pair)
    }


def _start(rate: ExchangeRate) -> int:
    start = rate.window[0]
    return -(2**63) if start is None else start


def _written(
    loaded: Loaded[ListsDocument], zone: ZoneInfo, findings: Findings
) -> Iterator[ExchangeRate]:
    for index, rate in enumerate(loaded.document.rates or ()):
        at = loaded.located.at
        window = check_window(
            rate.valid, zone, at(("rates", index, "valid", "before")), "this rate", findings
        )
        yield ExchangeRate(
            rate.from_, rate.to, rate.rate, window, at(("rates", index, "rate")), loaded.name
        )
    csv = loaded.tables.get(loaded.document.file or "")
    if csv is not None and _has_headings(csv, findings):
        for row in range(len(csv.rows)):
            if len(csv.rows[row]) == len(csv.header):
                yield from _csv_rate(csv, row, loaded.name, zone, findings)


def _has_headings(csv: CsvTable, findings: Findings) -> bool:
    unknown = [h for h in csv.header if h not in (*_HEADINGS, "note")]
    for heading in unknown:
        findings.say(
            "UNKNOWN_HEADING", csv.heading(csv.position[heading]), f"unknown heading `{heading}`",
            suggest(heading, (*_HEADINGS, "note")),
        )  # fmt: skip
    absent = [h for h in _HEADINGS if h not in csv.position and h != "valid.from"]
    for heading in absent:
        findings.say("MISSING_HEADING", csv.heading(0), f"rates have no heading `{heading}`",
                     f"the headings are {', '.join(_HEADINGS)}")  # fmt: skip
    return not unknown and not absent


def _csv_rate(
    csv: CsvTable, row: int, document: str, zone: ZoneInfo, findings: Findings
) -> Iterator[ExchangeRate]:
    cells = {name: csv.rows[row][column].strip() for name, column in csv.position.items()}
    span = csv.cell(row, csv.position["rate"])
    window = csv_window(csv, row, zone, findings)
    if not cells["valid.before"]:
        findings.say("EMPTY_CELL", csv.cell(row, csv.position["valid.before"]),
                     "a rate ends some day, and this one has no `valid.before`")  # fmt: skip
    try:
        rate = Decimal(cells["rate"])
        if not rate.is_finite():
            raise InvalidOperation
    except InvalidOperation:
        findings.say("WRONG_RATE", span, f"{cells['rate']!r} is no rate", "write 5.6123")
        return
    yield ExchangeRate(cells["from"], cells["to"], rate, window, span, document)


def _is_sound(rate: ExchangeRate, findings: Findings) -> bool:
    unknown = [c for c in rate.pair if c not in CURRENCY_DIGITS]
    for currency in unknown:
        findings.say("UNKNOWN_CURRENCY", rate.span, f"`{currency}` is no currency that we know",
                     suggest(currency, CURRENCY_DIGITS))  # fmt: skip
    wrong = ""
    if rate.source == rate.target:
        wrong = f"{rate.source} is the same currency on both sides"
    elif not 0 < rate.rate < _MOST:
        wrong = f"a rate lies above 0 and below 1,000,000,000, not at {rate.rate}"
    elif scaled(rate.rate)[1] > SCALE:
        wrong = f"a rate has at most {SCALE} decimals"
    if wrong:
        findings.say("WRONG_RATE", rate.span, wrong)
    return not unknown and not wrong
