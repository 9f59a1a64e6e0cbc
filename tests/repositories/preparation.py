"""The scripts of examples/olist as modules: they belong to no package."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

from repositories.documents import OLIST


def script(name: str) -> ModuleType:
    """A script, known by its name so that the next one can import it."""
    spec = importlib.util.spec_from_file_location(name, OLIST / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


PREPARE = script("prepare")
PREPARE_ORDERS = script("prepare_orders")
