"""What a forge's refusal means: the sentence that a person needs, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from offerwright.connectors.exchange import Reply
from offerwright.connectors.redaction import MAX_SHOWN, Redactor
from offerwright.errors import CredentialsRefused, ForgeRefused, OfferwrightError
from offerwright.forges.place import FORGES, Place
from offerwright.source.escapes import shown

_TOO_LONG = ("too long", "too large", "too big", "maximum is")
_LOCKED = "locked"
NEEDS = {
    "github": (
        "the token needs `pull-requests: write` (under `permissions:` of the job, or as a "
        "permission of the fine-grained token)"
    ),
    "gitlab": (
        "the token needs the scope `api` and the role Developer in the project of the merge "
        "request; CI_JOB_TOKEN cannot write comments, so make a project access token"
    ),
}
OF_A_FORK = (
    "a pull request from a fork gets a token that only reads, and no secrets: let one job compute "
    "the review and a second one (`workflow_run`) comment, as docs/ci.md shows"
)


class Gone(Exception):
    """The comment, or the pull request, is not there."""


class TooLong(Exception):
    """The forge takes no comment of this length."""


class Unsure(Exception):
    """It was sent, and nobody knows whether it has been done: look before doing it again."""


def quoted(text: str, redactor: Redactor) -> str:
    """A forge's words as they may be shown: without secrets, on one line, not too many."""
    return shown(redactor.text(text))[:MAX_SHOWN]


def part(value: Any, key: str) -> Mapping[str, Any]:
    """The object under a key of an answer; an empty one where there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def said_by(reply: Reply, redactor: Redactor) -> str:
    """The forge's own sentence about what went wrong, as `quoted` shows it."""
    try:
        body = json.loads(reply.body)
    except (ValueError, RecursionError):
        return ""
    told = body if isinstance(body, dict) else {}
    parts = [told.get("message"), told.get("error"), told.get("error_description")]
    parts += [told["errors"]] if told.get("errors") else []
    return quoted("; ".join(_words(one) for one in parts if one), redactor)


def _words(told: Any) -> str:
    return told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)


def refusal(reply: Reply, place: Place, what: str, redactor: Redactor) -> Exception:
    """
    What to raise for an answer that is no success and worth no second try.

    Args:
        reply: the answer.
        place: where it was asked.
        what: what was asked for, as it stands after "refuses to".
        redactor: knows the token.
    """
    said = said_by(reply, redactor)
    end = f": {said}" if said else ""
    if reply.status in (404, 410):
        return Gone(said)
    if reply.status == 413 or (reply.status in (400, 422) and _is_too_long(said)):
        return TooLong(said)
    name = FORGES[place.forge]
    if reply.status in (401, 403) and _LOCKED not in said.lower():
        return _credentials(reply, place, f"{name} refuses to {what} ({reply.status}){end}")
    if 300 <= reply.status < 400:
        return ForgeRefused(
            f"{name} says that {place.repository} has moved; write the new name as --repository, "
            "or the new address as --api-url"
        )
    return ForgeRefused(f"{name} refuses to {what} ({reply.status}){end}")


def _is_too_long(said: str) -> bool:
    return any(words in said.lower() for words in _TOO_LONG)


def _credentials(reply: Reply, place: Place, sentence: str) -> OfferwrightError:
    if reply.status == 401:
        return CredentialsRefused(f"{sentence}; the token is wrong, or has expired")
    advice = OF_A_FORK if place.is_fork else NEEDS[place.forge]
    if place.forge == "github" and not place.is_fork:
        advice += f"; {OF_A_FORK}"
    return CredentialsRefused(f"{sentence}; {advice}")
