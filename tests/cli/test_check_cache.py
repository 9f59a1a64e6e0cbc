"""What `check` remembers is what it would say anew, and nobody but the user can change it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from cli.shop import Shop, small_shop
from click.testing import CliRunner

from offerwright.cli import cache, offerwright
from offerwright.cli.cache import Cache, key_of, open_cache
from offerwright.source.repository import read_repository, shipped_marketplaces

# Edits that come and go: each toggles between the sound text and a faulty or another one.
EDITS = (
    ("rules/pricing.yaml", "cost * (1", "csot * (1"),
    ("rules/pricing.yaml", "id: cables", "id: audio"),
    ("rules/pricing.yaml", "markup: 40%", "markup: 41%"),
    ("rules/guards.yaml", "check: price_at_least, bound: lowest", "check: positive"),
    ("rules/facts.yaml", "type: money, from: catalogue.lowest", "type: mony, from: catalogue.lowest"),
    ("rules/mapping.yaml", "max: 80", "max: eighty"),
    ("data/catalogue.csv", "sku,name,category,cost", "sku,name,category,cst"),
    ("offerwright.yaml", "America/Sao_Paulo", "America/Nowhere"),
)  # fmt: skip


def checked(root: Path, *options: str) -> tuple[int, str]:
    done = CliRunner().invoke(offerwright, ["check", str(root), "-o", "json", *options])
    return done.exit_code, done.output


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "remembered"
    monkeypatch.setenv("OFFERWRIGHT_CACHE_DIR", str(place))
    return place / "check"


def entries(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json"))


def toggled(shop: Shop, file: str, sound: str, other: str) -> None:
    text = (shop.root / file).read_text("utf-8")
    old, new = (sound, other) if sound in text else (other, sound)
    shop.change(file, old, new)


def test_after_any_edits_the_findings_are_those_of_a_check_without_cache(
    tmp_path: Path, folder: Path
) -> None:
    shop = small_shop(tmp_path / "shop")
    rng = random.Random(7)
    for _ in range(10):
        toggled(shop, *rng.choice(EDITS))
        remembered, anew = checked(shop.root), checked(shop.root, "--no-cache")

        assert remembered == anew
        assert checked(shop.root) == anew


def test_what_did_not_change_is_not_read_anew(tmp_path: Path, folder: Path) -> None:
    shop = small_shop(tmp_path / "shop")
    checked(shop.root)
    kept = {entry: entry.read_bytes() for entry in entries(folder)}
    key = key_of({"a": b"1"})
    checked(shop.root)

    assert len(kept) == 2  # the repository, and the folders of its marketplaces
    assert {entry: entry.read_bytes() for entry in entries(folder)} == kept
    assert key != key_of({"a": b"2"}) != key_of({"b": b"2"})


@pytest.mark.parametrize("damage", [
    lambda body: body[:-1], lambda body: b"", lambda body: b"0" * 64 + body[64:],
    lambda body: body[:64] + b"{}", lambda body: body.replace(b'"found":[]', b'"found":[1]'),
], ids=["cut", "empty", "other hash", "other content", "forged"])  # fmt: skip
def test_a_damaged_entry_is_as_none(tmp_path: Path, folder: Path, damage: object) -> None:
    shop = small_shop(tmp_path / "shop")
    shop.change("rules/pricing.yaml", "cost *", "csot *")
    before = checked(shop.root)
    assert callable(damage)
    for entry in entries(folder):
        entry.write_bytes(damage(entry.read_bytes()))

    assert checked(shop.root) == before
    assert before[0] == 1


def test_an_entry_under_another_name_does_not_count(tmp_path: Path) -> None:
    kept, _ = open_cache(tmp_path / "shop", {"OFFERWRIGHT_CACHE_DIR": str(tmp_path / "c")})
    assert kept is not None
    kept.write("one", {"found": []})
    [entry] = entries(tmp_path / "c" / "check")
    kept.write("two", {"found": [1]})
    other = next(e for e in entries(tmp_path / "c" / "check") if e != entry)
    entry.replace(other)

    assert kept.read("two") is None


@pytest.mark.parametrize("record", [[], {}, {"found": [{}], "heads": {}}, "text"])  # fmt: skip
def test_an_entry_of_another_shape_is_as_none(tmp_path: Path, folder: Path, record: object) -> None:
    shop = small_shop(tmp_path / "shop")
    before = checked(shop.root)
    kept, _ = open_cache(shop.root, {"OFFERWRIGHT_CACHE_DIR": str(folder.parent)})
    assert kept is not None
    repository, _ = read_repository(shop.root, shipped_marketplaces())
    kept.write(key_of(repository.files), record)

    assert checked(shop.root) == before


def test_a_folder_in_the_repository_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pull request could bring an entry that says that all is well."""
    shop = small_shop(tmp_path / "work" / "shop")
    (tmp_path / "work" / ".git").mkdir()
    monkeypatch.setenv("OFFERWRIGHT_CACHE_DIR", str(tmp_path / "work" / "cache"))
    done = CliRunner().invoke(offerwright, ["check", str(shop.root)])

    assert "nothing is remembered" in done.stderr
    assert not (tmp_path / "work" / "cache").exists()


def test_a_link_into_the_repository_is_not_used(tmp_path: Path) -> None:
    shop = small_shop(tmp_path / "shop")
    (shop.root / "planted").mkdir()
    (tmp_path / "link").symlink_to(shop.root / "planted")

    assert open_cache(shop.root, {"OFFERWRIGHT_CACHE_DIR": str(tmp_path / "link")})[0] is None


def test_a_folder_that_others_may_write_to_is_not_used(tmp_path: Path) -> None:
    place = {"OFFERWRIGHT_CACHE_DIR": str(tmp_path / "c")}
    assert open_cache(tmp_path / "shop", place)[0] is not None
    (tmp_path / "c" / "check").chmod(0o770)
    found, why = open_cache(tmp_path / "shop", place)

    assert found is None
    assert why.endswith("give it the mode 0700")


def test_the_folder_is_the_users_alone_and_where_xdg_says(tmp_path: Path) -> None:
    found, _ = open_cache(tmp_path / "shop", {"XDG_CACHE_HOME": str(tmp_path), "HOME": "/nowhere"})

    assert found == Cache(tmp_path / "offerwright" / "check")
    assert found.folder.stat().st_mode & 0o777 == 0o700


def test_an_empty_name_turns_it_off_silently(tmp_path: Path) -> None:
    assert open_cache(tmp_path, {"OFFERWRIGHT_CACHE_DIR": "", "HOME": str(tmp_path)}) == (None, "")
    assert open_cache(tmp_path, {}) == (None, "")


def test_the_folder_stays_small(tmp_path: Path) -> None:
    kept, _ = open_cache(tmp_path / "shop", {"OFFERWRIGHT_CACHE_DIR": str(tmp_path / "c")})
    assert kept is not None
    for number in range(cache.MAX_ENTRIES + 5):
        kept.write(str(number), number)

    assert len(entries(kept.folder)) == cache.MAX_ENTRIES
    assert kept.read(str(cache.MAX_ENTRIES + 4)) == cache.MAX_ENTRIES + 4
    assert kept.read("0") is None


def test_a_folder_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    kept = Cache(tmp_path / "not there")
    kept.write("one", 1)

    assert kept.read("one") is None


def test_what_cannot_be_kept_leaves_nothing_behind(tmp_path: Path) -> None:
    kept = Cache(tmp_path)
    kept.write("key", 1)
    [entry] = entries(tmp_path)
    entry.unlink()
    entry.mkdir()
    (entry / "in the way").mkdir()
    kept.write("key", 1)

    assert kept.read("key") is None
    assert list(tmp_path.iterdir()) == [entry]
