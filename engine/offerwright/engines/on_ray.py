"""Parts on a Ray cluster: the extra `ray`. Snapshot and output lie where all machines see them."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from offerwright.engines.job import Job, Tally, tally_from_json, tally_json
from offerwright.errors import OfferwrightError

if TYPE_CHECKING:
    import pyarrow as pa

INSTALL = "Ray is not installed; install offerwright[ray]"


def refuse_without_ray() -> None:
    """Raise `OfferwrightError` where Ray is not installed, before anything is read for it."""
    if importlib.util.find_spec("ray") is None:
        raise OfferwrightError(INSTALL)


def run_on_ray(job: Job, parts: int, workers: int) -> Iterator[Tally]:
    """
    The tally of every part, in order.

    Uses the cluster that this process is connected to, or that RAY_ADDRESS names; else Ray starts
    one on this machine with so many processors.

    Raises:
        OfferwrightError: Ray is not installed, or a part failed.
    """
    try:
        import pyarrow as pa
        import ray
        import ray.data
        import ray.exceptions
    except ImportError as problem:
        raise OfferwrightError(INSTALL) from problem
    if not ray.is_initialized():
        ray.init(num_cpus=_own_processors(workers), log_to_driver=False, configure_logging=False)
    # One block per part, made here: a task that makes them would wait for a processor that the
    # actors hold.
    blocks = [pa.table({"id": [number]}) for number in range(parts)]
    done = ray.data.from_arrow(blocks).map_batches(
        PartActor,
        batch_size=1,
        batch_format="pyarrow",
        fn_constructor_args=(job,),
        compute=ray.data.ActorPoolStrategy(size=min(workers, parts)),
    )
    try:
        rows = sorted(done.take_all(), key=lambda row: int(row["id"]))
    except ray.exceptions.RayError as problem:
        raise OfferwrightError(f"a part failed on Ray: {problem}") from problem
    yield from (tally_from_json(row["tally"]) for row in rows)


def _own_processors(workers: int) -> int | None:
    """How many processors a cluster of our own has; a cluster that is there knows itself."""
    import os

    return None if os.environ.get("RAY_ADDRESS") else workers


class PartActor:
    """A worker as Ray starts it: the rules are unpacked once."""

    def __init__(self, job: Job) -> None:
        from offerwright.engines.worker import worker

        self.worker = worker(job)

    def __call__(self, numbers: pa.Table) -> pa.Table:
        """The tallies of the parts with these numbers."""
        import pyarrow as pa

        ids: list[Any] = numbers["id"].to_pylist()
        tallies = [tally_json(self.worker.part(number)) for number in ids]
        return pa.table({"id": pa.array(ids, pa.int64()), "tally": pa.array(tallies, pa.string())})
