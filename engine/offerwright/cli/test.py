"""`test`: the tests of rules that stand beside them, and what they cover."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from offerwright.cli.options import found_root, output_option, root_option
from offerwright.cli.report import dump_pretty, echo, put, tell
from offerwright.errors import ConfigError, OfferwrightError, has_errors
from offerwright.source.repository import find_root
from offerwright.source.snippet import render_text

if TYPE_CHECKING:
    from offerwright.pipeline import Loadout
    from offerwright.testing.link import CasePlan
    from offerwright.testing.suite import Report

CANNOT_RUN = 2


@dataclass(frozen=True)
class Asked:
    """What the command line asks for."""

    paths: tuple[Path, ...]
    root: Path | None
    output: str
    expression: str | None
    coverage: bool
    min_coverage: tuple[int, int] | None
    changed: str | None
    update: bool
    suggest: bool
    write: Path | None
    junit: Path | None


def _minimum(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[int, int] | None:
    """`100,90` or `100`: whole percents of rows and of boundaries."""
    if value is None:
        return None
    parts = [part.strip() for part in value.split(",")]
    numbers = [int(part) for part in parts if part.isdecimal() and int(part) <= 100]
    if len(numbers) != len(parts) or not 1 <= len(parts) <= 2:
        raise click.BadParameter("write whole percents: 100, or 100,90 for rows and boundaries")
    return numbers[0], numbers[1] if len(numbers) == 2 else 0


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@root_option
@output_option("text", "json")
@click.option("-k", "--select", "expression", metavar="EXPR",
              help="Only cases whose names hold these words: 'floor and not sale'.")  # fmt: skip
@click.option("--coverage", is_flag=True, help="Say which rows and boundaries no case reaches.")
@click.option("--min-coverage", callback=_minimum, metavar="ROWS[,BOUNDARIES]",
              help="Fail below these percents.")  # fmt: skip
@click.option("--changed", metavar="REF",
              help="Coverage of the files only that differ from this commit.")  # fmt: skip
@click.option("--update", is_flag=True, help="Write what came out over expectations that differ.")
@click.option("--suggest", is_flag=True, help="Write the cases that coverage misses, as YAML.")
@click.option("--write", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="With --suggest: write them into this new test file.")  # fmt: skip
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Write the results as JUnit XML too.")  # fmt: skip
def test(**options: Any) -> None:
    """Run the tests of rules: the cases in files named *.test.yaml.

    PATHS are test files or folders; without any, all tests of the repository run.
    """
    asked = Asked(**options)
    _check_options(asked)
    try:
        code = _test(asked)
    except ConfigError as problem:
        put(render_text(problem.diagnostics, {}) + "\n", sys.stderr)
        tell(f"error: {problem}; tests were not run")
        code = CANNOT_RUN
    sys.exit(code)


def _check_options(asked: Asked) -> None:
    """Refuse what would be passed over in silence: a minimum that nobody compares, say."""
    reports = {
        "--coverage": asked.coverage,
        "--min-coverage": asked.min_coverage is not None,
        "--changed": asked.changed is not None,
        "--output json": asked.output == "json",
    }
    writes = {"--update": asked.update, "--suggest": asked.suggest}
    chosen = [name for name, is_there in (*writes.items(), *reports.items()) if is_there]
    if any(writes.values()) and len(chosen) > 1:
        raise click.UsageError(
            f"{chosen[0]} and {chosen[1]} do not go together: run one, then the other"
        )
    if asked.write is not None and not asked.suggest:
        raise click.UsageError("--write names the file for the cases of --suggest: write both")


def _test(asked: Asked) -> int:
    from offerwright.pipeline import bench_of, load
    from offerwright.testing.suite import coverage_of, run_tests

    near = find_root(asked.paths[0]) if asked.paths and asked.root is None else asked.root
    home = found_root(near)
    loadout = load(home)
    plans = _plans(asked, loadout, home)
    bench = bench_of(loadout)
    report = run_tests(plans, bench)
    if asked.junit is not None:
        from offerwright.testing.junit import junit_xml

        text = junit_xml(report.results, report.skipped)
        asked.junit.write_text(text, encoding="utf-8", newline="\n")
    if asked.update:
        return _update(report, loadout, home)
    if asked.suggest:
        return _suggest(asked, report, loadout, home)
    wants = asked.coverage or asked.min_coverage is not None or asked.changed is not None
    coverage = coverage_of(report, bench) if wants else None
    if coverage is not None and asked.changed is not None:
        coverage = coverage.of_files(_changed(asked.changed, loadout, home))
    return _show(asked, report, coverage)


def _changed(ref: str, loadout: Loadout, home: Path) -> frozenset[str]:
    """The files that are other ones, or new, since the branch left a commit."""
    from offerwright.source.history import base_commit, repository_at

    before = repository_at(home, base_commit(home, ref)).files
    return frozenset(
        file for file, body in loadout.repository.files.items() if before.get(file) != body
    )


def _plans(asked: Asked, loadout: Loadout, home: Path) -> tuple[CasePlan, ...]:
    """The cases that are asked for. Raises `OfferwrightError` where a test document is wrong."""
    from offerwright.pipeline import linked_tests
    from offerwright.testing.select import selector
    from offerwright.testing.suite import chosen

    plans, found = linked_tests(loadout)
    if found:
        put(render_text(found, loadout.repository.files) + "\n", sys.stderr)
    if has_errors(found):
        raise OfferwrightError("the test documents have errors; nothing was run")
    selects = None if asked.expression is None else selector(asked.expression)
    wanted = chosen(plans, [_place(path, home) for path in asked.paths], selects)
    if not wanted:
        raise OfferwrightError(_no_tests(asked, len(plans)))
    return wanted


def _no_tests(asked: Asked, every: int) -> str:
    """Why nothing is left to run, of `every` case there is."""
    if asked.expression is not None and every:
        return f"no case is called so: -k {asked.expression!r}; `offerwright test` lists the names"
    where = " here" if asked.paths else ""
    return f"there are no tests{where}: a test file is named *.test.yaml and lies under rules/"


def _place(path: Path, home: Path) -> str:
    """A file or folder as the repository names it."""
    try:
        return path.resolve().relative_to(home.resolve()).as_posix()
    except ValueError:
        raise OfferwrightError(f"{path} lies outside of the repository") from None


def _show(asked: Asked, report: Report, coverage: Any) -> int:
    from offerwright.cli.test_report import record_of, text_of

    code = 1 if report.failed or _is_below(asked.min_coverage, coverage) else 0
    if asked.output == "json":
        echo(dump_pretty(record_of(report, coverage, asked.min_coverage, code)))
    else:
        for line in text_of(report, coverage, asked.min_coverage):
            echo(line)
    return code


def _is_below(minimum: tuple[int, int] | None, coverage: Any) -> bool:
    from offerwright.testing.coverage import percent

    if minimum is None:
        return False
    return any(
        percent(*coverage.count(kind)) < least
        for kind, least in zip(("row", "boundary"), minimum, strict=True)
    )


def _update(report: Report, loadout: Loadout, home: Path) -> int:
    """Write what came out over the expectations that differ; 1 where one cannot be placed."""
    from offerwright.testing.update import updates

    changed = updates(report, loadout.repository.files)
    for file, text in changed.files.items():
        (home / file).write_bytes(text)
    for line in changed.diff:
        echo(line)
    for refused in changed.refused:
        tell(refused)
    placed, count = changed.placed, len(changed.files)
    tell(
        f"{placed} expectation{'s' if placed != 1 else ''} updated "
        f"in {count} file{'s' if count != 1 else ''}"
    )
    return 1 if changed.refused else 0


def _free_name(target: Path | None, loadout: Loadout) -> str:
    """What the new document is called: like its file, with a number where that name is taken."""
    from offerwright.pipeline import linked_tests
    from offerwright.testing.trial import NAME

    stem = "" if target is None else target.name.removesuffix(".test.yaml")
    name = stem if re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]{0,59}", stem) else NAME
    taken = {plan.loaded.name for plan in linked_tests(loadout)[0]}
    numbered = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 2)))
    return next(one for one in numbered if one not in taken)


def _suggest(asked: Asked, report: Report, loadout: Loadout, home: Path) -> int:
    """Cases for what no case reaches, on stdout or in a new file."""
    from offerwright.pipeline import bench_of
    from offerwright.testing.suggest import suggestions

    target = asked.write
    if target is not None and (target.exists() or not target.name.endswith(".test.yaml")):
        raise OfferwrightError(f"{target}: name a new file that ends in .test.yaml")
    outcomes = [result.outcome for result in report.results]
    text = suggestions(outcomes, bench_of(loadout), _free_name(target, loadout))
    if target is None:
        put(text)
    else:
        target.write_text(text, encoding="utf-8", newline="\n")
        tell(f"Wrote {target}: confirm every expectation in it")
    return 0
