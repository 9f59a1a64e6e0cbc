"""What the package promises: names that are there and explained, light imports, a known shape."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

import offerwright

ROOT = Path(__file__).resolve().parents[1]
ENGINE = ROOT / "engine" / "offerwright"
FILES = sorted(ENGINE.rglob("*.py"))
MOST_LINES = 400
# Longer than that: the models of all kinds of rules, one line of meaning under every field.
LONG: set[str] = set()
# Names that say nothing about what is in a module.
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}


def module_of(file: Path) -> str:
    parts = file.relative_to(ENGINE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = [module_of(file) for file in FILES if file.name != "__main__.py"]


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    assert offerwright.__version__ == project["version"]


def test_the_package_says_that_it_is_typed() -> None:
    assert (ENGINE / "py.typed").is_file()


@pytest.mark.parametrize("name", MODULES)
def test_a_module_begins_with_what_it_does(name: str) -> None:
    module = importlib.import_module(name)

    assert (module.__doc__ or "").strip().split("\n\n")[0].endswith((".", ":")), name


def test_public_names_are_there_once() -> None:
    listed = {name: vars(importlib.import_module(name)).get("__all__") for name in MODULES}
    promised = {name: names for name, names in listed.items() if names is not None}
    absent = [
        f"{module}.{name}"
        for module, names in promised.items()
        for name in names
        if not hasattr(importlib.import_module(module), name)
    ]

    assert absent == []
    assert {m: sorted(set(n)) for m, n in promised.items()} == {
        m: sorted(n) for m, n in promised.items()
    }
    assert "offerwright.store" in promised


def test_public_classes_and_functions_of_promised_names_are_explained() -> None:
    silent = []
    for name in MODULES:
        module = importlib.import_module(name)
        for public in getattr(module, "__all__", ()):
            thing = getattr(module, public)
            if callable(thing) and not (thing.__doc__ or "").strip():
                silent.append(f"{name}.{public}")

    assert silent == []


def test_module_names_say_what_is_inside() -> None:
    assert [str(f.relative_to(ENGINE)) for f in FILES if f.stem in EMPTY_NAMES] == []


def test_modules_stay_readable() -> None:
    sizes = {str(f.relative_to(ENGINE)): len(f.read_text("utf-8").splitlines()) for f in FILES}

    assert {name for name, lines in sizes.items() if lines > MOST_LINES} == LONG


def test_exceptions_have_the_exit_codes_of_the_documents() -> None:
    errors = importlib.import_module("offerwright.errors")
    tree = dict(re.findall(r"(\w+) +(?:exit code )?(\d)\b", errors.__doc__))
    classes = {
        name: str(thing.exit_code)
        for name, thing in vars(errors).items()
        if isinstance(thing, type) and issubclass(thing, errors.OfferwrightError)
    }
    table = (ROOT / "docs" / "operations.md").read_text("utf-8").split("## Exit codes")[1]
    rows = set(re.findall(r"^\| (\d+) \|", table.split("\n## ")[0], re.MULTILINE))

    assert tree == classes
    assert set(classes.values()) - rows == set()


def named_in_the_map() -> list[str]:
    """Every `room.module` and `room.module.name` in the map."""
    text = (ENGINE.parent / "README.md").read_text("utf-8")
    rooms = "|".join(sorted(p.name for p in ENGINE.iterdir() if p.is_dir() and p.name[0] != "_"))
    return sorted(set(re.findall(rf"`((?:{rooms})(?:\.\w+)+)`", text)))


@pytest.mark.parametrize("name", named_in_the_map())
def test_the_map_names_what_is_there(name: str) -> None:
    found: object = offerwright
    path = "offerwright"
    for part in name.split("."):
        path = f"{path}.{part}"
        if isinstance(found, ModuleType):
            try:
                found = importlib.import_module(path)
                continue
            except ModuleNotFoundError:
                pass
        found = getattr(found, part)

    assert found is not None


def test_the_map_names_every_room() -> None:
    drawing = (ENGINE.parent / "README.md").read_text("utf-8").split("```")[1]
    rooms = {p.name for p in ENGINE.iterdir() if p.is_dir() and not p.name.startswith(("_", "."))}
    files = {f.name for f in ENGINE.glob("*.py")} - {"__init__.py", "__main__.py"}

    assert set(re.findall(r"^(\w+)/", drawing, re.MULTILINE)) == rooms
    assert set(re.findall(r"\b(\w+\.py)\b", drawing)) == files


def test_the_files_that_the_map_names_exist() -> None:
    text = (ENGINE.parent / "README.md").read_text("utf-8")
    named = set(re.findall(r"`((?:\w+/)+\w+\.py)`", text))

    assert [name for name in sorted(named) if not (ENGINE / name).is_file()] == []


def test_checking_imports_no_columns() -> None:
    program = (
        "import sys\n"
        "from offerwright.cli import main\n"
        "try:\n"
        f"    main(['check', '--root', {str(ROOT)!r}])\n"
        "except SystemExit as end:\n"
        "    heavy = {'numpy', 'polars', 'pyarrow', 'httpx2', 'starlette', 'sqlite3'}\n"
        "    print(end.code, sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout == "0 []\n"


def test_no_module_writes_to_the_globals_of_another() -> None:
    """Tables are written out in one place; nothing registers itself on import."""
    found = []
    for file in FILES:
        for node in ast.parse(file.read_text("utf-8")).body:
            target = node.targets[0] if isinstance(node, ast.Assign) else None
            if isinstance(target, ast.Subscript | ast.Attribute):
                found.append(f"{file.relative_to(ENGINE)}:{node.lineno}")

    assert found == []
