"""
Frozen values ↔ bytes that are safe to share: data of classes from a closed table, never code.

Equal values give equal bytes, whatever they share in memory; what is equal is stored once and
shared again when it is read. Long parts are read when they are first looked at (`Later`).
Writing is `codec.write`, apart, as a start only reads.
"""

from offerwright.codec.envelope import UNREADABLE, CodecRefused, Envelope, opened, sealed
from offerwright.codec.later import Apart, Later
from offerwright.codec.read import Reader, texts_from
from offerwright.codec.shapes import Shapes

__all__ = [
    "UNREADABLE", "Apart", "CodecRefused", "Envelope", "Later", "Reader", "Shapes", "opened",
    "sealed", "texts_from",
]  # fmt: skip
