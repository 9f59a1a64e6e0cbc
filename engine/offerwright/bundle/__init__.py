"""The compiled rules as one file: everything that evaluation, payloads, guards and sending need."""

from offerwright.bundle.pack import pack
from offerwright.bundle.unpack import bundle_digest, unpack

__all__ = ["bundle_digest", "pack", "unpack"]
