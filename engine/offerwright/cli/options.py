"""Options that several commands share, and what they stand for."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from offerwright.errors import OfferwrightError
from offerwright.source.repository import find_root

F = TypeVar("F", bound=Callable[..., Any])
STATE = ".offerwright"
SANDBOX_ADDRESS = re.compile(r"http://(127\.[0-9]+\.[0-9]+\.[0-9]+|\[::1\]):[0-9]{1,5}")
FIRST_YEAR, LAST_YEAR = 1971, 9998


def root_option(command: F) -> F:
    """`--root`: the folder with `offerwright.yaml`; default: the nearest one above."""
    decorated: F = click.option(
        "--root", type=click.Path(path_type=Path, file_okay=False, exists=True), default=None,
        help="The folder with offerwright.yaml.",
    )(command)  # fmt: skip
    return decorated


def data_option(command: F) -> F:
    decorated: F = click.option(
        "--data", type=click.Path(path_type=Path, file_okay=False, exists=True), default=None,
        help="Where the source files lie, if not in the repository.",
    )(command)  # fmt: skip
    return decorated


def as_of_option(command: F) -> F:
    decorated: F = click.option(
        "--as-of", "as_of", default=None, metavar="TIME",
        help="The moment of the computation: 2026-11-27, or 2026-11-27T08:00:00-03:00; else now.",
    )(command)  # fmt: skip
    return decorated


def account_option(command: F) -> F:
    decorated: F = click.option(
        "--account",
        "accounts",
        multiple=True,
        metavar="NAME",
        help="Only this account (repeatable).",
    )(command)
    return decorated


def first_option(command: F) -> F:
    decorated: F = click.option(
        "--first-publication", is_flag=True,
        help="Nothing is confirmed there yet, and that is right (stands in for share_moved).",
    )(command)  # fmt: skip
    return decorated


def incremental_option(command: F) -> F:
    """`--incremental` of commands that plan; `offers` has one of its own words."""
    decorated: F = click.option(
        "--incremental", is_flag=True,
        help="Plan only what a change can reach since the last plan with this option.",
    )(command)  # fmt: skip
    return decorated


def max_failures_option(command: F) -> F:
    decorated: F = click.option(
        "--max-failures", type=click.IntRange(0), default=None,
        help="Stop an account after so many refusals.",
    )(command)  # fmt: skip
    return decorated


def sandbox_option(command: F) -> F:
    """`--sandbox`: the address that `offerwright sandbox` printed, on this machine only."""
    decorated: F = click.option(
        "--sandbox", default=None, metavar="URL", callback=_sandbox_address,
        help="Talk to the local sandbox at this address, with a ledger of its own.",
    )(command)  # fmt: skip
    return decorated


def _sandbox_address(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    if value is None:
        return None
    address = value.rstrip("/")
    if not SANDBOX_ADDRESS.fullmatch(address):
        raise click.BadParameter(
            f"{value!r} is no sandbox on this machine; "
            "write the address that `offerwright sandbox` printed: http://127.0.0.1:8731"
        )
    return address


def found_root(root: Path | None) -> Path:
    """The repository to work in. Raises `OfferwrightError` where there is none."""
    if root is not None:
        if not (root / "offerwright.yaml").is_file():
            raise OfferwrightError(f"{root} has no offerwright.yaml")
        return root
    here = find_root(Path.cwd())
    if here is None:
        raise OfferwrightError(
            "no offerwright.yaml here or in a folder above; use --root, or go to your repository"
        )
    return here


def moment(text: str | None, zone: str) -> datetime:
    """The moment that `--as-of` names; the clock is read here and nowhere below."""
    if text is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        if "T" in text or " " in text:
            parsed = datetime.fromisoformat(text)
        else:
            parsed = datetime.combine(date.fromisoformat(text), time())
        if not FIRST_YEAR <= parsed.year <= LAST_YEAR:
            raise ValueError(f"the year {parsed.year}")
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is no moment; write 2026-11-27 or 2026-11-27T08:00:00-03:00",
            param_hint="--as-of",
        ) from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=ZoneInfo(zone))


def known_accounts(wanted: tuple[str, ...], known: list[str], hint: str = "--account") -> list[str]:
    """The accounts to work on. Refuses a name that the shop does not have."""
    for name in wanted:
        if name not in known:
            raise click.BadParameter(
                f"no account is called {name!r}; accounts: {', '.join(known)}",
                param_hint=hint,
            )
    return list(wanted) if wanted else known


def output_option(*formats: str) -> Callable[[F], F]:
    """`-o`: how the result is written; the first format is the default."""
    return functools.partial(_with_output, formats=formats)


def _with_output(command: F, formats: tuple[str, ...]) -> F:
    decorated: F = click.option(
        "-o", "--output", type=click.Choice(formats), default=formats[0], show_default=True,
        help="How the result is written.",
    )(command)  # fmt: skip
    return decorated
