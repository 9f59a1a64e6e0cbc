"""The documents say what the code does: codes, commands, keys, functions, dependencies, links."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

import click
import pytest
from click.testing import CliRunner
from pydantic import BaseModel

from offerwright.cli import COMMANDS, offerwright
from offerwright.codes import CODES
from offerwright.expressions.functions import FUNCTIONS
from offerwright.facts.document import ShopDocument
from offerwright.guards.document import CheckName, Else
from offerwright.money import CURRENCY_DIGITS
from offerwright.pipeline import KINDS, TEST_KINDS
from offerwright.source.schema import generate_schemas
from offerwright.source.yaml import read_yaml

ROOT = Path(__file__).resolve().parents[1]
ENGINE = ROOT / "engine" / "offerwright"
UPPER = re.compile(r"[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)*")

# Words in capitals in the source that are no codes.
NOT_CODES = frozenset({
    "GET", "POST", "PUT", "PATCH", "DELETE",                   # HTTP
    "BEGIN", "COMMIT", "INSERT", "NEW", "OLD", "ROLLBACK", "UPDATE",           # SQL
    "NFC", "NFKC", "NFKD", "LATIN", "UTC",                             # Unicode, time
    "HEAD", "LC_ALL",                                          # Git and its environment
    "GIT_NO_LAZY_FETCH", "GIT_NO_REPLACE_OBJECTS", "GIT_OPTIONAL_LOCKS", "GIT_TERMINAL_PROMPT",
    "EXPR", "FILE", "CODE", "NAME", "REF", "SKU", "SOURCE", "TIME", "URL",    # placeholders of options
    "KEY",                                                     # BAD_KEY, BLANK_KEY
    "ATTEMPT_COLUMNS", "LEDGER_COLUMNS", "LISTING_COLUMNS", "OPEN_COLUMNS", "STORES",
    "CI_API_V4_URL", "CI_JOB_TOKEN", "CI_MERGE_REQUEST_IID", "CI_MERGE_REQUEST_PROJECT_ID",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "CI_PROJECT_ID", "CI_PROJECT_URL", "GITHUB_ACTIONS", "GITHUB_API_URL",
    "GITHUB_EVENT_PATH", "GITHUB_REPOSITORY", "GITHUB_SERVER_URL", "GITHUB_TOKEN", "GITLAB_CI", "GITLAB_TOKEN",
    "FORBIDDEN", "INSUFFICIENT_SCOPES", "NOT_FOUND",           # GitHub's GraphQL
    "HOME", "OFFERWRIGHT_CACHE_DIR", "OFFERWRIGHT_FAILPOINTS", "XDG_CACHE_HOME",
    "BODY_UNREADABLE", "SANDBOX",                              # words of the local marketplaces
    "POLARS_MAX_THREADS", "RAY_ADDRESS",                       # environment of workers
    "SIGALRM", "TERM",                                         # a signal; what kind of terminal it is
    "ACME",                                                    # upper("Acme")
})  # fmt: skip

# Codes that the source puts together: how they begin, and all that they become.
FAMILIES: dict[str, frozenset[str]] = {
    "BAD_": frozenset({"BAD_KEY", "BAD_SKU"}),
    "BLANK_": frozenset({"BLANK_KEY", "BLANK_SKU"}),
    "UNKNOWN_": frozenset({"UNKNOWN_ACCOUNT", "UNKNOWN_MARKETPLACE", "UNKNOWN_TRADE_POLICY"}),
    "HTTP_": frozenset(),  # the status of an answer without a word of its own
}


def markdown_files() -> list[Path]:
    found = [*ROOT.glob("*.md")]
    for folder in ("bench", "data", "docs", "engine", "examples", "marketplaces", "tests"):
        found += (ROOT / folder).rglob("*.md")
    return sorted(found)


def prose(*names: str) -> str:
    return "\n".join((ROOT / name).read_text("utf-8") for name in names)


def trees() -> Iterator[ast.AST]:
    for file in sorted(ENGINE.rglob("*.py")):
        if file.name != "codes.py":
            yield ast.parse(file.read_text("utf-8"))


def words_in_source() -> set[str]:
    constants = (n.value for tree in trees() for n in ast.walk(tree) if isinstance(n, ast.Constant))
    return {v for v in constants if isinstance(v, str) and UPPER.fullmatch(v)}


def families_in_source() -> set[str]:
    joined = (n for tree in trees() for n in ast.walk(tree) if isinstance(n, ast.JoinedStr))
    first = (n.values[0].value for n in joined if isinstance(n.values[0], ast.Constant))
    return {v for v in first if isinstance(v, str) and re.fullmatch(r"[A-Z][A-Z_]*_", v)}


def codes_of_manifests() -> set[str]:
    def walk(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(value.get("code"), str) and UPPER.fullmatch(value["code"]):
                yield value["code"]
            value = list(value.values())
        if isinstance(value, list):
            for inner in value:
                yield from walk(inner)

    found: set[str] = set()
    for file in (ROOT / "marketplaces").glob("*/connector.yaml"):
        located, problems = read_yaml(file.read_bytes(), file.name)
        assert located is not None, problems
        found |= set(walk(located.data))
    return found


def sections_of_errors() -> dict[str, str]:
    """Code → text of its section."""
    parts = re.split(r"^### (\S+)$", prose("docs/errors.md"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], (p.split("\n## ")[0] for p in parts[2::2]), strict=True))


def test_every_code_in_the_source_is_explained_and_no_other() -> None:
    said = words_in_source() - set(CURRENCY_DIGITS) - NOT_CODES
    for members in FAMILIES.values():
        said |= members
    said |= {word.upper() for word in get_args(Else)} | codes_of_manifests()

    assert sorted(CODES) == sorted(said)


def test_codes_that_are_put_together_are_written_out_here() -> None:
    assert families_in_source() == set(FAMILIES)


def test_no_word_is_let_through_that_the_source_does_not_have() -> None:
    assert NOT_CODES - words_in_source() - {"KEY", "SKU"} == set()


def test_every_code_has_one_section() -> None:
    headings = re.findall(r"^### (\S+)$", prose("docs/errors.md"), flags=re.MULTILINE)

    assert sorted(headings) == list(CODES) == sorted(CODES)


def test_a_section_begins_with_the_line_that_explain_code_prints() -> None:
    first = {code: text.strip().split("\n")[0] for code, text in sections_of_errors().items()}

    assert first == {code: f"{meaning}." for code, meaning in CODES.items()}


def test_explain_code_prints_a_meaning() -> None:
    told = CliRunner().invoke(offerwright, ["explain-code", "no_price"])

    assert told.output.splitlines()[0] == f"NO_PRICE: {CODES['NO_PRICE']}"


def commands() -> list[str]:
    return sorted(COMMANDS)


@pytest.mark.parametrize("name", commands())
def test_the_commands_and_their_options_are_documented(name: str) -> None:
    table = prose("docs/operations.md").split("## Commands and options", 1)[1].split("\n## ")[0]
    rows = [line for line in table.splitlines() if re.match(rf"\| `{name}[` ]", line)]
    command = offerwright.get_command(click.Context(offerwright), name)
    assert command is not None
    options = {
        max(opts, key=len)
        for p in params_of(command)
        if isinstance(p, click.Option) and not p.hidden
        for opts in (p.opts, p.secondary_opts)
        if opts
    }
    described = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", "\n".join(rows)))

    assert described == options - {"--help"}


def params_of(command: click.Command) -> list[click.Parameter]:
    """Those of a command, or of all commands of a group."""
    below = command.commands.values() if isinstance(command, click.Group) else ()
    return [*command.params, *(param for one in below for param in one.params)]


def test_every_verb_of_the_documents_is_a_command() -> None:
    texts = prose("README.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md")))
    shown = re.findall(r"(?:^|[`\"(] ?|\$ )offerwright (?:-v )?([a-z][a-z-]+)", texts, re.MULTILINE)

    assert set(shown) - set(COMMANDS) == set()


def models_in(model: type[BaseModel], seen: dict[str, type[BaseModel]]) -> None:
    if model.__name__ in seen:
        return
    seen[model.__name__] = model
    for field in model.model_fields.values():
        for inner in types_in(field.annotation):
            models_in(inner, seen)


def types_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from types_in(inner)


def properties_in(schema: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        for name, value in schema.get("properties", {}).items():
            if isinstance(value, dict):
                yield name, value
        for inner in schema.values():
            yield from properties_in(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from properties_in(inner)


@pytest.mark.parametrize("kind", ["shop", *KINDS, *TEST_KINDS])
def test_every_key_of_a_document_is_explained(kind: str) -> None:
    import json

    language = prose("docs/language.md")
    model = {"shop": ShopDocument, **KINDS, **TEST_KINDS}[kind]
    seen: dict[str, type[BaseModel]] = {}
    models_in(model, seen)
    keys = {f.alias or n for m in seen.values() for n, f in m.model_fields.items()}
    schema = json.loads(generate_schemas({kind: model})[f"{kind}.schema.json"])
    described = {
        name
        for name, value in properties_in(schema)
        if value.get("markdownDescription") or value.get("description")
    }
    named = {key for key in keys if re.search(rf"(?<![\w.]){re.escape(key)}(?![\w])", language)}

    assert f"`{kind}`" in language or f"kind: {kind}" in language
    assert sorted(keys - described - named) == []


def test_every_function_stands_in_the_language() -> None:
    language = prose("docs/language.md")

    assert [name for name in sorted(FUNCTIONS) if f"{name}(" not in language] == []


def test_every_check_of_a_guard_stands_in_the_language() -> None:
    rows = re.findall(r"^\| `(\w+)` \|.*\|.*\|$", prose("docs/language.md").split("## 9.")[1], re.M)

    assert sorted(rows) == sorted(get_args(CheckName))


def declared_dependencies() -> set[str]:
    project = tomllib.loads(prose("pyproject.toml"))["project"]
    extras = [one for extra in project["optional-dependencies"].values() for one in extra]
    return {re.split(r"[<>=;\[ ]", d)[0].lower() for d in (*project["dependencies"], *extras)}


def test_every_dependency_is_explained_and_no_other() -> None:
    rows = re.findall(r"^\| `([\w.-]+)` \|", prose("docs/dependencies.md"), flags=re.MULTILINE)

    assert sorted(rows) == sorted({*declared_dependencies(), "hatchling"})


# Whom the documents may lead to. Nothing else: no registry, no machine of anybody.
HOSTS = frozenset({"127.0.0.1", "keepachangelog.com", "semver.org", "www.apache.org"})


def test_links_lead_somewhere() -> None:
    dead = []
    for file in markdown_files():
        for target in re.findall(r"\]\(([^)\s]+)\)", file.read_text("utf-8")):
            path = target.split("#")[0]
            if path and not urlsplit(target).scheme and not (file.parent / path).exists():
                dead.append(f"{file.relative_to(ROOT)}: {target}")

    assert dead == []


def test_documents_that_are_named_exist() -> None:
    dead = [
        f"{file.relative_to(ROOT)}: {name}"
        for file in markdown_files()
        for name in re.findall(r"(?<![\w/])docs/[\w/-]+\.md", file.read_text("utf-8"))
        if not (ROOT / name).is_file()
    ]

    assert dead == []


def test_addresses_are_known_ones() -> None:
    strange = {
        f"{file.relative_to(ROOT)}: {host}"
        for file in markdown_files()
        for host in re.findall(r"https?://([\w.-]+)", file.read_text("utf-8"))
        if host not in HOSTS and not host.endswith(".example")
    }

    assert strange == set()


def test_no_document_tells_of_a_machine() -> None:
    of_a_machine = re.compile(r"(?<![\w.~])/(?:home|root|tmp|Users|work)/|index-url")
    files = [
        *markdown_files(),
        ROOT / "Makefile",
        ROOT / "pyproject.toml",
        ROOT / "constraints.txt",
    ]

    assert [f.name for f in files if of_a_machine.search(f.read_text("utf-8"))] == []


def test_the_documents_do_not_belittle_the_reader() -> None:
    own = [f for f in markdown_files() if "tests" not in f.parts]
    found = [
        f"{file.relative_to(ROOT)}: {word}"
        for file in own
        for word in re.findall(r"\b(?:just|simply)\b", file.read_text("utf-8"), re.IGNORECASE)
        if file.name != "CONTRIBUTING.md"
    ]

    assert found == []


def test_a_decision_is_short_and_says_what_it_costs() -> None:
    for file in sorted((ROOT / "docs" / "decisions").glob("*.md")):
        lines = file.read_text("utf-8").splitlines()
        headings = [line for line in lines if line.startswith("## ")]

        assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", file.name)
        assert len(lines) <= 40, file.name
        assert headings == ["## Context", "## Choice", "## Price paid"], file.name
