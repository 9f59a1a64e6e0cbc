"""The HTML report in a real Chromium: quiet, alone, sortable, readable on a phone and in the dark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser.chromium import Chromium, Page, Silent, installed, page
from editing.install import node_modules
from review.hostile import HOSTILE
from review.test_markdown import record

from offerwright.review.renderings import Rendered, rendered

SHARES = ("-0.408163", "0.100000", "-0.020000", None)
TABLE = "table[data-filtered]"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    program = installed()
    if program is None:
        pytest.skip("no Chromium is installed, which these tests open pages in")
    found = Chromium(program, tmp_path_factory.mktemp("profile"))
    try:
        found.call("Browser.getVersion")
        yield found
    except Silent as problem:
        pytest.skip(f"{program} does not run on this machine: {problem}")
    finally:
        found.close()


def review() -> dict[str, Any]:
    """Four offers whose order by share, by price and by name is each another one."""
    found = record(["B-2", "A-10", "A-9", "C-1"])
    prices = [("49.00", "29.00"), ("100.00", "110.00"), ("50.00", "49.00"), ("8.00", "8.00")]
    for one, share, (before, after) in zip(found["offers"], SHARES, prices, strict=True):
        one["share"], one["move"] = share, share and ("down" if share[0] == "-" else "up")
        one["values"]["paid"] = {"before": before, "after": after}
    found["offers"][3]["values"] = {"quantity": {"before": 5, "after": 0}}
    return found


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_bytes(rendered(Rendered(review()), "html"))
    return file


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("report") / "hostile.html"
    file.write_bytes(rendered(Rendered(record(list(HOSTILE), guards=len(HOSTILE))), "html"))
    return file


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a head of which nothing can be computed, beside a report of no change."""
    file = tmp_path_factory.mktemp("report") / "broken.html"
    finding = {"code": "UNKNOWN_NAME", "severity": "error", "message": "no fact is called csot",
               "file": "rules/shop.yaml", "line": 3, "column": 1, "end_line": 3, "end_column": 5,
               "hint": "did you mean cost?", "related": [], "fix": None}  # fmt: skip
    empty = {name: [] for name, value in review().items() if isinstance(value, list)}
    made = {**review(), **empty, "totals": None, "differs": False, "findings": [finding]}
    made["movers"] = {"up": [], "down": []}
    file.write_bytes(rendered(Rendered(made), "html"))
    return file


def column(opened: Page, number: int) -> list[str]:
    """What stands in a column of the table of offers, row by row, of those that are shown."""
    said: list[str] = opened.run(
        f"[...document.querySelectorAll('{TABLE} tbody tr')].filter(r => !r.hidden)"
        f".map(r => r.cells[{number}].firstChild.textContent.trim())"
    )
    return said


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_report_is_quiet_and_asks_for_nothing(
    browser: Chromium, report: Path, scheme: str
) -> None:
    with page(browser, scheme=scheme) as opened:
        opened.go(report)

        assert opened.complaints() == []
        assert opened.requests() == [report.resolve().as_uri()]


def test_hostile_names_run_nothing_and_ask_for_nothing(browser: Chromium, hostile: Path) -> None:
    with page(browser) as opened:
        opened.go(hostile)

        assert opened.complaints() == []
        assert opened.requests() == [hostile.resolve().as_uri()]
        assert opened.run("document.scripts.length + document.images.length") == 1
        assert opened.run("getComputedStyle(document.body).display") == "block"


@pytest.mark.parametrize("name", ["report", "hostile"])
def test_a_phone_of_360_pixels_needs_no_sideways_scroll(
    browser: Chromium, name: str, request: pytest.FixtureRequest
) -> None:
    with page(browser, width=360, height=740) as opened:
        opened.go(request.getfixturevalue(name))

        assert opened.run("document.documentElement.scrollWidth") == 360
        assert opened.run(
            "[...document.querySelectorAll('.wide')].every(e => e.tabIndex === 0 && "
            "e.getAttribute('role') === 'region' && e.getAttribute('aria-label'))"
        )


def test_a_click_sorts_by_the_number_and_not_by_its_text(browser: Chromium, report: Path) -> None:
    with page(browser) as opened:
        opened.go(report)
        opened.click(f"{TABLE} th:nth-child(4) button")
        rising, first = column(opened, 0), opened.run(_SORT)
        opened.click(f"{TABLE} th:nth-child(4) button")
        falling, second = column(opened, 0), opened.run(_SORT)

    # 49.00, 50.00, 100.00; what has no price is last both ways.
    assert (rising, first) == (["B-2", "A-9", "A-10", "C-1"], ["Before", "ascending"])
    assert (falling, second) == (["A-10", "A-9", "B-2", "C-1"], ["Before", "descending"])


_SORT = (
    f"(e => [e.textContent, e.getAttribute('aria-sort')])(document.querySelector('{TABLE} "
    "th[aria-sort]'))"
)


def test_the_keyboard_alone_sorts(browser: Chromium, report: Path) -> None:
    with page(browser) as opened:
        opened.go(report)
        opened.run(f"document.querySelector('{TABLE}').closest('.wide').focus()")
        opened.press("Tab")
        focused = opened.run("document.activeElement.textContent")
        outline = opened.run("getComputedStyle(document.activeElement).outlineStyle")
        opened.press("Enter")

        assert (focused, outline) == ("SKU", "solid")
        assert column(opened, 0) == ["A-9", "A-10", "B-2", "C-1"]


def test_a_filter_narrows_and_says_by_how_much(browser: Chromium, report: Path) -> None:
    with page(browser) as opened:
        opened.go(report)
        opened.run("document.querySelector('[data-find]').focus()")
        for key in "a-":
            opened.press(key)
        opened.run("new Promise(done => setTimeout(done, 300))")
        found, said = column(opened, 0), opened.run("document.querySelector('output').textContent")
        opened.run(
            "(e => { e.value = 'cheaper'; e.dispatchEvent(new Event('change')) })"
            "(document.querySelector('select[data-cell=\"2\"]'))"
        )

        assert (found, said) == (["A-10", "A-9"], "2 of 4 offers")
        assert column(opened, 0) == ["A-9"]


def test_everything_is_there_without_the_script(browser: Chromium, report: Path) -> None:
    with page(browser) as opened:
        opened.call("Emulation.setScriptExecutionDisabled", value=True)
        opened.go(report)
        opened.call("Emulation.setScriptExecutionDisabled", value=False)

        assert column(opened, 0) == ["B-2", "A-10", "A-9", "C-1"]
        assert opened.run("document.querySelectorAll('button').length") == 0
        assert opened.run("getComputedStyle(document.querySelector('.filter')).display") == "none"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["report", "broken"])
def test_axe_finds_nothing(
    browser: Chromium, name: str, scheme: str, request: pytest.FixtureRequest
) -> None:
    axe = (node_modules(PACKAGES) / "axe-core" / "axe.min.js").read_text("utf-8")
    with page(browser, scheme=scheme) as opened:
        opened.go(request.getfixturevalue(name))
        opened.run(f"{axe}; 0")
        found = opened.run(_AXE)

    assert found == []


PACKAGES = Path(__file__).with_name("package.json")
_AXE = """
axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
  "best-practice"]}).then(said => said.violations.map(one =>
  [one.id, one.help, one.nodes.slice(0, 3).map(node => node.html.slice(0, 200))]))
"""


def test_a_page_that_misbehaves_is_noticed(browser: Chromium, tmp_path: Path) -> None:
    """What the tests above lean on."""
    file = tmp_path / "page.html"
    file.write_text("<img src='http://127.0.0.1:9/x'><script>console.error(1); throw 2</script>")
    with page(browser) as opened:
        opened.go(file)

        assert len(opened.complaints()) >= 2
        assert "http://127.0.0.1:9/x" in opened.requests()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_what_is_behind_them(
    browser: Chromium, report: Path, scheme: str
) -> None:
    """4.5 to 1 and more, as WCAG 2.2 has it (1.4.3)."""
    with page(browser, scheme=scheme) as opened:
        opened.go(report)
        background = opened.run("getComputedStyle(document.body).backgroundColor")
        pairs = opened.run(_COLOURS)

    assert _luminance(background) < 0.05 if scheme == "dark" else _luminance(background) > 0.8
    assert len(pairs) > 20
    assert [pair for pair in pairs if _contrast(pair[1], pair[2]) < 4.5] == []


_COLOURS = """
[...document.querySelectorAll('body *')].filter(e => e.checkVisibility() &&
  [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && !e.closest('svg, option'))
.map(e => {
  let at = e;
  while (at && getComputedStyle(at).backgroundColor === 'rgba(0, 0, 0, 0)') at = at.parentElement;
  return [e.tagName + '.' + e.className + ' ' + e.textContent.trim().slice(0, 20),
          getComputedStyle(e).color, getComputedStyle(at || document.body).backgroundColor];
})
"""


def _luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(one) / 255 for one in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)
