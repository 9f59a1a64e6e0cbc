"""Results → JUnit XML, as build servers read it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree as xml

from offerwright.testing.compare import Difference, Result
from offerwright.testing.link import CasePlan

# XML 1.0, section 2.2.
_REFUSED = {
    **{c: f"\\x{c:02x}" for c in (*range(0x20), 0x7F) if chr(c) not in "\t\n"},
    **{c: f"\\u{c:04x}" for c in (*range(0xD800, 0xE000), 0xFFFE, 0xFFFF)},
}


def junit_xml(results: Sequence[Result], skipped: Sequence[CasePlan]) -> str:
    """
    One `testsuite` per file, one `testcase` per case and account, in written order.

    Times are zero: cases are computed together, and a report of the same run is the same text.
    """
    root = xml.Element("testsuites", _counts(results, skipped))
    root.set("name", "offerwright")
    entries: list[tuple[CasePlan, Result | None]] = [
        *((r.outcome.plan, r) for r in results), *((plan, None) for plan in skipped),
    ]  # fmt: skip
    entries.sort(key=lambda entry: (entry[0].file, entry[0].number))
    for file, group in groupby(entries, key=lambda entry: entry[0].file):
        held = list(group)
        own = [r for _, r in held if r is not None]
        suite = xml.SubElement(
            root, "testsuite", _counts(own, [plan for plan, r in held if r is None])
        )
        suite.set("name", file)
        for plan, result in held:
            _case(suite, plan, result)
    xml.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{xml.tostring(root, "unicode")}\n'


def _counts(results: Sequence[Result], skipped: Sequence[CasePlan]) -> dict[str, str]:
    return {
        "tests": str(len(results) + len(skipped)),
        "failures": str(sum(not r.has_passed for r in results)),
        "errors": "0",
        "skipped": str(len(skipped)),
        "time": "0",
    }


def _case(suite: xml.Element, plan: CasePlan, result: Result | None) -> None:
    case = xml.SubElement(suite, "testcase", {
        "classname": _shown(plan.loaded.name), "name": _shown(plan.id), "file": plan.file,
        "line": str(plan.span.line), "time": "0",
    })  # fmt: skip
    if result is None:
        xml.SubElement(case, "skipped", {"message": _shown(plan.case.skip or "")})
    elif not result.has_passed:
        first = result.differences[0]
        failure = xml.SubElement(case, "failure", {
            "type": "difference", "message": _shown(difference_line(first)),
        })  # fmt: skip
        failure.text = _shown("\n".join(difference_text(d) for d in result.differences))


def difference_line(found: Difference) -> str:
    """What differs, on one line."""
    return f"{found.what}: expected {found.expected}, got {found.got}"


def difference_text(found: Difference) -> str:
    """What differs, where it is expected, and the rules that did it."""
    place = f"{found.span.file}:{found.span.line}"
    return f"{place}: {difference_line(found)}\n  because {found.because}"


def _shown(text: str) -> str:
    """The text with what XML cannot hold written out."""
    return text.translate(_REFUSED)
