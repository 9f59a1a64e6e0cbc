"""Approvals from the plan to the bytes, over real HTTP: what was agreed counts, and no more."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from cli.market import Market
from cli.shop import AS_OF, FILES, Done, Shop, small_shop

from offerwright.sandbox.serve import RunningSandbox

EARLIER = "2020-01-01T12:00:00-03:00"
GUARDS = """\
kind: guards
name: money
guards:
  - {id: positive, check: positive, else: block}
  - {id: floor, check: price_at_least, bound: "1.00", else: block}
  - {id: step, check: step_from_live, down: 30%, else: needs_approval}
"""
APPROVAL = """\
kind: approvals
name: agreed
approves:
  - {guard: step, select: {category: {under: audio}}, down: 60%, reason: clearance, approver: maria, expires: 2099-12-31}
"""
AUDIO = [("set_price", "AU-1"), ("set_price", "AU-2"), ("set_price", "AU-3")]


@pytest.fixture(scope="module")
def begun(
    serving: RunningSandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Shop, Market]]:
    """Everything is live; then audio is to fall by 57.6 %: 118.00 → 50.00."""
    serving.sandbox.reset()
    shop, market = small_shop(tmp_path_factory.mktemp("at-send")), Market(serving)
    shop.write("rules/guards.yaml", GUARDS)
    assert shop("sync", "--sandbox", market.url, "--as-of", AS_OF).code == 0
    yield shop, market
    serving.sandbox.reset()


@pytest.fixture
def cheaper(begun: tuple[Shop, Market]) -> Shop:
    """The same shop for all, with its rules as they were and without an approval."""
    shop, _ = begun
    (shop.root / "rules/approvals.yaml").unlink(missing_ok=True)
    for file in ("offerwright.yaml", "rules/inventory.yaml", "rules/pricing.yaml"):
        shop.write(file, FILES[file])
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: -50%")
    return shop


@pytest.fixture
def sending(cheaper: Shop, market: Market) -> Iterator[Shop]:
    """What is told here is taken back: no guard minds prices that rise."""
    yield cheaper
    cheaper.change("rules/pricing.yaml", "markup: -50%", "markup: 18%")
    assert cheaper("sync", "--sandbox", market.url, "--as-of", AS_OF).code == 0


@pytest.fixture
def market(begun: tuple[Shop, Market]) -> Market:
    return begun[1]


def approved(shop: Shop, old: str = "", new: str = "") -> None:
    assert old in APPROVAL
    shop.write("rules/approvals.yaml", APPROVAL.replace(old, new))


def planned(shop: Shop, market: Market, as_of: str = AS_OF) -> Done:
    return shop("plan", "--sandbox", market.url, "--as-of", as_of, "--out", "p.jsonl")


def sent(shop: Shop, market: Market) -> tuple[int, list[tuple[str, str]]]:
    """The exit code of `apply`, and what it told the marketplace."""
    before = len(market.writes())
    done = shop("apply", "p.jsonl", "--sandbox", market.url)
    return done.code, sorted(market.writes()[before:])


def test_without_an_approval_the_plan_withholds_it(cheaper: Shop, market: Market) -> None:
    done = planned(cheaper, market)

    assert "NEEDS_APPROVAL" in done.out
    assert sent(cheaper, market) == (0, [])


def test_what_was_agreed_is_sent(sending: Shop, market: Market) -> None:
    approved(sending)
    planned(sending, market)

    assert sent(sending, market) == (0, AUDIO)


@pytest.mark.parametrize(
    ("old", "new"),
    [("down: 60%", "down: 57%"), ("under: audio", "under: cables"), ("2099-12-31", "2026-11-26")],
    ids=["further than agreed", "other offers", "over"],
)
def test_what_is_broader_than_agreed_is_withheld(
    cheaper: Shop, market: Market, old: str, new: str
) -> None:
    approved(cheaper, old, new)
    done = planned(cheaper, market)

    assert "NEEDS_APPROVAL" in done.out
    assert sent(cheaper, market) == (0, [])


def test_an_approval_for_another_account_lets_nothing_pass(cheaper: Shop, market: Market) -> None:
    second = (
        "  second: {marketplace: quick-market, settings: {shop_id: casa-2}, credentials: market}\n"
    )
    cheaper.change("offerwright.yaml", "sources:", f"{second}sources:")
    entries = "[{account: market, share: 50%}, {account: second, share: 50%}]"
    cheaper.change("rules/inventory.yaml", "[{marketplace: quick-market}]", entries)
    approved(cheaper, "guard: step,", "guard: step, for: {account: second},")
    done = planned(cheaper, market)

    assert "NEEDS_APPROVAL" in done.out


def test_an_approval_that_ends_between_plan_and_send_no_longer_counts(
    cheaper: Shop, market: Market
) -> None:
    """It was in force on the day of the plan, and is over when the bytes would leave."""
    approved(cheaper, "2099-12-31", "2020-01-02")
    live = market.live()
    done = planned(cheaper, market, EARLIER)
    code, writes = sent(cheaper, market)

    assert "NEEDS_APPROVAL" not in done.out
    assert (code, writes, market.live()) == (4, [], live)


def test_a_plan_whose_approvals_were_edited_is_refused(cheaper: Shop, market: Market) -> None:
    """Its end, its bound, and how strict its guard is: any other byte breaks the seal."""
    approved(cheaper)
    planned(cheaper, market)
    text = (cheaper.root / "p.jsonl").read_text(encoding="utf-8")
    for what, instead in (
        (r'(\\"until\\":)\d+', r"\g<1>9999999999999999"),
        (r'(\\"bounds\\":\{\\"down\\":\\")0\.60?', r"\g<1>0.99"),
        (r'(\\"else\\":\\")needs_approval', r"\g<1>warn"),
    ):
        edited = re.sub(what, instead, text)
        assert edited != text, what
        cheaper.write("p.jsonl", edited)
        code, writes = sent(cheaper, market)

        assert (code, writes) == (2, []), what
