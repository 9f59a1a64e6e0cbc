"""
Requests to a forge: one deadline for each, a bounded time for all, and waits that it asks for.

A limit of the rate is waited for where the wait fits into that time. What may have been done is not
sent again from here: `Unsure` makes the caller look first.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from offerwright.connectors.client import HttpClient
from offerwright.connectors.exchange import Failure, Reply, Request
from offerwright.connectors.limits import retry_after_s
from offerwright.connectors.redaction import Redactor
from offerwright.errors import ForgeAway, ForgeRefused
from offerwright.forges.answers import Unsure, quoted, refusal, said_by
from offerwright.forges.place import FORGES, Place

PAUSES_S = (0.5, 1.0, 2.0)
"""Between tries of what failed on its way."""
THROTTLED_S = 60.0
"""GitHub asks for a minute at least where it names no time (its documentation, November 2026)."""
MAX_PAGES = 100
_NEXT = re.compile(r'<([^>]*)>\s*;(?:[^<]*;)?\s*rel="?next"?')
_LIMITED = ("rate limit", "abuse detection")


@dataclass(frozen=True, slots=True)
class Timing:
    """How long all requests may take together, and the clocks; tests pass their own."""

    total_s: float = 120.0
    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Call:
    """One request: `what` stands in messages after "refuses to"."""

    what: str
    method: str
    url: str
    body: Mapping[str, Any] | None = None
    is_repeatable: bool = True


class ForgeClient:
    """Sends calls to one place with its token."""

    def __init__(
        self, place: Place, headers: Mapping[str, str], redactor: Redactor, http: HttpClient,
        timing: Timing,
    ) -> None:  # fmt: skip
        self.place = place
        self._headers = headers
        self._redactor = redactor
        self._http = http
        self._timing = timing
        self._until = timing.clock() + timing.total_s

    def call(self, call: Call) -> Any:
        """
        The JSON of the answer; None where it has no body.

        Raises:
            ForgeAway: nobody answers, or the limit of the rate is over later than we wait.
            CredentialsRefused, ForgeRefused: the forge does not want to.
            Gone, TooLong, Unsure: see `forges.answers`.
        """
        return _parsed(self._answer(call), self.place, call)

    def pages(self, call: Call) -> Iterator[Mapping[str, Any]]:
        """The entries of a list, page by page. Raises what `call` does."""
        url: str | None = call.url
        for _ in range(MAX_PAGES):
            if url is None:
                return
            reply = self._answer(Call(call.what, call.method, url))
            found = _parsed(reply, self.place, call)
            if not (isinstance(found, list) and all(isinstance(one, dict) for one in found)):
                # Taken for an empty list, it would bring a second comment.
                raise _no_forge(self.place, call)
            yield from found
            url = self._next(reply)
        if url is not None:
            raise ForgeRefused(f"{self.place} has more than {MAX_PAGES} pages of comments")

    def quoted(self, text: str) -> str:
        """The forge's words as they may be shown."""
        return quoted(text, self._redactor)

    def _next(self, reply: Reply) -> str | None:
        found = _NEXT.search(reply.headers.get("link", ""))
        if found is None:
            return None
        here, there = (urlsplit(url)[:2] for url in (self.place.api_url, found[1]))
        if here != there:
            # The token goes along: nowhere but where we were sent.
            raise ForgeRefused(f"{FORGES[self.place.forge]} names a next page on another host")
        return found[1]

    def _answer(self, call: Call) -> Reply:
        tries = 0
        while True:
            answered = self._exchange(call)
            if isinstance(answered, Reply) and answered.status < 300 and not answered.broken:
                return answered
            try:
                pause = self._pause(call, answered, tries)
            except Unsure:
                # Who looks at once may find nothing of what is still being written.
                self._timing.sleep(PAUSES_S[0])
                raise
            tries += 1
            if self._timing.clock() + pause > self._until:
                raise ForgeAway(self._away(answered, pause))
            self._timing.sleep(pause)

    def _exchange(self, call: Call) -> Reply | Failure:
        left = max(0.0, self._until - self._timing.clock())
        body = None if call.body is None else json.dumps(call.body).encode()
        headers = {"Content-Type": "application/json", **self._headers} if body else self._headers
        request = Request("the request", call.method, call.url, headers, body)
        return self._http.exchange(request, left)

    def _pause(self, call: Call, answered: Reply | Failure, tries: int) -> float:
        """Seconds until the next try. Raises where there is to be none."""
        if isinstance(answered, Reply):
            limited = self._limited_s(answered)
            if limited is not None:
                return limited
            if answered.status < 500 and not answered.broken:
                raise refusal(answered, self.place, call.what, self._redactor)
        is_done_perhaps = isinstance(answered, Reply) or answered.kind == "in_doubt"
        if is_done_perhaps and not call.is_repeatable:
            raise Unsure(self._away(answered, None))
        if tries >= len(PAUSES_S):
            raise ForgeAway(self._away(answered, None))
        return PAUSES_S[tries]

    def _limited_s(self, reply: Reply) -> float | None:
        """Seconds that a limit of the rate asks for; None where the answer is of none."""
        if reply.status not in (403, 429):
            return None
        asked = retry_after_s(reply.headers.get("retry-after"), self._timing.wall())
        is_used_up = reply.headers.get("x-ratelimit-remaining") == "0"
        said = said_by(reply, self._redactor).lower()
        is_limit = asked is not None or is_used_up or any(words in said for words in _LIMITED)
        if reply.status == 403 and not is_limit:
            return None
        if asked is None and is_used_up:
            asked = self._until_reset(reply.headers.get("x-ratelimit-reset", ""))
        return max(asked, PAUSES_S[0]) if asked is not None else THROTTLED_S

    def _until_reset(self, moment: str) -> float | None:
        if not (moment.isascii() and moment.isdecimal() and len(moment) < 12):
            return None
        return max(0.0, int(moment) - self._timing.wall().timestamp())

    def _away(self, answered: Reply | Failure, pause: float | None) -> str:
        name = FORGES[self.place.forge]
        if isinstance(answered, Failure):
            host = urlsplit(self.place.api_url).hostname
            return f"{name} does not answer at {host}: {answered.message}"
        if pause is not None:
            return (
                f"{name} has had enough requests ({answered.status}) and wants a pause of "
                f"{round(pause)} s; run the job again then"
            )
        why = f", and its answer {answered.broken}" if answered.broken else ""
        return f"{name} is out of order ({answered.status}){why}; run the job again later"


def _parsed(reply: Reply, place: Place, call: Call) -> Any:
    if not reply.body:
        return None
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError):
        raise _no_forge(place, call) from None


def _no_forge(place: Place, call: Call) -> ForgeRefused:
    return ForgeRefused(
        f"what answers at {urlsplit(place.api_url).hostname} when asked to {call.what} is not "
        f"{FORGES[place.forge]}'s API; look at --api-url"
    )
