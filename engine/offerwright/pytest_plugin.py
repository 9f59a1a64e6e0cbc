"""A pytest plugin: every case of a `kind: test` file under `rules/` is a test of its own."""

# Loaded by every pytest run of the environment: nothing but pytest is imported until a test file
# of rules is found.

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from offerwright.testing.compare import Result
    from offerwright.testing.link import Bench, CasePlan

ENDINGS = (".test.yaml", ".test.yml")
HOME = "offerwright.yaml"
KIND = re.compile(rb"""\bkind: *["']?test\b""")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The collector of a test file of rules; None for every other file."""
    if not file_path.name.endswith(ENDINGS):
        return None
    root = _root(file_path)
    if root is None or not KIND.search(file_path.read_bytes()):
        return None
    return RuleTestFile.from_parent(parent, path=file_path, root=root)


def _root(file: Path) -> Path | None:
    """The repository under whose `rules/` a file lies."""
    root = next((folder for folder in file.parents if (folder / HOME).is_file()), None)
    if root is None or file.relative_to(root).parts[0] != "rules":
        return None
    return root


class RuleTestFile(pytest.File):
    """One test file of rules."""

    def __init__(self, root: Path, **more: Any) -> None:
        super().__init__(**more)
        self.repository = root

    def collect(self) -> Iterator[pytest.Item]:
        """One item per case and account."""
        repository = _repository(self.config, self.repository)
        file = self.path.relative_to(self.repository).as_posix()
        for told in repository.warnings.get(file, ()):
            self.warn(pytest.PytestCollectionWarning(told))
        for plan in repository.plans:
            if plan.file == file:
                item = RuleTestItem.from_parent(self, name=plan.id, plan=plan)
                if plan.case.skip is not None:
                    item.add_marker(pytest.mark.skip(reason=plan.case.skip))
                yield item


class RuleTestItem(pytest.Item):
    """One case on one account."""

    def __init__(self, plan: CasePlan, **more: Any) -> None:
        super().__init__(**more)
        self.plan = plan

    def runtest(self) -> None:
        """Compare what the rules make of the case with what it expects."""
        parent = self.getparent(RuleTestFile)
        assert parent is not None
        result = _repository(self.config, parent.repository).result(self.plan)
        if not result.has_passed:
            raise _Differs(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Each difference with its place, in the words of `offerwright test`."""
        if isinstance(excinfo.value, _Differs):
            from offerwright.testing.junit import difference_text

            return "\n".join(map(difference_text, excinfo.value.result.differences))
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """The file and the line of the case."""
        return self.path, self.plan.span.line - 1, f"{self.plan.loaded.name}: {self.plan.id}"


class _Differs(Exception):
    """A case does not come out as expected."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.outcome.plan.id)
        self.result = result


class _Repository:
    """The cases of one repository; those of a file are computed together, when first asked for."""

    def __init__(
        self, plans: tuple[CasePlan, ...], bench: Bench, warnings: dict[str, list[str]]
    ) -> None:
        self.plans = plans
        self.bench = bench
        self.warnings = warnings
        """By file, what `offerwright test` says of it though its cases can run."""
        self.results: dict[tuple[str, int, str], Result] = {}

    def result(self, plan: CasePlan) -> Result:
        """What came out for one case."""
        from offerwright.testing.suite import run_tests

        key = (plan.file, plan.number, plan.account)
        if key not in self.results:
            of_file = [p for p in self.plans if p.file == plan.file]
            for one in run_tests(of_file, self.bench).results:
                done = one.outcome.plan
                self.results[done.file, done.number, done.account] = one
        return self.results[key]


_HELD: pytest.StashKey[dict[Path, _Repository]] = pytest.StashKey()


def _repository(config: pytest.Config, root: Path) -> _Repository:
    """The repository, read once per run; a collection error where it is not in order."""
    held = config.stash.setdefault(_HELD, {})
    if root not in held:
        held[root] = _read(root)
    return held[root]


def _read(root: Path) -> _Repository:
    from offerwright.errors import ConfigError, OfferwrightError, has_errors
    from offerwright.pipeline import bench_of, linked_tests, load
    from offerwright.source.snippet import render_text

    try:
        loadout = load(root)
    except ConfigError as problem:
        text = render_text(problem.diagnostics, {})
        raise pytest.Collector.CollectError(f"{text}\n{problem}") from None
    except OfferwrightError as problem:
        raise pytest.Collector.CollectError(str(problem)) from None
    plans, found = linked_tests(loadout)
    if has_errors(found):
        raise pytest.Collector.CollectError(render_text(found, loadout.repository.files))
    warnings: dict[str, list[str]] = {}
    for one in found:
        file = one.span.file if one.span is not None else ""
        warnings.setdefault(file, []).append(render_text([one], loadout.repository.files))
    return _Repository(plans, bench_of(loadout), warnings)
