"""Reviews to comment with: one that `diff` wrote over the small shop, and what is made of it."""

from __future__ import annotations

import json
import tempfile
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from cli.shop import AS_OF, small_shop
from git_commands import git

FIRST, SECOND = "1" * 40, "2" * 40
OFFERS = 40_112


@cache
def _written() -> str:
    """What `diff -o json` says of a missed digit."""
    with tempfile.TemporaryDirectory() as folder:
        shop = small_shop(Path(folder) / "shop")
        git(shop.root, "init", "-q")
        git(shop.root, "add", "-A")
        git(shop.root, "commit", "-q", "-m", "as it was")
        shop.change("rules/pricing.yaml", "markup: 40%", "markup: -60%")
        done = shop("diff", "HEAD", "--as-of", AS_OF, "-o", "json")
        assert done.code == 1, done.err
        return done.out


def review(commit: str = FIRST, size: int = 1) -> dict[str, Any]:
    """Offers change, and a guard blocks; with so many times the offers and rules."""
    found: dict[str, Any] = json.loads(_written())
    found["head"] = {"name": "HEAD", "commit": commit, "rules": "a" * 16}
    found["totals"] |= {"offers": OFFERS, "changed_offers": size}
    assert found["blocks"] and found["movers"]["down"] and found["rules"]
    if size > 1:
        for names in (found["movers"]["down"], found["rules"], found["documents"]):
            names[:] = [_called(names[0], f"{'a long name ' * 6}{n}") for n in range(size)]
    return found


def _called(one: dict[str, Any], name: str) -> dict[str, Any]:
    key = next(key for key in ("sku", "rule", "name") if key in one)
    return {**deepcopy(one), key: name}


def passing(commit: str = FIRST) -> dict[str, Any]:
    """Offers change, and no guard objects."""
    return {**review(commit), "blocks": False, "guards": []}


def quiet(commit: str = FIRST) -> dict[str, Any]:
    """Nothing changes."""
    found = passing(commit)
    return {**found, "totals": {**found["totals"], "changed": 0, "changed_offers": 0},
            "differs": False, "accounts": [], "rules": [], "offers": [],
            "movers": {"up": [], "down": []}}  # fmt: skip
