"""Two states of which one has errors → two that can be computed, and what stands in for what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from offerwright.cli.report import diagnostic_json
from offerwright.cli.review_sides import State, linked
from offerwright.errors import Diagnostic
from offerwright.loadout import Loadout
from offerwright.review.gaps import Gaps, SideName, StandIn, Unread
from offerwright.source.repository import MARKETPLACES, Repository

_ROUNDS = 4
"""A file that is put back may show an error in another one, which is put back in turn."""


@dataclass(frozen=True)
class Computable:
    """One side as it can be computed: its rules, None where they cannot; its errors."""

    loadout: Loadout | None
    errors: tuple[Diagnostic, ...] = ()
    stand_ins: tuple[StandIn, ...] = ()


@dataclass(frozen=True)
class Both:
    """Both sides as they can be computed, and what is missing of them."""

    base: Computable
    head: Computable
    gaps: Gaps


def computable(old: State, new: State) -> Both:
    """
    The rules of both sides.

    Files with errors are computed as the other side has them, so that all that is sound is shown;
    where that has errors too, a side has no rules. What neither side reads is no error of either.
    """
    same = _unread_by_both(old, new)
    # What is not read of the base is said, and compared as if it were not there.
    others = _markets(old) != _markets(new)
    base = _computable(replace(old, unread=()), new, "base", contracts=others)
    head = _computable(_without(new, same), old, "head")
    theirs = [one for one in new.unread if _key(one) in same]
    unread = (*_unread("base", old.unread), *_unread("head", theirs))
    gaps = Gaps(
        findings=diagnostic_json(list(head.errors)),
        base_findings=diagnostic_json(list(base.errors)),
        stand_ins=(*base.stand_ins, *head.stand_ins),
        unread=unread,
    )
    return Both(base, head, gaps)


def _unread(side: SideName, found: Iterable[Diagnostic]) -> Iterator[Unread]:
    for one in found:
        if one.severity == "error" and one.span is not None:
            yield Unread(side, one)


def _key(one: Diagnostic) -> tuple[str, str]:
    return one.code, "" if one.span is None else one.span.file


def _unread_by_both(old: State, new: State) -> set[tuple[str, str]]:
    found = {_key(one) for one in old.unread} & {_key(one) for one in new.unread}
    return {(code, file) for code, file in found if file}


def _without(state: State, known: set[tuple[str, str]]) -> State:
    return replace(state, unread=tuple(one for one in state.unread if _key(one) not in known))


def _markets(state: State) -> Mapping[str, bytes]:
    """The files of marketplaces: what both sides have alike is judged once, at the head."""
    files = state.repository.files
    return {file: body for file, body in files.items() if file.startswith(f"{MARKETPLACES}/")}


def _computable(
    state: State, other: State, side: SideName, *, contracts: bool = True
) -> Computable:
    loadout, errors = linked(state, contracts=contracts)
    if loadout is not None:
        return Computable(loadout)
    found, wrong = state, errors
    stand_ins: dict[str, StandIn] = {}
    for _ in range(_ROUNDS):
        more = _put_back(found, other, wrong, side)
        if not more:
            break
        stand_ins |= {one.file: one for one in more}
        found = _repaired(state, other.repository.files, stand_ins)
        loadout, wrong = linked(found)
        if loadout is not None:
            return Computable(loadout, tuple(errors), tuple(stand_ins.values()))
    return Computable(None, tuple(errors))


def _put_back(
    found: State, other: State, wrong: Iterable[Diagnostic], side: SideName
) -> list[StandIn]:
    """The files with errors that the other side has otherwise, or not at all."""
    own, theirs = found.repository.files, other.repository.files
    named = sorted({one.span.file for one in wrong if one.span is not None})
    files = [file for file in named if own.get(file) != theirs.get(file)]
    # What is missed may have been deleted: then the error stands where it was named.
    files = files or sorted(file for file in theirs if file not in own)
    return [StandIn(side, file, file in theirs) for file in files]


def _repaired(state: State, theirs: Mapping[str, bytes], stand_ins: Iterable[str]) -> State:
    """A state with these files as the other side has them; what was not read of them is settled."""
    names = set(stand_ins)
    files = {file: body for file, body in state.repository.files.items() if file not in names}
    files |= {file: theirs[file] for file in names if file in theirs}
    unread = tuple(one for one in state.unread if _key(one)[1] not in names)
    repository = Repository(state.repository.root, dict(sorted(files.items())))
    return replace(state, repository=repository, unread=unread)
