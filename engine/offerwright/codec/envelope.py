"""The outside of such bytes: what they are, by which engine, and a hash over all of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from offerwright import __version__

FORMAT = 1
_MAGIC = b"offerwright"
_DIGITS = 64  # of a SHA-256 in hexadecimal
_MAX_HEAD = 16 << 20
_SHOWN = 20  # characters of a word that may be anything
# What reading bytes of a stranger's making can raise; all of it means the same.
UNREADABLE = (
    ArithmeticError, AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError,
)  # fmt: skip


class CodecRefused(Exception):
    """Bytes that are not what they should be; the message says why, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """`head` is what was written beside the parts; `digest` is the SHA-256 of all but itself."""

    head: Mapping[str, Any]
    parts: tuple[memoryview, ...]
    digest: str


def sealed(kind: str, head: Mapping[str, Any], parts: Sequence[bytes]) -> bytes:
    """One file of these parts. `kind` says what it holds; equal arguments give equal bytes."""
    whole = {**head, "engine": __version__, "sizes": [len(part) for part in parts]}
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
    content = b"".join([text, b"\n", *parts])
    return _first_line(kind, hashlib.sha256(content).hexdigest()) + content


def opened(data: bytes, kind: str) -> Envelope:
    """
    The parts of a file. Raises `CodecRefused` for anything that `sealed` has not written as it is,
    for another kind, another format, and for what another version of the engine has written.
    """
    line, _, _ = data[:200].partition(b"\n")
    words = line.split(b" ")
    if len(words) != 4 or words[0] != _MAGIC or words[1] != kind.encode():
        raise CodecRefused(f"it is no {kind} of Offerwright")
    if words[2] != str(FORMAT).encode():
        raise CodecRefused(f"it has the format {_shown(words[2])}, and this engine reads {FORMAT}")
    content = memoryview(data)[len(line) + 1 :]
    digest = hashlib.sha256(content).hexdigest()
    if words[3] != digest.encode():
        raise CodecRefused("it is damaged or was changed: its content does not fit its hash")
    return Envelope(*_split(data, len(line) + 1), digest)


def _split(data: bytes, start: int) -> tuple[dict[str, Any], tuple[memoryview, ...]]:
    end = data.find(b"\n", start, start + _MAX_HEAD)
    try:
        head = json.loads(data[start:end]) if end > 0 else {}
        engine, sizes = head["engine"], [int(size) for size in head["sizes"]]
    except UNREADABLE as fault:
        raise CodecRefused("its head cannot be read") from fault
    if engine != __version__:
        written = f"it was written by Offerwright {str(engine)[:_SHOWN]}"
        raise CodecRefused(f"{written}, and this is {__version__}")
    if min(sizes, default=0) < 0 or end + 1 + sum(sizes) != len(data):
        raise CodecRefused("it is cut off")
    view, at, parts = memoryview(data), end + 1, []
    for size in sizes:
        parts.append(view[at : at + size])
        at += size
    return head, tuple(parts)


def _first_line(kind: str, digest: str) -> bytes:
    return b" ".join([_MAGIC, kind.encode(), str(FORMAT).encode(), digest.encode()]) + b"\n"


def _shown(word: bytes) -> str:
    return word[:_SHOWN].decode("ascii", "backslashreplace")
