"""Threads, processes and the size of parts change nothing; what fails leaves nothing behind."""

from __future__ import annotations

import io
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from offerwright.engines.job import Job, Pool, Tally, tally_from_json, tally_json, total
from offerwright.engines.local import run_here
from offerwright.engines.pieces import put_together, room_for_pieces
from offerwright.engines.pool import run_in_pool
from offerwright.engines.worker import worker
from offerwright.errors import OfferwrightError
from offerwright.evaluate.bulk import listed
from offerwright.evaluate.partitions import partitions
from offerwright.evaluate.run import Executor
from offerwright.facts.snapshot import StoredSnapshot
from offerwright.loadout import Loadout


def here(job: Job, loadout: Loadout, workers: int = 1) -> Tally:
    parts = partitions(loadout.rules, job.snapshot, job.rows)
    return total(run_here(job, Executor(loadout.rules), parts, workers))


def number_of_parts(job: Job) -> int:
    return len(worker(job).parts)


def written(job: Job, out: Path) -> bytes:
    put_together(job, number_of_parts(job), out)
    return out.read_bytes()


def elsewhere(job: Job, folder: Path, rows: int) -> Job:
    folder.mkdir()
    return replace(job, folder=folder, rows=rows)


@pytest.mark.parametrize("output", ["jsonl", "csv"])
def test_parts_and_threads_write_the_bytes_of_one_part(
    job: Job, loadout: Loadout, tmp_path: Path, output: str
) -> None:
    job = replace(job, output=output)
    whole = elsewhere(job, tmp_path / "whole", 10_000)
    assert here(job, loadout, workers=3) == here(whole, loadout)

    assert written(job, tmp_path / "a") == written(whole, tmp_path / "b")


def test_a_pool_of_processes_says_and_writes_what_one_process_does(
    job: Job, loadout: Loadout, tmp_path: Path
) -> None:
    alone = elsewhere(job, tmp_path / "alone", 10_000)
    expected = here(alone, loadout)
    found = total(run_in_pool(job, number_of_parts(job), 2))

    assert found == expected
    assert found.digest() == expected.digest()
    assert written(job, tmp_path / "a") == written(alone, tmp_path / "b")


def test_parquet_has_the_offers_of_one_account_after_those_of_the_other(
    job: Job, loadout: Loadout, stored: StoredSnapshot, tmp_path: Path
) -> None:
    job = replace(job, output="parquet")
    here(job, loadout)
    expected = listed(Executor(loadout.rules).run(stored.frame, job.as_of))

    assert_frame_equal(pl.read_parquet(io.BytesIO(written(job, tmp_path / "out"))), expected)


def test_the_digest_tells_another_moment_and_another_account(job: Job, loadout: Loadout) -> None:
    # From 27 to 30 November 2026 the shop has sale prices.
    later = replace(job, as_of=job.as_of.replace(month=12))
    fewer = replace(job, accounts=job.accounts[:-1])

    assert len({here(one, loadout).digest() for one in (job, later, fewer)}) == 3


def test_a_tally_travels_as_json(job: Job, loadout: Loadout) -> None:
    tally = replace(here(job, loadout), pools={("rules/a.yaml", 3, "stock"): Pool(5, 2)})

    assert tally_from_json(tally_json(tally)) == tally


def test_pools_of_parts_are_added_up() -> None:
    key = ("rules/a.yaml", 3, "stock")

    assert total([Tally(pools={key: Pool(5, 2)}), Tally(pools={key: Pool(1, 1)})]) == Tally(
        pools={key: Pool(6, 3)}
    )


def test_a_worker_that_is_killed_is_an_error_with_a_way_out(job: Job) -> None:
    job = replace(job, rows=2)
    running = run_in_pool(job, number_of_parts(job), 2)
    next(running)
    for child in multiprocessing.active_children():
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)

    with pytest.raises(OfferwrightError, match=r"a worker process ended .* use fewer --workers"):
        list(running)


def test_workers_end_with_the_command_that_is_killed(job: Job, tmp_path: Path) -> None:
    (tmp_path / "job").write_bytes(pickle.dumps(replace(job, rows=2)))
    code = (
        "import multiprocessing, pickle, sys, time\n"
        "from pathlib import Path\n"
        "from offerwright.engines.pool import run_in_pool\n"
        "job = pickle.loads(Path(sys.argv[1]).read_bytes())\n"
        "running = run_in_pool(job, 249, 2)\n"
        "next(running)\n"
        "print(*[child.pid for child in multiprocessing.active_children()], flush=True)\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "job")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        children = [int(number) for number in process.stdout.readline().split()]
        process.kill()
    deadline = time.monotonic() + 20
    while any(map(is_alive, children)) and time.monotonic() < deadline:
        time.sleep(0.05)
    left = [child for child in children if is_alive(child)]
    for child in left:
        os.kill(child, signal.SIGKILL)

    assert children
    assert left == []


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    # What nobody waits for stays in the list of processes after its end.
    stat = Path(f"/proc/{process}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_part_that_cannot_be_written_is_an_error(job: Job, tmp_path: Path) -> None:
    job = replace(job, folder=tmp_path / "nowhere")

    with pytest.raises(OfferwrightError, match=r"part 0: .*No such file"):
        list(run_in_pool(job, number_of_parts(job), 2))


def test_what_fails_half_way_leaves_the_output_as_it_was(
    job: Job, loadout: Loadout, tmp_path: Path
) -> None:
    here(job, loadout)
    job.piece(3, 1).unlink()
    out = tmp_path / "offers.jsonl"
    out.write_text("of yesterday\n")
    with pytest.raises(FileNotFoundError):
        put_together(job, number_of_parts(job), out)

    assert out.read_text() == "of yesterday\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["offers.jsonl", "pieces"]


def test_an_interrupt_leaves_no_pieces(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), room_for_pieces(tmp_path / "out") as folder:
        (folder / "piece").write_text("half")
        raise KeyboardInterrupt

    assert list(tmp_path.iterdir()) == []


def test_the_core_imports_no_engine_of_others() -> None:
    code = (
        "import sys\n"
        "import offerwright.cli.offers, offerwright.evaluate.bulk, offerwright.engines.worker\n"
        "import offerwright.engines.batch, offerwright.engines.local, offerwright.engines.pool\n"
        "import offerwright.engines.on_ray\n"
        "print(sorted({'ray', 'pyspark', 'aiohttp', 'pandas'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def test_naming_an_engine_costs_no_frames() -> None:
    code = (
        "import sys; import offerwright.cli.offers, offerwright.engines.pool\n"
        "print(sorted({'polars', 'numpy', 'pyarrow'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
