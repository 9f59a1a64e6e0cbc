"""
The compiled rules as one file: everything that evaluation, payloads, guards and sending need.

Reading one is light; writing one is `bundle.pack`.
"""

from offerwright.bundle.unpack import bundle_digest, unpack

__all__ = ["bundle_digest", "unpack"]
