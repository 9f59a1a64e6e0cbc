"""Expectations that differ → the test files with what came out in their place, and the diff."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from itertools import groupby
from typing import Any

from offerwright.source.located import Path
from offerwright.source.yaml import read_yaml
from offerwright.testing.compare import Difference, Result
from offerwright.testing.document import MISSING, MOMENTS
from offerwright.testing.patch import Patch, patched, written_at
from offerwright.testing.suite import Report
from offerwright.testing.wording import yaml_text

LISTS = ("rules", "not_rules", "notes", "blocked")


@dataclass(frozen=True)
class Updates:
    """The new bytes of files, the diff as lines, how much was written and what could not be."""

    files: Mapping[str, bytes]
    diff: tuple[str, ...]
    placed: int
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _New:
    """What a place below `expect` should hold; `elements` are the new ones of a list, by number."""

    path: Path
    value: Any
    elements: Mapping[int, str | None] | None = None


def updates(report: Report, files: Mapping[str, bytes]) -> Updates:
    """
    The test files with every wrong expectation replaced at its place.

    Nothing else of a file changes, comments neither. What cannot be written as a value in that
    place is refused with its place: a block that is gone, accounts of one case that differ, a list
    over several lines that gets longer or shorter.
    """
    changed: dict[str, bytes] = {}
    diff: list[str] = []
    refused: list[str] = []
    placed = 0
    ordered = sorted(report.results, key=lambda r: (r.outcome.plan.file, r.outcome.plan.number))
    for file, group in groupby(ordered, key=lambda r: r.outcome.plan.file):
        patches: list[Patch] = []
        for _, cases in groupby(group, key=lambda r: r.outcome.plan.number):
            for outcome in _of_case(list(cases), files[file]):
                (patches if isinstance(outcome, Patch) else refused).append(outcome)  # type: ignore[arg-type]  # the list that fits
        if not patches:
            continue
        new = patched(files[file], patches)
        assert read_yaml(new, file)[0] is not None, f"{file} is no YAML any more"
        changed[file], placed = new, placed + len(patches)
        diff += _diff(file, files[file], new)
    return Updates(changed, tuple(diff), placed, tuple(refused))


def _of_case(results: Sequence[Result], content: bytes) -> Iterator[Patch | str]:
    """The patches of one case, or sentences that say why there is none."""
    plan = results[0].outcome.plan
    by_account = [_news(result.differences) for result in results]
    for path in dict.fromkeys(path for news in by_account for path in news):
        found = [news.get(path) for news in by_account]
        span = plan.at(*path)
        place = f"{span.file}:{span.line}: `{plan.case.name}`, {'.'.join(map(str, path))}"
        if len(found) < len(plan.accounts) or any(one != found[0] for one in found):
            yield f"{place}: the accounts of the case differ; write one case for each"
            continue
        assert found[0] is not None
        yield from _patches(found[0], plan, content, place)


def _news(differences: Sequence[Difference]) -> dict[Path, _New]:
    """By place below `expect`, what should stand there."""
    found: dict[Path, _New] = {}
    for one in differences:
        key = one.path[0]
        if key not in LISTS:
            found[one.path] = _New(one.path, one.value)
        elif len(one.path) == 2 and isinstance(one.path[1], int):
            held = found.get((key,), _New((key,), None, {}))
            elements = {**(held.elements or {}), one.path[1]: one.value}
            found[(key,)] = _New((key,), held.value, elements)
        else:
            found[one.path] = _New(one.path, one.value)
    return found


def _patches(new: _New, plan: Any, content: bytes, place: str) -> Iterator[Patch | str]:
    if new.elements is None and not isinstance(new.value, list):
        is_plain = new.value == MISSING or new.path[0] in MOMENTS
        text = new.value if is_plain else yaml_text(new.value)
        yield Patch(plan.at(*new.path), text)
        return
    held: Any = plan.loaded.located.data["cases"][plan.number]["expect"]
    for part in new.path:
        held = held[part]
    if new.path[0] == "blocked" and not new.value:
        yield f"{place}: nothing blocks it any more; delete the expectation"
        return
    values = [held] if isinstance(held, str) else list(held)
    wanted = new.value if new.elements is None else [
        new.elements.get(number, value) for number, value in enumerate(values)
    ]  # fmt: skip
    wanted = list(dict.fromkeys(value for value in wanted if value is not None))
    text = written_at(content, plan.at(*new.path))
    if isinstance(held, str) or (text.startswith("[") and "\n" not in text):
        alone = isinstance(held, str) and len(wanted) == 1
        yield Patch(plan.at(*new.path), yaml_text(wanted[0]) if alone else yaml_text(wanted))
    elif len(wanted) == len(values):
        for number, value in enumerate(wanted):
            if value != values[number]:
                yield Patch(plan.at(*new.path, number), yaml_text(value))
    else:
        yield f"{place}: the list gets another length; write it on one line as {yaml_text(wanted)}"


def _diff(file: str, old: bytes, new: bytes) -> list[str]:
    before, after = (content.decode("utf-8").splitlines() for content in (old, new))
    return list(unified_diff(before, after, f"a/{file}", f"b/{file}", lineterm="", n=1))
