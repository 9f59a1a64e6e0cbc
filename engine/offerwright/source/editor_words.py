"""
What editors show beyond the models: examples, meanings of words, skeletons, and messages.

Keys are `Model.key`, or a model's name alone. A test holds every entry against the models, so that
none outlives what it speaks of. Texts are Markdown.
"""

from __future__ import annotations

from typing import Any

# One line or block of YAML that shows how a key is written.
EXAMPLES: dict[str, str] = {
    "AccountSettings.credentials": "credentials: meli   # OFFERWRIGHT_MELI_CLIENT_SECRET",
    "AccountSettings.settings": 'settings: {seller_id: "1001"}',
    "Allocate.marketplaces": (
        "marketplaces:\n  - {marketplace: mercadolibre, share: 40%, cap: 50, buffer: 1}\n"
        "  - {marketplace: amazon, share: 35%}"
    ),
    "Allocate.method": "method: partition",
    "AllocationEntry.cap": "cap: 50",
    "AllocationEntry.min_list": "min_list: 2",
    "AllocationEntry.share": "share: 40%",
    "Approval.expires": "expires: 2026-11-30",
    "Approval.select": "select: {brand: Acme}",
    "ApprovalsDocument.approves": (
        "approves:\n  - {guard: step, select: {brand: Acme}, down: 45%,\n"
        "     reason: agreed campaign, approver: maria, expires: 2026-11-30}"
    ),
    "Attribute.from": "from: specs.Cor",
    "Attribute.otherwise": "otherwise: {block: UNMAPPED_COLOR}",
    "Attribute.table": "table: {Azul: blue, Preto: black}",
    "Attribute.text": 'text: "{{ brand }} {{ model }}"',
    "BaseStep.set": "set: {price: cost * (1 + markup) + plus}",
    "BoundsStep.at_least": "at_least: [cost * 1.08, map_price]",
    "BoundsStep.at_most": "at_most: [list_price]",
    "ChangeAtMost.down": "down: 8%",
    "ChangeAtMost.from": "from: live",
    "CompetitorStep.change_at_most": "change_at_most: {down: 8%, up: 5%, from: live}",
    "Document.name": "name: mercadolibre-br",
    "Fact.from": "from: catalogue.brand",
    "Fact.join": "join: brand",
    "Fact.key": "key: node",
    "Fact.missing": "missing: none",
    "Case.expect": "expect: {price: 757.99, rules: [small]}",
    "Case.given": "given: {like: phone, cost: 500.00}",
    "RuleTestDocument.fixtures": "fixtures: {phone: {sku: A1, category: phones, cost: 480.00}}",
    "Fact.of": "of: [gold, silver, none]",
    "Fact.type": "type: money",
    "FactsDocument.derive": "derive:\n  age_days: days(as_of - listed_on)",
    "FactsDocument.facts": (
        "facts:\n  brand: {type: text, from: catalogue.brand}\n"
        "  cost:  {type: money, from: costs.cost}"
    ),
    "FeesDocument.fees": (
        "fees:\n  - id: commission\n    rules:\n"
        "      - {id: phones, when: {category: {under: phones}}, then: {rate: 11%}}\n"
        "    otherwise: {rate: 12%}"
    ),
    "FeesStep.keep": "keep: price",
    "FeesStep.margin": "margin: 15%",
    "GuardRule.at_most": "at_most: 20%",
    "GuardRule.bound": "bound: cost * 1.05",
    "GuardRule.check": "check: price_at_least",
    "GuardRule.down": "down: 30%",
    "GuardRule.margin": "margin: 5%",
    "GuardRule.times": "times: 5",
    "GuardRule.up": "up: 50%",
    "GuardsDocument.guards": (
        "guards:\n  - {id: floor, check: price_at_least, bound: cost * 1.05, else: block}"
    ),
    "ListsDocument.map": "map: {BR: 17%, AR: 21%}",
    "ListsDocument.values": "values: [SKU-1, SKU-2]",
    "MappingDocument.category": (
        "category: {hit: unique, file: categories.csv, otherwise: {block: NO_CATEGORY}}"
    ),
    "Pool.nodes": "nodes: [sp-1, rj-1]",
    "Pool.on_hand": "on_hand: stock",
    "Pool.safety_stock": "safety_stock: 1",
    "PricingDocument.steps": (
        "steps:\n  - {id: markup, phase: base, set: {price: cost * 1.30}}\n"
        "  - {id: fees, phase: fees, keep: price}\n"
        "  - {id: endings, phase: round, ending: 0.99, mode: up}"
    ),
    "PricingStep.expect_matches": "expect_matches: 1..20",
    "PricingStep.when": "when: {fixed_price: present}",
    "RoundStep.ending": "ending: 0.99",
    "RoundStep.mode": "mode: up",
    "RoundStep.to": "to: 0.05",
    "Row.expect_matches": "expect_matches: 1..50",
    "Row.id": "id: small",
    "Row.then": "then: {markup: 18%, plus: 4.00}",
    "Row.valid": "valid: {from: 2026-11-27, before: 2026-12-01}",
    "Row.when": "when: {category: {under: phones}, cost: 0..500}",
    "RuleDocument.for": "for: {marketplace: mercadolibre}",
    "RuleDocument.override": "override: true",
    "RuleDocument.valid": "valid: {from: 2026-12-01, before: 2027-03-01}",
    "ShopDocument.accounts": (
        "accounts:\n  meli: {marketplace: mercadolibre, site: MLB, credentials: meli}"
    ),
    "ShopDocument.sources": "sources:\n  catalogue: {file: data/catalogue.csv, sku: sku}",
    "ShopDocument.time_zone": "time_zone: America/Sao_Paulo",
    "SnapshotBounds.shrink_at_most": "shrink_at_most: 20%",
    "Table.file": "file: markups.csv   # id, when.category, then.markup",
    "Table.hit": "hit: first",
    "Table.otherwise": "otherwise: {markup: 22%, plus: 2.00}",
    "Table.rules": (
        "rules:\n  - {id: small, when: {cost: 0..500}, then: {markup: 18%}}\n"
        '  - {id: big, when: {cost: ">= 500"}, then: {markup: 11%}}'
    ),
    "TiersStep.tiers": "tiers:\n  - {from: 3, price: price * 0.97}",
    "Title.forbid": "forbid: [frete gratis, promo]",
    "Title.try": 'try: ["{{ brand }} {{ name }} {{ color }}", "{{ brand }} {{ name }}"]',
}

# The words that a key knows, each with its meaning; where the model has an `enum`, the same ones.
WORDS: dict[str, dict[str, str]] = {
    "Allocate.method": {
        "partition": "What is published sums to at most the pool: nothing is sold twice.",
        "shared": "Every marketplace sees the pool: more shows, and some may be sold twice.",
    },
    "Attribute.count": {
        "characters": "As people count.",
        "bytes": "UTF-8: `é` counts as two.",
    },
    "ChangeAtMost.from": {
        "live": "The last confirmed price.",
        "price": "The price before this phase.",
    },
    "Fact.type": {
        "text": "Words and codes; `0012` keeps its zeros.",
        "enum": "One of the words under `of`.",
        "boolean": "true or false.",
        "integer": "A whole number.",
        "number": "A decimal number.",
        "percent": "`12%`; in a source also `0.12`.",
        "money": "An amount in the shop's currency, or in `currency`.",
        "weight": "Kilograms; `unit` is the source's.",
        "length": "Centimetres; `unit` is the source's.",
        "date": "A day.",
        "datetime": "A moment with its zone.",
        "duration": "A length of time.",
        "path": "`a/b/c`: a category; `{under: a/b}` asks for all below.",
        "list of text": "Several texts in one cell; `separator` parts them.",
        "map of integer": "Several rows per SKU, by the column `key`: stock by node.",
        "map of text": "Several rows per SKU, by the column `key`: attributes by name.",
    },
    "GuardRule.check": {
        "positive": "Prices are above zero, a sale is below the price, stock is not below zero.",
        "price_at_least": "What the buyer pays is at least `bound`.",
        "price_at_most": "The price is at most `bound`; a missing bound lets it pass.",
        "map_price": "What the buyer pays is at least the minimum advertised price `bound`.",
        "step_from_live": "It moves from the live price by at most `down` and `up`.",
        "move_over_window": "Over `days` days it moves by at most `down` and `up`.",
        "margin_at_least": "After fees, cost and freight `margin` of the price is left.",
        "magnitude": "It is not `times` more or less than before: a point in the wrong place.",
        "currency": "The currency on the wire is the account's.",
        "discount_at_most": "What the buyer pays is at most `at_most` below the list price.",
        "share_moved": "At most `at_most` of the offers change their price in one run.",
        "share_zeroed": "At most `at_most` of the offers lose their stock in one run.",
        "hold": "Nothing is sent of these offers: prices and content, or `aspects`.",
        "source_age": "No source is older than `at_most`.",
        "source_rows": "A source has at least `at_least` of the rows of the day before.",
        "expires": "Prices for named SKUs, approvals and holds end `within` this time.",
        "share_delisted": "At most `at_most` of the live offers end in one run.",
        "exposure": "Falling prices, times the stock shown, put at most `at_most` at stake.",
        "identical_price": "No `at_least` offers of unlike cost get one and the same new price.",
    },
    "GuardRule.else": {
        "block": "The offer is not sent. No approval lifts it.",
        "needs_approval": "It waits for a `kind: approvals` document.",
        "warn": "It is sent, and the run says so.",
    },
    "InventoryDocument.on_block": {
        "hold": "The quantity stays as it is.",
        "zero": "The listing shows no stock.",
    },
    "RoundStep.mode": {
        "half_up": "To the nearest multiple of `to`; a half away from zero.",
        "half_even": "To the nearest multiple of `to`; a half to the even one.",
        "up": "Never below.",
        "down": "Never above.",
        "nearest": "To the nearest price with this `ending`; ties up.",
    },
    "Table.hit": {
        "unique": "At most one row may match; `check` proves it.",
        "first": "The first matching row counts; needs `otherwise`.",
        "any": "All matching rows must give the same.",
        "collect": "All matching rows count, joined by `take`.",
    },
    "Table.take": {
        "sum": "Their sum.",
        "min": "The least.",
        "max": "The greatest.",
        "count": "How many rows match.",
        "list": "All of them; not in pricing.",
    },
    "Title.count": {
        "characters": "As people count.",
        "bytes": "UTF-8: `é` counts as two.",
    },
}

_ROW = "{id: ${1:small}, when: {${2:category}: ${3:{under: phones\\}}}, then: {${4:markup: 18%}}}"
_BAND = "{id: ${2:small}, when: {cost: ${3:0..500}}, then: {markup: ${4:18%}}}"
_PHONES = "{id: ${2:phones}, when: {category: {under: ${3:phones}}}, then: {rate: ${4:11%}}}"
_PARTITION = "{marketplace: ${1:mercadolibre}, share: ${2:40%}, cap: ${3:50}, buffer: ${4:1}}"

Snippet = tuple[str, str, str | dict[str, Any]]
"""Label, meaning, and the text: one line, or keys with theirs. `$1` is a place to fill in."""

SNIPPETS: dict[str, tuple[Snippet, ...]] = {
    "AdjustStep": (
        ("adjust: a campaign from a CSV file", "The best discount of the day becomes a sale.", {
            "id": "${1:campaigns}", "phase": "adjust", "hit": "collect", "take": "max",
            "file": "${2:campaigns.csv}", "set": "{sale_price: price * (1 - off)}",
        }),
    ),
    "AllocationEntry": (
        ("a marketplace's share", "How much of the pool one marketplace shows.", _PARTITION),
    ),
    "Approval": (
        ("an approval", "Who agrees to what, how far, until when.", {
            "guard": "${1:step}", "select": "{${2:brand}: ${3:Acme}}", "down": "${4:45%}",
            "reason": "${5:agreed campaign}", "approver": "${6:maria}",
            "expires": "${7:2026-11-30}",
        }),
    ),
    "BaseStep": (
        ("base: a table of markups", "Cost plus a percentage, by row.", {
            "id": "${1:markups}", "phase": "base", "hit": "unique", "rules": [_BAND],
            "otherwise": "{markup: ${5:22%}}", "set": "{price: cost * (1 + markup)}",
        }),
        ("base: a price set by hand", "Where the fact is there, it is the price.", {
            "id": "${1:fixed-price}", "phase": "base", "when": "{${2:fixed_price}: present}",
            "set": "{price: ${2:fixed_price}}",
        }),
    ),
    "BoundsStep": (
        ("bounds: between floor and list price", "The greatest lower and the least upper bound.", {
            "id": "${1:limits}", "phase": "bounds", "at_least": "[${2:cost * 1.08}]",
            "at_most": "[${3:list_price}]",
        }),
    ),
    "Case": (
        ("a case", "A product, where it is offered, what must come out.", {
            "name": "${1:what the case shows}", "given": "${2:fixture}",
            "expect": "{rules: [${3:small}]}",
        }),
    ),
    "CompetitorStep": (
        ("competitor: a little under the cheapest", "Follows, and never further than allowed.", {
            "id": "${1:follow}", "phase": "competitor",
            "when": "{${2:competitor_price}: present}",
            "set": "{price: ${2:competitor_price} - ${3:0.10}}",
            "change_at_most": "{down: ${4:8%}, up: ${5:5%}, from: live}",
        }),
    ),
    "Fee": (
        ("a commission", "A share of what the buyer pays, by category.", {
            "id": "${1:commission}", "hit": "first", "rules": [_PHONES],
            "otherwise": "{rate: ${5:12%}}",
        }),
    ),
    "FeesStep": (
        ("fees: keep the price after fees", "The price so far is what is left after fees.",
         {"id": "${1:fees}", "phase": "fees", "keep": "price"}),
        ("fees: reach a margin", "This share of the price is left after fees, cost and freight.",
         {"id": "${1:fees}", "phase": "fees", "margin": "${2:15%}"}),
    ),
    "GuardRule": (
        ("guard: no price below cost", "What must never go out.",
         "{id: ${1:floor}, check: price_at_least, bound: ${2:cost * 1.05}, else: block}"),
        ("guard: no big step from the live price", "Somebody looks before it goes out.",
         "{id: ${1:step}, check: step_from_live, down: ${2:30%}, up: ${3:50%}, "
         "else: needs_approval}"),
        ("guard: not too many prices at once", "More often a mistake than a plan.",
         "{id: ${1:moved}, check: share_moved, at_most: ${2:20%}, else: needs_approval}"),
    ),
    "RoundStep": (
        ("round: prices that end in .99", "Charm endings.", {
            "id": "${1:endings}", "phase": "round", "ending": "${2:0.99}",
            "mode": "${3|nearest,up,down|}",
        }),
        ("round: multiples", "Steps of five centavos, say.", {
            "id": "${1:multiples}", "phase": "round", "to": "${2:0.05}",
            "mode": "${3|half_up,half_even,up,down|}",
        }),
    ),
    "TiersStep": (
        ("tiers: cheaper from several on", "What one unit costs who takes this many or more.", {
            "id": "${1:several}", "phase": "tiers",
            "tiers": ["{from: ${2:3}, price: price * ${3:0.97}}"],
        }),
    ),
    "Row": (("a row", "Conditions and results on one line.", _ROW),),
}  # fmt: skip

# What an editor says where the type or the pattern of a value does not fit.
BY_PATTERN: dict[str, str] = {
    r"^-?[0-9]{1,6}(\.[0-9]{1,8})? *%$": "Write a percent, with its sign: 12%",
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].+)?$": (
        "Write a date such as 2026-12-01, or 2026-12-01T08:00:00-03:00"
    ),
    r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$": (
        "Write a name without blanks, beginning with a letter: small-phones"
    ),
    r"^[a-z][a-z0-9_]{0,63}$": "Write a name in lower case with underscores: fixed_price",
    r"^[A-Z][A-Z0-9_]{1,63}$": "Write a code in capitals with underscores: NO_CATEGORY",
}
BY_TYPE: dict[str, str] = {
    "boolean": "Write true or false",
    "integer": "Write a whole number without quotes: 3",
    "number": "Write a number without quotes, with a point: 1299.90",
}


def example_of(models: tuple[str, ...], key: str) -> str:
    """The example of a key in Markdown, from the model or from one that it extends; or nothing."""
    found = next((EXAMPLES[f"{m}.{key}"] for m in models if f"{m}.{key}" in EXAMPLES), "")
    return f"\n\n```yaml\n{found}\n```" if found else ""


def words_of(models: tuple[str, ...], key: str) -> dict[str, str]:
    """The words of a key with their meanings, or none."""
    return next((WORDS[f"{m}.{key}"] for m in models if f"{m}.{key}" in WORDS), {})


def snippets_of(model: str) -> list[dict[str, Any]]:
    """The skeletons of a model, as editors take them."""
    return [
        {"label": label, "markdownDescription": meaning,
         "bodyText" if isinstance(text, str) else "body": text}
        for label, meaning, text in SNIPPETS.get(model, ())
    ]  # fmt: skip


def message_of(value: dict[str, Any]) -> dict[str, str]:
    """The messages of a value's schema, for a wrong type and for text of a wrong form."""
    told = BY_PATTERN.get(str(value.get("pattern")))
    if told is not None:
        return {"errorMessage": told, "patternErrorMessage": told}
    types = value.get("type") or []
    named = [t for t in ([types] if isinstance(types, str) else types) if t != "null"]
    told = BY_TYPE.get(named[0]) if len(named) == 1 and "enum" not in value else None
    return {"errorMessage": told} if told is not None else {}
