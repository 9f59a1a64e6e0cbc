"""Reading a folder: what counts, what ships with the engine, what is left out and why."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from offerwright.source.repository import (
    MAX_FILES,
    find_root,
    read_repository,
    shipped_marketplaces,
)


def write(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n", "utf-8")
    return root


def codes(root: Path, shipped: Path | None = None) -> list[tuple[str, str]]:
    found = read_repository(root, shipped)[1]
    return sorted((d.code, d.span.file if d.span else "") for d in found)


def test_only_files_that_count_are_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        "offerwright.yaml", "rules/facts.yaml", "rules/pricing/a.yml", "rules/pricing/t.csv",
        "rules/README.md", "rules/.hidden.yaml", "rules/.git/x.yaml", "data/big.csv",
        "marketplaces/meli/marketplace.yaml", "marketplaces/meli/contract/price.schema.json",
        "README.md",
    )  # fmt: skip

    repository, found = read_repository(tmp_path)

    assert found == []
    assert sorted(repository.files) == [
        "marketplaces/meli/contract/price.schema.json",
        "marketplaces/meli/marketplace.yaml",
        "offerwright.yaml",
        "rules/facts.yaml",
        "rules/pricing/a.yml",
        "rules/pricing/t.csv",
    ]
    assert repository.files["rules/facts.yaml"] == b"# rules/facts.yaml\n"
    assert list(repository.files) == sorted(repository.files)


def test_a_marketplace_that_is_missing_comes_from_the_engine(tmp_path: Path) -> None:
    root = write(tmp_path / "shop", "offerwright.yaml", "marketplaces/meli/own.yaml")
    shipped = write(tmp_path / "shipped", "meli/theirs.yaml", "amazon/marketplace.yaml")

    repository, found = read_repository(root, shipped)

    assert found == []
    assert sorted(repository.files) == [
        "marketplaces/amazon/marketplace.yaml",
        "marketplaces/meli/own.yaml",
        "offerwright.yaml",
    ]


def test_a_repository_without_marketplaces_uses_all_that_ship(tmp_path: Path) -> None:
    root = write(tmp_path / "shop", "offerwright.yaml")
    shipped = write(tmp_path / "shipped", "amazon/marketplace.yaml")

    assert "marketplaces/amazon/marketplace.yaml" in read_repository(root, shipped)[0].files


def test_the_engine_finds_the_marketplaces_it_ships() -> None:
    assert shipped_marketplaces().name == "marketplaces"
    assert shipped_marketplaces().is_dir()


def test_the_root_is_the_nearest_parent_with_a_shop(tmp_path: Path) -> None:
    write(tmp_path, "offerwright.yaml", "inner/offerwright.yaml", "inner/rules/pricing/a.yaml")

    assert find_root(tmp_path / "inner" / "rules" / "pricing") == (tmp_path / "inner").resolve()
    assert find_root(tmp_path / "inner") == (tmp_path / "inner").resolve()
    assert find_root(tmp_path) == tmp_path.resolve()


def test_a_folder_without_a_shop_is_no_repository(tmp_path: Path) -> None:
    assert codes(write(tmp_path, "rules/facts.yaml")) == [("NO_SHOP", "")]


def test_links_that_leave_the_repository_are_refused(tmp_path: Path) -> None:
    root = write(tmp_path / "shop", "offerwright.yaml", "rules/a.yaml")
    secret = write(tmp_path, "secret.yaml") / "secret.yaml"
    (root / "rules" / "file.yaml").symlink_to(secret)
    (root / "rules" / "folder").symlink_to(tmp_path)
    (root / "rules" / "nowhere.yaml").symlink_to(tmp_path / "gone")

    repository, _ = read_repository(root)

    assert codes(root) == [
        ("LINK_OUTSIDE", "rules/file.yaml"),
        ("LINK_OUTSIDE", "rules/folder"),
        ("UNREADABLE", "rules/nowhere.yaml"),
    ]
    assert sorted(repository.files) == ["offerwright.yaml", "rules/a.yaml"]


def test_a_folder_of_rules_that_leaves_the_repository_is_refused(tmp_path: Path) -> None:
    root = write(tmp_path / "shop", "offerwright.yaml")
    write(tmp_path / "other", "a.yaml")
    (root / "rules").symlink_to(tmp_path / "other")

    assert codes(root) == [("LINK_OUTSIDE", "rules")]


def test_a_link_inside_the_repository_is_followed(tmp_path: Path) -> None:
    root = write(tmp_path, "offerwright.yaml", "rules/a.yaml", "kept/b.yaml")
    (root / "rules" / "b.yaml").symlink_to("../kept/b.yaml")
    (root / "rules" / "more").symlink_to("../kept")

    repository, found = read_repository(root)

    assert found == []
    assert repository.files["rules/b.yaml"] == b"# kept/b.yaml\n"
    assert repository.files["rules/more/b.yaml"] == b"# kept/b.yaml\n"


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    root = write(tmp_path, "offerwright.yaml", "rules/deep/a.yaml")
    (root / "rules" / "deep" / "up").symlink_to("..")
    (root / "rules" / "self.yaml").symlink_to("self.yaml")

    assert codes(root) == [("LINK_LOOP", "rules/deep/up"), ("UNREADABLE", "rules/self.yaml")]


def test_pipes_and_sockets_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write(tmp_path, "offerwright.yaml", "rules/a.yaml")
    os.mkfifo(root / "rules" / "pipe.yaml")
    monkeypatch.chdir(root / "rules")  # names of sockets are short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.yaml")

        assert codes(root) == [
            ("NOT_A_FILE", "rules/pipe.yaml"),
            ("NOT_A_FILE", "rules/socket.yaml"),
        ]


def test_names_that_are_one_file_elsewhere_are_refused(tmp_path: Path) -> None:
    root = write(
        tmp_path, "offerwright.yaml",
        "rules/A.yaml", "rules/a.yaml", "rules/caf\u00e9.yaml", "rules/cafe\u0301.yaml",
    )  # fmt: skip

    assert [code for code, _ in codes(root)] == ["NAME_TWINS", "NAME_TWINS"]


def test_strange_names_are_harmless_or_refused(tmp_path: Path) -> None:
    root = write(tmp_path, "offerwright.yaml", "rules/-rf.yaml", "rules/a b.yaml")
    (root / "rules" / "line\nbreak.yaml").write_text("x")
    Path(os.fsdecode(os.fsencode(root / "rules") + b"/\xff.yaml")).write_text("x")

    repository, found = read_repository(root)

    assert [(d.code, d.span and d.span.file) for d in found] == [("BAD_FILE_NAME", "rules")] * 2
    assert sorted(repository.files) == ["offerwright.yaml", "rules/-rf.yaml", "rules/a b.yaml"]


def test_files_beyond_their_limit_are_not_read(tmp_path: Path) -> None:
    root = write(tmp_path, "offerwright.yaml")
    (root / "rules").mkdir()
    with (root / "rules" / "big.yaml").open("wb") as file:
        file.truncate((1 << 20) + 1)
    with (root / "rules" / "huge.csv").open("wb") as file:
        file.truncate(1 << 30)
    with (root / "rules" / "table.csv").open("wb") as file:
        file.truncate(2 << 20)

    repository, _ = read_repository(root)

    assert codes(root) == [
        ("FILE_TOO_LARGE", "rules/big.yaml"),
        ("FILE_TOO_LARGE", "rules/huge.csv"),
    ]
    assert sorted(repository.files) == ["offerwright.yaml", "rules/table.csv"]


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    root = write(tmp_path, "offerwright.yaml")
    (root / "rules").mkdir()
    for number in range(MAX_FILES + 1):
        (root / "rules" / f"{number}.yaml").touch()

    repository, found = read_repository(root)

    assert [d.code for d in found] == ["TOO_MANY_FILES"]
    assert repository.files == {}


def test_folders_that_nest_too_deep_are_refused(tmp_path: Path) -> None:
    root = write(tmp_path, "offerwright.yaml")
    (root / "rules" / "/".join(["d"] * 60)).mkdir(parents=True)

    assert [code for code, _ in codes(root)] == ["TOO_DEEP"]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read every file")
def test_a_file_without_permission_is_reported(tmp_path: Path) -> None:
    root = write(tmp_path, "offerwright.yaml", "rules/a.yaml")
    (root / "rules" / "a.yaml").chmod(0)

    assert codes(root) == [("UNREADABLE", "rules/a.yaml")]


def test_a_read_only_checkout_is_read(tmp_path: Path) -> None:
    root = write(tmp_path, "offerwright.yaml", "rules/a.yaml")
    (root / "rules").chmod(0o555)

    assert codes(root) == []
    (root / "rules").chmod(0o755)
