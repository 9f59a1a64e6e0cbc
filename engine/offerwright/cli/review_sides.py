"""Which two states of a repository are compared: commits, the working tree, folders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from offerwright.cli.loadouts import wrong_contracts
from offerwright.cli.options import moment
from offerwright.cli.report import tell
from offerwright.cli.snapshot import current_snapshot
from offerwright.errors import (
    ConfigError,
    Diagnostic,
    OfferwrightError,
    has_errors,
    sorted_diagnostics,
)
from offerwright.facts.manifest import schema_hash
from offerwright.facts.snapshot import build_snapshot
from offerwright.loadout import Loadout
from offerwright.pipeline import compile_repository
from offerwright.review.agreement import Compared, Terms, agreements
from offerwright.review.four_eyes import Agreement
from offerwright.review.side import Side
from offerwright.source.history import HEAD, commit_of, commit_range, files_at, uncommitted
from offerwright.source.repository import (
    SHOP_FILE,
    Repository,
    read_repository,
    shipped_marketplaces,
    with_shipped,
)

WORKING_TREE = "the working tree"


@dataclass(frozen=True)
class State:
    """One state of the files: what it is called, its commit if it has one, and what it holds."""

    name: str
    commit: str
    repository: Repository
    unread: tuple[Diagnostic, ...]


def states_of_range(root: Path, written: str) -> tuple[State, State]:
    """The two states that a range of commits means; see `history.commit_range`."""
    found = commit_range(root, written)
    dots = "..." if "..." in written else ".."
    left, _, right = written.partition(dots)
    base = _committed(root, found.base, left or HEAD)
    if found.head is None:
        return base, folder_state(root, WORKING_TREE)
    if found.head == commit_of(root, HEAD):
        _tell_uncommitted(root, written)
    return base, _committed(root, found.head, right or HEAD)


def _tell_uncommitted(root: Path, written: str) -> None:
    """Say on stderr where files are not as the commit has them: a range looks at commits alone."""
    files = uncommitted(root)
    if files:
        which = files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"
        are = "is" if len(files) == 1 else "are"
        alone = written.partition("..")[0] or HEAD
        tell(
            f"note: {which} {are} not committed, and {written} does not look at that; to compare "
            f"the files as they are: offerwright diff {alone}"
        )


def state_at(root: Path, written: str) -> State:
    """
    One state: that of a commit, or of another folder with `offerwright.yaml`.

    Raises `OfferwrightError` where there is none of this name; the empty one, of a variable that is
    not set say, is not this folder.
    """
    if not written:
        raise OfferwrightError("an empty name is no commit; write origin/main, or a folder")
    if (Path(written) / SHOP_FILE).is_file():
        return folder_state(Path(written), written)
    if ".." in written:
        raise OfferwrightError(f"{written} is a range; name one commit, such as main")
    return _committed(root, commit_range(root, f"{written}..").base, written)


def _committed(root: Path, commit: str, name: str) -> State:
    own, left_out = files_at(root, commit, whole=True)
    found, unread = with_shipped(own, shipped_marketplaces())
    return State(name, commit, found, (*left_out, *unread))


def folder_state(folder: Path, name: str) -> State:
    """The files of a folder as they are."""
    repository, unread = read_repository(folder, shipped_marketplaces())
    return State(name, "", repository, tuple(unread))


def agreed(
    root: Path, base: tuple[State, Loadout], head: tuple[State, Loadout], as_of: datetime
) -> tuple[Agreement, ...]:
    """The approvals of the head, and which do not count; two folders say nothing of people."""
    (old, before), (new, after) = base, head
    today = as_of.astimezone(ZoneInfo(after.rules.time_zone)).date()
    terms = Terms(today, before.shop.document.approvals.require_signed)
    compared = Compared(root, old.commit, new.commit or None) if old.commit else None
    return agreements(before.documents, after.documents, compared, terms)


def compiled(repository: Repository) -> Loadout | None:
    """The rules of some files; None where they have errors."""
    loadout, found = compile_repository(repository)
    return None if has_errors(found) else loadout


def linked(state: State, *, contracts: bool = True) -> tuple[Loadout | None, list[Diagnostic]]:
    """
    The rules of a state, or every error that keeps them from being evaluated.

    Without `contracts` those of its marketplaces are known to be sound, or judged elsewhere.
    """
    loadout, found = compile_repository(state.repository)
    errors = [one for one in (*state.unread, *found) if one.severity == "error"]
    if loadout is not None and not errors and contracts:
        errors = wrong_contracts(loadout)
    return (None if errors else loadout), sorted_diagnostics(errors)


@dataclass(frozen=True)
class Data:
    """The rows that both sides are evaluated over, and when."""

    root: Path
    folder: Path | None
    as_of: str | None


def sides(
    base: tuple[State, Loadout], head: tuple[State, Loadout], data: Data
) -> tuple[Side, Side, datetime]:
    """
    Both sides over the same rows at the same moment.

    The snapshot is the one that fits the head. A base with other facts gets one of its own, read
    from the same sources.
    """
    (old, old_loadout), (new, new_loadout) = base, head
    stored = current_snapshot(new_loadout, data.root, data.folder)
    after = Side(new.name, new.commit, new_loadout, stored.facts, stored.id)
    if schema_hash(old_loadout.schema) == schema_hash(new_loadout.schema):
        before = Side(old.name, old.commit, old_loadout, stored.facts, stored.id)
    else:
        tell(f"note: the facts of {old.name} are others; the sources are read for it too")
        own = build_snapshot(
            old_loadout.schema, old_loadout.shop.document, data.root, data_root=data.folder
        )
        before = Side(old.name, old.commit, old_loadout, own.frame, own.id)
    return before, after, moment(data.as_of, new_loadout.rules.time_zone)


def refuse_base(state: State, found: Sequence[Diagnostic]) -> None:
    """Raise `ConfigError`: without a base nobody can say what changes."""
    tell(f"{state.name} has errors itself, so nothing can be compared with it:")
    raise ConfigError(list(found))
