"""The pieces of an output → the output: account after account, whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from offerwright.engines.job import Job
from offerwright.engines.parquet_pieces import join_parquet
from offerwright.errors import OfferwrightError
from offerwright.profile import staged

Write = Callable[[bytes], object]


@contextmanager
def room_for_pieces(out: Path | None) -> Iterator[Path]:
    """
    A folder for pieces, beside the output where that is a file; gone in the end.

    Raises OfferwrightError where there is no room beside it.
    """
    beside = Path(tempfile.gettempdir()) if out is None else out.absolute().parent
    prefix = "offerwright-" if out is None else f".{out.name}.pieces-"
    # Named before it is made: an interrupt right after that finds it too. Nobody else has the name.
    folder = beside / f"{prefix}{uuid.uuid4().hex}"
    try:
        _make(folder)
        yield folder
    finally:
        # An interrupt often comes twice, as `evaluate.stopping` says. No `with`, no function around
        # this: Python looks for signals where those begin.
        while True:
            try:
                _remove(folder)
                break
            except (KeyboardInterrupt, SystemExit):
                continue


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700)
    except OSError as problem:
        reason = f"nothing can be written to {folder.parent}: {problem.strerror}"
        raise OfferwrightError(reason) from None


def _remove(folder: Path) -> None:
    """A folder of files; `rmtree` closes a folder twice where it is interrupted."""
    with suppress(OSError):
        for piece in folder.iterdir():
            piece.unlink()
        folder.rmdir()


def in_order(job: Job, parts: int) -> Iterator[Path]:
    """All pieces: the offers of the first account, then those of the next."""
    for account in range(len(job.accounts)):
        for part in range(parts):
            yield job.piece(part, account)


@staged("output")
def put_together(job: Job, parts: int, out: Path) -> None:
    """
    Write the output among the pieces, and give it its place when it is whole.

    Raises OfferwrightError where pieces of Parquet cannot be joined.
    """
    fresh = job.folder / "joined"
    with fresh.open("wb") as file:
        if job.output == "parquet":
            try:
                join_parquet(in_order(job, parts), file)
            except ValueError as problem:
                raise OfferwrightError(f"the parts cannot be put together: {problem}") from problem
        else:
            copy_pieces(job, parts, file)
    fresh.replace(out)


def copy_pieces(job: Job, parts: int, out: BinaryIO) -> None:
    """The pieces of lines, one after the other."""
    for piece in in_order(job, parts):
        with piece.open("rb") as file:
            shutil.copyfileobj(file, out)
