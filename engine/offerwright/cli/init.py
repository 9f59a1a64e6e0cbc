"""`init`: a small repository that works, with editors, CI and owners set up."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from xml.sax.saxutils import quoteattr

import click

from offerwright import __version__
from offerwright.cli.report import echo, number_of, tell
from offerwright.errors import OfferwrightError

TEMPLATES = Path(__file__).resolve().parent.parent / "scaffold"
PATHS_SHOWN = 5
_TEST = "mapping.test.yaml"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
# What YAML takes for a value where it stands without quotes, as it does in the templates.
_NO_TEXT = frozenset({"true", "false", "null"})

# Where the files of a kind stand in the new repository: what editors are told.
_PLACES = {
    "approvals": "rules/approvals",
    "guards": "rules/guards",
    "inventory": "rules/inventory",
    "lists": "rules/lists",
    "mapping": "rules/mapping",
    "pricing": "rules/pricing",
    "test": "rules/tests",
    "facts": "rules/facts.yaml",
    "shop": "offerwright.yaml",
}


@dataclass(frozen=True)
class _Shop:
    """What the new repository is called, and where it sells: account -> marketplace."""

    name: str
    accounts: dict[str, str]


def known_marketplaces() -> list[str]:
    """The marketplaces that a new repository can be written for."""
    return sorted(file.parent.name for file in TEMPLATES.glob("marketplaces/*/account.txt"))


@click.command()
@click.argument("folder", default=".", type=click.Path(path_type=Path, file_okay=False))
@click.option("--name", default=None, help="What the shop is called; default: the folder's name.")
@click.option(
    "--marketplace", "marketplaces", multiple=True, type=click.Choice(known_marketplaces()),
    help="Where it sells (repeatable); default: example-market.",
)  # fmt: skip
@click.option(
    "--account", "accounts", multiple=True, metavar="NAME",
    help="What the account there is called (one for each --marketplace, in order).",
)  # fmt: skip
def init(
    folder: Path, name: str | None, marketplaces: tuple[str, ...], accounts: tuple[str, ...]
) -> None:
    """
    Write a small repository that works: rules, tests, data, editor settings, CI, owners.

    Nothing is overwritten: where one of its files exists, nothing is written at all.
    """
    wanted = _from_folder(folder) if name is None else name
    shop = _Shop(_checked(wanted, "--name"), _paired(marketplaces, accounts))
    files = {**_templates(shop), **_schemas()}
    there = _in_the_way(folder, files)
    if there:
        raise OfferwrightError(
            f"nothing was written, because {_few(there)} {'is' if len(there) == 1 else 'are'} "
            "there already; take another folder, or move them away"
        )
    for path, text in sorted(files.items()):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8", newline="\n")
    tell(f"Wrote {number_of(len(files), 'file')} to {folder}")
    echo(_next_steps(folder, shop))


def _few(paths: Sequence[str]) -> str:
    """The first paths and how many more there are: a second `init` meets all of its own files."""
    more = len(paths) - PATHS_SHOWN
    return ", ".join(paths[:PATHS_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _in_the_way(folder: Path, files: Iterable[str]) -> list[str]:
    """Files that are there already, and those that stand where a folder must be."""
    parents = {above.as_posix() for path in files for above in PurePosixPath(path).parents}
    blocked = (
        path for path in parents if (folder / path).exists() and not (folder / path).is_dir()
    )
    return sorted({*blocked, *(path for path in files if os.path.lexists(folder / path))})


def _paired(marketplaces: Sequence[str], accounts: Sequence[str]) -> dict[str, str]:
    """Account -> marketplace; an account without a name is called like its marketplace."""
    wanted = list(marketplaces) or ["example-market"]
    if len(accounts) > len(wanted):
        raise click.UsageError("write one --marketplace for each --account, in the same order")
    names = [_checked(one, "--account") for one in accounts] + wanted[len(accounts) :]
    twice = sorted({one for one in names if names.count(one) > 1})
    if twice:
        raise click.UsageError(
            f"two accounts are called {twice[0]}; name each of them with --account"
        )
    return dict(zip(names, wanted, strict=True))


def _checked(name: str, option: str) -> str:
    if not _NAME.fullmatch(name) or name.lower() in _NO_TEXT:
        wanted = "is no name; write letters, digits, `-`, `_`, `.`, beginning with a letter"
        if name.lower() in _NO_TEXT:
            wanted = "is a value in YAML and no text; write another name"
        raise click.BadParameter(f"{name!r} {wanted}", param_hint=option)
    return name


def _from_folder(folder: Path) -> str:
    """A name made from the folder's, `Loja do João 2` → `Loja-do-Joao-2`."""
    letters = unicodedata.normalize("NFKD", folder.resolve().name)
    plain = "".join(one for one in letters if not unicodedata.combining(one))
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", plain).lstrip("-._0123456789")[:64].rstrip("-._")
    return "my-shop" if not name or name.lower() in _NO_TEXT else name


def _templates(shop: _Shop) -> dict[str, str]:
    """Path in the new repository -> text, for everything but the schemas."""
    words = {
        "@NAME@": shop.name,
        "@VERSION@": __version__,
        "@FIRST_ACCOUNT@": next(iter(shop.accounts)),
        "@ACCOUNTS@": "\n".join(_accounts(shop)),
        "@ALLOCATIONS@": "\n".join(_allocations(shop)),
        "@PARCEL@": _parcel(shop),
        "@VSCODE@": ",\n".join(_vscode()),
    }
    files = {path: _filled(source, words) for path, source in _sources(shop)}
    for marketplace in _mapped(shop):
        named = {"@MARKETPLACE@": marketplace}
        files[f"rules/tests/{marketplace}.test.yaml"] = _filled(TEMPLATES / _TEST, named)
    return {**files, ".idea/jsonSchemas.xml": _jetbrains()}


def _filled(template: Path, words: dict[str, str]) -> str:
    text = template.read_text("utf-8")
    for word, replacement in words.items():
        text = text.replace(word, replacement)
    return text


def _mapped(shop: _Shop) -> list[str]:
    """The shop's marketplaces that take listings."""
    return [one for one in sorted(set(shop.accounts.values()))
            if (TEMPLATES / "marketplaces" / one / "mapping.yaml").is_file()]  # fmt: skip


def _parcel(shop: _Shop) -> str:
    """The facts about the parcel, as many as the marketplaces ask for."""
    folder = TEMPLATES / "marketplaces"
    wide = [folder / one / "parcel.txt" for one in sorted(set(shop.accounts.values()))]
    file = next((one for one in wide if one.is_file()), folder / "parcel.txt")
    return file.read_text("utf-8").rstrip("\n")


def _sources(shop: _Shop) -> Iterator[tuple[str, Path]]:
    """Path in the new repository and template. `dot_` stands for a leading dot, so that no tool
    takes a template for its own settings."""
    base = TEMPLATES / "shop"
    for source in sorted(file for file in base.rglob("*") if file.is_file()):
        parts = [re.sub("^dot_", ".", part) for part in source.relative_to(base).parts]
        yield "/".join(parts), source
    for marketplace in _mapped(shop):
        folder = TEMPLATES / "marketplaces" / marketplace
        yield f"rules/mapping/{marketplace}.yaml", folder / "mapping.yaml"
        yield f"rules/mapping/{marketplace}-categories.csv", folder / "categories.csv"


def _accounts(shop: _Shop) -> Iterator[str]:
    for account, marketplace in shop.accounts.items():
        told = (TEMPLATES / "marketplaces" / marketplace / "account.txt").read_text("utf-8").strip()
        told = told.replace("@NAME@", shop.name)
        yield f"  {account}: {{{told}, credentials: {account}}}"


def _allocations(shop: _Shop) -> Iterator[str]:
    share = 100 // len(shop.accounts)
    for account in shop.accounts:
        yield f"    - {{account: {account}, share: {share}%}}"


def _schemas() -> dict[str, str]:
    from offerwright.facts.document import ShopDocument
    from offerwright.pipeline import KINDS, TEST_KINDS
    from offerwright.source.schema import generate_schemas

    generated = generate_schemas({"shop": ShopDocument, **KINDS, **TEST_KINDS})
    return {f"schemas/{name}": text for name, text in generated.items()}


def _vscode() -> Iterator[str]:
    for kind, place in _PLACES.items():
        pattern = place if place.endswith(".yaml") else f"{place}/*.yaml"
        yield f"    {json.dumps(f'./schemas/{kind}.schema.json')}: {json.dumps(pattern)}"


_SCHEMA_INFO = """\
        <entry key={title}>
          <value>
            <SchemaInfo>
              <option name="name" value={title} />
              <option name="relativePathToSchema" value={schema} />
              <option name="patterns">
                <list>
                  <Item>
{folder}                    <option name="path" value={path} />
                  </Item>
                </list>
              </option>
            </SchemaInfo>
          </value>
        </entry>
"""
_FOLDER = """\
                    <option name="directory" value="true" />
                    <option name="mappingKind" value="Directory" />
"""
_JETBRAINS = """\
<?xml version="1.0" encoding="UTF-8"?>
<project version="4">
  <component name="JsonSchemaMappingsProjectConfiguration">
    <state>
      <map>
{entries}      </map>
    </state>
  </component>
</project>
"""


def _jetbrains() -> str:
    """The mapping of schemas to files, as JetBrains' editors keep it."""
    entries = [
        _SCHEMA_INFO.format(
            title=quoteattr(f"Offerwright {kind}"),
            schema=quoteattr(f"schemas/{kind}.schema.json"),
            folder="" if place.endswith(".yaml") else _FOLDER,
            path=quoteattr(place),
        )
        for kind, place in _PLACES.items()
    ]
    return _JETBRAINS.format(entries="".join(entries))


def _next_steps(folder: Path, shop: _Shop) -> str:
    account = next(iter(shop.accounts))
    steps = [] if folder == Path() else [f"cd {folder}"]
    steps += ["offerwright check", "offerwright test", "offerwright offers",
              f"offerwright explain MUG-1 --account {account}"]  # fmt: skip
    return "Next:\n" + "\n".join(f"  {step}" for step in steps)
