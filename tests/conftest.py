"""Two profiles for generated tests: `--hypothesis-profile=ci` (the default) and `deep`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

# No test leans on what an earlier one made `check` remember; those of the cache name a folder.
os.environ["OFFERWRIGHT_CACHE_DIR"] = ""

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]

# Why a failure fails is left to the reader: explaining takes longer than finding.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)

settings.register_profile(
    "ci", max_examples=50, deadline=None, derandomize=True, print_blob=True,
    phases=PHASES, suppress_health_check=SLOW,
)  # fmt: skip
settings.register_profile(
    "deep", max_examples=2_000, deadline=None, derandomize=False, print_blob=True,
    phases=PHASES, suppress_health_check=SLOW,
)  # fmt: skip
settings.load_profile("ci")
