"""The SQLite file itself: permissions, refusals with a sentence, full disks, dead writers."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from store.builders import OTHER, OWNER, price

from offerwright.errors import StoreLocked, StoreRefused
from offerwright.marketplaces.operation import Outcome
from offerwright.store import Owner, Store, open_store
from offerwright.store.sqlite.connection import WAL_RESET_FIXED
from offerwright.store.sqlite.live import confirm_live
from offerwright.store.sqlite.locks import file_lock
from offerwright.store.sqlite.schema import APPLICATION_ID, MIGRATIONS
from offerwright.store.sqlite.store import SqliteStore

URL = "sqlite:///.offerwright/state.db"
ENGINE = Path(__file__).parents[2] / "engine"
TESTS = Path(__file__).parents[1]


def start(code: str, folder: Path, failpoints: str = "") -> subprocess.Popen[str]:
    """A real process that has `store` and `OWNER`-like names at hand and works in `folder`."""
    opening = (
        "import os, time\n"
        "from pathlib import Path\n"
        "from store.builders import price\n"
        "from offerwright.store import Owner, open_store\n"
        f"owner = Owner('run-p', {os.uname().nodename!r}, os.getpid())\n"
        f"store = open_store({URL!r}, Path('.'), busy_s=5)\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", opening + code],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": f"{ENGINE}{os.pathsep}{TESTS}",
            "OFFERWRIGHT_FAILPOINTS": failpoints,
        },
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_relative_store_lies_in_the_repository_and_only_its_owner_may_read_it(
    tmp_path: Path,
) -> None:
    store = open_store(URL, tmp_path)
    store.enqueue([price("A", "1.00")], "p1", now=1)

    files = sorted((tmp_path / ".offerwright").iterdir())
    assert files[0].name == "state.db"
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    store.close()


def test_an_open_file_mode_is_closed_with_a_notice(tmp_path: Path) -> None:
    open_store(URL, tmp_path).close()
    path = tmp_path / ".offerwright/state.db"
    path.chmod(0o644)
    store = open_store(URL, tmp_path)

    assert any("its mode is 0600 now" in notice for notice in store.notices)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    store.close()


def test_an_old_library_is_named_in_a_notice(tmp_path: Path) -> None:
    store = open_store(URL, tmp_path)

    said = any("WAL-reset bug" in notice for notice in store.notices)
    assert said == (sqlite3.sqlite_version_info < WAL_RESET_FIXED)
    store.close()


def test_writes_are_durable(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "s.db")
    raw = store._connection._raw

    assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert raw.execute("PRAGMA synchronous").fetchone() == (2,)
    assert raw.execute("PRAGMA foreign_keys").fetchone() == (1,)
    store.close()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("postgresql://db/x", "unknown store 'postgresql'; known: sqlite"),
        ("state.db", "unknown store 'state.db'"),
        ("sqlite:///", "names no file"),
        ("sqlite:///../state.db", "lies outside the repository"),
        (
            "sqlite:////no/such/volume/state.db",
            "folder /no/such/volume of the store does not exist",
        ),
    ],
)
def test_a_url_that_cannot_be_opened_says_what_to_write(
    tmp_path: Path, url: str, sentence: str
) -> None:
    with pytest.raises(StoreRefused, match=sentence.replace("(", r"\(")):
        open_store(url, tmp_path)


def test_an_absolute_path_is_taken_as_it_is(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path}/other.db", tmp_path / "root").close()

    assert (tmp_path / "other.db").exists()


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    SqliteStore(path).close()
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA user_version = 99")
    raw.close()

    with pytest.raises(
        StoreRefused, match=f"schema version 99, this engine knows {len(MIGRATIONS)}"
    ):
        SqliteStore(path)
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA user_version").fetchone() == (99,)
    raw.close()


def test_the_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE ledger (x)")
    raw.close()

    with pytest.raises(StoreRefused, match=r"s.db is a database of another program"):
        SqliteStore(path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    path.write_bytes(b"sku,price\nA,1.00\n" * 100)

    with pytest.raises(StoreRefused, match="is not a SQLite database"):
        SqliteStore(path)
    assert path.read_bytes() == b"sku,price\nA,1.00\n" * 100


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = SqliteStore(path)
    store.enqueue([price(f"S{n}", "1.00") for n in range(2000)], "p1", now=1)
    store.close()
    damaged = bytearray(path.read_bytes())
    for page in range(1, len(damaged) // 4096):
        damaged[page * 4096 : page * 4096 + 100] = b"\xff" * 100
    path.write_bytes(damaged)

    with pytest.raises(StoreRefused, match="is damaged; restore a backup"):
        SqliteStore(path).ledger("meli")


def test_a_read_only_file_is_refused_for_writing_and_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = SqliteStore(path)
    store.enqueue([price("A", "1.00")], "p1", now=1)
    store.close()
    path.chmod(0o400)

    with pytest.raises(StoreRefused, match=r"s.db is read-only; give this user write permission"):
        SqliteStore(path)
    reader = SqliteStore(path, read_only=True)
    assert len(reader.ledger("meli")) == 1
    with pytest.raises(StoreRefused, match="read-only"):
        reader.enqueue([], "p2", now=2)
    reader.close()


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s.db").mkdir()

    with pytest.raises(StoreRefused, match=r"s.db is not a file"):
        SqliteStore(tmp_path / "s.db")


def test_a_locked_database_is_waited_for_and_then_named(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = SqliteStore(path, busy_s=0.2)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    began = time.monotonic()
    with pytest.raises(StoreLocked, match=r"s.db is locked by another program"):
        store.enqueue([price("A", "1.00")], "p1", now=1)
    assert 0.2 <= time.monotonic() - began < 2.0

    other.execute("ROLLBACK")
    other.close()
    assert store.enqueue([price("A", "1.00")], "p1", now=1).queued == 1
    store.close()


def test_writers_of_several_processes_take_turns(tmp_path: Path) -> None:
    """Also where the library has the WAL-reset bug: a write begins only inside the gate."""
    store = SqliteStore(tmp_path / "s.db", busy_s=0.1)
    with file_lock(tmp_path / "s.db-gate", 0) as held:
        assert held
        with pytest.raises(StoreLocked, match=r"s.db is being written by another run"):
            store.enqueue([price("A", "1.00")], "p1", now=1)
        assert store.ledger("meli") == []

    assert store.enqueue([price("A", "1.00")], "p1", now=1).queued == 1
    store.close()


def test_a_full_disk_loses_nothing_and_work_goes_on_when_there_is_space(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "s.db")
    store.enqueue([price("A", "1.00")], "p1", now=1)
    raw = store._connection._raw
    (pages,) = raw.execute("PRAGMA page_count").fetchone()
    raw.execute(f"PRAGMA max_page_count = {pages + 3}")

    with pytest.raises(StoreRefused, match="the disk is full"):
        store.enqueue([price(f"S{n}", "1.00") for n in range(2000)], "p2", now=2)
    assert store.open_counts("meli") == {"queued": 1}

    raw.execute("PRAGMA max_page_count = 1000000")
    assert store.enqueue([price(f"S{n}", "1.00") for n in range(2000)], "p2", now=3).queued == 2000
    assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    store.close()


@pytest.mark.parametrize("statement", [1, 9, sum(map(len, MIGRATIONS))])
def test_a_kill_during_a_migration_leaves_the_old_or_the_new_schema(
    tmp_path: Path, statement: int
) -> None:
    with start("", tmp_path, f"store.migrate=kill@{statement}") as killed:
        assert killed.wait(20) == -signal.SIGKILL

    store = open_store(URL, tmp_path)
    assert store.enqueue([price("A", "1.00")], "p1", now=1).queued == 1
    store.close()


def test_a_killed_run_is_followed_at_once(tmp_path: Path) -> None:
    """No lease is waited for: the kernel says that the process is dead."""
    with start(
        "store.lead(owner, now=0, lease_s=10**9)\n"
        "store.enqueue([price('A', '1.00'), price('B', '2.00')], 'p1', now=1)\n"
        "first, _ = store.claim('meli', owner, now=1, lease_s=10**9, limit=2)\n"
        "store.begin(first, now=1, lease_s=10**9)\n"
        "print('leading', flush=True)\n"
        "time.sleep(60)\n",
        tmp_path,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "leading\n"
        here = Owner("run-2", os.uname().nodename, os.getpid())
        store = open_store(URL, tmp_path)
        with pytest.raises(StoreLocked, match=f"process {process.pid} on"):
            store.lead(here, now=2, lease_s=60)
        process.send_signal(signal.SIGKILL)
        process.wait(10)

        assert store.lead(here, now=3, lease_s=60) == 1
        steps = store.claim("meli", here, now=3, lease_s=60, limit=5)
        assert [(c.operation.sku, c.step) for c in steps] == [("A", "read_back"), ("B", "send")]
        store.close()


def test_a_run_on_another_machine_is_waited_for_until_its_lease_is_over(tmp_path: Path) -> None:
    store = open_store(URL, tmp_path)
    store.lead(OWNER, now=0, lease_s=60)
    store.close()
    other = open_store(URL, tmp_path)

    with pytest.raises(StoreLocked, match="process 101 on host-a"):
        other.lead(OTHER, now=59, lease_s=60)
    assert other.lead(OTHER, now=60, lease_s=60) == 0
    other.close()


def test_a_token_lock_is_freed_by_the_death_of_its_holder(tmp_path: Path) -> None:
    store = open_store(URL, tmp_path)
    code = "with store.refreshing('meli'):\n    print('held', flush=True); time.sleep(60)\n"
    with start(code, tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(StoreLocked), store.refreshing("meli", wait_s=0.05):
            pass
        process.kill()
        process.wait(10)
        with store.refreshing("meli", wait_s=5):
            pass
    store.close()


def test_two_processes_may_write_at_the_same_time(tmp_path: Path) -> None:
    open_store(URL, tmp_path).close()
    code = (
        "for n in range(100):\n"
        "    store.enqueue([price(f'{os.getpid()}-{n}', '1.00')], f'{os.getpid()}-{n}', now=n)\n"
        "store.close()\n"
    )
    with start(code, tmp_path) as one, start(code, tmp_path) as two:
        assert (one.wait(60), two.wait(60)) == (0, 0)

    store = open_store(URL, tmp_path)
    assert isinstance(store, SqliteStore)
    assert store.open_counts("meli") == {"queued": 200}
    assert store._connection._raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    store.close()


def test_a_confirmation_of_an_older_generation_moves_nothing(tmp_path: Path) -> None:
    """The fence keeps such an answer away; the ledger would refuse it all the same."""
    store = SqliteStore(tmp_path / "s.db")
    store.lead(OWNER, now=1, lease_s=60)
    for at, amount in enumerate(["350", "327"]):
        store.enqueue([price("A", amount)], f"p{at}", now=1)
        (claim,) = store.claim("meli", OWNER, now=1, lease_s=60, limit=1)
        store.begin(claim, now=1, lease_s=60)
        store.record(claim, Outcome("confirmed"), now=1)
    before = store.ledger("meli")
    with store._connection.transaction() as c:
        confirm_live(c, replace(price("A", "350"), generation=1), (), 9)

    assert store.ledger("meli") == before
    store.close()


def test_the_header_names_the_program_and_the_schema(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "s.db").close()
    raw = sqlite3.connect(tmp_path / "s.db")

    assert raw.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert raw.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    raw.close()


def check_type(store: SqliteStore) -> Store:
    """Mypy's proof that the class keeps the protocol."""
    return store
