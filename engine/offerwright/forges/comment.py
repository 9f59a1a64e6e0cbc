"""A comment of ours on a pull request, and what a forge must be able to do with one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from offerwright.forges.mark import Mark


@dataclass(frozen=True, slots=True)
class Comment:
    """
    One comment that we wrote, as the forge has it.

    `id` names it in addresses; `node` is GitHub's other name for it, empty elsewhere; `is_hidden`
    says that it was hidden as outdated.
    """

    id: int
    text: str = field(repr=False)
    mark: Mark
    url: str = ""
    node: str = ""
    is_hidden: bool = False


def number_in(entry: Any, key: str = "id") -> int:
    """A number that an answer has; 0, which nothing is called, where it has none."""
    found = entry.get(key) if isinstance(entry, dict) else None
    return found if isinstance(found, int) else 0


class Forge(Protocol):
    """What both forges can do. Every method may raise what `forges.answers` says."""

    def own(self, name: str) -> Sequence[Comment]:
        """Our comments of this name, the oldest first."""

    def create(self, text: str) -> Comment:
        """A new comment. Raises `Unsure` where nobody knows whether it is there now."""

    def edit(self, comment: Comment, text: str) -> Comment:
        """Another text in the same place. Raises `Gone` where it was deleted meanwhile."""

    def hide(self, comment: Comment) -> None:
        """Fold it away as outdated. Raises `Gone`."""

    def delete(self, comment: Comment) -> None:
        """Take it away. Raises `Gone`."""
