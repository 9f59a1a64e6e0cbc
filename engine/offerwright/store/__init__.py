"""What was wanted, sent and confirmed: ledger, outbox and tokens behind one protocol."""

from offerwright.store.holds import Hold, Wish
from offerwright.store.open import STORES, open_store
from offerwright.store.protocol import (
    ATTEMPT_COLUMNS,
    LEDGER_COLUMNS,
    LISTING_COLUMNS,
    OPEN_COLUMNS,
    Claim,
    Enqueued,
    Owner,
    Run,
    Store,
    Token,
)

__all__ = [
    "ATTEMPT_COLUMNS",
    "LEDGER_COLUMNS",
    "LISTING_COLUMNS",
    "OPEN_COLUMNS",
    "STORES",
    "Claim",
    "Enqueued",
    "Hold",
    "Owner",
    "Run",
    "Store",
    "Token",
    "Wish",
    "open_store",
]
