"""A command in this process, as `python -m offerwright` runs it: no start, no imports anew."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import structlog

from offerwright.cli import main


def run(
    arguments: tuple[str, ...], folder: Path, environment: Mapping[str, str]
) -> tuple[int, str, str]:
    """
    Exit code, stdout and stderr of a command that runs in the folder with this environment.

    What a process takes from its surroundings only when it starts (`PYTHON…`, `TZ`, the locale) is
    not taken here. A traceback is no output here: the exception reaches the test.
    """
    out, err = _stream(), _stream()
    code: object = None
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        _no_input(),
        _surroundings(environment),
    ):
        try:
            main(arguments)
        except SystemExit as end:
            code = end.code
        finally:
            # A log that later tests write would go to a stream of this command.
            structlog.reset_defaults()
    assert isinstance(code, int)
    return code, _text(out), _text(err)


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n")


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    # As pipes opened for text are read.
    return io.TextIOWrapper(io.BytesIO(buffer.getvalue()), encoding="utf-8").read()


@contextlib.contextmanager
def _no_input() -> Iterator[None]:
    before, sys.stdin = sys.stdin, _stream()
    try:
        yield
    finally:
        sys.stdin = before


@contextlib.contextmanager
def _surroundings(own: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(own)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
