"""A small real HTTP client for the fake marketplace: the `Sender` of these tests."""

from __future__ import annotations

import http.client
import json
from typing import Any

from sync.fake_market import exact

from offerwright.marketplaces.operation import Operation, Outcome, Problem, Values
from offerwright.store import Store, Token

Answer = tuple[int, dict[str, Any], float | None]


class MarketSender:
    """Speaks to `127.0.0.1:port`; renews the token once when it is over."""

    def __init__(
        self, store: Store, port: int, account: str = "meli", timeout_s: float = 15
    ) -> None:
        self.store, self.port, self.account, self.timeout_s = store, port, account, timeout_s

    def send(self, operation: Operation, external_id: str | None = None) -> Outcome:
        method, path = "PUT", f"/items/{operation.sku}/{operation.aspect}"
        if operation.action == "create":
            method, path = "POST", "/items"
        body = operation.parts[0][1]
        answer = self._authorised(method, path, body, operation.generation)
        return answer if isinstance(answer, Outcome) else judged(answer)

    def poll(
        self, operation: Operation, handle: str | None = None, external_id: str | None = None
    ) -> Outcome:
        answer = self._ask("GET", f"/submissions/{handle}", b"", {})
        if isinstance(answer, Outcome):
            return answer
        status, body, _ = answer
        if body["status"] == "rejected":
            return Outcome("rejected", problems(body), status=status)
        kind: Any = "confirmed" if body["status"] == "live" else "accepted"
        return Outcome(kind, status=status, external_id=body.get("id"))

    def read_back(self, operation: Operation, external_id: str | None = None) -> Outcome:
        answer = self._ask("GET", f"/items/{operation.sku}", b"", {})
        if isinstance(answer, Outcome):
            return answer
        status, body, _ = answer
        if status == 404:
            return Outcome("rejected", (Problem("LISTING_NOT_FOUND", "none"),), status=404)
        seen = Values(body["sku"], exact(body.get("price")), None, body.get("quantity"), "BRL")
        return Outcome("confirmed", status=status, observed=seen, external_id=body["id"])

    def _authorised(self, method: str, path: str, body: bytes, generation: int) -> Answer | Outcome:
        token = self.store.token(self.account)
        assert token is not None
        for last in (False, True):
            headers = {"Authorization": f"Bearer {token.access}", "X-Generation": str(generation)}
            answer = self._ask(method, path, body, headers)
            if isinstance(answer, Outcome) or answer[0] != 401 or last:
                return answer
            renewed = self._renewed(token)
            if isinstance(renewed, Outcome):
                return renewed
            token = renewed
        raise AssertionError("unreachable")

    def _renewed(self, over: Token) -> Token | Outcome:
        with self.store.refreshing(self.account):
            saved = self.store.token(self.account)
            assert saved is not None
            if saved.access != over.access:
                return saved
            asked = json.dumps({"refresh_token": saved.refresh}).encode()
            answer = self._ask("POST", "/token", asked, {})
            if isinstance(answer, Outcome):
                return answer
            if answer[0] != 200:
                return Outcome("auth", (Problem("INVALID_GRANT", "refused"),), status=answer[0])
            token = Token(answer[1]["access_token"], answer[1]["refresh_token"])
            self.store.save_token(self.account, token, now=1)
            return token

    def _ask(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> Answer | Outcome:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout_s)
        try:
            connection.connect()
        except OSError as error:
            return Outcome("retry", (Problem("UNREACHABLE", str(error)),))
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            found = json.loads(response.read())
            after = response.getheader("Retry-After")
            return response.status, found, None if after is None else float(after)
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Outcome("in_doubt", (Problem("NO_ANSWER", type(error).__name__),))
        finally:
            connection.close()


def judged(answer: Answer) -> Outcome:
    status, body, after = answer
    if status == 202:
        return Outcome("accepted", status=status, handle=body["handle"])
    if status == 401:
        return Outcome("auth", (Problem("INVALID_TOKEN", "refused"),), status=status)
    if status == 429:
        return Outcome("retry", status=status, retry_after_s=after)
    if status >= 500:
        return Outcome("in_doubt", (Problem("SERVER_ERROR", str(status)),), status=status)
    if status >= 400:
        return Outcome("rejected", problems(body), status=status)
    return Outcome("confirmed", status=status, external_id=body["id"])


def problems(body: dict[str, Any]) -> tuple[Problem, ...]:
    return tuple(Problem(p["code"], p["message"]) for p in body["problems"])
