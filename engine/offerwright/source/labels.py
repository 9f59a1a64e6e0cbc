"""Documents now and before → those that changed and whose `version` did not rise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from offerwright.errors import Diagnostic, Fix
from offerwright.source.located import Loaded


@dataclass(frozen=True)
class Changed:
    """A labelled document that means something else than before, under a label that is no higher.

    `before` is the label that it had.
    """

    loaded: Loaded[Any]
    before: int

    @property
    def next(self) -> int:
        """The label that says that it changed."""
        return max(self.before, self.loaded.document.version or 0) + 1


def changed_under_label(
    now: Iterable[Loaded[Any]], before: Iterable[Loaded[Any]]
) -> Iterator[Changed]:
    """Documents are the same by kind and name, whatever their files are called."""
    known = {(one.document.kind, one.name): one for one in before}
    for loaded in now:
        old = known.get((loaded.document.kind, loaded.name))
        if old is None or None in (loaded.document.version, old.document.version):
            continue
        if loaded.document.version <= old.document.version and loaded.revision != old.revision:
            yield Changed(loaded, old.document.version)


def not_raised(
    now: Iterable[Loaded[Any]], before: Iterable[Loaded[Any]], ref: str
) -> list[Diagnostic]:
    """A warning for each of them, with the label to write."""
    found = []
    for changed in changed_under_label(now, before):
        loaded, version = changed.loaded, changed.loaded.document.version
        span = loaded.located.at(("version",))
        since = "still" if version == changed.before else f"{changed.before} there and here"
        found.append(
            Diagnostic(
                "VERSION_NOT_RAISED",
                f"`{loaded.name}` means something else than at {ref}, and its version is "
                f"{since} {version}",
                span,
                f"write `version: {changed.next}`",
                "warning",
                fix=Fix(span, str(changed.next)),
            )
        )
    return found
