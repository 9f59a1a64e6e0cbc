"""Places of a review as addresses on a code host, and named from the root of the repository."""

from __future__ import annotations

import json

import pytest
from review.test_markdown import record

from offerwright.errors import OfferwrightError
from offerwright.review.links import Links, links
from offerwright.review.renderings import Rendered, rendered

COMMIT = "9d01e77"


@pytest.mark.parametrize(
    ("repository", "folder", "address"),
    [
        ("https://github.com/acme/shop", "", "https://github.com/acme/shop/blob/9d01e77/a/b.yaml#L4"),
        ("https://github.com/acme/shop.git/", "./shops/br/",
         "https://github.com/acme/shop/blob/9d01e77/shops/br/a/b.yaml#L4"),
        ("https://gitlab.example/a/b/shop", "",
         "https://gitlab.example/a/b/shop/-/blob/9d01e77/a/b.yaml#L4"),
    ],
)  # fmt: skip
def test_a_line_has_the_address_of_its_host(repository: str, folder: str, address: str) -> None:
    assert links(repository, COMMIT, folder).to("a/b.yaml", 4) == address


def test_a_working_tree_has_no_addresses() -> None:
    assert links("https://github.com/acme/shop", None).to("a.yaml", 1) is None


def test_a_name_of_a_file_leaves_the_address_whole() -> None:
    found = Links("https://h.example/r", "github", COMMIT).to("a b)](x)#?%|<>.yaml", 1)

    assert found == "https://h.example/r/blob/9d01e77/a%20b%29%5D%28x%29%23%3F%25%7C%3C%3E.yaml#L1"


@pytest.mark.parametrize(
    "written", ["javascript:alert(1)", "acme/shop", "https://h.example/a b", "https://h/)", ""]
)
def test_what_is_no_address_of_the_web_is_refused(written: str) -> None:
    with pytest.raises(OfferwrightError, match="is no address of a repository"):
        links(written, COMMIT)


def test_a_comment_links_the_rule_at_the_head() -> None:
    of = Rendered(record(["SKU-1"]), None, links("https://github.com/acme/shop", COMMIT))
    said = rendered(of, "github-comment").decode()
    link = "[`rules/shop.yaml:14`](https://github.com/acme/shop/blob/9d01e77/rules/shop.yaml#L14)"

    assert f"`SKU-1` on `SKU-1` 49.00 → 29.00 (-40.8 %) `markups/SKU-1` {link}" in said


def refused_approval() -> dict[str, object]:
    return {
        "guard": "step", "document": "campaign", "file": "rules/approvals/a.yaml", "line": 5,
        "for": None, "select": None, "bounds": {}, "reason": "a campaign", "approver": "ana",
        "expires": "2026-12-01", "change": "added", "result": "refused", "why": "by the same author",
        "offers": 0, "accounts": [], "commits": [],
    }  # fmt: skip


def test_a_comment_links_guards_and_approvals_at_the_head() -> None:
    found = {**record(["SKU-1"]), "approvals": [refused_approval()]}
    of = Rendered(found, None, links("https://github.com/acme/shop", COMMIT))
    said = rendered(of, "github-comment").decode()
    blob = "https://github.com/acme/shop/blob/9d01e77"

    assert f"| [`SKU-1`]({blob}/rules/guards.yaml#L3) | `finance` |" in said
    assert f"| [`rules/approvals/a.yaml:5`]({blob}/rules/approvals/a.yaml#L5) |" in said


def test_an_approval_that_does_not_count_is_said_at_its_file_in_the_folder() -> None:
    found = {**record(["SKU-1"]), "approvals": [refused_approval()]}
    said = rendered(Rendered(found, None, None, "shops/br"), "github").decode()

    assert "file=shops/br/rules/approvals/a.yaml,line=5" in said


def test_code_hosts_are_told_places_from_the_root_of_the_repository() -> None:
    of = Rendered(record(["SKU-1"]), None, None, "shops/br")
    log = json.loads(rendered(of, "sarif"))
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]

    assert place["artifactLocation"]["uri"] == "shops/br/rules/shop.yaml"
    assert (
        rendered(of, "github").decode().startswith("::error file=shops/br/rules/shop.yaml,line=14")
    )
