"""A small shop in Git, and what `offerwright diff` says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cli.shop import AS_OF, Done, Shop, small_shop
from cli.test_output_schemas import faults
from git_commands import git


def commit(shop: Shop) -> str:
    git(shop.root, "add", "-A", "--", "offerwright.yaml", "rules", "marketplaces", "data")
    git(shop.root, "commit", "-q", "-m", "a day's work")
    return git(shop.root, "rev-parse", "HEAD")


def git_shop(folder: Path) -> Shop:
    """A small shop in Git, as `main` has it."""
    found = small_shop(folder)
    git(found.root, "init", "-q")
    commit(found)
    return found


def diff(shop: Shop, *arguments: str) -> Done:
    return shop("diff", *arguments, "--as-of", AS_OF)


def record(shop: Shop, *arguments: str) -> Any:
    done = diff(shop, *arguments, "-o", "json")
    assert faults("review", done.json) == []
    return done.json
