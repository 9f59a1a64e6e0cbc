"""Secrets by reference: read from the environment or a private file, never shown."""

from __future__ import annotations

import hmac
import stat
from collections.abc import Mapping
from pathlib import Path

from offerwright.errors import CredentialsRefused

_MAX_BYTES = 64 * 1024


class Secret:
    """A value that prints as `***`; only `reveal()` gives it away."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")


def variable_name(reference: str, name: str) -> str:
    """`meli`, `client_secret` -> `OFFERWRIGHT_MELI_CLIENT_SECRET`."""
    return "OFFERWRIGHT_" + "_".join(
        "".join(c if c.isalnum() else "_" for c in part).upper() for part in (reference, name)
    )


def read_secret(reference: str, name: str, environ: Mapping[str, str]) -> Secret:
    """The secret `name` of the credentials `reference`.

    Raises:
        CredentialsRefused: neither variable is set, both are, or the file cannot be trusted. The
            message names the variable and never the value.
    """
    variable = variable_name(reference, name)
    value, path = environ.get(variable, ""), environ.get(f"{variable}_FILE", "")
    if value and path:
        raise CredentialsRefused(f"{variable} and {variable}_FILE are both set: keep one of them")
    if path:
        value = _from_file(Path(path), f"{variable}_FILE")
    if not value.strip():
        raise CredentialsRefused(
            f"the secret {name!r} of the credentials {reference!r} is missing: set {variable}, "
            f"or {variable}_FILE to a file that holds it"
        )
    if not (value.strip().isascii() and value.strip().isprintable()):
        raise CredentialsRefused(
            f"{variable} holds a line break or a character that no header can carry"
        )
    return Secret(value.strip())


def _from_file(path: Path, variable: str) -> str:
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise CredentialsRefused(f"{variable} names {path}, which is not a regular file")
        if mode & 0o077:
            raise CredentialsRefused(
                f"{variable} names {path}, which others may read: run chmod 600 on it"
            )
        with path.open("rb") as file:
            return file.read(_MAX_BYTES).decode("utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise CredentialsRefused(
            f"{variable} names {path}, which cannot be read ({type(exc).__name__})"
        ) from None
