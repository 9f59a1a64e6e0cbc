"""A named request of the manifest + the names of one operation → a request for the wire."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from offerwright.connectors.document import ConnectorDocument, RequestSpec
from offerwright.connectors.exchange import Request
from offerwright.connectors.json_text import dump_json
from offerwright.connectors.template import NameMissing, Names, fill, fill_value, names_in
from offerwright.marketplaces.operation import Operation

_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
# Printable ASCII but the percent sign: a SKU in a header may hold anything else.
_HEADER_SAFE = "".join(chr(c) for c in range(32, 127) if chr(c) != "%")
_ITEM_NAMES = frozenset({"sku", "external_id", "handle"})


@dataclass(frozen=True, slots=True)
class Account:
    """One account of a shop, as the connector needs it.

    `settings` are those of `Marketplace.account_settings`, `site` among them; `credentials` is the
    reference under which its secrets are found.
    """

    name: str
    marketplace: str
    credentials: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)


def account_names(account: Account) -> dict[str, Any]:
    """What manifests may say about the account: `account.name`, `account.<setting>`."""
    settings = {f"account.{key}": value for key, value in account.settings.items()}
    return {**settings, "account.name": account.name}


def operation_names(operation: Operation) -> dict[str, Any]:
    """What manifests may say about the operation; `values.buyer_price` is what the buyer pays."""
    values = operation.values
    buyer_price = values.price if values.sale_price is None else values.sale_price
    return {
        "sku": operation.sku,
        "operation.id": operation.id,
        "operation.generation": operation.generation,
        "values.price": values.price,
        "values.sale_price": values.sale_price,
        "values.buyer_price": buyer_price,
        "values.price_cents": None if values.price is None else values.price.scaleb(2),
        "values.quantity": values.quantity,
    }


def build_request(
    document: ConnectorDocument, name: str, names: Names, base_url: str | None, body: bytes | None
) -> Request:
    """
    The request `name` with every `{name}` filled in, but without the account's credentials.

    Raises:
        NameMissing: the account or the operation has no value for a name.
    """
    spec = document.requests[name]
    content = dump_json(fill_value(spec.body, names)) if spec.body is not None else body
    headers = {k: fill(v, names) for k, v in (document.headers | spec.headers).items()}
    headers = {key: quote(value, safe=_HEADER_SAFE) for key, value in headers.items()}
    if content is not None:
        headers["Content-Type"] = spec.content_type
    return Request(
        name=name,
        method=spec.method,
        url=request_url(document, spec, names, base_url),
        headers=headers,
        body=content,
        bucket=spec.bucket,
        repeatable=document.repeatable(spec),
        for_item=bool(_ITEM_NAMES.intersection(names_in(spec.path))),
    )


def request_url(
    document: ConnectorDocument, spec: RequestSpec, names: Names, base_url: str | None
) -> str:
    """Host, path and query; `base_url` replaces the host (the sandbox)."""
    base = base_url or _host(document, spec.host, names)
    query = {key: fill(value, names) for key, value in spec.query.items()}
    path = fill(spec.path, names, escape=True)
    return base + path + (f"?{urlencode(query, quote_via=quote)}" if query else "")


def _host(document: ConnectorDocument, host: str, names: Names) -> str:
    written = document.hosts[host]
    if isinstance(written, dict):
        site = str(names.get("account.site") or "")
        if site not in written:
            raise NameMissing("account.site")
        written = written[site]
    for name in names_in(written):
        # A setting may name a host's label, never another host.
        if not _LABEL.fullmatch(str(names.get(name) or "")):
            raise NameMissing(name)
    return fill(written, names)
