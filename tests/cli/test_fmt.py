"""`offerwright fmt`: files, flags, exit codes, and that no file is ever half written."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cli.shop import small_shop
from click.testing import CliRunner, Result
from git_commands import git

from offerwright.cli import offerwright

LOOSE = "a:   x # one\n"
NEAT = "a: x # one\n"


def fmt(*arguments: str | Path, stdin: str | None = None) -> Result:
    return CliRunner().invoke(offerwright, ["fmt", *map(str, arguments)], input=stdin)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(LOOSE)
    return path


def test_a_file_is_laid_out_and_named(file: Path) -> None:
    told = fmt(file)

    assert (told.exit_code, file.read_text()) == (0, NEAT)
    assert told.stdout.strip().endswith("rules.yaml")
    assert told.stderr == "1 file: 1 laid out\n"


def test_check_writes_nothing_and_fails(file: Path) -> None:
    told = fmt(file, "--check")

    assert (told.exit_code, file.read_text()) == (1, LOOSE)
    assert fmt(file).exit_code == 0
    assert fmt(file, "--check").exit_code == 0


def test_diff_shows_the_change_and_writes_nothing(file: Path) -> None:
    told = fmt(file, "--diff")

    assert (told.exit_code, file.read_text()) == (0, LOOSE)
    assert told.stdout.splitlines()[2:] == ["@@ -1 +1 @@", "-a:   x # one", "+a: x # one"]


def test_stdin_goes_to_stdout() -> None:
    told = fmt("-", stdin=LOOSE)

    assert (told.exit_code, told.stdout) == (0, NEAT)


@pytest.mark.parametrize(
    ("words", "text", "code", "out"),
    [
        (["--check"], LOOSE, 1, []),
        (["--check"], NEAT, 0, []),
        (["--diff"], LOOSE, 0, ["@@ -1 +1 @@", "-a:   x # one", "+a: x # one"]),
        (["--diff"], NEAT, 0, []),
        (["--check", "--diff"], LOOSE, 1, ["@@ -1 +1 @@", "-a:   x # one", "+a: x # one"]),
    ],
)
def test_stdin_is_checked_as_a_file_is(
    words: list[str], text: str, code: int, out: list[str]
) -> None:
    told = fmt("-", *words, stdin=text)

    # A diff begins with two lines that name the file.
    assert told.exit_code == code
    assert told.stdout.splitlines()[2:] == out
    assert bool(told.stdout) == bool(out)


def test_stdin_that_is_refused_leaves_stdout_empty() -> None:
    told = fmt("-", stdin="? a\n: x\n")

    assert (told.exit_code, told.stdout) == (1, "")
    assert "error[LAYOUT_REFUSED]" in told.stderr
    assert "stdin:1:1: " in told.stderr


def test_a_folder_means_its_yaml_files_and_no_hidden_ones(tmp_path: Path) -> None:
    names = ("a.yaml", "b/c.yml", "b/d.csv", ".e/f.yaml", ".g.yaml")
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(LOOSE)

    assert fmt(tmp_path).exit_code == 0
    assert [n for n in names if (tmp_path / n).read_text() == NEAT] == ["a.yaml", "b/c.yml"]


def test_a_refused_file_stays_and_the_others_are_laid_out(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(LOOSE)
    (tmp_path / "bad.yaml").write_text("a:   1\na: 2\n")

    told = fmt(tmp_path)

    assert told.exit_code == 1
    assert (tmp_path / "bad.yaml").read_text() == "a:   1\na: 2\n"
    assert (tmp_path / "good.yaml").read_text() == NEAT
    assert "error[DUPLICATE_KEY]" in told.stderr
    assert told.stderr.endswith("2 files: 1 laid out, 1 left as it is\n")


def test_a_file_keeps_its_mode_and_a_link_stays_a_link(file: Path) -> None:
    file.chmod(0o640)
    link = file.with_name("link.yaml")
    link.symlink_to(file.name)

    assert fmt(link).exit_code == 0

    assert link.is_symlink()
    assert file.read_text() == NEAT
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert sorted(p.name for p in file.parent.iterdir()) == ["link.yaml", "rules.yaml"]


def test_a_path_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    told = fmt(tmp_path / "no.yaml")

    assert told.exit_code != 0
    assert "neither a file nor a folder" in str(told.exception)


def test_without_paths_the_files_of_the_repository_are_meant(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "other").mkdir()
    for name in ("offerwright.yaml", "rules/a.test.yaml", "other/b.yaml"):
        (tmp_path / name).write_text(LOOSE)

    told = fmt("--root", tmp_path, "--check")

    assert [Path(line).name for line in told.stdout.split()] == ["offerwright.yaml", "a.test.yaml"]


def test_other_commands_do_not_import_the_second_reader(tmp_path: Path) -> None:
    code = (
        "import sys; from offerwright.cli import offerwright; "
        "from click.testing import CliRunner; "
        "CliRunner().invoke(offerwright, ['check', '--root', sys.argv[1]]); "
        "sys.exit('ruamel.yaml' in sys.modules)"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code, str(small_shop(tmp_path).root)],
        env={**os.environ, "PYTHONPATH": str(root / "engine")}, check=False,
    )  # fmt: skip

    assert done.returncode == 0


RULES = """\
# A comment.
kind: lists
name: stopped
version:  3
values: [A]
"""


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """A repository in Git whose one document has a label."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "offerwright.yaml").write_text("kind: shop\nname: a\n")
    (tmp_path / "rules/stopped.yaml").write_text(RULES)
    for arguments in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "first")):
        git(tmp_path, *arguments)
    return tmp_path


def test_bump_raises_the_version_of_what_means_something_new(labelled: Path) -> None:
    file = labelled / "rules/stopped.yaml"
    file.write_text(RULES.replace("[A]", "[A,B]"))

    told = fmt("--root", labelled, "--bump", "--base", "HEAD")

    assert told.exit_code == 0, told
    assert file.read_text() == (
        "# A comment.\nkind: lists\nname: stopped\nversion: 4\nvalues: [A, B]\n"
    )
    assert fmt("--root", labelled, "--bump", "--base", "HEAD", "--check").exit_code == 0


def test_bump_leaves_a_version_alone_where_only_the_layout_changed(labelled: Path) -> None:
    file = labelled / "rules/stopped.yaml"
    file.write_text(RULES.replace("[A]", "\n- A").replace("A comment", "Another comment"))

    assert fmt("--root", labelled, "--bump", "--base", "HEAD").exit_code == 0

    assert file.read_text() == (
        "# Another comment.\nkind: lists\nname: stopped\nversion: 3\nvalues:\n  - A\n"
    )


def test_bump_and_base_go_together(file: Path) -> None:
    assert fmt(file, "--bump").exit_code == 2
    assert fmt(file, "--base", "HEAD").exit_code == 2
