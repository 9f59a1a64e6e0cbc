"""Whether the sources of a new snapshot lost more than the shop allows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from offerwright.errors import SnapshotRefused
from offerwright.facts.document import SnapshotBounds
from offerwright.facts.manifest import Manifest, SourceCount
from offerwright.facts.rejects import Reject

MAX_LISTED = 5


def check_bounds(
    sources: Iterable[SourceCount],
    rejects: Mapping[str, tuple[Reject, ...]],
    universe: str,
    bounds: SnapshotBounds,
    previous: Manifest | None,
    accepted: frozenset[str],
) -> None:
    """Raises SnapshotRefused naming every source that shrank, went to zero or was rejected beyond
    its bound, with the figures; sources in `accepted` are let through."""
    problems = [
        problem
        for source in sources
        if source.name not in accepted
        for problem in _problems(source, rejects[source.name], universe, bounds, previous)
    ]
    if problems:
        raise SnapshotRefused("\n".join(problems))


def _problems(
    source: SourceCount,
    rejects: tuple[Reject, ...],
    universe: str,
    bounds: SnapshotBounds,
    previous: Manifest | None,
) -> Iterator[str]:
    before = previous.source(source.name) if previous else None
    last = before.kept if before else 0
    accept = f"If that is right, run again with --accept-shrink {source.name}."
    where = f"{source.file} (source `{source.name}`)"
    if source.rejected > bounds.reject_at_most * source.rows_in:
        yield (
            f"{where}: {source.rejected:,} of {source.rows_in:,} rows are rejected; "
            f"`reject_at_most` allows {_percent(bounds.reject_at_most)}. Mend the rows. {accept}"
            f"{_listed(source.file, rejects)}"
        )
    elif source.kept == 0 and (last or source.name == universe):
        had = f"; the last snapshot had {last:,}" if last else ""
        yield f"{where} has no rows{had}. {accept}"
    elif source.kept < last * (1 - bounds.shrink_at_most):
        yield (
            f"{where} has {source.kept:,} rows; the last snapshot had {last:,}. "
            f"`shrink_at_most` allows {_percent(bounds.shrink_at_most)} fewer. {accept}"
        )


def _percent(share: Decimal) -> str:
    return f"{share:.2%}".replace(".00%", "%")


def _listed(file: str, rejects: tuple[Reject, ...]) -> str:
    first = sorted(rejects, key=lambda one: (one.row, one.column))[:MAX_LISTED]
    lines = [
        f"\n  {file}:{one.row} {one.column or 'row'} `{one.value}` {one.code}: {one.reason}"
        for one in first
    ]
    more = len(rejects) - len(first)
    return "".join(lines) + (f"\n  and {more:,} more" if more > 0 else "")
