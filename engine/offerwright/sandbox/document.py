"""`sandbox.yaml`: how a marketplace behaves on the wire, and the script of its faults."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from offerwright.connectors.document import Bucket, Method, Pointer
from offerwright.source.document import Document, Identifier, Model, Name, Percent, Whole

Effect = Literal["create", "merge", "replace", "patch", "remove", "read", "search"]
Status = Annotated[Whole, Field(ge=100, le=599)]
Misbehaviour = Literal[
    "lost_answer", "reset", "status", "late_status", "reject", "late_reject",
    "drip", "stall", "truncate", "body", "bomb",
]  # fmt: skip


class Says(Model):
    """One answer. Texts of the body may hold `{name}`; `{$at: pointer}` reads the listing (of
    several pointers, the first that finds something), and
    `{$some: pointer, $then: …}` is an empty list where the listing has nothing there."""

    status: Status = 200
    """The status."""
    body: Any = None
    """The body; absent: an empty one."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Headers beside the content type."""


class Tokens(Model):
    """The token endpoint."""

    path: str
    """Where it is."""
    life_s: Annotated[Whole, Field(ge=1)] = 3600
    """How long an access token lives."""
    single_use: bool = False
    """True: every refresh token works once and the answer brings the next."""


class Identify(Model):
    """How an account shows who it is."""

    header: str
    """The header that must be there."""
    prefix: str = ""
    """What stands before the token in it."""
    also: list[str] = Field(default_factory=list)
    """Other headers that must be there."""


class Answers(Model):
    """What the marketplace answers when it refuses. `{problems}` are the reasons."""

    unauthorized: Says
    """No token, or one that is over."""
    throttled: Says
    """Too many requests; `{retry_after}` are the seconds."""
    not_found: Says
    """No such listing."""
    invalid: Says
    """The body breaks the contract."""
    problem: Any
    """What one reason looks like: `{code}`, `{message}`, `{field}`."""


class Route(Model):
    """One endpoint."""

    method: Method
    """The verb."""
    path: str
    """The path; `{sku}` and `{id}` find a listing, other names are free."""
    query: dict[Name, str] = Field(default_factory=dict)
    """Name → the query parameter that fills it."""
    contract: str | list[str] = Field(default_factory=list)
    """The JSON Schema of the body, a file in `contract/`; of several, the body keeps one."""
    sku_at: Pointer | None = None
    """Where the body of a creation says the SKU."""
    effect: Effect
    """What it does. `patch` is Amazon's list of operations on attributes."""
    at: str = ""
    """Where in the listing's document the body goes; names are filled in."""
    replaces: list[str] = Field(default_factory=list)
    """Fields of the document that the body replaces together: one that it leaves out is gone."""
    adds: dict[str, Any] = Field(default_factory=dict)
    """Fields that a creation adds."""
    upsert: bool = False
    """True: a write creates the listing that it does not find, a creation finds one by its SKU."""
    deferred: bool = False
    """True: taken now, live later."""
    bucket: Name = "default"
    """Its rate class."""
    answer: Says
    """The answer when all is well."""

    @property
    def contracts(self) -> list[str]:
        """The schemas of the body, by file name."""
        return [self.contract] if isinstance(self.contract, str) else self.contract


class SandboxDocument(Document):
    """How one marketplace behaves."""

    kind: Literal["sandbox"]
    identify: Identify
    """How an account shows who it is."""
    tokens: Tokens | None = None
    """The token endpoint, if there is one."""
    rates: dict[Name, Bucket]
    """Limits for each account."""
    id: str = "{serial}"
    """What the id of a new listing looks like."""
    values: dict[Literal["price", "sale_price", "quantity"], list[Pointer]]
    """Where a listing's document says its values, for the history."""
    live_after_polls: Whole = 1
    """How many reads a deferred write takes to become live."""
    answers: Answers
    """The refusals."""
    routes: dict[Name, Route] = Field(min_length=1)
    """The endpoints."""


class Fault(Model):
    """Something that goes wrong, and when. Conditions that are absent hold always."""

    marketplace: Identifier | None = None
    """On this marketplace."""
    route: Name | None = None
    """On this route; `token` is the token endpoint."""
    sku: str | None = None
    """For this SKU."""
    calls: list[Whole] = Field(default_factory=list)
    """On these calls among those that fit, from 1."""
    share: Percent | None = None
    """On this share of the calls that fit, drawn by the seed."""
    do: Misbehaviour
    """What goes wrong. `lost_answer`: done, and the connection is cut. `reset`: cut before it is
    done. `late_status`: done, and an error is answered."""
    status: Status = 500
    """The status of `status` and `late_status`."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Headers of the answer."""
    body: str | None = None
    """The body of the answer, as written."""
    code: str = "SANDBOX"
    """The code of a rejection."""
    message: str = "refused by the fault script"
    """The sentence of a rejection."""
    seconds: Annotated[Decimal, Field(ge=0)] = Decimal(1)
    """Between two bytes of `drip`, or until `stall` gives up."""


class FaultsDocument(Document):
    """A fault script."""

    kind: Literal["faults"]
    seed: Whole = 0
    """What draws the shares."""
    faults: list[Fault]
    """The first that fits a call counts."""
