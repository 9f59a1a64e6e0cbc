"""A command called in the tests' process says what one in a process of its own says."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from cli.market import Market
from cli.shop import AS_OF, Done, Shop

COMMANDS = (
    ("check", "-o", "json"),
    ("snapshot",),
    ("offers", "-o", "jsonl", "--as-of", AS_OF),
    ("explain", "AU-1", "--account", "market", "--as-of", AS_OF),
    ("explain", "AU-9", "--account", "market", "--as-of", AS_OF),
    ("fmt", "--check"),
    ("offers", "--as-of", "yesterday"),
)


def ageless(done: Done) -> Done:
    """Without the seconds since the snapshot was taken."""
    return replace(done, err=re.sub(r"\d+ s old", "just taken", done.err))


@pytest.mark.parametrize("command", COMMANDS, ids=[" ".join(c) for c in COMMANDS])
def test_both_say_the_same(shop: Shop, command: tuple[str, ...]) -> None:
    shop.change("rules/pricing.yaml", "{markup: 18%}", "{markup:   18%}")
    shop.change("data/catalogue.csv", "AU-1,Fone", "AU-1,Fonê\x1b")
    assert shop("snapshot").code == 0

    assert ageless(shop.process(*command)) == ageless(shop(*command))


def test_what_one_sends_the_other_knows(shop: Shop, market: Market) -> None:
    arguments = ("sync", "--sandbox", market.url, "--as-of", AS_OF)
    first = shop.process(*arguments)
    sent = market.writes()
    second = shop(*arguments)

    assert (first.code, second.code, market.writes()) == (0, 0, sent), (first, second)
    assert sent != []
