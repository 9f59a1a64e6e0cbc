"""The comment of a pull request: what decides comes first, it always fits, and nothing breaks out."""

from __future__ import annotations

import re
from typing import Any

import pytest

from offerwright.review.markdown import BUDGET, TAG, comment

HOSTILE = (
    "@everyone", "<script>alert(1)</script>", "a | b | c", "`` ` ```", "<!-- ", "![x](http://e.vil)",
    "#123", "[link](javascript:1)", "line\nbreak", "</details>", "\x1b[31mred", "‮gnp.exe", " ",
    "\\|", "*bold* _it_ ~no~", "::error::x",
)  # fmt: skip


def offer(sku: str, title: str = "Alto-falante", account: str = "meli") -> dict[str, Any]:
    return {
        "account": account, "sku": sku, "title": title, "change": "changed", "move": "down",
        "share": "-0.408163", "fields": ["price"],
        "values": {"paid": {"before": "49.00", "after": "29.00"},
                   "margin": {"before": "0.2400", "after": "0.0210"}},
        "rule": {"kind": "pricing", "document": "shop", "rule": f"markups/{title}",
                 "file": "rules/shop.yaml", "line": 14},
    }  # fmt: skip


def counts(number: int) -> dict[str, Any]:
    words = ("new", "gone", "blocked", "unblocked", "up", "from_zero", "to_zero", "stock")
    return {
        "changed_offers": number, "changed": number, "down": number, "price": number,
        **dict.fromkeys(words, 0), "mean_share": "-0.021000", "margin_before": "0.2410",
        "margin_after": "0.2200",
    }  # fmt: skip


def guard(name: str, result: str, offers: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "guard": name, "document": "money", "check": "step_from_live", "else": "block",
        "owner": "finance", "file": "rules/guards.yaml", "line": 3, "result": result,
        "judged": 9, "fails": len(offers), "missing": 0, "approved": 0, "before": 0,
        "offers": offers, "runs": [],
    }  # fmt: skip


def record(names: list[str], *, guards: int = 1) -> dict[str, Any]:
    """A review in which every name from outside is one of these."""
    offers = [offer(name, name, name) for name in names]
    side = {"name": names[0], "commit": None, "rules": "0" * 16}
    return {
        "version": 1, "base": side, "head": side, "as_of": "2026-11-24T00:00:00+00:00",
        "snapshot": {"base": "s", "head": "s"}, "differs": True, "blocks": True,
        "totals": {"offers": 40_112, **counts(len(names))},
        "accounts": [
            {"account": name, "marketplace": "m", "currency": "BRL", "because": ["offers"],
             "before": {"offers": 9, "priced": 9, "stocked": 9},
             "after": {"offers": 9, "priced": 9, "stocked": 9}, **counts(3)}
            for name in names
        ],
        "untouched": [], "guards": [guard(n, "blocks", offers[:10]) for n in names[:guards]],
        "movers": {"up": [], "down": offers[:25]},
        "spread": [{"from": None, "to": "-0.3", "offers": 3}, {"from": "-0.3", "to": "0", "offers": 0}],
        "rules": [{"kind": "pricing", "document": n, "rule": n, "file": n, "line": 1, "offers": 3,
                   "aspects": ["price"], "accounts": [n]} for n in names],
        "documents": [{"kind": "pricing", "name": n, "change": "changed", "before": [n],
                       "after": [n], "offers": 0} for n in names],
        "files": [], "offers": offers, "findings": [],
    }  # fmt: skip


def test_headline_and_guards_stand_outside_every_fold() -> None:
    said = comment(record(["SKU-91"]))
    before_folds = said.split("<details>")[0]

    assert said.startswith(TAG)
    assert "1 of 40,112 offers changes, prices -2.1 % on average" in before_folds
    assert "❌ **1 guard blocks**" in before_folds
    assert "`SKU-91` on `SKU-91` 49.00 → 29.00 (-40.8 %)" in before_folds
    assert "24.1 % → 22.0 %" in before_folds
    assert (
        "**Largest moves**" in before_folds and "**Spread** below -30 %: 3 ████████" in before_folds
    )
    assert said.count("<details>") == said.count("</details>") == 2


def test_a_guard_names_three_offers_and_counts_the_others() -> None:
    said = comment(record([f"SKU-{n}" for n in range(12)]))
    row = next(line for line in said.splitlines() if "10 offers fail" in line)

    assert [n for n in range(12) if f"`SKU-{n}` on" in row] == [0, 1, 2]
    assert "<br>and 7 more |" in row


def test_moves_are_in_sight_and_further_ones_a_click_away() -> None:
    found = record([f"SKU-{n}" for n in range(40)])
    found["movers"]["up"] = [offer(f"UP-{n}") for n in range(7)]
    said = comment(found)
    seen, folded = said.split("<details><summary>17 more large moves</summary>")

    assert [n for n in range(40) if f"| `SKU-{n}` | `SKU-{n}` |" in seen] == list(range(10))
    assert [n for n in range(40) if f"| `SKU-{n}` | `SKU-{n}` |" in folded] == list(range(10, 25))
    assert [n for n in range(7) if f"| `UP-{n}` |" in seen] == list(range(5))


def test_the_title_of_a_fold_names_the_rules_that_move_most() -> None:
    said = comment(record(["a", "b", "c", "<d>", "@e"]))
    hostile = comment(record(["<d>", "@e"]))

    assert ("<summary>By rule: <code>a</code> 3, <code>b</code> 3, <code>c</code> 3 and 2 more<"
            ) in said  # fmt: skip
    assert "<summary>By rule: <code>&lt;d&gt;</code> 3, <code>@e</code> 3</summary>" in hostile


def without_spans(said: str) -> str:
    """What a reader of Markdown takes for markup: code spans are text, and so is code in HTML."""
    said = re.sub(r"<code>[^<>]*</code>", "", said)
    return re.sub(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", "", said)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_breaks_out_of_its_place(name: str) -> None:
    plain, hostile = comment(record(["SKU"])), comment(record([name]))

    assert without_spans(hostile) == without_spans(plain)
    assert hostile.count("\n") == plain.count("\n")
    assert "\x1b" not in hostile and "‮" not in hostile
    for ours, theirs in zip(plain.splitlines(), hostile.splitlines(), strict=True):
        assert len(re.findall(r"(?<!\\)\|", theirs)) == len(re.findall(r"(?<!\\)\|", ours))


@pytest.mark.parametrize("size", [1, 100, 3_000])
def test_it_fits_whatever_the_size_and_is_never_cut_in_the_middle(size: int) -> None:
    names = [f"{'very long name ' * 9}{n}" for n in range(size)]
    said = comment(record(names, guards=size))

    assert len(said) <= BUDGET
    assert "❌ **" in said.split("<details>")[0]
    assert said.count("<details>") == said.count("</details>")
    assert said.rstrip().endswith("</sub>")


def test_what_a_small_change_says_is_said_whole() -> None:
    names = [f"SKU-{n}" for n in range(60)]
    said = comment(record(names))

    assert all(f"`SKU-{n}`" in said for n in range(25))
    assert "and 35 more rules" in said
    assert "60 documents change no offer" in said
