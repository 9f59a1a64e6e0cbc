"""Test documents → cases that can be run: fixtures, accounts, moments and names resolved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from offerwright.errors import Diagnostic, Related, Span
from offerwright.facts.schema import FactSchema
from offerwright.guards.link import GuardSet
from offerwright.rules.plan import RuleSet
from offerwright.rules.rows import Findings
from offerwright.source.located import Loaded, Path
from offerwright.source.spellings import shown
from offerwright.source.suggest import suggest
from offerwright.testing.document import Case, Expect, Live, RuleTestDocument
from offerwright.testing.expected import check_expect
from offerwright.testing.fixtures import fixtures_of
from offerwright.testing.given import Fixtures, Product, Written, read_product, unknown_fixture

# Moments are microseconds since 1970, and a zone moves them by up to a day.
FIRST_YEAR, LAST_YEAR = 1971, 9998


@dataclass(frozen=True, slots=True)
class Bench:
    """What tests are run against: the linked repository."""

    rules: RuleSet
    guards: GuardSet
    schema: FactSchema

    @property
    def accounts(self) -> tuple[str, ...]:
        return tuple(plan.account.name for plan in self.rules.plans)


@dataclass(frozen=True)
class CasePlan:
    """One case on one account, ready to be run. `number` is its position in the file, from 0."""

    loaded: Loaded[RuleTestDocument]
    number: int
    account: str
    accounts: tuple[str, ...]
    """All accounts on which the case runs."""
    product: Product
    as_of: datetime
    beside: tuple[Product, ...] = ()

    @property
    def case(self) -> Case:
        return self.loaded.document.cases[self.number]

    @property
    def expect(self) -> Expect:
        return self.case.expect

    @property
    def live(self) -> Live | None:
        return self.case.live

    @property
    def file(self) -> str:
        return self.loaded.file

    @property
    def id(self) -> str:
        """The name, with the account where there are several."""
        name = self.case.name
        return f"{name} [{self.account}]" if len(self.accounts) > 1 else name

    @property
    def span(self) -> Span:
        return self.loaded.located.at(("cases", self.number, "name"))

    def at(self, *below: str | int) -> Span:
        """The place of a part of `expect`."""
        return self.loaded.located.at(("cases", self.number, "expect", *below))


def link_tests(
    documents: Sequence[Loaded[RuleTestDocument]], bench: Bench
) -> tuple[tuple[CasePlan, ...], list[Diagnostic]]:
    """
    The cases of all test documents, by file, and everything that is wrong with them.

    A case with an error is left out; the others can still be run.
    """
    findings = Findings()
    tests = {one.file: one for one in documents}
    plans: list[CasePlan] = []
    for file in sorted(tests):
        fixtures = fixtures_of(tests[file], tests, findings)
        for written in fixtures.values():
            if written.loaded is tests[file]:
                findings.items += read_product(written, fixtures, bench.schema)[1]
        _say_double_names(tests[file], findings)
        for number in range(len(tests[file].document.cases)):
            plans += _case(tests[file], number, fixtures, bench, findings)
    return tuple(plans), list(dict.fromkeys(findings.items))


def _say_double_names(loaded: Loaded[RuleTestDocument], findings: Findings) -> None:
    first: dict[str, Span] = {}
    for number, case in enumerate(loaded.document.cases):
        span = loaded.located.at(("cases", number, "name"))
        if case.name in first:
            findings.say("DUPLICATE_CASE", span, f"the case {shown(case.name)} is there twice",
                         "give each case its own name",
                         related=(Related(first[case.name], "first used here"),))  # fmt: skip
        first.setdefault(case.name, span)


def _case(
    loaded: Loaded[RuleTestDocument],
    number: int,
    fixtures: Fixtures,
    bench: Bench,
    findings: Findings,
) -> list[CasePlan]:
    """The case once for each of its accounts; none where something is wrong with it."""
    own = Findings()
    product = _product(loaded, number, fixtures, bench, own)
    beside = _beside(loaded, number, fixtures, bench, own)
    as_of = _moment(loaded, number, bench, own)
    accounts = _accounts(loaded, number, bench, own)
    for account in accounts:
        guards = bench.guards.by_account.get(account, ())
        own.items += check_expect(loaded, number, bench.rules.plan(account), guards)
    findings.items += own.items
    if product is None or as_of is None or any(d.severity == "error" for d in own.items):
        return []
    every = tuple(accounts)
    return [CasePlan(loaded, number, a, every, product, as_of, beside) for a in accounts]


def _product(
    loaded: Loaded[RuleTestDocument],
    number: int,
    fixtures: Fixtures,
    bench: Bench,
    findings: Findings,
) -> Product | None:
    given = loaded.document.cases[number].given
    path: Path = ("cases", number, "given")
    if isinstance(given, dict):
        written = Written(loaded, path, given)
        product, wrong = read_product(written, fixtures, bench.schema)
        findings.items += wrong
        return product
    if given in fixtures:
        product, wrong = read_product(fixtures[given], fixtures, bench.schema)
        findings.items += wrong
        return product
    findings.items.append(unknown_fixture(given, loaded.located.at(path), fixtures))
    return None


def _beside(
    loaded: Loaded[RuleTestDocument],
    number: int,
    fixtures: Fixtures,
    bench: Bench,
    findings: Findings,
) -> tuple[Product, ...]:
    """The other products of the catalogue that a case needs."""
    found = []
    for index, name in enumerate(loaded.document.cases[number].beside or []):
        span = loaded.located.at(("cases", number, "beside", index))
        if name not in fixtures:
            findings.items.append(unknown_fixture(name, span, fixtures))
            continue
        product, wrong = read_product(fixtures[name], fixtures, bench.schema)
        findings.items += wrong
        if not product.sku:
            hint = "other products are found by it: write `sku: …` in the fixture"
            findings.say("WRONG_GIVEN", span, f"the fixture {shown(name)} has no `sku`", hint)
        found.append(product)
    return tuple(found)


def _moment(
    loaded: Loaded[RuleTestDocument], number: int, bench: Bench, findings: Findings
) -> datetime | None:
    own = loaded.document.cases[number].as_of
    written = own or loaded.document.as_of
    if written is not None and not FIRST_YEAR <= written.year <= LAST_YEAR:
        path: Path = ("as_of",) if own is None else ("cases", number, "as_of")
        message = f"`as_of` must lie in the years {FIRST_YEAR} to {LAST_YEAR}"
        findings.say("OUT_OF_BOUNDS", loaded.located.at(path), message)
        return None
    if written is not None:
        return moment_of(written, bench.rules.time_zone)
    findings.say(
        "TEST_WITHOUT_MOMENT", loaded.located.at(("cases", number, "name")),
        "nothing says at which moment this case is computed",
        "write `as_of: 2026-12-05T10:00:00-03:00` at the top of the file",
    )  # fmt: skip
    return None


def _accounts(
    loaded: Loaded[RuleTestDocument], number: int, bench: Bench, findings: Findings
) -> list[str]:
    """The accounts of a case, each once, in written order."""
    case, document = loaded.document.cases[number], loaded.document
    has_own = case.account is not None or case.marketplace is not None
    path: Path = ("cases", number) if has_own else ()
    holder: Any = case if has_own else document
    if holder.account is None and holder.marketplace is None:
        return _only_account(loaded, number, bench, findings)
    key = "account" if holder.account is not None else "marketplace"
    known: dict[str, list[str]] = {}
    for plan in bench.rules.plans:
        known.setdefault(getattr(plan.account, "name" if key == "account" else key), []).append(
            plan.account.name
        )
    found: list[str] = []
    for name in getattr(holder, key):
        found += known.get(name, [])
        if name not in known:
            message = (
                f"no account is called `{name}`"
                if key == "account"
                else f"the shop has no account on a marketplace `{name}`"
            )
            findings.say(f"UNKNOWN_{key.upper()}", loaded.located.at((*path, key)), message,
                         suggest(name, known))  # fmt: skip
    return list(dict.fromkeys(found))


def _only_account(
    loaded: Loaded[RuleTestDocument], number: int, bench: Bench, findings: Findings
) -> list[str]:
    if len(bench.accounts) == 1:
        return list(bench.accounts)
    findings.say(
        "TEST_WITHOUT_ACCOUNT", loaded.located.at(("cases", number, "name")),
        "nothing says on which account this is",
        f"write `account: …` in the case or at the top; accounts: {', '.join(bench.accounts)}",
    )  # fmt: skip
    return []


def moment_of(written: date | datetime, time_zone: str) -> datetime:
    """A date as its midnight in the repository's zone, a local time in it."""
    if not isinstance(written, datetime):
        written = datetime.combine(written, time())
    return written if written.tzinfo else written.replace(tzinfo=ZoneInfo(time_zone))
