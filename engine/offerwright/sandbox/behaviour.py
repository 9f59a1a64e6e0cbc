"""One call → one answer and its effect on the state, as the marketplace's `sandbox.yaml` says."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from offerwright.connectors.json_text import BodyRefused, parse_json
from offerwright.connectors.limits import Limits
from offerwright.connectors.pointer import read_first
from offerwright.connectors.template import NAME, as_text, fill
from offerwright.marketplaces.contract import check_body
from offerwright.marketplaces.operation import Problem
from offerwright.sandbox.document import Fault, Route, SandboxDocument, Says
from offerwright.sandbox.effects import changed
from offerwright.sandbox.faults import FaultScript
from offerwright.sandbox.state import Listing, MarketplaceState, Pending
from offerwright.sandbox.tokens import TokenDesk

# These faults cut in before anything is done.
BEFORE = ("reset", "status", "stall", "reject")


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request: the raw path keeps its percent signs."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Said:
    """An answer, and the fault to play while giving it."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Fault | None = None


class Behaviour:
    """One marketplace at work."""

    def __init__(
        self, document: SandboxDocument, contracts: Mapping[str, Any], faults: FaultScript,
        seed: int, clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self.document = document
        self._contracts = contracts
        self._faults = faults
        self._seed = seed
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        """Forget listings, calls, tokens and limits."""
        tokens = self.document.tokens
        self.state = MarketplaceState(self.document)
        self.tokens = TokenDesk(tokens, self._seed, self._clock) if tokens else None
        self._limits: dict[str, Limits] = {}

    def answer(self, call: Call) -> Said:
        """The answer to one call; recorded in the history whatever it is."""
        with self.state.lock:
            if self.tokens and call.path == self.document.tokens.path:  # type: ignore[union-attr]
                return self._token(call)
            found = self._route(call)
            if found is None:
                return self._record(call, "", "", "", Said(404, {"message": "no such path"}), None)
            name, route, bound = found
            return self._routed(call, name, route, bound)

    def _token(self, call: Call) -> Said:
        assert self.tokens is not None, "only marketplaces with a token endpoint come here"
        fault = self._faults.choose(self.document.name, "token", "")
        form = {k: v for k, _, v in (p.partition("=") for p in call.body.decode().split("&"))}
        decoded = {k: unquote(v.replace("+", " ")) for k, v in form.items()}
        if fault and fault.do in BEFORE:
            said = self._faulty(fault, {})
        else:
            said = Said(*self.tokens.grant(decoded), fault=fault)
        return self._record(call, "token", decoded.get("client_id", ""), "", said, None)

    def _routed(self, call: Call, name: str, route: Route, bound: Mapping[str, str]) -> Said:
        account = self._account(call)
        if account is None:
            said = self._says(self.document.answers.unauthorized, {})
            return self._record(call, name, "", "", said, None)
        wait = self._wait(account, route.bucket)
        if wait > 0:
            names = {"retry_after": str(int(wait) + 1)}
            said = self._says(self.document.answers.throttled, names)
            return self._record(call, name, account, bound.get("sku", ""), said, None)
        body, problems = self._body(call, route)
        listing = self._listing(account, bound, self._new_sku(route, body) if route.upsert else "")
        sku = bound.get("sku") or (listing.sku if listing else self._new_sku(route, body))
        fault = self._faults.choose(self.document.name, name, sku)
        if fault and fault.do in BEFORE:
            said, after = self._faulty(fault, bound), listing
        elif problems:
            said, after = self._invalid(problems, {"sku": sku}), listing
        else:
            said, after = self._done(route, account, sku, bound, listing, body, fault)
        return self._record(call, name, account, sku, said, after, before=listing)

    def _done(
        self, route: Route, account: str, sku: str, bound: Mapping[str, str],
        listing: Listing | None, body: Any, fault: Fault | None,
    ) -> tuple[Said, Listing | None]:  # fmt: skip
        if route.effect == "search":
            ids = [x.id for x in self.state.search(account, sku)]
            return self._good(route, {**bound, "ids": ids}, listing, fault), listing
        if listing is None and (route.effect == "create" or route.upsert):
            listing = self.state.create(account, sku, {}, live=False)
        if listing is None or (route.effect == "read" and not self._shows(route, bound, listing)):
            return replace(self._says(self.document.answers.not_found, bound), fault=fault), None
        after = self._effect(route, bound, listing, body, fault)
        return self._good(route, bound, after, fault), after

    def _shows(self, route: Route, bound: Mapping[str, str], listing: Listing) -> bool:
        place = fill(route.at, bound)
        return (listing.live or listing.pending is not None or bool(listing.problems)) and (
            not place or read_first(listing.document, place) is not None
        )

    def _effect(
        self, route: Route, bound: Mapping[str, str], listing: Listing, body: Any,
        fault: Fault | None,
    ) -> Listing:  # fmt: skip
        if route.effect == "read":
            return self.state.read(listing)
        if route.effect == "remove":
            self.state.remove(listing)
            return listing
        newest = listing.pending.document if listing.pending else listing.document
        names = {**bound, "id": listing.id, "sku": listing.sku}
        start = {**_without(newest, route.replaces), **fill_answer(route.adds, names, listing)}
        document = changed(route.effect, start, fill(route.at, names), body)
        late = fault is not None and fault.do == "late_reject"
        if not (route.deferred or late):
            return self.state.write(listing, document)
        reason = (
            {"code": fault.code, "message": fault.message, "field": ""} if late and fault else None
        )
        pending = Pending(document, max(1, self.document.live_after_polls), reason)
        return self.state.keep(replace(listing, pending=pending, problems=()))

    def _good(
        self, route: Route, names: Mapping[str, Any], listing: Listing | None, fault: Fault | None
    ) -> Said:
        known = {**names, "problems": [], "ids": names.get("ids", [])}
        if listing is not None:
            known |= {
                "id": listing.id, "sku": listing.sku, "version": listing.version,
                "status": listing.status, "document": listing.document,
                "problems": self._reasons(listing.problems),
            }  # fmt: skip
        said = self._says(route.answer, known, listing)
        if fault is not None and fault.do == "late_status":
            said = Said(fault.status, fault.body, fault.headers)
        return replace(said, fault=fault)

    def _faulty(self, fault: Fault, names: Mapping[str, Any]) -> Said:
        if fault.do == "reject":
            problem = Problem(fault.code, fault.message)
            return self._invalid([problem], names)
        return Said(fault.status, fault.body, fault.headers, fault)

    def _invalid(self, problems: list[Problem], names: Mapping[str, Any]) -> Said:
        reasons = [{"code": p.code, "message": p.message, "field": p.field} for p in problems]
        first = reasons[0]["message"]
        known = {**names, "problems": self._reasons(tuple(reasons)), "message": first}
        return self._says(self.document.answers.invalid, known)

    def _reasons(self, problems: tuple[Mapping[str, str], ...]) -> list[Any]:
        return [fill_answer(self.document.answers.problem, p, None) for p in problems]

    def _says(self, says: Says, names: Mapping[str, Any], listing: Listing | None = None) -> Said:
        body = fill_answer(says.body, names, listing)
        headers = {k: str(fill_answer(v, names, listing)) for k, v in says.headers.items()}
        return Said(says.status, body, headers)

    def _body(self, call: Call, route: Route) -> tuple[Any, list[Problem]]:
        if route.effect in ("read", "search", "remove"):
            return None, []
        checked = [check_body(self._contracts[c], call.body) for c in route.contracts]
        if checked and all(checked):
            return None, min(checked, key=len)
        try:
            return parse_json(call.body), []
        except BodyRefused as exc:
            return None, [Problem("BODY_UNREADABLE", str(exc))]

    def _new_sku(self, route: Route, body: Any) -> str:
        found = read_first(body, route.sku_at) if route.sku_at else None
        return as_text(found) if found is not None else ""

    def _listing(self, account: str, bound: Mapping[str, str], sku: str) -> Listing | None:
        if "id" in bound:
            return self.state.find(account, id=bound["id"])
        sku = bound.get("sku") or sku
        return self.state.find(account, sku=sku) if sku else None

    def _route(self, call: Call) -> tuple[str, Route, dict[str, str]] | None:
        for name, route in self.document.routes.items():
            bound = match_path(route.path, call.path) if route.method == call.method else None
            if bound is not None:
                query = {n: call.query.get(p, "") for n, p in route.query.items()}
                return name, route, {**bound, **query}
        return None

    def _account(self, call: Call) -> str | None:
        identify = self.document.identify
        shown = call.headers.get(identify.header.lower(), "")
        if not all(call.headers.get(h.lower()) for h in identify.also):
            return None
        if not shown.startswith(identify.prefix) or shown == identify.prefix:
            return None
        if self.tokens:
            return self.tokens.account(shown.removeprefix(identify.prefix))
        return hashlib.sha256(shown.encode()).hexdigest()[:8]

    def _wait(self, account: str, bucket: str) -> float:
        now = self._clock()
        limits = self._limits.setdefault(account, Limits(self.document.rates, now))
        return limits.reserve(bucket, now, 0.0)

    def _record(
        self, call: Call, route: str, account: str, sku: str, said: Said, after: Listing | None,
        before: Listing | None = None,
    ) -> Said:  # fmt: skip
        took = (
            after is not None and (before is None or before is not after) and call.method != "GET"
        )
        self.state.calls.append({
            "n": len(self.state.calls) + 1, "route": route, "method": call.method,
            "path": call.path, "account": account, "sku": sku, "status": said.status,
            "fault": said.fault.do if said.fault else None, "took_effect": took,
            "listing": after.id if after else None, "version": after.version if after else None,
            "values": self.state.values(after) if after else {},
        })  # fmt: skip
        return said


def match_path(pattern: str, path: str) -> dict[str, str] | None:
    """The names of a pattern's `{…}` segments in a raw path, decoded; None when it does not fit."""
    wanted, given = pattern.split("/"), path.split("/")
    if len(wanted) != len(given):
        return None
    bound: dict[str, str] = {}
    for segment, actual in zip(wanted, given, strict=True):
        name = NAME.fullmatch(segment)
        if name and actual:
            bound[name[1]] = unquote(actual)
        elif segment != actual:
            return None
    return bound


def fill_answer(template: Any, names: Mapping[str, Any], listing: Listing | None) -> Any:
    """A body template with its names filled in; unknown names stay empty."""
    if isinstance(template, dict):
        if "$some" in template:
            some = listing and read_first(
                listing.document, fill_answer(template["$some"], names, None)
            )
            return fill_answer(template["$then"], names, listing) if some else []
        if "$at" in template:
            found = _first_at(template["$at"], names, listing)
            return as_text(found) if template.get("$as") == "text" and found is not None else found
        return {key: fill_answer(value, names, listing) for key, value in template.items()}
    if isinstance(template, list):
        return [fill_answer(value, names, listing) for value in template]
    if not isinstance(template, str):
        return template
    whole = NAME.fullmatch(template)
    if whole:
        return names.get(whole[1])
    return NAME.sub(lambda found: as_text(names.get(found[1], "")), template)


def _first_at(at: str | list[str], names: Mapping[str, Any], listing: Listing | None) -> Any:
    pointers = at if isinstance(at, list) else [at]
    if listing is None:
        return None
    found = (read_first(listing.document, fill_answer(p, names, None)) for p in pointers)
    return next((value for value in found if value is not None), None)


def _without(document: Any, fields: list[str]) -> dict[str, Any]:
    return {name: value for name, value in (document or {}).items() if name not in fields}
