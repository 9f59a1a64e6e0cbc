"""Secrets out of anything that people or logs get to see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, quote_plus

from offerwright.marketplaces.operation import Outcome, Problem

HIDDEN = "***"
MAX_SHOWN = 300
_SHORTEST = 4
_SENSITIVE = (
    "authorization",
    "token",
    "secret",
    "password",
    "apikey",
    "api_key",
    "cookie",
    "appkey",
)


class Redactor:
    """Replaces every secret it has been told, also percent-encoded; it learns renewed tokens."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: frozenset[str] = frozenset()
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Hide these too from now on; texts under four characters would blank ordinary words."""
        forms = {
            f for s in secrets if len(s) >= _SHORTEST for f in (s, quote(s, ""), quote_plus(s))
        }
        self._secrets = self._secrets | forms

    def text(self, text: str) -> str:
        """The text without secrets; the longest first, since one may hold another."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return text

    def value(self, value: Any) -> Any:
        """Texts inside lists and maps too; values under a telling key are hidden whole."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {k: HIDDEN if is_sensitive(str(k)) else self.value(v) for k, v in value.items()}
        return [self.value(v) for v in value] if isinstance(value, (list, tuple)) else value

    def outcome(self, outcome: Outcome) -> Outcome:
        """An outcome as it may be stored: hidden first, then shortened, so that no part is left."""
        details = {key: self.text(text) for key, text in outcome.details.items()}
        problems = tuple(map(self._problem, outcome.problems))
        return replace(outcome, problems=problems, details=details)

    def _problem(self, problem: Problem) -> Problem:
        texts = (problem.code, problem.message, problem.field)
        code, message, field = (self.text(text)[:MAX_SHOWN] for text in texts)
        return replace(problem, code=code, message=message, field=field)


def is_sensitive(key: str) -> bool:
    """Whether a field's name says that its value is nobody's business."""
    return any(word in key.lower().replace("-", "_") for word in _SENSITIVE)


def redact_event(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """A structlog processor: hides values under telling keys, whoever logs them."""
    return {k: HIDDEN if is_sensitive(k) else v for k, v in event.items()}
