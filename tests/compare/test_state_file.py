"""States on disk: what was written comes back, and what was not is refused."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from compare.listings import listing, offer

from offerwright.compare.listing_file import ListingFile
from offerwright.compare.offer_state import OfferState, StateRefused, offer_state
from offerwright.compare.state_file import read_state, write_state

STATE = offer_state(listing(offer("A"), offer("B", account="amazon"), offer("C")))


def test_a_state_comes_back(tmp_path: Path) -> None:
    for state in (STATE, OfferState()):
        write_state(state, tmp_path / "state", {"rules": "abc"})
        found = read_state(tmp_path / "state")

        assert found.digest == state.digest
        assert [one.account for one in found.accounts] == [one.account for one in state.accounts]
    assert [p.name for p in tmp_path.iterdir()] == ["state"]


def test_an_offer_takes_32_bytes(tmp_path: Path) -> None:
    many = offer_state(listing(*(offer(f"S{n}") for n in range(5_000))))
    write_state(many, tmp_path / "state")

    assert (tmp_path / "state").stat().st_size - 5_000 * 32 < 2_000


def test_a_damaged_state_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "state"
    write_state(STATE, file)
    content = bytearray(file.read_bytes())
    key = STATE.of("meli").keys.tobytes()
    content[content.index(key) + 3] ^= 1
    file.write_bytes(content)

    with pytest.raises(StateRefused, match="does not have the digest that it says"):
        read_state(file)
    file.write_bytes(content[:100])
    with pytest.raises(StateRefused, match="cannot be read"):
        read_state(file)


def test_any_byte_that_is_flipped_is_noticed_or_means_nothing(tmp_path: Path) -> None:
    file = tmp_path / "state"
    write_state(STATE, file)
    content = file.read_bytes()
    refused = 0
    for place in range(0, len(content), 3):
        file.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        try:
            assert read_state(file).digest == STATE.digest, place
        except StateRefused:
            refused += 1

    assert refused > len(content) // 12


def test_a_state_of_another_version_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "state"
    write_state(STATE, file)
    file.write_bytes(file.read_bytes().replace(b'"version": 1', b'"version": 9'))

    with pytest.raises(StateRefused, match="has version 9 of states, this engine reads 1"):
        read_state(file)


def test_another_arrow_file_is_no_state(tmp_path: Path) -> None:
    table = pa.table({"x": [1]})
    with pa.ipc.new_file(str(tmp_path / "x"), table.schema) as writer:
        writer.write_table(table)

    with pytest.raises(StateRefused, match="is no state of offers"):
        read_state(tmp_path / "x")


def test_another_parquet_file_is_no_listing(tmp_path: Path) -> None:
    listing(offer("A")).rename({"quantity": "units"}).write_parquet(tmp_path / "x")

    with pytest.raises(StateRefused, match="x: the column `units` is none of a listing"):
        ListingFile(tmp_path / "x")
    (tmp_path / "y").write_bytes(b"PAR1 and no more")
    with pytest.raises(StateRefused, match="cannot be read"):
        ListingFile(tmp_path / "y")
