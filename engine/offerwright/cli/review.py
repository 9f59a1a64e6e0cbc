"""`diff` of two states of the rules: what a change does to every offer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from offerwright.cli.options import found_root
from offerwright.cli.report import diagnostic_json, dump_pretty, tell
from offerwright.errors import OfferwrightError
from offerwright.source.repository import SHOP_FILE

OFFERS = 1000
"""So many offers stand in the document one by one, unless asked otherwise."""


@dataclass(frozen=True)
class ReviewRequest:
    """What `diff` is asked of two states."""

    sides: tuple[str, ...]
    root: Path | None
    data: Path | None
    as_of: str | None
    offers: int = OFFERS


def is_review(sides: Sequence[str]) -> bool:
    """Whether these name states of a repository, and not saved outputs of `offers`."""
    if len(sides) == 1:
        return not Path(sides[0]).is_file()
    return all(Path(side).is_dir() for side in sides)


def reviewed(request: ReviewRequest) -> dict[str, Any]:
    """The document of `schemas/output/review.schema.json`."""
    from offerwright.cli.review_sides import Data, compiled, linked, refuse_base, sides
    from offerwright.review.master import broken, master
    from offerwright.review.review import Asked, review

    root, (old, new) = _states(request)
    base, found = linked(old)
    if base is None:
        refuse_base(old, found)
    head, found = linked(new)
    if head is None or base is None:
        tell(f"{new.name} has errors, so its offers cannot be computed")
        return broken(old.name, old.commit, new.name, new.commit, diagnostic_json(found))
    before, after, as_of = sides((old, base), (new, head), Data(root, request.data, request.as_of))
    return master(review(before, after, Asked(as_of, compiled, workers=2)), request.offers)


def _states(request: ReviewRequest) -> Any:
    from offerwright.cli.review_sides import folder_state, states_of_range

    if len(request.sides) == 1:
        side = request.sides[0]
        if "/" in side and Path(side).is_dir():
            raise OfferwrightError(f"{side} is one folder; give two: offerwright diff BEFORE AFTER")
        root = found_root(request.root)
        return root, states_of_range(root, side)
    folders = [Path(side) for side in request.sides]
    if len(folders) != 2:
        raise OfferwrightError("give two folders: offerwright diff BEFORE AFTER")
    for folder in folders:
        if not (folder / SHOP_FILE).is_file():
            raise OfferwrightError(f"{folder} has no {SHOP_FILE}")
    base, head = (folder_state(folder, str(folder)) for folder in folders)
    return request.root or folders[1], (base, head)


def rendered(record: dict[str, Any], output: str) -> str:
    """A review as text, JSON or Markdown."""
    from offerwright.review.markdown import comment
    from offerwright.review.text import text

    if output == "json":
        return dump_pretty(record) + "\n"
    return comment(record) if output == "markdown" else text(record)
