"""One marketplace as a value: its manifest and its compiled payloads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from offerwright.frames import Aspect
from offerwright.marketplaces.compiled import CompiledPayload
from offerwright.marketplaces.document import Limits, MarketplaceDocument
from offerwright.marketplaces.operation import Action
from offerwright.money import CURRENCY_DIGITS


@dataclass(frozen=True)
class Marketplace:
    """What a folder under `marketplaces/` says, ready for use. `payloads` are by name."""

    name: str
    document: MarketplaceDocument
    payloads: Mapping[str, CompiledPayload]

    @property
    def limits(self) -> Limits:
        return self.document.limits

    @property
    def currencies(self) -> tuple[str, ...]:
        """Currencies it sells in, sorted; empty: any that the engine knows."""
        sites = {site.currency for site in self.document.sites.values()}
        return tuple(sorted(sites | set(self.document.currencies)))

    def digits(self, currency: str) -> int:
        """Decimals of a price in this currency here: the marketplace's own, else the currency's.

        Raises:
            KeyError: a currency the engine does not know.
        """
        own = self.document.price_decimals.get(currency)
        return CURRENCY_DIGITS[currency] if own is None else own

    def account_settings(
        self,
        site: str | None,
        currency: str,
        settings: Mapping[str, str],
        trade_policy: str | None = None,
    ) -> dict[str, str]:
        """All settings of an account by name: defaults, then the site's, then its own.

        `site`, `currency` and `trade_policy` are among them where the account has them. Pass the
        result to `render`, `payload_for` and the connector.
        """
        found = {
            name: setting.default
            for name, setting in self.document.settings.items()
            if setting.default is not None
        }
        if site is not None and site in self.document.sites:
            found |= self.document.sites[site].settings
        found |= settings
        head = {"site": site, "currency": currency, "trade_policy": trade_policy}
        return found | {name: value for name, value in head.items() if value is not None}

    def payload_for(
        self, aspect: Aspect, action: Action, account: Mapping[str, str]
    ) -> CompiledPayload | None:
        """The payload that tells this account's offers about an aspect; None: it is not told.

        `create` and `end` are found under any aspect they cover.
        """
        return next(
            (
                payload
                for _, payload in sorted(self.payloads.items())
                if payload.action == action
                and aspect in payload.covers
                and all(account.get(name) == value for name, value in payload.only_if.items())
            ),
            None,
        )


def missing_settings(payload: CompiledPayload, account: Mapping[str, str]) -> list[str]:
    """Settings the payload needs and the account lacks, in the payload's order."""
    return [name for name in payload.needs if name not in account]
