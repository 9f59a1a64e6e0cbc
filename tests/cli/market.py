"""What the marketplaces on loopback have and what they were asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from offerwright.sandbox.document import Fault
from offerwright.sandbox.serve import RunningSandbox

EXAMPLE = "example-market"
QUICK = "quick-market"


@dataclass(frozen=True)
class Market:
    """The running sandbox, in the words of the tests."""

    running: RunningSandbox

    @property
    def url(self) -> str:
        return self.running.url

    def calls(self, marketplace: str = QUICK) -> list[dict[str, Any]]:
        return self.running.sandbox.history(marketplace)

    def writes(self, marketplace: str = QUICK) -> list[tuple[str, str]]:
        """(route, SKU) of every call that is no read and no token, in order."""
        return [
            (c["route"], c["sku"])
            for c in self.calls(marketplace)
            if c["method"] != "GET" and c["route"] != "token"
        ]

    def live(self, marketplace: str = QUICK) -> dict[str, tuple[Any, Any]]:
        """SKU -> price and units as the marketplace has them, of what is for sale."""
        return {
            x["sku"]: (x["values"]["price"], x["values"]["quantity"])
            for x in self.running.sandbox.listings(marketplace)
            if x["document"].get("state") != "ended" and x["document"].get("status") != "closed"
        }

    def versions(self, marketplace: str = QUICK) -> dict[str, int]:
        """SKU -> how many writes took effect; two listings of one SKU fail the test."""
        found = self.running.sandbox.listings(marketplace)
        assert len({x["sku"] for x in found}) == len(found), "a SKU is listed twice"
        return {x["sku"]: x["version"] for x in found}

    def fault(self, **said: Any) -> None:
        """From now on something goes wrong (see `kind: faults`)."""
        self.running.sandbox.faults.add(Fault.model_validate(said))

    def works_again(self) -> None:
        self.running.sandbox.faults.clear()

    def expire_tokens(self) -> None:
        for behaviour in self.running.sandbox.marketplaces.values():
            if behaviour.tokens:
                behaviour.tokens.expire()
