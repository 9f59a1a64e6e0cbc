"""`--vs`, `--without`, `--set`: the rules and facts that an offer is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from offerwright.cli.report import tell
from offerwright.errors import ConfigError, OfferwrightError, has_errors, sorted_diagnostics
from offerwright.loadout import Loadout

if TYPE_CHECKING:
    import polars as pl

    from offerwright.facts.snapshot import StoredSnapshot


@dataclass(frozen=True)
class Instead:
    """What is to be otherwise, all of it together."""

    vs: str | None = None
    without: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.vs is not None or self.without or self.sets)

    @property
    def name(self) -> str:
        """As it stands behind a price: `on main without shop/sale with cost=12.00`."""
        said = [] if self.vs is None else [f"on {self.vs}"]
        said += [f"without {', '.join(self.without)}"] if self.without else []
        said += [f"with {', '.join(self.sets)}"] if self.sets else []
        return " ".join(said)


@dataclass(frozen=True)
class Other:
    """The other rules, their commit if they are those of one, and the parts that are left out."""

    loadout: Loadout
    commit: str
    without: tuple[dict[str, Any], ...]


def other_rules(instead: Instead, home: Path, loadout: Loadout) -> Other:
    """
    The rules to compare with.

    Raises:
        OfferwrightError: no such commit, or no such rule.
        ConfigError: the rules have errors there, or without what is left out.
    """
    repository, commit = loadout.repository, ""
    if instead.vs is None and not instead.without:
        return Other(loadout, commit, ())
    from offerwright.pipeline import compile_repository
    from offerwright.whatif.without import documents_of, readers, without_all

    if instead.vs is not None:
        from offerwright.cli.review_sides import state_at

        state = state_at(home, instead.vs)
        repository, commit = state.repository, state.commit
    documents = documents_of(repository) if instead.without else ()
    repository, parts = without_all(repository, instead.without)
    for part in parts:
        for one in readers(documents, part):
            tell(f"note: {one.kind} {one.document} reads {part.csv} too, and is without this row")
    made, found = compile_repository(repository)
    if made is None or has_errors(found):
        tell(f"The rules {instead.name} have errors, so nothing can be compared:")
        raise ConfigError(sorted_diagnostics(one for one in found if one.severity == "error"))
    return Other(made, commit, tuple(_left_out(part) for part in parts))


def _left_out(part: Any) -> dict[str, Any]:
    return {
        "kind": part.kind, "rule": part.title, "file": part.span.file, "line": part.span.line,
    }  # fmt: skip


def other_rows(
    other: Loadout, loadout: Loadout, stored: StoredSnapshot, where: tuple[Path, Path | None]
) -> pl.DataFrame | Path:
    """The snapshot for the other rules: the same one, or with other facts one of their own."""
    from offerwright.facts.manifest import schema_hash

    if other is loadout or schema_hash(other.schema) == schema_hash(loadout.schema):
        return stored.facts
    from offerwright.facts.snapshot import build_snapshot

    tell("note: the facts are others there; the sources are read for them too")
    root, data = where
    return build_snapshot(other.schema, other.shop.document, root, data_root=data).frame


def known_there(account: str, accounts: Sequence[str], name: str) -> None:
    """Refuse an account that the other rules do not have."""
    if account not in accounts:
        raise OfferwrightError(
            f"there is no account {account} {name}; accounts there: {', '.join(accounts)}"
        )
