"""One function from Arrow table to Arrow table, with one schema whatever the rows."""

from __future__ import annotations

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from engines.conftest import AS_OF

from offerwright.engines.batch import ASKED, evaluate_batch, table_of
from offerwright.errors import BundleRefused
from offerwright.evaluate.bulk import listed
from offerwright.evaluate.run import Executor
from offerwright.facts.snapshot import StoredSnapshot
from offerwright.loadout import Loadout


@pytest.fixture
def rows(stored: StoredSnapshot) -> pa.Table:
    """The snapshot as another program reads it."""
    return pq.read_table(stored.facts)


def test_it_says_what_the_executor_says(
    rules: bytes, rows: pa.Table, stored: StoredSnapshot, loadout: Loadout
) -> None:
    expected = listed(Executor(loadout.rules).run(stored.frame, AS_OF))

    assert evaluate_batch(rules, AS_OF)(rows).equals(table_of(expected))


def test_only_the_accounts_that_are_asked_for(rules: bytes, rows: pa.Table) -> None:
    found = evaluate_batch(rules, AS_OF, ["meli"])(rows)

    assert set(found["account"].to_pylist()) == {"meli"}


def test_its_columns_do_not_depend_on_its_rows(rules: bytes, rows: pa.Table) -> None:
    evaluate = evaluate_batch(rules, AS_OF)
    schemas = [evaluate(part).schema for part in (rows, rows.slice(7, 1), rows.slice(0, 0))]

    assert all(schema.equals(schemas[0], check_metadata=True) for schema in schemas)
    assert schemas[0].metadata is None


def test_rows_that_are_there_for_their_kin_are_not_answered(rules: bytes, rows: pa.Table) -> None:
    asked = [number % 2 == 0 for number in range(rows.num_rows)]
    found = evaluate_batch(rules, AS_OF, ["meli"])(rows.append_column(ASKED, pa.array(asked)))

    assert found["sku"].to_pylist() == rows["sku"].to_pylist()[::2]


def test_texts_may_come_as_dictionaries_and_numbers_of_any_width(
    rules: bytes, rows: pa.Table
) -> None:
    names = ("brand", "category")
    other = rows
    for name in names:
        place = other.column_names.index(name)
        other = other.set_column(place, name, other[name].cast(pa.string()).dictionary_encode())
    frame = pl.DataFrame(pl.from_arrow(other))
    narrow = [n for n, t in frame.schema.items() if t == pl.Int64]
    assert narrow
    for name in narrow:
        other = other.set_column(other.column_names.index(name), name, other[name].cast(pa.int32()))

    evaluate = evaluate_batch(rules, AS_OF, ["meli"])
    assert evaluate(other).equals(evaluate(rows))


def test_bytes_that_are_no_bundle_are_refused() -> None:
    with pytest.raises(BundleRefused):
        evaluate_batch(b"rules", AS_OF)
