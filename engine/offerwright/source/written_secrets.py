"""
Bytes of a repository → findings about secrets that somebody wrote into it.

Only shapes that nothing else has are looked for, so that a finding is worth stopping for. The line
itself is never shown: a log would be the next place with the secret in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from offerwright.errors import Diagnostic, Span

# What it is → how it begins. Sources: the developer guides of Mercado Libre (tokens and grants),
# Amazon Selling Partner API (Login with Amazon) and AWS IAM (key identifiers), GitHub (token
# formats), RFC 7468 (PEM) and RFC 7519 (JWT), as read in November 2026.
_SHAPES: Mapping[str, bytes] = {
    "a private key": rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----",
    "an access token of Mercado Libre": rb"APP_USR-\d{6,}-\d{6,}-[0-9a-f]{16,}",
    "a refresh token of Mercado Libre": rb"TG-[0-9a-f]{20,}-\d+",
    "a token of Login with Amazon": rb"Atz[ar]\|[A-Za-z0-9_/+=-]{20,}",
    "a client secret of Login with Amazon": rb"amzn1\.oa2-cs\.v1\.[0-9a-f]{32,}",
    "a key of AWS": rb"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "a token of GitHub": rb"\bgh[pousr]_[A-Za-z0-9]{36,}",
    "a signed token (JWT)": rb"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
}
# Of these each shape has one; a file without any is not searched.
_MARKS = (b"-----BEGIN ", b"APP_USR-", b"TG-", b"Atz", b"amzn1.oa2-cs", b"AKIA", b"ASIA",
          b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"eyJ")  # fmt: skip
_ANY = re.compile(b"|".join(b"(" + shape + b")" for shape in _SHAPES.values()))
_NAMES = tuple(_SHAPES)


def written_secrets(files: Mapping[str, bytes]) -> Iterator[Diagnostic]:
    """One finding for every secret; the span is its place, and nothing repeats its text."""
    for file, content in files.items():
        if not any(mark in content for mark in _MARKS):
            continue
        for found in _ANY.finditer(content):
            line = content.count(b"\n", 0, found.start()) + 1
            column = found.start() - content.rfind(b"\n", 0, found.start())
            span = Span(file, line, column, line, column + len(found[0]))
            yield Diagnostic(
                "SECRET_WRITTEN",
                f"{_NAMES[(found.lastindex or 1) - 1]} stands in a file that is shared",
                span,
                "renew it at once, as everybody with the repository has it; keep the new one in an "
                "environment variable: docs/own-shop.md",
            )
