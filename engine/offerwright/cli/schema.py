"""`schema`: the JSON Schemas that editors complete, explain and check with."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from offerwright.cli.options import found_root, root_option
from offerwright.cli.report import put, tell
from offerwright.source.snippet import render_text


@click.command()
@root_option
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail when one is stale.")
@click.option("--folder", type=click.Path(path_type=Path), default=None)
def schema(root: Path | None, only_check: bool, folder: Path | None) -> None:
    """Write the JSON Schemas for editors into `schemas/`, or check that they are fresh."""
    from offerwright.facts.document import ShopDocument
    from offerwright.pipeline import KINDS, TEST_KINDS
    from offerwright.source.document import Document
    from offerwright.source.schema import compare_schemas, generate_schemas, write_schemas

    target = folder or found_root(root) / "schemas"
    kinds: dict[str, type[Document]] = {"shop": ShopDocument, **KINDS, **TEST_KINDS}
    if not only_check:
        write_schemas(target, kinds)
        tell(f"Wrote {len(kinds)} schemas to {target}")
        return
    found = compare_schemas(target, generate_schemas(kinds))
    if found:
        put(render_text(found, {}) + "\n")
    sys.exit(1 if found else 0)
