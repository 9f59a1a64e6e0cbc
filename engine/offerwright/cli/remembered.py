"""`--incremental`: a run that follows the one before, and what it says of itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from offerwright.cli.cache import engine_id, key_of
from offerwright.cli.report import tell
from offerwright.engines.job import Job, Tally

if TYPE_CHECKING:
    from offerwright.incremental.memory import Memory
    from offerwright.incremental.run import Incremental
    from offerwright.loadout import Loadout

_SIDES = {"told": "prices and content", "stock": "stock"}


LOCK = "lock"


def again(job: Job, loadout: Loadout, folder: Path) -> Iterator[Tally]:
    """
    Compute what a change can reach since the run in this folder, and keep this one there.

    Of two at once the second reads and keeps nothing. Where offers turn out to be damaged only when
    they are read, everything is computed.
    """
    from offerwright.compare.offer_state import StateRefused
    from offerwright.incremental.memory_file import read_memory
    from offerwright.store.sqlite.locks import file_lock

    folder.mkdir(parents=True, exist_ok=True)
    with file_lock(folder / LOCK, 0) as is_ours:
        memory, why = read_memory(folder, engine_id())
        if not is_ours:
            tell("Another run is being remembered now; this one is not")
        try:
            # Parts that were counted before the damage showed would count twice.
            tallies = list(_run(job, loadout, (memory, why), folder, is_ours))
        except StateRefused as problem:
            if memory is None:
                raise
            damaged = None, f"what was remembered cannot be read: {problem}"
            tallies = list(_run(job, loadout, damaged, folder, is_ours))
    yield from tallies


def _run(
    job: Job, loadout: Loadout, held: tuple[Memory | None, str], folder: Path, is_kept: bool
) -> Iterator[Tally]:
    from offerwright.engines.again import run_again
    from offerwright.incremental.memory_file import MemoryWriter
    from offerwright.incremental.run import incremental
    from offerwright.incremental.standing import Asked

    memory, why = held
    asked = Asked(
        loadout.rules, job.snapshot, job.as_of, {}, job.accounts, job.rows,
        files_of(loadout),
    )  # fmt: skip
    found = incremental(memory, asked)
    for line in said(found, why):
        tell(line)
    with MemoryWriter(folder, engine_id(), found) if is_kept else nullcontext() as writer:
        yield from run_again(job, found, writer)


def files_of(loadout: Loadout) -> str:
    """A hash of what the rules were read from; empty where not all of it is at hand."""
    files = loadout.repository.files
    named = {one.file for one in loadout.revisions}
    if not named <= files.keys():
        return ""
    return key_of(files, loadout.digest, loadout.rules.digest)


def said(found: Incremental, why: str) -> Iterator[str]:
    """How much is computed again, and why it is everything where it is."""
    size = len(found.standing.keys)
    for side, words in _SIDES.items():
        counts = [sides[side] for sides in found.counts.values()]  # type: ignore[index]
        yield f"Computed again: {words} of {sum(counts):,} of {size * len(counts):,} offers"
    if why:
        yield f"  everything, because {why}"
        return
    accounts: dict[tuple[str, str], list[str]] = defaultdict(list)
    for reason in found.reasons:
        accounts[reason.side, reason.why].append(reason.account)
    for (side, cause), names in accounts.items():
        yield f"  all {_SIDES[side]} of {', '.join(names)}: {cause}"
