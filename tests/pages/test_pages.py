"""The pages of a repository: whole, safe, readable by everybody, the same bytes every time."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from engine_under_test import compiled, shop_files

from offerwright.pages.drawing import MOST_STATES, draw, mermaid
from offerwright.pages.html import html_pages
from offerwright.pages.markdown import markdown_pages, plain
from offerwright.pages.page import Book, book
from offerwright.pipeline import Loadout, check
from offerwright.sentences.wording import LANGUAGES, wording

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = "<script>alert(1)</script>\"'&amp;|`*[x](javascript:y)"
FILES = {
    **shop_files("catalogue"),
    "rules/facts.yaml": """\
kind: facts
name: facts
facts:
  brand: {type: text, from: catalogue.brand}
  cost: {type: money, from: catalogue.cost}
""",
}


def book_of(files: dict[str, str], language: str = "en") -> Book:
    loadout, found = compiled({**FILES, **files})
    assert loadout is not None, found
    return book(loadout, language)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def shop() -> Loadout:
    loadout, _, _ = check(ROOT)
    assert loadout is not None
    return loadout


class Reader(HTMLParser):
    """What a page holds: tags with their attributes, text, and tags that are not closed."""

    EMPTY = frozenset({"meta", "link", "br", "hr", "img", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def html_of(made: Book) -> dict[str, Reader]:
    return {
        name: Reader(content.decode())
        for name, content in html_pages(made).items()
        if name.endswith(".html")
    }


def test_every_document_has_a_page_that_the_index_leads_to(shop: Loadout) -> None:
    made = book(shop)
    pages = html_of(made)
    links = {a["href"] for a in pages["index.html"].all("a")}
    documents = [d for d in (*shop.documents, *shop.own_fees) if d.document.kind != "test"]

    assert len(made.pages) == len(documents)
    assert {f"{page.stem}.html" for page in made.pages} == set(pages) - {"index.html"}
    assert {f"{page.stem}.html" for page in made.pages} <= links


def test_the_same_rules_make_the_same_bytes(shop: Loadout) -> None:
    again, _, _ = check(ROOT)
    assert again is not None
    for language in LANGUAGES:
        one, other = book(shop, language), book(again, language)

        assert html_pages(one) == html_pages(other)
        assert markdown_pages(one) == markdown_pages(other)


def test_pages_are_well_formed_and_accessible(shop: Loadout) -> None:
    for name, page in html_of(book(shop, "pt")).items():
        assert (page.open, page.wrong) == ([], []), name
        assert page.all("html") == [{"lang": "pt"}]
        assert len(page.all("h1")) == len(page.all("main")) == len(page.all("footer")) == 1
        assert len(page.all("table")) == len(page.all("caption"))
        assert all(th.get("scope") in ("col", "row") for th in page.all("th"))
        ids = [a["id"] for _, a in page.tags if "id" in a]
        assert len(ids) == len(set(ids)), name
        named = {w for _, a in page.tags for w in (a.get("aria-labelledby") or "").split()}
        assert named <= set(ids), name
        assert page.tags.index(("a", {"class": "skip", "href": "#main"})) < page.tags.index(
            ("main", {"id": "main"})
        )


def test_pages_need_no_network_and_no_script(shop: Loadout) -> None:
    for name, content in html_pages(book(shop)).items():
        text = content.decode()
        assert "<script" not in text, name
        assert re.findall(r"(?:src|href|action)=\"(?:https?:)?//", text) == [], name
        assert re.findall(r"\son[a-z]+=", text.split("<body>")[-1]) == [], name


def test_the_policy_allows_the_style_that_the_page_has(shop: Loadout) -> None:
    page = html_pages(book(shop))["index.html"].decode()
    style = page.split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert f"style-src 'sha256-{digest}'" in page
    assert "default-src 'none'" in page


def hostile() -> dict[str, str]:
    text = HOSTILE.replace("'", "''")
    return {
        "rules/a.yaml": f"kind: lists\nname: words\nowner: '{text}'\nnote: '{text}'\n"
        f"values: ['{text}']\n",
        "rules/b.yaml": "kind: pricing\nname: p\nsteps:\n  - id: t\n    phase: base\n    rules:\n"
        f"      - {{id: r, when: {{brand: '{text}'}}, then: {{price: cost}}, note: '{text}'}}\n"
        "    otherwise: {price: 1}\n",
        "rules/c.yaml": "kind: lifecycle\nname: order\ninitial: new\nstates:\n"
        f"  new: {{note: '{text}', on: {{go: {{to: end}}}}}}\n  end: {{final: true}}\n",
    }


def test_names_of_the_shop_are_never_markup() -> None:
    files = html_pages(book_of(hostile()))
    for name, content in files.items():
        text = content.decode()
        assert "<script" not in text, name
        assert "alert(1)" in text or name in ("index.html", "facts-facts.html"), name
        if name.endswith(".svg"):
            ElementTree.fromstring(text)


def test_names_of_the_shop_are_never_markdown() -> None:
    for name, content in markdown_pages(book_of(hostile())).items():
        if name.endswith(".md"):
            assert re.findall(r"(?<!\\)(?:<script|\]\(javascript|&amp;)", content.decode()) == []

    assert plain("a|b *c* <d> [e](f)\n# g") == r"a\|b \*c\* \<d\> \[e\](f) \# g"


def test_a_page_says_whom_it_reaches() -> None:
    made = book_of({
        "rules/p.yaml": "kind: pricing\nname: p\nfor: {marketplace: beta}\nsteps:\n"
        "  - {id: s, phase: base, set: {price: cost}}\n",
        "rules/q.yaml": "kind: pricing\nname: q\nfor: {trade_policy: '7'}\nsteps:\n"
        "  - {id: s, phase: base, set: {price: cost}}\n",
        "rules/g.yaml": "kind: guards\nname: g\nfor: {account: a}\n"
        "guards: [{id: f, check: price_at_least, bound: cost, else: needs_approval}]\n",
        "rules/h.yaml": "kind: approvals\nname: h\napproves:\n  - {guard: f, bound: 1, "
        "reason: agreed, approver: jo, expires: 2026-12-31}\n",
    })  # fmt: skip
    reach = {page.name: page.reach for page in made.pages}

    assert reach["p"] == "b (beta)"
    assert reach["q"] == "no account; nothing is computed by it"
    assert reach["g"] == reach["h"] == "a (alpha)"
    assert reach["facts"] == "all accounts"


def test_a_page_says_what_takes_its_place() -> None:
    fees = "fees: [{id: f, otherwise: {rate: 10%}}]\n"
    made = book_of({
        "rules/a.yaml": f"kind: fees\nname: wide\n{fees}",
        "rules/b.yaml": "kind: fees\nname: own\nfor: {account: a}\nvalid: {from: 2026-01-01}\n"
        f"override: true\n{fees}",
    })  # fmt: skip
    reach = {page.name: page.reach for page in made.pages}

    assert reach["wide"] == "a (alpha), replaced by own, from 2026-01-01 on; b (beta)"
    assert reach["own"] == "a (alpha)"


def test_a_table_is_shown_as_it_is_written() -> None:
    made = book_of({
        "rules/p.yaml": "kind: pricing\nname: p\nsteps:\n"
        "  - {id: t, phase: base, file: t.csv, otherwise: {price: 9.90}}\n",
        "rules/t.csv": "id,when.brand,when.cost,valid.from,then.price,note\n"
        "a,Acme | Apex,0..5,2026-12-01,cost * 2,agreed\nb,,>= 5,,8.00,\n",
    })  # fmt: skip
    table = next(page for page in made.pages if page.name == "p").tables[0]

    assert table.name == "t"
    assert table.columns == ("brand", "cost", "valid", "price", "Note")
    assert [(row.id, row.cells) for row in table.rows] == [
        ("a", ("[Acme, Apex]", "0..5", "from 2026-12-01 on", "cost * 2", "agreed")),
        ("b", ("", ">= 5", "", "8.00", "")),
        ("otherwise", ("", "", "", "9.90", "")),
    ]
    assert str(table.rows[1].span) == "rules/t.csv:3:1"


def test_files_differ_where_names_differ_in_capitals_only() -> None:
    made = book_of({
        "rules/a.yaml": "kind: lists\nname: Words\nvalues: [a]\n",
        "rules/b.yaml": "kind: lists\nname: words\nvalues: [b]\n",
    })  # fmt: skip

    assert [page.stem for page in made.pages if page.kind == "lists"] == [
        "lists-Words", "lists-words-2",
    ]  # fmt: skip


def test_no_page_takes_the_file_of_another() -> None:
    made = book_of({
        f"rules/{n}.yaml": f"kind: lists\nname: {name}\nvalues: [a]\n"
        for n, name in enumerate(("A", "a", "a-2", "a-2-2"))
    })  # fmt: skip
    stems = [page.stem.casefold() for page in made.pages]

    assert len(set(stems)) == len(stems)


# --- drawings ---------------------------------------------------------------------------------


def test_a_drawing_shows_every_state_and_every_event(shop: Loadout) -> None:
    lifecycle = shop.lifecycles["order"]
    drawing = draw(lifecycle, wording("en"))
    root = ElementTree.fromstring(drawing.file)
    texts = {
        "".join(e.itertext()).removeprefix("↻ ") for e in root.iter() if e.tag.endswith("text")
    }

    assert texts == {*lifecycle.states, *(event for _, event, _ in lifecycle.moves())}
    assert [e.tag.split("}")[1] for e in root][:3] == ["style", "title", "desc"]
    assert root.attrib["role"] == "img"
    assert "prefers-color-scheme:dark" in drawing.file


def test_mermaid_has_every_move(shop: Loadout) -> None:
    lifecycle = shop.lifecycles["order"]
    lines = mermaid(lifecycle).splitlines()
    moves = [line for line in lines if ": " in line]

    assert lines[0] == "stateDiagram-v2"
    assert len(moves) == len(list(lifecycle.moves()))
    assert "    s0 --> s1: place" in lines
    assert sum(line.endswith("--> [*]") for line in lines) == 4


def test_a_lifecycle_that_nobody_could_read_is_not_drawn() -> None:
    count = MOST_STATES + 1
    states = "".join(f"  s{i}: {{on: {{go: {{to: s{i + 1}}}}}}}\n" for i in range(count))
    made = book_of({
        "rules/o.yaml": f"kind: lifecycle\nname: o\ninitial: s0\nstates:\n{states}"
        f"  s{count}: {{final: true}}\n"
    })  # fmt: skip

    page = next(page for page in made.pages if page.kind == "lifecycle")
    assert page.drawing is None
    assert len(page.sentences) == count + 2


# --- in a browser -----------------------------------------------------------------------------

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


def browsed(file: Path, profile: Path) -> subprocess.CompletedProcess[str]:
    """A file as a real browser shows it, and what its console says."""
    assert BROWSER is not None
    done = subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
         "--allow-file-access-from-files", f"--user-data-dir={profile}",
         "--virtual-time-budget=2000", "--dump-dom", file.as_uri()],
        capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert "</html>" in done.stdout, done.stderr[-2000:]
    return done


def said_by_browser(file: Path, profile: Path) -> list[str]:
    """What the console of a real browser says while it shows a file."""
    return [line for line in browsed(file, profile).stderr.splitlines() if "CONSOLE" in line]


NARROW = """<!doctype html><html><body><iframe src="{name}" style="width:360px;height:600px"
onload="const d = this.contentDocument; document.title = [d.documentElement,
...d.querySelectorAll('div:has(> .told)')].every(e => e.scrollWidth <= e.clientWidth + 1) ? 'fits'
: 'is cut'"></iframe></body></html>"""


@pytest.mark.skipif(BROWSER is None, reason="no Chromium here: pages are not opened in a browser")
def test_sentences_are_read_on_a_telephone_without_moving_them_sideways(
    shop: Loadout, tmp_path: Path
) -> None:
    pages = html_pages(book(shop, "pt"))
    found = {}
    for name in ("index.html", "pricing-shop.html"):
        (tmp_path / name).write_bytes(pages[name])
        (tmp_path / "frame.html").write_text(NARROW.format(name=name))
        shown = browsed(tmp_path / "frame.html", tmp_path / "profile").stdout
        found[name] = shown.split("<title>")[1].split("</title>")[0]

    assert found == {"index.html": "fits", "pricing-shop.html": "fits"}


@pytest.mark.skipif(BROWSER is None, reason="no Chromium here: pages are not opened in a browser")
def test_a_browser_shows_a_page_without_complaint(shop: Loadout, tmp_path: Path) -> None:
    pages = html_pages(book(shop))
    names = ("index.html", "lifecycle-order.html")
    for name in names:
        (tmp_path / name).write_bytes(pages[name])
    broken = pages["index.html"].replace(b"<style>", b"<style>body{color:red}")
    (tmp_path / "broken.html").write_bytes(broken)
    said = {n: said_by_browser(tmp_path / n, tmp_path / "profile") for n in (*names, "broken.html")}

    assert {name: said[name] for name in names} == {name: [] for name in names}
    assert "Content Security Policy" in " ".join(said["broken.html"])
