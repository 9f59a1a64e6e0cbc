"""The folders under `marketplaces/` → a `Marketplace` each, with every finding located."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

from offerwright.errors import Diagnostic, Span
from offerwright.marketplaces.contract import Contract
from offerwright.marketplaces.document import MarketplaceDocument, PayloadDocument
from offerwright.marketplaces.marketplace import Marketplace
from offerwright.marketplaces.payload import CompiledPayload, compile_payload
from offerwright.profile import staged
from offerwright.source.load import load_one
from offerwright.source.located import Loaded
from offerwright.source.located import Path as Place
from offerwright.source.repository import Repository
from offerwright.source.suggest import suggest

ROOT = "marketplaces"
BUILT_IN = frozenset({"site", "currency", "trade_policy"})


@staged("marketplaces")
def load_marketplaces(
    files: Mapping[str, bytes],
) -> tuple[dict[str, Marketplace], list[Diagnostic]]:
    """
    Read every marketplace folder of a repository.

    Args:
        files: contents by path relative to the repository, forward slashes. Only
            `marketplaces/<name>/marketplace.yaml`, `…/payloads/*.yaml` and
            `…/contract/*.schema.json` are read here.

    Returns:
        The marketplaces by name, sorted, and what is wrong. A payload with an error is left out
        of its marketplace; a folder without a sound `marketplace.yaml` is left out whole.
    """
    repository = Repository(Path(), files)
    folders: dict[str, dict[str, bytes]] = defaultdict(dict)
    for path in sorted(files):
        root, _, rest = path.partition("/")
        folder, _, inner = rest.partition("/")
        if root == ROOT and inner:
            folders[folder][inner] = files[path]
    result: dict[str, Marketplace] = {}
    found: list[Diagnostic] = []
    for name, inside in folders.items():
        marketplace, problems = _load_folder(name, inside, repository)
        found += problems
        if marketplace is not None:
            result[name] = marketplace
    return result, found


def _load_folder(
    name: str, inside: Mapping[str, bytes], repository: Repository
) -> tuple[Marketplace | None, list[Diagnostic]]:
    here = f"{ROOT}/{name}"
    if "marketplace.yaml" not in inside:
        where = Span(f"{here}/marketplace.yaml", 1, 1, 1, 1)
        return None, [
            Diagnostic(
                "NO_MANIFEST",
                f"the folder `{name}` has no marketplace.yaml",
                where,
                "write one, or remove the folder",
            )
        ]
    loaded, found = load_one(repository, f"{here}/marketplace.yaml", MarketplaceDocument)
    contracts = _contracts(here, inside, found)
    payloads: dict[str, CompiledPayload] = {}
    for path in sorted(p for p in inside if p.startswith("payloads/") and p.endswith(".yaml")):
        payload, problems = load_one(repository, f"{here}/{path}", PayloadDocument)
        found += problems
        if payload is None or loaded is None:
            continue
        found += _against_manifest(payload, loaded.document, payloads)
        compiled, problems = compile_payload(payload, name, contracts)
        found += problems
        if compiled is not None and payload.name not in payloads:
            payloads[payload.name] = compiled
    if loaded is None:
        return None, found
    if loaded.name != name:
        found.append(
            Diagnostic(
                "NAME_MISMATCH",
                f"`{loaded.name}` stands in the folder `{name}`",
                loaded.located.at(("name",)),
                f"write name: {name}",
            )
        )
    return Marketplace(name, loaded.document, payloads), found


def _against_manifest(
    payload: Loaded[PayloadDocument],
    manifest: MarketplaceDocument,
    others: Mapping[str, CompiledPayload],
) -> list[Diagnostic]:
    document, at = payload.document, payload.located.at
    found: list[Diagnostic] = []
    if document.name in others:
        found.append(
            Diagnostic(
                "DUPLICATE_NAME",
                f"a payload `{document.name}` exists already",
                at(("name",)),
                "give it another name",
            )
        )
    for aspect in (document.aspect, *document.covers):
        if aspect not in manifest.aspects:
            message = f"`{manifest.name}` is not told about {aspect}"
            hint = f"its aspects: {', '.join(manifest.aspects)}"
            found.append(Diagnostic("ASPECT_UNSUPPORTED", message, at(("aspect",)), hint))
    if document.action == "create" and not manifest.create:
        message = f"`{manifest.name}` says `create: false`"
        hint = "listings must exist there already"
        found.append(Diagnostic("CREATE_UNSUPPORTED", message, at(("action",)), hint))
    known = BUILT_IN.union(manifest.settings, *(s.settings for s in manifest.sites.values()))
    uses: list[tuple[Place, str]] = [(("needs", i), n) for i, n in enumerate(document.needs)]
    uses += [(("optional", i), n) for i, n in enumerate(document.optional)]
    uses += [(("only_if", n), n) for n in document.only_if]
    for path, name in uses:
        if name not in known:
            found.append(
                Diagnostic(
                    "UNKNOWN_SETTING",
                    f"`{name}` is no setting of `{manifest.name}`",
                    at(path),
                    suggest(name, known),
                )
            )
    return found


def _contracts(
    here: str, inside: Mapping[str, bytes], found: list[Diagnostic]
) -> dict[str, Contract]:
    """The schemas of a folder by file name; what is no schema is reported in `found`."""
    contracts: dict[str, Contract] = {}
    for path in sorted(inside):
        if not (path.startswith("contract/") and path.endswith(".schema.json")):
            continue
        try:
            schema = json.loads(inside[path], parse_float=Decimal)
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            line, column = getattr(error, "lineno", 1), getattr(error, "colno", 1)
            where = Span(f"{here}/{path}", line, column, line, column + 1)
            found.append(Diagnostic("BAD_CONTRACT", f"this is no JSON: {error}", where))
            continue
        contracts[path.removeprefix("contract/")] = Contract(f"{here}/{path}", schema)
    return contracts


@staged("contracts")
def check_contracts(marketplaces: Iterable[Marketplace]) -> list[Diagnostic]:
    """Contracts that are no JSON Schemas. Apart from loading, because it costs a quarter second."""
    found = []
    for marketplace in marketplaces:
        parts = (part for payload in marketplace.payloads.values() for part in payload.parts)
        for contract in {part.contract.file: part.contract for part in parts}.values():
            fault = contract.fault
            found += [] if fault is None else [fault]
    return found
