"""The recipe of docs/scale.md: the same function under Spark's `mapInArrow`, on this machine."""

from __future__ import annotations

import importlib.util
import pickle
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from offerwright.engines.job import Job
from offerwright.evaluate.bulk import listed
from offerwright.evaluate.run import Executor
from offerwright.facts.snapshot import StoredSnapshot
from offerwright.loadout import Loadout

RECIPE = Path(__file__).parents[2] / "docs/scale.md"
HAS_SPARK = importlib.util.find_spec("pyspark") is not None and shutil.which("java") is not None
AROUND = """\
import pickle, sys
job = pickle.loads(sys.stdin.buffer.read())
rules, as_of, snapshot, spark_options = job.rules, job.as_of, str(job.snapshot), {{
    "spark.sql.shuffle.partitions": "4", "spark.ui.enabled": "false",
}}
{recipe}
rows = offers.select("account", "sku", "status", "price", "quantity").collect()
print(sorted([r.account, r.sku, r.status, str(r.price), str(r.quantity)] for r in rows))
"""


@pytest.mark.skipif(not HAS_SPARK, reason="PySpark or Java is not installed")
def test_the_recipe_says_what_one_process_says(
    job: Job, stored: StoredSnapshot, loadout: Loadout
) -> None:
    recipe = re.search(r"```python\n(from pyspark.*?)```", RECIPE.read_text("utf-8"), re.DOTALL)
    assert recipe is not None
    done = subprocess.run(
        [sys.executable, "-c", AROUND.format(recipe=recipe[1])],
        input=pickle.dumps(job), capture_output=True,
        env={"PATH": "/usr/bin:/bin", "PYSPARK_PYTHON": sys.executable,
             "PYTHONPATH": str(RECIPE.parents[1] / "engine")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    frame = listed(Executor(loadout.rules).run(stored.frame, job.as_of))
    names = ("account", "sku", "status", "price", "quantity")
    expected = sorted([*map(str, row)] for row in frame.select(names).iter_rows())

    assert done.stdout.decode().strip() == str(expected)
