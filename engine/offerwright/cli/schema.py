"""`schema`: the JSON Schemas that editors complete, explain and check with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from offerwright.cli.options import data_option, found_root, root_option
from offerwright.cli.report import number_of, put, tell
from offerwright.source.snippet import render_text

if TYPE_CHECKING:
    from offerwright.source.vocabulary import Vocabulary


@click.command()
@root_option
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail when one is stale.")
@click.option("--folder", type=click.Path(path_type=Path), default=None)
@click.option(
    "--with-vocab", is_flag=True,
    help="Offer the shop's own words: categories, brands, nodes, facts and lists.",
)  # fmt: skip
@data_option
def schema(
    root: Path | None, only_check: bool, folder: Path | None, with_vocab: bool, data: Path | None
) -> None:
    """
    Write the JSON Schemas for editors into `schemas/`, or check that they are fresh.

    With --with-vocab also `vocabulary.json`, from the newest snapshot or from --data; without it
    the schemas know no words of the shop.
    """
    from offerwright.facts.document import ShopDocument
    from offerwright.pipeline import KINDS, TEST_KINDS
    from offerwright.source.document import Document
    from offerwright.source.schema import compare_schemas, generate_schemas, write_schemas

    if only_check and with_vocab:
        raise click.UsageError("--check looks at what is there; --with-vocab writes it")
    target = folder or found_root(root) / "schemas"
    kinds: dict[str, type[Document]] = {"shop": ShopDocument, **KINDS, **TEST_KINDS}
    if not only_check:
        vocabulary = _collected(found_root(root), data) if with_vocab else None
        write_schemas(target, generate_schemas(kinds, vocabulary))
        tell(f"Wrote {number_of(len(kinds), 'schema')} to {target}{_words(vocabulary)}")
        return
    found = compare_schemas(target, generate_schemas(kinds, _kept(target)))
    if found:
        put(render_text(found, {}) + "\n")
    sys.exit(1 if found else 0)


def _collected(root: Path, data: Path | None) -> Vocabulary:
    """The words of the shop as it is now."""
    from offerwright.cli.snapshot import current_snapshot
    from offerwright.cli.vocabulary import shop_vocabulary
    from offerwright.pipeline import load

    loadout = load(root)
    return shop_vocabulary(loadout, current_snapshot(loadout, root, data))


def _kept(folder: Path) -> Vocabulary | None:
    """The words that the schemas of a folder were written with."""
    from offerwright.source.vocabulary import FILE, read_vocabulary

    file = folder / FILE
    return read_vocabulary(file.read_text("utf-8")) if file.is_file() else None


def _words(vocabulary: Vocabulary | None) -> str:
    if vocabulary is None:
        return ""
    values = sum(len(fact.values) for fact in vocabulary.facts)
    return f", with {len(vocabulary.facts)} facts and {values:,} of their values"
