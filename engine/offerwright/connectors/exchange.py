"""One HTTP exchange as values: what a flow asks for and what comes back, without any I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

# unsent     nothing reached the marketplace (DNS, refused, TLS, our own limiter)
# in_doubt   the request left and no usable answer came back (reset, deadline, broken answer)
FailureKind = Literal["unsent", "in_doubt"]


@dataclass(frozen=True, slots=True)
class Request:
    """A request ready for the wire, but for the account's credentials.

    `name` is the manifest's name of the request and `bucket` its rate class; `repeatable` says
    that sending it twice does no harm. `headers` may hold secrets, so they never show in a repr.
    """

    name: str
    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    bucket: str = "default"
    repeatable: bool = False
    for_item: bool = False
    """The path names one listing: a 404 means that listing, not a wrong path."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer. Header names are lower-case; `body` is decoded and within the cap.

    `broken` says why the body cannot be used although the status is known: too large, cut short,
    or not in the encoding it claims.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    broken: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """No answer. `code` is ours; `message` is one sentence without secrets."""

    kind: FailureKind
    code: str
    message: str
    retry_after_s: float | None = None


Answered = Reply | Failure
