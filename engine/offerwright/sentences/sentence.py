"""One rule as a sentence, with the place where it is written."""

from __future__ import annotations

from dataclasses import dataclass

from offerwright.errors import Span


@dataclass(frozen=True, slots=True)
class Sentence:
    """`rule` is the id within the document, a row's after its table's: `markups/gold`.

    It is empty where the sentence is about the whole document.
    """

    kind: str
    document: str
    rule: str
    text: str
    span: Span
