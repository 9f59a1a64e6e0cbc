"""`bundle` and `--bundle`: the same results without the repository, and none from a wrong file."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from zoneinfo import TZPATH

import pytest
from cli.shop import AS_OF, ROOT, Shop, environment, small_shop

from offerwright.bundle import bundle_digest

# Heavy libraries, and those that only reading or compiling rules needs.
LIBRARIES = (
    "asyncio", "hypothesis", "jinja2", "jsonschema", "lark", "numpy", "polars", "pyarrow",
    "pydantic", "re2", "ruamel", "sqlite3", "starlette", "structlog", "uvicorn", "yaml",
)  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = small_shop(tmp_path_factory.mktemp("bundle") / "shop")
    assert made("bundle", "--out", "rules.bundle").code == 0
    return made


@pytest.fixture(scope="module")
def away(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A folder with data and a bundle, and no rules."""
    root = tmp_path_factory.mktemp("away")
    shutil.copytree(shop.root / "data", root / "data")
    shutil.copy(shop.root / "rules.bundle", root)
    return Shop(root)


def test_a_bundle_is_named_by_its_hash(shop: Shop) -> None:
    found = shop("bundle", "-o", "json").json
    data = (shop.root / found["file"]).read_bytes()

    assert found["sha256"] == bundle_digest(data)
    assert Path(found["file"]).name == f"{found['sha256'][:12]}.bundle"
    assert data == (shop.root / "rules.bundle").read_bytes()
    assert found["accounts"] == ["market"]


def test_offers_come_from_a_bundle_where_no_rules_are(shop: Shop, away: Shop) -> None:
    wanted = ("offers", "--as-of", AS_OF, "-o", "jsonl")
    found = away(*wanted, "--bundle", "rules.bundle")

    assert found.code == 0, found.err
    assert found.out == shop(*wanted).out
    assert "of rules.bundle" in found.err


def test_a_plan_from_the_files_is_that_of_their_bundle(shop: Shop) -> None:
    wanted = ("plan", "--as-of", AS_OF, "--first-publication", "-o", "json")
    found = shop(*wanted, "--bundle", "rules.bundle")

    assert found.code == 0, found.err
    assert found.json["id"] == shop(*wanted).json["id"]


def test_an_explanation_from_a_bundle_names_file_and_line(shop: Shop, away: Shop) -> None:
    wanted = ("explain", "AU-1", "--account", "market", "--as-of", AS_OF)
    found = away(*wanted, "--bundle", "rules.bundle")

    assert found.code == 0, found.err
    assert found.out == shop(*wanted).out
    assert "rules/pricing.yaml:" in found.out


@pytest.mark.parametrize("command", ["offers", "plan", "sync", "snapshot"])
def test_a_damaged_bundle_starts_nothing(shop: Shop, command: str) -> None:
    data = (shop.root / "rules.bundle").read_bytes()
    (shop.root / "bad.bundle").write_bytes(data.replace(b"18%", b"81%"))
    found = shop(command, "--bundle", "bad.bundle")

    assert found.code == 2
    assert found.out == ""
    assert found.err.startswith("error: bad.bundle cannot be used: it is damaged or was changed")


def test_a_repository_with_an_error_gives_no_bundle(shop: Shop, tmp_path: Path) -> None:
    broken = Shop(tmp_path / "broken")
    shutil.copytree(shop.root, broken.root)
    broken.change("rules/pricing.yaml", "cost * (1 + markup)", "cots * (1 + markup)")
    found = broken("bundle", "--out", "new.bundle")

    assert found.code == 1
    assert "UNKNOWN_NAME" in found.err
    assert not (broken.root / "new.bundle").exists()


def test_a_bundle_is_written_while_another_run_writes_it(shop: Shop) -> None:
    # What another run would have under its hands.
    (shop.root / "shared.bundle.part").mkdir()
    found = shop("bundle", "--out", "shared.bundle")

    assert found.code == 0, found.err
    assert (shop.root / "shared.bundle").read_bytes() == (shop.root / "rules.bundle").read_bytes()


def test_a_bundle_of_another_shop_than_the_folder_is_says_so(shop: Shop, tmp_path: Path) -> None:
    other = small_shop(tmp_path / "other")
    bundle = str(shop.root / "rules.bundle")
    same = other("offers", "--as-of", AS_OF, "-o", "jsonl", "--bundle", bundle)
    other.change("offerwright.yaml", "name: quitanda", "name: mercearia")
    found = other("offers", "--as-of", AS_OF, "-o", "jsonl", "--bundle", bundle)

    assert "another `offerwright.yaml`" not in same.err
    assert "was made of another `offerwright.yaml` than the one in " in found.err
    assert (found.code, found.out) == (same.code, same.out)


def prices(shop: Shop, cache: Path) -> dict[str, str]:
    found = shop("offers", "--as-of", AS_OF, "-o", "jsonl",
                 env={"OFFERWRIGHT_CACHE_DIR": str(cache)})  # fmt: skip
    assert found.code == 0, found.err
    return {one["sku"]: one["price"] for one in found.records()}


def test_what_is_remembered_follows_every_change(tmp_path: Path) -> None:
    shop, cache = small_shop(tmp_path / "shop"), tmp_path / "cache"
    first, again = prices(shop, cache), prices(shop, cache)
    [entry] = (cache / "bundles").iterdir()
    shop.change("rules/pricing.yaml", "18%", "20%")
    changed = prices(shop, cache)

    assert first == again
    assert (first["AU-1"], changed["AU-1"]) == ("118.00", "120.00")
    assert entry.stat().st_mode & 0o077 == 0
    assert len(list((cache / "bundles").iterdir())) == 2


def zones(name: str) -> Path | None:
    """The file of a time zone on this machine."""
    return next((p for f in TZPATH if (p := Path(f) / name).is_file()), None)


@pytest.mark.skipif(not zones("Etc/UTC"), reason="this machine has no files of time zones")
def test_what_is_remembered_follows_the_time_zones_of_the_machine(tmp_path: Path) -> None:
    """A law moves the clocks, an update brings it: a date in a rule is another moment."""
    shop, place = small_shop(tmp_path / "shop"), tmp_path / "zones"
    shop.change("rules/pricing.yaml", "name: shop", "name: shop\nvalid: {before: 2026-11-28}")
    seen = []
    for name in ("America/Sao_Paulo", "Etc/UTC"):
        source, target = zones(name), place / "America" / "Sao_Paulo"
        assert source is not None
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target.with_suffix(".new")).replace(target)
        done = shop.process(
            "offers", "--as-of", "2026-11-28T01:30:00Z", "-o", "jsonl",
            env={"OFFERWRIGHT_CACHE_DIR": str(tmp_path / "cache"), "PYTHONTZPATH": str(place)},
        )  # fmt: skip
        seen.append([one.get("price") for one in done.records()])

    assert seen[0][0] == "118.00"
    assert seen[1] == [None] * 6


def test_a_damaged_entry_is_written_anew(tmp_path: Path) -> None:
    shop, cache = small_shop(tmp_path / "shop"), tmp_path / "cache"
    first = prices(shop, cache)
    [entry] = (cache / "bundles").iterdir()
    whole = entry.read_bytes()
    entry.write_bytes(whole.replace(b"18%", b"81%"))

    assert prices(shop, cache) == first
    assert entry.read_bytes() == whole


def imported(code: str, *arguments: str) -> set[str]:
    """What a process has imported at its end."""
    tail = "; import json as _j, sys as _s; print(_j.dumps(sorted(_s.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code + tail, *arguments], env=environment({}),
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_help_imports_no_heavy_library_and_no_rules() -> None:
    seen = imported(
        "from click.testing import CliRunner; from offerwright.cli import offerwright; "
        "assert CliRunner().invoke(offerwright, ['--help']).exit_code == 0"
    )
    # The runner of click's own tests is heavier than a command: it is looked at alone.
    seen -= imported("import click.testing")

    assert seen & set(LIBRARIES) == set()
    assert {name for name in seen if name.startswith("offerwright.")} == {
        "offerwright.cli", "offerwright.cli.collector", "offerwright.cli.report",
        "offerwright.errors", "offerwright.source", "offerwright.source.escapes",
        "offerwright.source.snippet", "offerwright.source.text",
    }  # fmt: skip


def test_starting_from_a_bundle_imports_nothing_that_reads_or_compiles_rules(shop: Shop) -> None:
    seen = imported(
        "import sys; from pathlib import Path; from offerwright.cli.loadouts import ready; "
        "ready(None, Path(sys.argv[1]))", str(shop.root / "rules.bundle"),
    )  # fmt: skip
    own = {name for name in seen if name.startswith("offerwright.")}

    assert seen & set(LIBRARIES) == set()
    assert own & {"offerwright.pipeline", "offerwright.rules.link", "offerwright.rules.tables",
                  "offerwright.source.yaml", "offerwright.marketplaces.body"} == set()  # fmt: skip
    assert len(own) < 60


def test_workers_that_get_rules_as_bytes_load_no_models() -> None:
    seen = imported("import offerwright.rules.packed, offerwright.evaluate.run")

    assert "pydantic" not in seen
    assert "offerwright.pipeline" not in seen
