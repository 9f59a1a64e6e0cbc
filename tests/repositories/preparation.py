"""examples/olist/prepare.py as a module: it belongs to no package."""

from __future__ import annotations

import importlib.util
from types import ModuleType

from repositories.documents import OLIST


def prepare_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("prepare", OLIST / "prepare.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PREPARE = prepare_module()
