"""A review → one HTML file that needs nothing but a browser: no request leaves it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from offerwright.review import report
from offerwright.review.approval_words import reach, standing
from offerwright.review.histogram import FLOOR, HEIGHT, WIDTH, histogram
from offerwright.review.links import Links
from offerwright.review.offers_table import missing
from offerwright.review.words import (
    changed_file,
    clock,
    count,
    headline,
    later,
    left_out,
    level,
    percent,
    rule_name,
    verdict,
)

Record = Mapping[str, Any]
STYLES = ("pages/style.css", "review/templates/report.css")
SCRIPT = "review/templates/sorter.js"
ERRORS = ("findings", "base_findings", "stand_ins", "unread")
"""Parts of a document about what could not be read or computed."""


def html(record: Record, links: Links | None = None) -> str:
    """
    The report. Everything in it is there without its script, which sorts and filters.

    Args:
        record: a master document in which no text has control characters (`escapes.shown`).
        links: where places are looked at; None shows them as text.
    """
    style, script = "".join(map(_own, STYLES)), _own(SCRIPT)
    offers = record["offers"][: report.ROWS]
    whole = {**dict.fromkeys((*ERRORS, "approvals", "periods"), ()), **record}
    return _environment().get_template("report.html.jinja").render(
        review=whole, errors=any(whole[name] for name in ERRORS),
        style=style, style_hash=_hash(style), script=script, script_hash=_hash(script),
        verdict=verdict(record),
        headline=report.typeset(_lead(record)),
        mark=_mark(record), tiles=report.tiles(record["totals"]),
        guards=report.by_result(record["guards"]),
        accounts=[one for one in record["accounts"] if one["changed_offers"]],
        columns=report.columns(record["accounts"]), same=_same(record),
        dumbbells=report.dumbbells(record["accounts"]),
        drawn=histogram(record["spread"]), width=WIDTH, height=HEIGHT, floor=FLOOR,
        movers={name: record["movers"][name][: report.MOVERS] for name in ("down", "up")},
        later=list(later(record)), left_out=left_out(record),
        idle=[one for one in record["documents"] if one["offers"] == 0],
        offers=[report.row(one) for one in offers],
        left=missing({**record, "offers": offers}),
        listed=report.LISTED, to=_to(links),
    )  # fmt: skip


def _lead(record: Record) -> str:
    """The headline without what stands above it."""
    said = headline(record)
    for known in ("Price review: ", "the head has errors; ", "the head has errors, so "):
        said = said.removeprefix(known)
    return said


def _to(links: Links | None) -> Any:
    return lambda file, line: None if links is None else links.to(file, line)


def _mark(record: Record) -> str:
    """Which of the marks of guards the whole review has."""
    if record["blocks"]:
        return "blocks"
    results = {one["result"] for one in record["guards"]}
    return "warns" if "warns" in results else "passes"


def _same(record: Record) -> list[str]:
    """The accounts on which nothing changes."""
    found = [one["account"] for one in record["accounts"] if not one["changed_offers"]]
    return sorted([*found, *(one["account"] for one in record["untouched"])])


@cache
def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("offerwright.review"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    found.filters |= {
        "row": report.row, "count": count, "rule_name": rule_name, "points": report.points,
        "objections": lambda guard: list(report.objections(guard)),
        "percent": lambda share: report.typeset(percent(share)),
        "level": lambda share: report.typeset(level(share)),
        "number": lambda number: f"{number:,}", "minutes": _minutes, "reach": reach,
        "standing": standing, "clock": clock, "typeset": report.typeset,
        "changed_file": changed_file,
    }  # fmt: skip
    return found


def _minutes(moment: str) -> str:
    """`2026-11-20 10:00 −03:00`, of an ISO moment."""
    day, _, rest = moment.partition("T")
    time, zone = rest[:5], rest[8:].partition("+")[2]
    zone = f"+{zone}" if zone else rest[8:].replace("-", "−")
    return f"{day} {time} {zone}".strip()


@cache
def _own(name: str) -> str:
    """A file of the engine itself."""
    return (files("offerwright") / name).read_text("utf-8")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
