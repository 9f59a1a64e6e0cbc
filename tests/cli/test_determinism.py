"""The same inputs give the same bytes: whatever the hash seed, zone, locale, folder or file order."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cli.shop import AS_OF, Shop, reference_shop

SURROUNDINGS = (
    {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8"},
    {"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "LC_ALL": "C"},
    {"PYTHONHASHSEED": "2", "TZ": "America/Los_Angeles", "PYTHONIOENCODING": "latin-1"},
)
COMMANDS = (
    ("check", "-o", "json"),
    ("offers", "-o", "jsonl", "--as-of", AS_OF),
    ("offers", "-o", "csv", "--as-of", "2026-11-27"),
    ("plan", "-o", "json", "--as-of", AS_OF, "--first-publication"),
    ("explain", "PAN-0001", "--account", "meli", "-o", "json", "--as-of", AS_OF),
)


@pytest.fixture(scope="module")
def turned(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The reference shop, its rule files written in another order and in other folders."""
    first = reference_shop(tmp_path_factory.mktemp("first")).root
    folder = tmp_path_factory.mktemp("turned")
    files = [p for p in sorted(first.rglob("*"), reverse=True) if p.is_file()]
    for path in files:
        target = folder / path.relative_to(first)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    return Shop(folder)


@pytest.mark.parametrize("command", COMMANDS, ids=[f"{c[0]} {c[2]}" for c in COMMANDS])
def test_the_surroundings_do_not_show_in_the_output(
    reference: Shop, turned: Shop, command: tuple[str, ...]
) -> None:
    outs = {reference.process(*command, env=env).out for env in SURROUNDINGS}
    outs.add(turned(*command).out)

    assert len(outs) == 1
    assert outs != {""}


def test_a_plan_file_is_the_same_wherever_it_is_made(
    reference: Shop, turned: Shop, tmp_path: Path
) -> None:
    for number, (shop, env) in enumerate(
        [(reference, SURROUNDINGS[0]), (reference, SURROUNDINGS[1]), (turned, SURROUNDINGS[2])]
    ):
        path = tmp_path / str(number)
        arguments = ("--as-of", AS_OF, "--first-publication", "--out", str(path))
        assert shop.process("plan", *arguments, env=env).code == 0

    assert len({(tmp_path / str(n)).read_bytes() for n in range(3)}) == 1


def test_the_order_of_accounts_on_the_command_line_does_not_matter(reference: Shop) -> None:
    one = reference(
        "plan", "-o", "json", "--as-of", AS_OF, "--account", "vtex", "--account", "meli"
    )
    other = reference(
        "plan", "-o", "json", "--as-of", AS_OF, "--account", "meli", "--account", "vtex"
    )

    assert one.json["id"] == other.json["id"]


def test_what_goes_to_a_file_is_what_goes_to_stdout(reference: Shop, tmp_path: Path) -> None:
    for output in ("jsonl", "csv"):
        told = reference("offers", "-o", output, "--as-of", AS_OF)
        path = tmp_path / output
        written = reference("offers", "-o", output, "--as-of", AS_OF, "--out", str(path))

        assert written.out == ""
        assert path.read_text(encoding="utf-8") == told.out
