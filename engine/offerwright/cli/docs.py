"""`docs`: the rules of a repository as pages to read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from offerwright.cli.options import found_root, root_option
from offerwright.cli.report import echo, number_of, tell
from offerwright.errors import OfferwrightError

if TYPE_CHECKING:
    from offerwright.sentences.wording import Language

FOLDER = "site"
REFERENCE = Path("docs", "reference")


@click.command()
@root_option
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=None,
    help=f"Where the pages are written; default: `{FOLDER}` beside offerwright.yaml.",
)  # fmt: skip
@click.option(
    "--format", "kind", type=click.Choice(["html", "markdown"]), default="html", show_default=True,
    help="HTML to open in a browser, or Markdown to show beside the code.",
)  # fmt: skip
@click.option(
    "--language", type=click.Choice(["en", "pt", "es"]), default="en", show_default=True,
    help="The language of sentences and headings.",
)  # fmt: skip
@click.option(
    "--reference", is_flag=True,
    help="Write the reference of the rule language instead; default folder: docs/reference.",
)  # fmt: skip
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail when one is stale.")
def docs(
    root: Path | None,
    out: Path | None,
    kind: str,
    language: Language,
    reference: bool,
    only_check: bool,
) -> None:
    """Write the rules as pages: every rule in words, tables, drawings, who is reached.

    The same rules make the same bytes, so the pages can be kept in Git and compared.
    """
    if reference:
        pages, folder = _reference(), out or found_root(root) / REFERENCE
    else:
        home = found_root(root)
        pages, folder = _pages(home, kind, language), out or home / FOLDER
    if only_check:
        sys.exit(_compare(folder, pages))
    _write(folder, pages)
    tell(f"Wrote {number_of(len(pages), 'file')} to {folder}")


def _pages(home: Path, kind: str, language: Language) -> dict[str, bytes]:
    """The pages of a repository. Raises `ConfigError` where its rules have errors."""
    from offerwright.pages.html import html_pages
    from offerwright.pages.markdown import markdown_pages
    from offerwright.pages.page import Book, book
    from offerwright.pipeline import load

    writers: dict[str, Callable[[Book], dict[str, bytes]]] = {
        "html": html_pages, "markdown": markdown_pages,
    }  # fmt: skip
    return writers[kind](book(load(home), language))


def _reference() -> dict[str, bytes]:
    """What every function, operator, cell and hit policy does, from the engine's own tables."""
    from offerwright.expressions.reference import reference_markdown

    return {"language.md": reference_markdown().encode("utf-8")}


def _write(folder: Path, pages: Mapping[str, bytes]) -> None:
    """Every page; pages of documents that are gone are named, and left to the user."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in pages.items():
        (folder / name).write_bytes(content)
    for name in _strange(folder, pages):
        tell(f"{name} belongs to no document of now; delete it if you do not need it")


def _compare(folder: Path, pages: Mapping[str, bytes]) -> int:
    if not folder.is_dir():
        raise OfferwrightError(f"{folder} is not there: run `offerwright docs` first")
    stale = [n for n, c in pages.items() if not _holds(folder / n, c)]
    for name in stale:
        echo(f"{name} is stale")
    for name in (strange := _strange(folder, pages)):
        echo(f"{name} belongs to no document of now")
    if not stale and not strange:
        tell(f"All {len(pages)} files are fresh")
    return 1 if stale or strange else 0


def _holds(file: Path, content: bytes) -> bool:
    return file.is_file() and file.read_bytes() == content


def _strange(folder: Path, pages: Mapping[str, bytes]) -> list[str]:
    """Files with a name such as pages have, for which no document stands any more."""
    from offerwright.sentences.write import WRITERS

    begins = tuple(f"{kind}-" for kind in WRITERS)
    endings = {Path(name).suffix for name in pages}
    return sorted(
        file.name
        for file in folder.iterdir()
        if file.name.startswith(begins) and file.suffix in endings and file.name not in pages
    )
