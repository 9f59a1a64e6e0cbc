"""Test documents → cases that can be run: fixtures, accounts, moments and names resolved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from offerwright.errors import Diagnostic, Related, Span, has_errors
from offerwright.facts.schema import FactSchema
from offerwright.guards.plan import GuardSet
from offerwright.rules.plan import RuleSet
from offerwright.rules.rows import Findings
from offerwright.source.located import Loaded, Path
from offerwright.source.spellings import shown
from offerwright.source.suggest import suggest
from offerwright.testing.document import Case, Expect, Live, RuleTestDocument
from offerwright.testing.expected import Known, check_expect, known_on
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
    known = {
        plan.account.name: known_on(plan, bench.guards.by_account.get(plan.account.name, ()))
        for plan in (bench.rules.plans if tests else ())
    }
    plans: list[CasePlan] = []
    for file in sorted(tests):
        fixtures = fixtures_of(tests[file], tests, findings)
        for written in fixtures.values():
            if written.loaded is tests[file]:
                findings.items += read_product(written, fixtures, bench.schema)[1]
        _say_double_names(tests[file], findings)
        for number in range(len(tests[file].document.cases)):
            here = _Here(tests[file], number, fixtures, bench, Findings())
            plans += _case(here, known)
            findings.items += here.findings.items
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


@dataclass(frozen=True)
class _Here:
    """The case that is being resolved, what it may name, and where findings go."""

    loaded: Loaded[RuleTestDocument]
    number: int
    fixtures: Fixtures
    bench: Bench
    findings: Findings

    @property
    def case(self) -> Case:
        return self.loaded.document.cases[self.number]

    def at(self, *below: str | int) -> Span:
        return self.loaded.located.at(("cases", self.number, *below))


def _case(here: _Here, known: Mapping[str, Known]) -> list[CasePlan]:
    """The case once for each of its accounts; none where something is wrong with it."""
    product = _product(here)
    beside = _beside(here, "" if product is None else product.sku)
    as_of, accounts = _moment(here), _accounts(here)
    for account in accounts:
        here.findings.items += check_expect(here.loaded, here.number, known[account])
    if product is None or as_of is None or has_errors(here.findings.items):
        return []
    every = tuple(accounts)
    return [CasePlan(here.loaded, here.number, a, every, product, as_of, beside) for a in accounts]


def _product(here: _Here) -> Product | None:
    given = here.case.given
    if isinstance(given, str):
        return _fixture(here, given, here.at("given"))
    written = Written(here.loaded, ("cases", here.number, "given"), given)
    product, wrong = read_product(written, here.fixtures, here.bench.schema)
    here.findings.items += wrong
    return product


def _fixture(here: _Here, name: str, span: Span) -> Product | None:
    if name not in here.fixtures:
        here.findings.items.append(unknown_fixture(name, span, here.fixtures))
        return None
    product, wrong = read_product(here.fixtures[name], here.fixtures, here.bench.schema)
    here.findings.items += wrong
    return product


def _beside(here: _Here, own: str) -> tuple[Product, ...]:
    """The other products of the catalogue that a case needs; `own` is the SKU of its own."""
    found: dict[str, Product] = {}
    for index, name in enumerate(here.case.beside or []):
        product = _fixture(here, name, here.at("beside", index))
        if product is None:
            continue
        said = ""
        if not product.sku:
            said, hint = "no `sku`", "other products are found by it: write `sku: …` in the fixture"
        elif product.sku == own or product.sku in found:
            said, hint = "the `sku` of another product of this case", "give each product its own"
        if said:
            message = f"the fixture {shown(name)} has {said}"
            here.findings.say("WRONG_GIVEN", here.at("beside", index), message, hint)
        found[product.sku] = product
    return tuple(found.values())


def _moment(here: _Here) -> datetime | None:
    own = here.case.as_of
    written = own or here.loaded.document.as_of
    if written is None:
        here.findings.say(
            "TEST_WITHOUT_MOMENT", here.at("name"),
            "nothing says at which moment this case is computed",
            "write `as_of: 2026-12-05T10:00:00-03:00` at the top of the file",
        )  # fmt: skip
        return None
    span = here.loaded.located.at(("as_of",)) if own is None else here.at("as_of")
    if not FIRST_YEAR <= written.year <= LAST_YEAR:
        message = f"`as_of` must lie in the years {FIRST_YEAR} to {LAST_YEAR}"
        here.findings.say("OUT_OF_BOUNDS", span, message)
        return None
    moment = moment_of(written, here.bench.rules.time_zone)
    if isinstance(written, datetime) and moment.utcoffset() != moment.replace(fold=1).utcoffset():
        message = (
            f"`as_of` occurs twice or never in {here.bench.rules.time_zone}: clocks change then"
        )
        hint = f"write the offset, such as {moment.isoformat()}"
        here.findings.say("LOCAL_TIME_UNCLEAR", span, message, hint)
        return None
    return moment


def _accounts(here: _Here) -> list[str]:
    """The accounts of a case, each once, in written order."""
    has_own = here.case.account is not None or here.case.marketplace is not None
    holder: Case | RuleTestDocument = here.case if has_own else here.loaded.document
    path: Path = ("cases", here.number) if has_own else ()
    if holder.account is None and holder.marketplace is None:
        return _only_account(here)
    if holder.account is not None:
        key, names = "account", holder.account
        known = {name: [name] for name in here.bench.accounts}
    else:
        key, names = "marketplace", holder.marketplace or []
        known = _by_marketplace(here.bench)
    found: list[str] = []
    for index, name in enumerate(names):
        found += known.get(name, [])
        if name not in known:
            what = "no account is called" if key == "account" else (
                "the shop has no account on a marketplace"
            )  # fmt: skip
            here.findings.say(f"UNKNOWN_{key.upper()}", here.loaded.located.at((*path, key, index)),
                              f"{what} `{name}`", suggest(name, known))  # fmt: skip
    return list(dict.fromkeys(found))


def _by_marketplace(bench: Bench) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for plan in bench.rules.plans:
        found.setdefault(plan.account.marketplace, []).append(plan.account.name)
    return found


def _only_account(here: _Here) -> list[str]:
    accounts = here.bench.accounts
    if len(accounts) == 1:
        return list(accounts)
    here.findings.say(
        "TEST_WITHOUT_ACCOUNT", here.at("name"), "nothing says on which account this is",
        f"write `account: …` in the case or at the top; accounts: {', '.join(accounts)}",
    )  # fmt: skip
    return []


def moment_of(written: date | datetime, time_zone: str) -> datetime:
    """A date as its midnight in the repository's zone, a local time in it."""
    if not isinstance(written, datetime):
        written = datetime.combine(written, time())
    return written if written.tzinfo else written.replace(tzinfo=ZoneInfo(time_zone))
