"""The state of all offers beside a run: a piece per part, put together in the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from offerwright.compare.offer_state import merged
from offerwright.compare.state_file import read_state, write_state
from offerwright.engines.job import Job
from offerwright.engines.pieces import room_for_pieces


@contextmanager
def with_state(job: Job, file: Path | None) -> Iterator[Job]:
    """The job that leaves a state as well, where a file is given; it is there when this ends."""
    if file is None:
        yield job
        return
    with room_for_pieces(file) as folder:
        yield replace(job, states=folder)
        pieces = sorted(folder.iterdir())
        basis = {"as_of": job.as_of.isoformat()}
        write_state(merged(read_state(piece) for piece in pieces), file, basis)
