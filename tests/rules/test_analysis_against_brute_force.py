"""What is proved of a table against all offers there can be: each one matched by the oracle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

from engine_under_test import document_files, marketplace_files, sound
from evaluate.generated_shop import Pick
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import world_of_offer
from oracle.tables import matches

from offerwright.rules.analysis.asked import Asked, tables_of
from offerwright.rules.analysis.cover import holes
from offerwright.rules.analysis.dead import dead_rows, never_matching
from offerwright.rules.analysis.gaps import gaps
from offerwright.rules.analysis.grid import Grid
from offerwright.rules.analysis.overlap import meetings
from offerwright.rules.analysis.spare import spare
from offerwright.rules.analysis.witness import reaching
from offerwright.rules.analysis.words import sample

ZONE = "America/Sao_Paulo"
ACCOUNT = {"name": "a", "marketplace": "alpha", "currency": "BRL"}
SHOP = f"""\
kind: shop
name: shop
time_zone: {ZONE}
currency: BRL
accounts:
  a: {{marketplace: alpha}}
sources:
  catalogue: {{file: data/catalogue.csv, sku: sku}}
"""
FACTS: dict[str, dict[str, Any]] = {
    "cost": {"type": "money", "minimum": Decimal(0)},
    "units": {"type": "integer", "minimum": Decimal(0), "maximum": Decimal(6)},
    "tier": {"type": "enum", "of": ["gold", "silver", "none"], "missing": "none"},
    "brand": {"type": "text"},
    "category": {"type": "path"},
    "fragile": {"type": "boolean"},
    "day": {"type": "date"},
}
FACT_DOCUMENT = {
    "kind": "facts", "name": "shop",
    "facts": {name: {**fact, "from": f"catalogue.{name}"} for name, fact in FACTS.items()},
}  # fmt: skip

LITERALS: dict[str, list[str]] = {
    "cost": ["0", "10", "79"],
    "units": ["0", "1", "3", "6"],
    "tier": ["gold", "silver", "none"],
    "brand": ["Acme", "Bolt", "Ac"],
    "category": ["phones", "phones/android", "home"],
    "fragile": ["true", "false"],
    "day": ["2026-11-01", "2026-11-02", "2026-11-05"],
}
# At least one value of everything that cells of these literals can tell apart.
VALUES: dict[str, list[Any]] = {
    "cost": [Decimal(v) for v in ("0", "0.01", "5", "10", "40", "79", "80")] + [None],
    "units": [*range(7), None],
    "tier": ["gold", "silver", "none"],
    "brand": ["Acme", "Bolt", "Ac", "Acorn", "Acmite", "Boat", "Zeta", None],
    "category": [
        "phones", "phones/android", "phones/x", "phones/android/x", "home", "home/x", "x", None,
    ],
    "fragile": [True, False, None],
    "day": [date(2026, 10, 31), *(date(2026, 11, d) for d in range(1, 8)), None],
}  # fmt: skip
ENDS = ["2026-11-10", "2026-11-20", "2026-11-30"]
MOMENTS = [
    datetime(2026, 11, day, hour, tzinfo=ZoneInfo(ZONE))
    for day, hour in ((5, 0), (10, 0), (15, 0), (20, 0), (25, 0), (30, 0), (30, 12))
]


@dataclass(frozen=True)
class Table:
    """A drawn table, its step's `when`, and the facts that they may test."""

    facts: tuple[str, ...]
    rows: list[dict[str, Any]]
    when: dict[str, Any]
    hit: str
    category: str | None = None
    """The category that the document is for."""

    def grid(self) -> Grid:
        return self.asked().grid

    def asked(self) -> Asked:
        step: dict[str, Any] = {
            "id": "t", "phase": "base", "hit": self.hit, "rules": self.rules(),
            "set": {"price": "cost + x"},
        }  # fmt: skip
        if self.when:
            step["when"] = self.when
        if self.hit == "first":
            step["otherwise"] = {"x": 9}
        pricing = {"kind": "pricing", "name": "p", "steps": [step]}
        if self.category:
            pricing["for"] = {"category": self.category}
        files = {"offerwright.yaml": SHOP, **marketplace_files("alpha"),
                 **document_files([FACT_DOCUMENT, pricing])}  # fmt: skip
        return next(iter(tables_of(sound(files).rules.plans[0])))

    @property
    def scope(self) -> dict[str, Any]:
        return {"category": {"under": self.category}} if self.category else {}

    def rules(self) -> list[dict[str, Any]]:
        return [{k: v for k, v in row.items() if v} for row in self.rows]

    def points(self) -> Iterator[tuple[dict[str, Any], datetime, list[int]]]:
        """Every offer that passes `when`, its moment, and the rows that match it."""
        moments = MOMENTS if any(row["valid"] for row in self.rows) else MOMENTS[:1]
        for values in product(*(VALUES[fact] for fact in self.facts)):
            given_ = dict(zip(self.facts, values, strict=True))
            for moment in moments:
                world = _world(given_, moment)
                if all(matches({"when": when}, world) for when in (self.when, self.scope)):
                    yield (
                        given_,
                        moment,
                        [n for n, row in enumerate(self.rules()) if matches(row, world)],
                    )


def _world(facts: Mapping[str, Any], moment: datetime) -> Any:
    return world_of_offer([FACT_DOCUMENT], {}, facts, ACCOUNT, {}, moment, ZONE, None)


@st.composite
def tables(draw: Any, *hits: str) -> Table:
    pick = Pick(draw)
    facts = tuple(pick.some(FACTS, 1, 3))
    has_windows = pick.chance(30)
    rows = [
        {
            "id": f"r{n}", "when": _when(pick, facts), "then": {"x": pick.number(1, 2)},
            "valid": _valid(pick) if has_windows else None,
        }
        for n in range(pick.number(1, 7))
    ]  # fmt: skip
    when = {f: _cell(pick, f) for f in pick.some(facts, 1, 1)} if pick.chance(30) else {}
    is_scoped = "category" in facts and pick.chance(40)
    category = pick.one("phones", "phones/android", "home") if is_scoped else None
    return Table(facts, rows, when, pick.one(*hits), category)


def _when(pick: Pick, facts: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {fact: _cell(pick, fact) for fact in pick.some(facts, 0, 3)}
    if pick.chance(15):
        found[pick.one("any", "all")] = [
            {fact: _cell(pick, fact)} for fact in (pick.one(*facts), pick.one(*facts))
        ]
    return found


def _valid(pick: Pick) -> dict[str, str] | None:
    start, end = pick.number(-1, 2), pick.number(-1, 2)
    if start >= 0 and end >= 0 and start >= end:
        return None
    found = {"from": ENDS[start]} if start >= 0 else {}
    return {**found, **({"before": ENDS[end]} if end >= 0 else {})} or None


def _cell(pick: Pick, fact: str, depth: int = 1) -> Any:
    kind = pick.number(0, 6)
    if kind == 0:
        return pick.one("missing", "present")
    if kind == 1 and depth:
        return {"not": _cell(pick, fact, 0)}
    literals = LITERALS[fact]
    if kind == 2:
        return [_literal(fact, v) for v in pick.some(literals, 1, 2)]
    if FACTS[fact]["type"] in ("money", "integer", "date"):
        if kind in (3, 4):
            low, high = sorted(pick.some(literals, 2, 2))
            return pick.one(f"{low}..{high}", f"[{low}..{high}]", f"({low}..{high})")
        return f"{pick.one('<', '<=', '>', '>=')} {pick.one(*literals)}"
    if fact == "brand" and kind in (3, 4):
        return {"starts_with": pick.one("Ac", "Bo", "Acm")}
    if fact == "category" and kind in (3, 4):
        return {"under": pick.one(*literals)}
    return _literal(fact, pick.one(*literals))


def _literal(fact: str, text: str) -> Any:
    if fact == "fragile":
        return text == "true"
    return Decimal(text) if FACTS[fact]["type"] in ("money", "integer") else text


@settings(deadline=None)
@given(tables("unique", "any"))
def test_two_rows_meet_where_some_offer_matches_both(table: Table) -> None:
    found = {
        (one, other)
        for _, _, rows in table.points()
        for one in rows
        for other in rows
        if one < other
    }
    grid = table.grid()

    assert {
        (grid.row_of[m.part], grid.row_of[m.other]) for m in meetings(grid) if m.is_sure
    } == found


@settings(deadline=None)
@given(tables("first"))
def test_a_row_is_dead_when_it_is_first_for_no_offer(table: Table) -> None:
    points = [rows for _, _, rows in table.points()]
    matching = {row for rows in points for row in rows}
    winning = {rows[0] for rows in points if rows}
    dead, unproved = dead_rows(table.grid())

    assert unproved == []
    assert set(never_matching(table.grid())) == set(range(len(table.rows))) - matching
    assert {d.row for d in dead} == matching - winning


@settings(deadline=None)
@given(tables("first"))
def test_the_rows_that_kill_a_row_are_enough_and_none_can_be_left_out(table: Table) -> None:
    points = [rows for _, _, rows in table.points()]
    for dead in dead_rows(table.grid())[0]:
        own = [rows for rows in points if dead.row in rows]
        assert all(set(rows) & set(dead.killers) for rows in own)
        assert max(dead.killers) < dead.row
        if len(dead.killers) > 1:
            for killer in dead.killers:
                rest = set(dead.killers) - {killer}
                assert not all(set(rows) & rest for rows in own)


@settings(deadline=None)
@given(tables("unique"))
def test_a_gap_is_said_where_an_offer_without_missing_values_matches_no_row(table: Table) -> None:
    starts = [(row["valid"] or {}).get("from") for row in table.rows]
    first = min((s for s in starts if s is not None), default="") if None not in starts else ""
    uncovered = [
        (values, moment)
        for values, moment, rows in table.points()
        if not rows and moment.date().isoformat() >= first and None not in values.values()
    ]
    said = {d.code for d in gaps(table.grid(), ZoneInfo(ZONE), "NO_RULE_MATCHES")}

    assert bool(said & {"TABLE_GAP", "TABLE_ENDS"}) == bool(uncovered)


@settings(deadline=None)
@given(tables("unique"))
def test_everything_in_a_hole_is_matched_by_no_row(table: Table) -> None:
    grid = table.grid()
    masks = [[s.maybe for s in column.segments] for column in grid.columns]
    for whole in grid.wholes:
        for hole in holes(masks, whole, grid.parts, 5)[0]:
            for number in (0, -1):
                facts, moment = _offer(grid, [segments[number] for segments in hole])
                world = _world(facts, moment or MOMENTS[0])
                assert not [r for r in table.rules() if matches(r, world)], facts


@settings(deadline=None)
@given(tables("unique", "first"))
def test_the_witness_of_a_row_reaches_it(table: Table) -> None:
    grid = table.grid()
    reachable = {
        row
        for _, _, rows in table.points()
        for row in (rows[:1] if table.hit == "first" else rows if len(rows) == 1 else [])
    }
    for row in range(len(table.rows)):
        found = reaching(grid, row)

        assert (found is not None) == (row in reachable)
        if found is not None:
            values = {f: _value(g.type.name, g.value) for f, g in found.items()}
            world = _world(values, values.pop("as_of", None) or MOMENTS[0])
            rows = [n for n, r in enumerate(table.rules()) if matches(r, world)]
            assert rows and rows[0] == row
            assert table.hit == "first" or rows == [row]


@settings(deadline=None)
@given(tables("unique"))
def test_a_fact_that_decides_nothing_can_be_left_out_of_every_row(table: Table) -> None:
    points = list(table.points())
    if any(len(rows) > 1 for _, _, rows in points):
        return  # rows that overlap are an error, and nothing else is said of their table
    results: dict[tuple[str, Any], set[Any]] = {}
    for values, moment, rows in points:
        for fact in values:
            rest = tuple((k, v) for k, v in values.items() if k != fact)
            outcome = table.rows[rows[0]]["then"]["x"] if rows else None
            results.setdefault((fact, (rest, moment)), set()).add(outcome)
    tested = {c.fact for c in table.grid().columns}
    idle = {
        fact
        for fact in table.facts
        if fact in tested
        and all(len(found) == 1 for (name, _), found in results.items() if name == fact)
    }
    hints = spare(table.grid(), ZoneInfo(ZONE)) if len(table.rows) > 1 else []
    said = {d.message.split("`")[1] for d in hints if d.code == "FACT_NEVER_MATTERS"}

    assert said <= idle


def _offer(grid: Grid, point: list[int]) -> tuple[dict[str, Any], datetime | None]:
    facts: dict[str, Any] = {}
    for column, number in zip(grid.columns, point, strict=True):
        value = sample(column, column.segments[number])
        facts[column.fact] = _value(column.type.name, value)
    return facts, facts.pop("as_of", None)


def _value(type_: str, value: Any) -> Any:
    """A sample in the words of the oracle: days and microseconds as dates and moments."""
    if value is None:
        return None
    if type_ == "date":
        return date.fromordinal(date(1970, 1, 1).toordinal() + int(value))
    if type_ == "datetime":
        return datetime.fromtimestamp(int(value) / 1_000_000, ZoneInfo(ZONE))
    return value
