"""`connector.yaml`: everything that differs between marketplaces on the wire, as one document."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from offerwright.connectors.template import names_in
from offerwright.frames import Aspect
from offerwright.marketplaces.operation import Action, OutcomeKind
from offerwright.source.document import Code, Document, Model, Name, Whole

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Known = Literal["found", "external_id", "handle"]
ValueName = Literal["sku", "price", "sale_price", "quantity", "currency"]
FlowName = Annotated[str, Field(pattern=r"^(price|stock|content)\.(create|update|end)$")]
StatusPattern = Annotated[str, Field(pattern=r"^[1-5]xx$")]
Status = Annotated[Whole, Field(ge=100, le=599)]
Pointer = Annotated[str, Field(pattern=r"^(/.*)?$")]
HostUrl = Annotated[str, Field(pattern=r"^https://[A-Za-z0-9.{}_-]+$")]

# Where each kind of name may stand: a secret in a path or a query would end in somebody's log.
PLAIN_NAMES = (
    "sku", "external_id", "handle", "account.", "operation.", "values.",
)  # fmt: skip
SECRET_NAMES = ("secret.", "token.")


class Bucket(Model):
    """A rate class: requests that share one limit of the marketplace."""

    per_second: Annotated[Decimal, Field(gt=0)]
    """Requests a second over time."""
    burst: Annotated[Whole, Field(ge=1)]
    """Requests at once after a pause."""
    limit_header: str | None = None
    """The answer header that tells the rate now, in requests a second."""
    remaining_header: str | None = None
    """The answer header that tells how many requests are left until the reset."""
    reset_header: str | None = None
    """The answer header that tells the seconds until the reset."""


class Problems(Model):
    """Where the reasons stand in an answer."""

    each: Pointer = ""
    """Every element that is one reason: `/cause/*`. Absent: the whole answer is one."""
    code: list[Pointer] = Field(default_factory=list)
    """Their word for the reason; the first pointer that reaches something counts."""
    message: list[Pointer] = Field(default_factory=list)
    """Their sentence."""
    field: list[Pointer] = Field(default_factory=list)
    """The field it is about."""
    severity: Pointer | None = None
    """Where the severity stands."""
    warnings: list[str] = Field(default_factory=list)
    """The severities that do not stop the listing."""
    summary_code: Pointer | None = None
    """The code of the whole answer, used when no element is an error."""
    summary_message: Pointer | None = None
    """The sentence of the whole answer, used when no element is an error."""


class Answer(Model):
    """What an answer means. The first entry whose status and conditions hold counts."""

    status: Status | StatusPattern | list[Status]
    """A status, a class such as `5xx`, or a list of statuses."""
    where: dict[Pointer, str | Decimal | bool | list[str]] = Field(default_factory=dict)
    """Pointer → the value (or one of the values) that must stand there. A `{name}` without a value
    counts for nothing; if none of them has one, the test holds."""
    has: list[Pointer] = Field(default_factory=list)
    """Pointers that must reach something."""
    for_item: bool | None = None
    """True: only requests whose path names one listing. False: only the others."""
    outcome: OutcomeKind | Literal["refresh"]
    """What it means; `refresh`: the access token is over."""
    code: Code | None = None
    """Our code of the reason, when the marketplace gives none."""
    note: str | None = None
    """Our sentence, when the marketplace gives none."""
    retry_after_s: Whole | None = None
    """Seconds to wait when the answer does not say."""
    problems: Problems | None = None
    """Where the reasons stand; the document's if absent."""


class RequestSpec(Model):
    """One request by name."""

    method: Method
    """The verb."""
    path: Annotated[str, Field(pattern=r"^/[^?#]*$")]
    """The path; every `{name}` is percent-encoded as one segment."""
    host: Name = "api"
    """Which of the hosts."""
    query: dict[str, str] = Field(default_factory=dict)
    """The query."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Headers beside the account's."""
    body: Any = None
    """A fixed body; texts may hold `{name}`. Absent: the part that the step sends."""
    content_type: str = "application/json"
    """The type of the body."""
    bucket: Name = "default"
    """Its rate class."""
    expects: Literal["json", "any"] = "json"
    """`json`: a good answer is JSON. `any`: it may be empty or plain text."""
    repeatable: bool | None = None
    """True: sending it twice does no harm. Absent: true for the verbs in `retry.verbs`."""
    answers: list[Answer] = Field(default_factory=list)
    """Meanings of its answers, before the document's."""


class Step(Model):
    """One request of a flow, and what to take from its answer."""

    request: Name
    """Which request."""
    send: Name | None = None
    """The part of the operation that is its body: without that part the step is left out. Absent:
    the first part, if the verb has a body."""
    only: list[str] = Field(default_factory=list)
    """Send only these top-level fields of the part."""
    if_: Known | None = None
    """Only if this is known. `found`: the listing existed before the flow began."""
    unless: Known | None = None
    """Only if this is not known."""
    aspects: list[Aspect] = Field(default_factory=list)
    """Only for operations on these aspects; absent: all."""
    actions: list[Action] = Field(default_factory=list)
    """Only for operations with these actions; absent: all."""
    on_status: dict[str, Name] = Field(default_factory=dict)
    """Another request to send instead when the answer has this status."""
    save: dict[Literal["external_id", "handle"], Pointer] = Field(default_factory=dict)
    """What to keep from the answer."""
    echo: dict[Pointer, str] = Field(default_factory=dict)
    """What the answer must repeat: `{/sku: "{sku}"}`. Otherwise the outcome is in doubt."""
    read: dict[ValueName, list[Pointer]] = Field(default_factory=dict)
    """Live values; the first pointer that reaches something counts."""


class Locate(Model):
    """How to find the id of a listing by the seller's SKU."""

    request: Name
    """Which request."""
    each: Pointer
    """Every id in the answer."""


class Auth(Model):
    """How the account shows who it is."""

    method: Literal["oauth2_refresh", "client_credentials", "headers"]
    """`oauth2_refresh` and `client_credentials` fetch an access token; `headers` are fixed."""
    secrets: list[Name]
    """The secrets that must exist."""
    headers: dict[str, str]
    """The headers of every request: `{Authorization: "Bearer {token.access}"}`."""
    token: RequestSpec | None = None
    """The token request; its body is a form."""
    form: dict[str, str] = Field(default_factory=dict)
    """The form of the token request."""
    single_use: bool = False
    """True: each refresh token works once and the answer brings the next."""
    life_s: Annotated[Whole, Field(ge=1)] = 3600
    """How long an access token lives when the answer does not say."""

    @model_validator(mode="after")
    def _token(self) -> Auth:
        if (self.token is None) != (self.method == "headers"):
            raise PydanticCustomError("auth", "`token` goes with every method but `headers`")
        return self


_IDEMPOTENT: tuple[Method, ...] = ("GET", "PUT", "DELETE")


class Retry(Model):
    """When a request is sent again at once."""

    verbs: list[Method] = Field(default_factory=lambda: list(_IDEMPOTENT))
    """Verbs that may be repeated though the first answer was lost."""
    attempts: Annotated[Whole, Field(ge=1, le=5)] = 3
    """How often in all."""


class Bounds(Model):
    """How long and how large one exchange may be."""

    deadline_s: Annotated[Whole, Field(ge=1, le=300)] = 30
    """Seconds from the first byte of the connection to the last byte of the answer."""
    body_bytes: Annotated[Whole, Field(ge=1024, le=64 * 1024 * 1024)] = 4 * 1024 * 1024
    """Decoded bytes of an answer."""


class ConnectorDocument(Document):
    """How to talk to one marketplace."""

    kind: Literal["connector"]
    hosts: dict[Name, HostUrl | dict[str, HostUrl]] = Field(min_length=1)
    """The hosts, each one for all sites or one per site."""
    auth: Auth
    """How the account shows who it is."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Headers of every request."""
    buckets: dict[Name, Bucket]
    """The rate classes; `default` is for requests that name none."""
    requests: dict[Name, RequestSpec] = Field(min_length=1)
    """The requests by name."""
    amounts: Literal["decimal", "cents"] = "decimal"
    """How answers write prices: in currency units, or in hundredths of them."""
    locate: Locate | None = None
    """How to find the id of a listing. Absent: the SKU is the address."""
    flows: dict[FlowName, list[Step]] = Field(min_length=1)
    """`aspect.action` → the requests that carry it out."""
    poll: list[Step] = Field(default_factory=list)
    """How to learn what became of an accepted operation."""
    poll_after_s: Annotated[Whole, Field(ge=1)] = 15
    """Seconds until the first poll."""
    read_back: list[Step] = Field(min_length=1)
    """How to read the live values."""
    answers: list[Answer]
    """What answers mean."""
    problems: Problems = Problems.model_construct()
    """Where the reasons of a refusal stand."""
    retry: Retry = Retry.model_construct()
    """When a request is sent again at once."""
    bounds: Bounds = Bounds.model_construct()
    """Limits of one exchange."""

    @model_validator(mode="after")
    def _linked(self) -> ConnectorDocument:
        for step in self.steps:
            for name in (step.request, *step.on_status.values()):
                _known("request", name, self.requests)
        if self.locate:
            _known("request", self.locate.request, self.requests)
        for spec in (*self.requests.values(), *filter(None, [self.auth.token])):
            _known("host", spec.host, self.hosts)
            _known("bucket", spec.bucket, self.buckets)
            _plain_names(spec.path, *spec.query.values(), *_texts(spec.body))
            _all_names(*spec.headers.values())
        _all_names(*self.headers.values(), *self.auth.headers.values(), *self.auth.form.values())
        _plain_names(*(t for host in self.hosts.values() for t in _texts(host)))
        return self

    @property
    def steps(self) -> list[Step]:
        """Every step of every flow."""
        return [s for flow in (*self.flows.values(), self.poll, self.read_back) for s in flow]

    def repeatable(self, spec: RequestSpec) -> bool:
        """Whether sending the request twice does no harm."""
        return spec.method in self.retry.verbs if spec.repeatable is None else spec.repeatable


def _known(what: str, name: str, table: dict[str, Any]) -> None:
    if name not in table:
        raise PydanticCustomError(
            "unknown_name",
            "names the {what} `{name}`, which is not written here: known are {known}",
            {"what": what, "name": name, "known": ", ".join(sorted(table))},
        )


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [t for inner in value.values() for t in _texts(inner)]
    if isinstance(value, list):
        return [t for inner in value for t in _texts(inner)]
    return [value] if isinstance(value, str) else []


def _plain_names(*texts: str) -> None:
    _check_names(texts, PLAIN_NAMES)


def _all_names(*texts: str) -> None:
    _check_names(texts, (*PLAIN_NAMES, *SECRET_NAMES))


def _check_names(texts: tuple[str, ...], allowed: tuple[str, ...]) -> None:
    for name in (n for text in texts for n in names_in(text)):
        if not any(name == a or (a.endswith(".") and name.startswith(a)) for a in allowed):
            raise PydanticCustomError(
                "unknown_name",
                "`{name}` may not stand here: allowed are {known}",
                {"name": f"{{{name}}}", "known": ", ".join(f"{{{a}}}" for a in allowed)},
            )
