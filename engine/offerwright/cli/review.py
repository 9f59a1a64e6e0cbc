"""`diff` of two states of the rules: what a change does to every offer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from offerwright.cli.options import found_root
from offerwright.cli.outputs import Output, write_outputs
from offerwright.cli.report import diagnostic_json, tell
from offerwright.errors import OfferwrightError
from offerwright.source.repository import SHOP_FILE

if TYPE_CHECKING:
    from offerwright.review.renderings import Rendered

OFFERS = 1000
"""So many offers stand in the document one by one, unless asked otherwise."""
ROWS = 5000
"""So many stand in the HTML report."""
FORMS = ("text", "json", "markdown", "html", "csv", "parquet", "sarif", "github",
         "github-comment", "gitlab-comment")  # fmt: skip
"""How a review can be written."""


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


def write_review(request: ReviewRequest, outputs: Sequence[Output]) -> Mapping[str, Any]:
    """Evaluate once and write every output; returns the document."""
    from offerwright.review.renderings import rendered

    found = _evaluated(request)
    short = replace(
        found, record={**found.record, "offers": found.record["offers"][: request.offers]}
    )
    write_outputs([
        (one, rendered(found if one.form == "html" else short, one.form)) for one in outputs
    ])  # fmt: skip
    return short.record


def _evaluated(request: ReviewRequest) -> Rendered:
    """The document, with as many offers as the longest output shows, and all that differ."""
    from offerwright.cli.review_sides import Data, compared, compiled, linked, refuse_base, sides
    from offerwright.review.agreement import agreements, counted
    from offerwright.review.master import broken, master, ranked_offers
    from offerwright.review.offers_table import table_of_review
    from offerwright.review.renderings import Rendered
    from offerwright.review.review import Asked, review

    root, (old, new) = _states(request)
    base, errors = linked(old)
    if base is None:
        refuse_base(old, errors)
    head, errors = linked(new)
    if head is None or base is None:
        tell(f"{new.name} has errors, so its offers cannot be computed")
        return Rendered(broken(old.name, old.commit, new.name, new.commit, diagnostic_json(errors)))
    before, after, as_of = sides((old, base), (new, head), Data(root, request.data, request.as_of))
    agreed = agreements(base.documents, head.documents, compared(root, (old, base), new))
    after = replace(after, loadout=counted(head, agreed))
    found = replace(review(before, after, Asked(as_of, compiled, workers=2)), approvals=agreed)
    record = master(found, max(request.offers, ROWS))
    return Rendered(record, table_of_review(ranked_offers(found), record))


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


def code_of(record: Mapping[str, Any], fail_on: str) -> int:
    """The exit code: 1 where a guard blocks, or something differs, as asked."""
    asked = {"never": False, "blocked": record["blocks"], "difference": record["differs"]}
    return int(asked[fail_on])
