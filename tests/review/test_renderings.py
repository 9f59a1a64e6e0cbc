"""Every way to write a review: hostile texts do nothing, and a huge change fits."""

from __future__ import annotations

import csv
import io
import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import polars as pl
import pytest
from review.hostile import HOSTILE
from review.test_markdown import counts, offer, record, without_spans

from offerwright.review.approval_words import reach
from offerwright.review.links import links
from offerwright.review.renderings import FORMS, Rendered, rendered
from offerwright.review.report import ROWS
from offerwright.review.words import objected

PLAIN = "SKU"
OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f‪-‮⁦-⁩]")
"""What a terminal obeys, and what turns the direction of writing."""
LINKS = links("https://github.com/acme/shop", "0" * 40)


def written(name: str, form: str) -> str:
    review = record([name])
    review["findings"] = [
        {"code": "UNKNOWN_NAME", "severity": "error", "message": name, "file": name, "line": 1,
         "column": 1, "end_line": 1, "end_column": 2, "hint": name, "related": [], "fix": None}
    ]  # fmt: skip
    later = {**review["guards"][0], "document": "later", "guard": name, "file": name}
    review["periods"] = [period(name, []), period(name, [later])]
    return rendered(Rendered(review, None, LINKS), form).decode()


def period(name: str, guards: list[dict[str, Any]]) -> dict[str, Any]:
    """A stretch of time in which all names are this one."""
    change = {"what": name, "happens": "begins", "accounts": [name], "file": name, "line": 2}
    return {
        "as_of": "2026-11-24T00:00:00+00:00", "before": "2026-12-01T00:00:00+00:00",
        "because": [change] * 4, "differs": True, "blocks": bool(guards), "totals": counts(3),
        "accounts": [{"account": name, **counts(3)}], "guards": guards,
    }  # fmt: skip


class Tags(HTMLParser):
    """All that a browser would build of a page but its text: tags and names of attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.addresses: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))
        self.addresses += [str(value) for name, value in attrs if name in ("href", "src")]

    def handle_endtag(self, tag: str) -> None:
        self.found.append((f"/{tag}", ()))

    def handle_comment(self, data: str) -> None:
        self.found.append(("!", ()))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("form", sorted({*FORMS} - {"parquet"}))
def test_no_text_from_outside_is_obeyed(name: str, form: str) -> None:
    """Whatever the output, it has the shape of one with a harmless name in its place."""
    said, plain = written(name, form), written(PLAIN, form)

    assert OBEYED.search(said) is None
    assert said.count("\n") == plain.count("\n")
    if form != "github":
        assert not [one for one in said.splitlines() if one.lstrip().startswith("::")]
    _SHAPES.get(form, lambda *_: None)(said, plain)


def _same_page(said: str, plain: str) -> None:
    ours, theirs = Tags(plain), Tags(said)

    assert theirs.found == ours.found
    allowed = ("#", "data:,", "https://github.com/acme/shop/blob/")
    assert all(address.startswith(allowed) for address in theirs.addresses)


def _same_commands(said: str, plain: str) -> None:
    def heads(text: str) -> list[str]:
        return re.findall(r"^::(\w+) (?:[\w]+=[^,:]*,?)*::", text, re.MULTILINE)

    assert heads(said) == heads(plain) == ["error", "error", "error"]


def _cells(said: str, plain: str) -> None:
    rows = list(csv.reader(io.StringIO(said)))

    assert len(rows) == 2
    number = re.compile(r"-?[0-9.]+\Z")
    formulas = [c for row in rows for c in row if c[:1] in set("=+-@\t\r＝") and c]
    assert [c for c in formulas if not number.match(c)] == []


def _same_markdown(said: str, plain: str) -> None:
    def markup(text: str) -> str:
        """Without the addresses, which name the file, and so only of letters that end nothing."""
        address = r"\]\(https://github\.com/acme/shop/blob/0{40}/[\w./%~-]*#L\d+\)"
        return re.sub(address, "]()", without_spans(text))

    assert markup(said) == markup(plain)


def _same_json(said: str, plain: str) -> None:
    def shape(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: shape(one) for key, one in value.items()}
        return [shape(one) for one in value] if isinstance(value, list) else type(value)

    assert shape(json.loads(said)) == shape(json.loads(plain))


def _no_links(said: str, plain: str) -> None:
    _same_json(said, plain)
    texts = [one["message"]["text"] for one in json.loads(said)["runs"][0]["results"]]
    assert not [one for one in texts if re.search(r"(?<!\\)\[", one)]
    assert not [one for one in texts if re.search(r"(?<!\{)\{(?!\{)", one)]


_SHAPES = {
    "html": _same_page, "github": _same_commands, "csv": _cells, "json": _same_json,
    "sarif": _no_links, "markdown": _same_markdown, "github-comment": _same_markdown,
    "gitlab-comment": _same_markdown,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_parquet_keeps_every_text_as_it_is(name: str) -> None:
    found = pl.read_parquet(rendered(Rendered(record([name])), "parquet"))

    assert (found["sku"].to_list(), found["rule"].to_list()) == ([name], [f"markups/{name}"])


@pytest.fixture(scope="module")
def huge() -> dict[str, Any]:
    """100,000 offers that change, with long names, on a hundred accounts, and as many rules."""
    names = [f"{'a long title of a product ' * 4}{n}" for n in range(100)]
    found = record(names, guards=100)
    found["offers"] = [offer(f"SKU-{n}", names[n % 100], names[n % 100]) for n in range(100_000)]
    found["totals"] = {**found["totals"], "changed_offers": 100_000}
    return found


@pytest.mark.parametrize("form", ["markdown", "github-comment", "gitlab-comment"])
def test_a_comment_of_a_hundred_thousand_offers_fits(huge: dict[str, Any], form: str) -> None:
    assert len(rendered(Rendered(huge), form).decode()) <= 60_000


def test_a_report_of_a_hundred_thousand_offers_is_bounded_and_says_so(huge: dict[str, Any]) -> None:
    said = rendered(Rendered(huge), "html").decode()
    words = " ".join("".join(Tags(said.split('id="offers"')[1][:3_000]).texts).split())

    assert len(said) < 6_000_000
    rows = said.split('id="offers"')[1].count("<tr><th")
    assert rows == ROWS == 5_000
    assert "The 5,000 largest changes; 95,000 more offers differ." in words
    assert "offerwright diff BASE..HEAD -o csv=offers.csv" in words


def test_tables_hold_every_offer_of_the_document(huge: dict[str, Any]) -> None:
    many = {**huge, "offers": huge["offers"][:20_000]}

    assert len(pl.read_parquet(rendered(Rendered(many), "parquet"))) == 20_000
    assert rendered(Rendered(many), "csv").count(b"\n") == 20_001


def test_annotations_are_ten_of_each_level_and_the_rest_is_counted(huge: dict[str, Any]) -> None:
    said = rendered(Rendered(huge), "github").decode().splitlines()

    assert [line.split(" ")[0] for line in said[:-1]] == ["::error"] * 10
    assert said[-1] == "::notice::and 90 more remarks in the price review"


def test_sarif_names_a_rule_and_a_place_for_every_result(huge: dict[str, Any]) -> None:
    """What code hosts ask for: OASIS SARIF 2.1.0, 3.27, 3.49 and 3.28 to 3.30."""
    log = json.loads(rendered(Rendered(huge), "sarif"))
    (run,) = log["runs"]
    rules, results = run["tool"]["driver"]["rules"], run["results"]

    assert log["version"] == "2.1.0"
    assert len({rule["id"] for rule in rules}) == len(rules) == 100
    assert [one["ruleId"] for one in results] == [rules[one["ruleIndex"]]["id"] for one in results]
    assert {one["level"] for one in results} == {"error"}
    for one in results:
        (place,) = one["locations"]
        region = place["physicalLocation"]["region"]
        assert 1 <= region["startLine"] <= region["endLine"]
        assert place["physicalLocation"]["artifactLocation"]["uri"] == "rules/shop.yaml"


def test_what_a_guard_says_of_a_whole_run_stands_at_the_guard() -> None:
    review = record(["SKU-1"])
    run = {"account": "meli", "failed": True, "reason": "9 of 9 prices move", "approved_by": ""}
    review["guards"][0] |= {"offers": [], "fails": 0, "runs": [run], "result": "warns"}
    said = rendered(Rendered(review), "github").decode()

    assert said == (
        "::warning file=rules/guards.yaml,line=3,endLine=3,title=SKU-1 warns of this change::"
        "meli: 9 of 9 prices move. Its owner is finance.\n"
    )


def test_a_guard_speaks_at_every_rule_that_moved_what_it_objects_to() -> None:
    review = record(["SKU-1", "SKU-2", "SKU-3"])
    other = {**review["offers"][2]["rule"], "rule": "clearance", "file": "rules/b.yaml", "line": 7}
    offers = [*review["offers"][:2], {**review["offers"][2], "rule": other}]
    review["guards"][0] |= {"offers": offers, "fails": 12}
    places = re.findall(r"file=(.*?),line=(\d+)", rendered(Rendered(review), "github").decode())

    assert places == [("rules/shop.yaml", "14"), ("rules/b.yaml", "7")]


def test_an_approval_that_does_not_count_is_said_at_its_line() -> None:
    approval = {
        "guard": "step", "document": "bf", "file": "rules/approvals/bf.yaml", "line": 4,
        "select": None, "bounds": {"down": "0.45"}, "reason": "Black Friday", "approver": "Rosa",
        "expires": "2026-11-30", "change": "new", "result": "refused", "offers": 0, "accounts": [],
        "why": "who wrote it changes rules too", "commits": [],
    }  # fmt: skip
    counts = {**approval, "result": "counts", "why": None}
    review = {**record(["SKU-1"]), "approvals": [approval, counts], "guards": []}

    assert rendered(Rendered(review), "github").decode() == (
        "::error file=rules/approvals/bf.yaml,line=4,endLine=4,title=this approval of step does "
        "not count::who wrote it changes rules too.\n"
    )


def test_only_our_own_style_and_script_may_run_and_the_script_is_small() -> None:
    said = rendered(Rendered(record(list(HOSTILE))), "html").decode()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="(.*?)">', said)
    parts = re.findall(r"<(style|script)>(.*?)</\1>", said, re.DOTALL)
    hashes = [b64encode(sha256(text.encode()).digest()).decode() for _, text in parts]

    assert [kind for kind, _ in parts] == ["style", "script"]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert len(parts[1][1]) <= 3_072
    assert " style=" not in said and " onclick=" not in said


def test_the_same_review_gives_the_same_bytes(huge: dict[str, Any]) -> None:
    few = {**huge, "offers": huge["offers"][:50]}
    for form in FORMS:
        assert rendered(Rendered(few), form) == rendered(
            Rendered(json.loads(json.dumps(few))), form
        )


@pytest.mark.parametrize(
    ("select", "read"),
    [
        (None, "all offers"),
        ({"category": {"under": "casa/mesa"}}, "category under casa/mesa"),
        ({"brand": "Acme", "tier": ["gold", "silver"]}, "brand Acme and tier gold or silver"),
        ({"cost": ">= 500", "name": "two\nlines"}, "cost >= 500 and name two lines"),
    ],
)
def test_what_an_approval_reaches_is_said_in_words(select: Any, read: str) -> None:
    approval = {"guard": "step", "bounds": {"down": "0.30"}, "select": select,
                "for": {"account": ["meli", "vtex"]}, "reason": "a sale", "approver": "Rosa",
                "expires": "2026-11-30"}  # fmt: skip

    assert reach(approval) == (
        f"step, down 30.0 %, {read}, for account meli or vtex, until 2026-11-30: a sale (Rosa)"
    )


def test_one_offer_fails_and_two_fail() -> None:
    def said(fails: int, missing: int, approved: int) -> list[str]:
        return list(objected({"fails": fails, "missing": missing, "approved": approved}))

    assert said(1, 1, 1) == ["1 offer fails", "1 offer lacks what it needs", "1 offer is approved"]
    assert said(2, 0, 1300) == ["2 offers fail", "1,300 offers are approved"]
