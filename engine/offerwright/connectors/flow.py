"""
Operations as flows without I/O: `answered = yield request`, and an `Outcome` at the end.

A flow yields requests and is sent what came back; whoever drives it does the network, the
credentials and the waiting. Tests drive flows with recorded replies.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from offerwright.connectors.answers import Judged, as_number, clean, judge, same, unclear
from offerwright.connectors.document import ConnectorDocument, Step
from offerwright.connectors.exchange import Answered, Request
from offerwright.connectors.json_text import dump_json, parse_json
from offerwright.connectors.pointer import read_all, read_first
from offerwright.connectors.requests import build_request, operation_names
from offerwright.connectors.template import NAME, NameMissing, as_text
from offerwright.marketplaces.operation import Operation, Outcome, Problem, Values

Flow = Generator[Request, Answered, Outcome]
_GOOD = ("confirmed", "accepted")
_MAX_ID = 200


@dataclass(frozen=True, slots=True)
class Context:
    """What a flow knows: the manifest, the account's names, the listing's id if known."""

    document: ConnectorDocument
    account: Mapping[str, Any]
    external_id: str | None = None
    base_url: str | None = None


_SO_FAR_GOOD = Outcome("confirmed")


@dataclass(frozen=True, slots=True)
class State:
    """How far a flow has come; every step returns a new one."""

    names: Mapping[str, Any]
    found: bool = False
    sent: int = 0
    outcome: Outcome = _SO_FAR_GOOD
    read: Mapping[str, Any] = field(default_factory=dict)

    def knows(self, what: str) -> bool:
        return self.found if what == "found" else bool(self.names.get(what))


def send_flow(operation: Operation, context: Context) -> Flow:
    """
    Carry out one operation.

    A create first looks for the listing by its SKU, so that a creation whose answer was lost is
    not done twice. The outcome is the first step's that is neither confirmed nor accepted;
    `external_id` is set as soon as it is known, whatever the outcome.
    """
    steps = context.document.flows.get(f"{operation.aspect}.{operation.action}")
    if not steps:
        return _refused(
            "NO_FLOW", f"{context.document.name} has no {operation.aspect}.{operation.action}"
        )
    state = _start(operation, context)
    state = yield from _locate(state, context, required=operation.action != "create")
    return (yield from _run(steps, state, operation, context))


def poll_flow(operation: Operation, handle: str | None, context: Context) -> Flow:
    """Ask what became of an accepted operation: confirmed, still accepted, or rejected."""
    if not context.document.poll:
        return (yield from read_back_flow(operation, context))
    state = _start(operation, context, handle)
    state = yield from _locate(state, context, required=True)
    return (yield from _run(context.document.poll, state, operation, context))


def read_back_flow(operation: Operation, context: Context) -> Flow:
    """
    Read what is live.

    `confirmed` means that it was read: compare `observed` with what was wanted. `rejected` with
    `LISTING_NOT_FOUND` means that there is no such listing. Anything else: not known yet.
    """
    state = _start(operation, context)
    state = yield from _locate(state, context, required=True)
    outcome = yield from _run(context.document.read_back, state, operation, context)
    if outcome.kind == "accepted":
        outcome = replace(outcome, kind="confirmed")
    return outcome


def _start(operation: Operation, context: Context, handle: str | None = None) -> State:
    names = {**context.account, **operation_names(operation), "handle": handle}
    external_id = context.external_id if context.document.locate else operation.sku
    return State({**names, "external_id": external_id}, found=context.external_id is not None)


def _locate(
    state: State, context: Context, *, required: bool
) -> Generator[Request, Answered, State]:
    """Find the listing by its SKU when its id is needed and not known."""
    locate = context.document.locate
    if locate is None or state.knows("external_id"):
        return state
    try:
        request = build_request(
            context.document, locate.request, state.names, context.base_url, None
        )
    except NameMissing as missing:
        return replace(state, outcome=_setting_missing(missing))
    judged = _judge((yield request), request, state, context)
    if judged.outcome.kind == "confirmed":
        ids = sorted({text for v in read_all(judged.body, locate.each) if (text := _identifier(v))})
        if len(ids) > 1:
            text = f"the SKU has {len(ids)} listings: {', '.join(ids[:5])}"
            return replace(state, outcome=_rejected("LISTING_AMBIGUOUS", text))
        if ids:
            return replace(state, names={**state.names, "external_id": ids[0]}, found=True)
    elif (judged.outcome.kind, judged.outcome.status) != ("rejected", 404):
        return replace(state, outcome=judged.outcome)
    if required:
        text = "the marketplace has no listing with this SKU"
        return replace(state, outcome=_rejected("LISTING_NOT_FOUND", text))
    return state


def _run(steps: Sequence[Step], state: State, operation: Operation, context: Context) -> Flow:
    for step in steps:
        if state.outcome.kind not in _GOOD:
            break
        if _wanted(step, state, operation):
            state = yield from _step(step, state, operation, context)
            state = replace(state, sent=state.sent + 1)
    if state.outcome.kind in _GOOD and not state.sent:
        return _refused("NOTHING_TO_SEND", "no step of the flow fits this operation's parts")
    return _finish(state, context)


def _wanted(step: Step, state: State, operation: Operation) -> bool:
    return (
        (step.if_ is None or state.knows(step.if_))
        and (step.unless is None or not state.knows(step.unless))
        and (not step.aspects or operation.aspect in step.aspects)
        and (not step.actions or operation.action in step.actions)
        and (step.send is None or step.send in dict(operation.parts))
    )


def _step(
    step: Step, state: State, operation: Operation, context: Context
) -> Generator[Request, Answered, State]:
    name = step.request
    for _ in range(2):
        try:
            body = _body(step, name, operation, context.document)
            request = build_request(context.document, name, state.names, context.base_url, body)
        except NameMissing as missing:
            return replace(state, outcome=_setting_missing(missing))
        judged = _judge((yield request), request, state, context)
        other = step.on_status.get(str(judged.outcome.status))
        if other is None or name != step.request:
            break
        name = other
    return _take(step, request, judged, state)


def _judge(answered: Answered, request: Request, state: State, context: Context) -> Judged:
    document = context.document
    spec = document.requests[request.name]
    return judge(answered, request, spec, document.answers, document.problems, state.names)


def _take(step: Step, request: Request, judged: Judged, state: State) -> State:
    """Keep what the step wants from a good answer; an answer about something else is in doubt."""
    outcome = _merged(state.outcome, judged.outcome)
    if judged.outcome.kind not in _GOOD or (judged.outcome.status or 0) >= 300:
        return replace(state, outcome=outcome)
    for pointer, template in step.echo.items():
        wanted = _echoed(template, state)
        if wanted is not None and not any(same(v, wanted) for v in read_all(judged.body, pointer)):
            return replace(state, outcome=_mismatch(request, template, judged))
    saved: dict[str, Any] = {
        what: _identifier(read_first(judged.body, p)) for what, p in step.save.items()
    }
    if not all(saved.values()):
        text = (
            f"the answer to {request.name} lacks {', '.join(k for k, v in saved.items() if not v)}"
        )
        return replace(state, outcome=unclear(request, "ANSWER_INCOMPLETE", text, outcome.status))
    read: dict[str, Any] = {
        name: _first(judged.body, pointers) for name, pointers in step.read.items()
    }
    present: dict[str, Any] = {name: value for name, value in read.items() if value is not None}
    return replace(
        state, names={**state.names, **saved}, outcome=outcome, read={**state.read, **present}
    )


def _merged(before: Outcome, now: Outcome) -> Outcome:
    """The later outcome, with the warnings so far; one accepted step keeps the whole accepted."""
    kind = "accepted" if (before.kind, now.kind) == ("accepted", "confirmed") else now.kind
    return replace(now, kind=kind, problems=(*before.problems, *now.problems))


def _finish(state: State, context: Context) -> Outcome:
    outcome = replace(
        state.outcome,
        external_id=state.names.get("external_id") if _addressed(state, context) else None,
        observed=_values(state.read, context.document) if state.read else None,
    )
    if outcome.kind != "accepted":
        return outcome
    delay = outcome.retry_after_s or float(context.document.poll_after_s)
    handle = state.names.get("handle") or state.names.get("external_id") or state.names["sku"]
    return replace(outcome, handle=handle, retry_after_s=delay)


def _addressed(state: State, context: Context) -> bool:
    return context.document.locate is not None or state.outcome.kind in _GOOD


def _body(step: Step, name: str, operation: Operation, document: ConnectorDocument) -> bytes | None:
    """The part that the step sends, cut down to `only`; None for verbs without a body."""
    spec = document.requests[name]
    if spec.method in ("GET", "DELETE") or spec.body is not None or not operation.parts:
        return None
    body = dict(operation.parts)[step.send] if step.send else operation.parts[0][1]
    if not step.only:
        return body
    whole = parse_json(body)
    return dump_json({key: value for key, value in whole.items() if key in step.only})


def _echoed(template: str, state: State) -> Any:
    whole = NAME.fullmatch(template)
    return state.names.get(whole[1]) if whole else template


def _mismatch(request: Request, template: str, judged: Judged) -> Outcome:
    if template.startswith("{values."):
        code, text = "VALUE_NOT_TAKEN", f"the answer does not show {template} as it was sent"
    else:
        code, text = (
            "ANSWER_FOR_ANOTHER_LISTING",
            f"the answer is not about the {template} asked for",
        )
    return unclear(request, code, text, judged.outcome.status)


def _first(body: Any, pointers: Sequence[str]) -> Any:
    found = (read_first(body, pointer) for pointer in pointers)
    return next((value for value in found if value is not None), None)


def _identifier(value: Any) -> str:
    """An id as text: JSON numbers and texts alike; anything else is none."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    text = clean(as_text(value))
    return text if len(text) <= _MAX_ID else ""


def _values(read: Mapping[str, Any], document: ConnectorDocument) -> Values:
    quantity = as_number(read.get("quantity"))
    whole = quantity is not None and quantity == quantity.to_integral_value()
    return Values(
        sku=_identifier(read.get("sku")) or None,
        price=_amount(read.get("price"), document),
        sale_price=_amount(read.get("sale_price"), document),
        quantity=int(quantity) if quantity is not None and whole else None,
        currency=_identifier(read.get("currency")) or None,
    )


def _amount(value: Any, document: ConnectorDocument) -> Decimal | None:
    number = as_number(value)
    return number.scaleb(-2) if number is not None and document.amounts == "cents" else number


def _rejected(code: str, message: str) -> Outcome:
    return Outcome("rejected", (Problem(code, message),))


def _refused(code: str, message: str) -> Outcome:
    return Outcome("config", (Problem(code, message),))


def _setting_missing(missing: NameMissing) -> Outcome:
    name = missing.name.removeprefix("account.")
    text = f"the account has no usable setting `{name}`, which the request needs"
    return _refused("SETTING_MISSING", text)
