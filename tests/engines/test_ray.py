"""Ray on this machine, with two workers, says what one process says."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from offerwright.engines.job import Job, total
from offerwright.engines.local import run_here
from offerwright.errors import OfferwrightError
from offerwright.evaluate.partitions import partitions
from offerwright.evaluate.run import Executor
from offerwright.loadout import Loadout

HAS_RAY = importlib.util.find_spec("ray") is not None
with_ray = pytest.mark.skipif(not HAS_RAY, reason="Ray is not installed: the extra `ray`")
# Ray starts processes whose ends it does not wait for, and warns of itself: it has its own process.
RUN = """\
import pickle, sys
from offerwright.engines.job import total
from offerwright.engines.on_ray import run_on_ray
job, parts = pickle.loads(sys.stdin.buffer.read())
print("digest", total(run_on_ray(job, parts, 2)).digest())
"""
BATCHES = """\
import pickle, sys
import ray
from offerwright.engines.batch import evaluate_batch
job, _ = pickle.loads(sys.stdin.buffer.read())

class Evaluate:
    def __init__(self, rules, as_of):
        self.evaluate = evaluate_batch(rules, as_of)
    def __call__(self, rows):
        return self.evaluate(rows)

ray.init(num_cpus=3, log_to_driver=False)  # two for actors, one for reading
rows = ray.data.read_parquet(str(job.snapshot)).repartition(4)
offers = rows.map_batches(
    Evaluate, fn_constructor_args=(job.rules, job.as_of), batch_size=None,
    batch_format="pyarrow", compute=ray.data.ActorPoolStrategy(size=2),
)
print("offers", offers.count(), len({r["sku"] for r in offers.select_columns(["sku"]).take_all()}))
"""


def said(code: str, job: Job, parts: int) -> list[str]:
    import pickle

    done = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps((job, parts)), capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    # Ray says things of its own before.
    return done.stdout.decode().splitlines()[-1].split()


@with_ray
def test_the_digest_of_two_actors_is_that_of_one_process(
    job: Job, loadout: Loadout, tmp_path: Path
) -> None:
    parts = partitions(loadout.rules, job.snapshot, job.rows)
    (tmp_path / "alone").mkdir()
    alone = replace(job, folder=tmp_path / "alone")
    expected = total(run_here(alone, Executor(loadout.rules), parts, 1))

    assert said(RUN, job, len(parts)) == ["digest", expected.digest()]
    assert sorted(p.name for p in job.folder.iterdir()) == sorted(
        p.name for p in alone.folder.iterdir()
    )
    for piece in job.folder.iterdir():
        assert piece.read_bytes() == (alone.folder / piece.name).read_bytes()


@with_ray
def test_the_recipe_maps_batches_of_a_file(job: Job, loadout: Loadout) -> None:
    assert said(BATCHES, job, 0) == ["offers", str(498 * len(job.accounts)), "498"]


@pytest.mark.skipif(HAS_RAY, reason="Ray is installed")
def test_without_ray_the_engine_says_what_to_install(job: Job) -> None:
    from offerwright.engines.on_ray import run_on_ray

    with pytest.raises(OfferwrightError, match=r"install offerwright\[ray\]"):
        next(run_on_ray(job, 5, 2))
