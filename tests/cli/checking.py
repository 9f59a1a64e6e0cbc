"""`check` in this process, as the command runs it: many checks in the time of one start."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator, Mapping

from cli.shop import Done, Shop

from offerwright.cli import main


def check(shop: Shop, *arguments: str, env: Mapping[str, str] | None = None) -> Done:
    """`offerwright check …` with the shop's folder as the place where it runs."""
    out, err = io.StringIO(), io.StringIO()
    code: object = None
    with (
        contextlib.chdir(shop.root),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        _surroundings(env or {}),
    ):
        try:
            main(["check", *arguments])
        except SystemExit as end:
            code = end.code
    assert isinstance(code, int)
    return Done(code, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def _surroundings(own: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(own)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
