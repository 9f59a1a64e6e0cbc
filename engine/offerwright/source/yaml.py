"""
YAML text → located data: maps, lists, text, `Decimal`, booleans and None, each with its span.

libyaml (or PyYAML's own scanner where libyaml is missing) only cuts the text into events;
`compose` decides what they mean.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from offerwright.errors import Diagnostic
from offerwright.source.compose import Composer
from offerwright.source.garbage import without_garbage_collection
from offerwright.source.located import Located
from offerwright.source.nodes import Spans
from offerwright.source.text import MAX_YAML_BYTES, decode, span_at
from offerwright.source.yaml_errors import Refusal, empty_file, explain, say

PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_STRANGE_INDENT = re.compile("^[ ]*([\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000])", re.MULTILINE)
_DIRECTIVE = re.compile(r"^%[^\r\n]*", re.MULTILINE)


def read_yaml(
    text: bytes, file: str, parser: Any = PARSER
) -> tuple[Located | None, list[Diagnostic]]:
    """
    Read one YAML document whose top level is a map.

    Args:
        text: the bytes of the file, UTF-8, at most 1 MiB.
        file: its name in spans, relative to the repository.
        parser: the class that yields events; only tests choose another one.

    Returns:
        The data with spans (columns in characters), or None with the reasons.
        Data that an alias repeats has the spans of the place where it was written.
    """
    decoded, found = decode(text, file, MAX_YAML_BYTES)
    if decoded is None:
        return None, found
    refused = _refused_text(decoded, file)
    if refused:
        return None, refused
    composer = Composer(decoded, file)
    try:
        with without_garbage_collection():
            root = composer.run(parser(decoded))
    except Refusal as refusal:
        return None, [*composer.found, refusal.diagnostic]
    except yaml.YAMLError as error:
        return None, [*composer.found, explain(error, composer.lines, file)]
    if root is None or composer.found:
        return None, composer.found
    return Located(file, root.data, Spans(root, file, False), Spans(root, file, True)), []


def _refused_text(text: str, file: str) -> list[Diagnostic]:
    """What is refused wherever it stands, found before any parser sees the text."""
    if not text.strip():
        return [empty_file(file, "the file is empty")]
    tab = text.find("\t")
    if tab >= 0:
        hint = "use blanks; inside double quotes a tab is written \\t"
        return [say("TAB", "a tab is not allowed in YAML", span_at(text, tab, file), hint)]
    directive = _DIRECTIVE.search(text)
    if directive:
        span = span_at(text, directive.start(), file, len(directive[0]))
        hint = "delete the line; quote the text if it is part of a value"
        return [say("DIRECTIVE", "a line that begins with % is a directive", span, hint)]
    strange = _STRANGE_INDENT.search(text)
    if strange:
        character = ord(strange[1])
        message = f"the indentation holds the invisible character U+{character:04X}"
        span = span_at(text, strange.start(1), file)
        return [say("INVISIBLE_CHARACTER", message, span, "replace it by an ordinary blank")]
    return []
