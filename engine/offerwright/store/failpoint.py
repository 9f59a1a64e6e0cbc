"""
Named places where a test may kill, stop or delay the process; nothing at all in ordinary use.

`OFFERWRIGHT_FAILPOINTS="record.before_commit=kill@3"` kills the process with SIGKILL at the third
pass of that place. Actions: `kill`, `raise`, `sleep:250` (milliseconds). Several are separated by
commas. The variable is read once, at import: without it `failpoint` is an empty function.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections import Counter

FAILPOINTS: tuple[str, ...] = (
    "store.migrate",
    "writer.after_lead",
    "enqueue.before_commit",
    "enqueue.after_commit",
    "claim.before_commit",
    "claim.after_commit",
    "begin.before_commit",
    "outbox.before_send",
    "outbox.after_send",
    "outbox.after_poll",
    "outbox.after_read_back",
    "record.before_commit",
    "record.after_commit",
    "token.before_commit",
    "token.after_commit",
)
VARIABLE = "OFFERWRIGHT_FAILPOINTS"
_ACTION = re.compile(
    r"(?P<name>[a-z_.]+)=(?P<action>kill|raise|sleep:\d{1,6})(?:@(?P<nth>\d{1,6}))?"
)


class FailpointReached(Exception):
    """Raised by the action `raise`; nothing in the engine catches it."""


def parse_failpoints(text: str) -> dict[str, tuple[str, int]]:
    """Name -> (action, at which pass). Raises `ValueError` for an unknown name or action."""
    found: dict[str, tuple[str, int]] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        match = _ACTION.fullmatch(entry)
        if match is None or match["name"] not in FAILPOINTS:
            raise ValueError(f"{VARIABLE}: {entry!r} is not a failpoint; names: {FAILPOINTS}")
        found[match["name"]] = (match["action"], int(match["nth"] or 1))
    return found


def _act(action: str, name: str) -> None:
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "raise":
        raise FailpointReached(name)
    time.sleep(int(action.partition(":")[2]) / 1000)


if os.environ.get(VARIABLE):
    _armed = parse_failpoints(os.environ[VARIABLE])
    _passes: Counter[str] = Counter()

    def failpoint(name: str) -> None:
        """Do what the environment asks for at this place."""
        _passes[name] += 1
        action, nth = _armed.get(name, ("", 0))
        if action and _passes[name] == nth:
            _act(action, name)

else:

    def failpoint(name: str) -> None:
        """Do what the environment asks for at this place: nothing."""
