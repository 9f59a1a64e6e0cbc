"""The fixtures that a test file may use: its own, and those of the files that it names."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from offerwright.errors import Diagnostic, Related
from offerwright.rules.rows import Findings
from offerwright.source.located import Loaded
from offerwright.source.spellings import shown
from offerwright.source.suggest import suggest
from offerwright.testing.document import RuleTestDocument
from offerwright.testing.given import Written

Tests = Mapping[str, Loaded[RuleTestDocument]]
"""The test files of a repository by path."""


def fixtures_of(
    loaded: Loaded[RuleTestDocument], tests: Tests, findings: Findings
) -> dict[str, Written]:
    """The fixtures by name; `fixtures_from` is followed however far, each file once."""
    fixtures: dict[str, Written] = {}
    pending, seen = [loaded], {loaded.file}
    while pending:
        here = pending.pop(0)
        for name, raw in here.document.fixtures.items():
            written = Written(here, ("fixtures", name), raw)
            if name in fixtures:
                findings.items.append(_twice(name, fixtures[name], written))
            fixtures.setdefault(name, written)
        for index, named in enumerate(here.document.fixtures_from or []):
            file = posixpath.normpath(posixpath.join(posixpath.dirname(here.file), named))
            if file in tests and file not in seen:
                seen.add(file)
                pending.append(tests[file])
            elif file not in tests and here is loaded:
                findings.items.append(_no_file(loaded, index, named, tests))
    return fixtures


def _twice(name: str, first: Written, second: Written) -> Diagnostic:
    message = f"the fixture {shown(name)} is there twice"
    related = (Related(second.key(), "also written here"),)
    return Diagnostic("DUPLICATE_FIXTURE", message, first.key(), "rename one of the two",
                      related=related)  # fmt: skip


def _no_file(loaded: Loaded[RuleTestDocument], index: int, named: str, tests: Tests) -> Diagnostic:
    folder = posixpath.dirname(loaded.file) or "."
    others = [posixpath.relpath(name, folder) for name in tests if name != loaded.file]
    span = loaded.located.at(("fixtures_from", index))
    message = f"there is no test file {shown(named)}"
    return Diagnostic("FILE_NOT_FOUND", message, span, suggest(named, others))
