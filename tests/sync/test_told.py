"""What of ours may be live, by what the ledger knows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from offerwright.sync.known import live_paid

NOTHING = {"confirmed_generation": 0, "sent_generation": 0, "state": "queued"}
SENT = {**NOTHING, "sent_generation": 1}
CONFIRMED = {**SENT, "confirmed_generation": 1, "price": "10.00"}
SEEN = {"observed_price": "12.00", "observed_sale_price": "11.00"}


@pytest.mark.parametrize(
    ("row", "is_listed", "expected"),
    [
        ({}, False, (None, False)),
        (NOTHING, True, (None, False)),
        ({**SENT, "state": "rejected"}, False, (None, False)),
        ({**SENT, "state": "quarantined"}, False, (None, False)),
        (SENT, False, (None, False)),
        ({**SENT, "state": "sending"}, False, (None, True)),
        ({**SENT, "state": "submitted"}, False, (None, True)),
        ({**SENT, "state": "in_doubt"}, False, (None, True)),
        ({**SENT, "state": "none"}, True, (None, True)),
        ({**SENT, "state": "rejected"}, True, (None, True)),
        ({**SENT, **SEEN, "state": "none"}, True, (Decimal("11.00"), True)),
        (CONFIRMED, True, (Decimal("10.00"), True)),
        ({**CONFIRMED, "sale_price": "9.00"}, True, (Decimal("9.00"), True)),
        ({**CONFIRMED, **SEEN, "state": "rejected"}, True, (Decimal("10.00"), True)),
    ],
)
def test_a_price_is_live_unless_it_was_never_sent_or_provably_refused(
    row: dict[str, Any], is_listed: bool, expected: tuple[Decimal | None, bool]
) -> None:
    assert live_paid(row, is_listed) == expected
